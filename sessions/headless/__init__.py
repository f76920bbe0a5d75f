"""Sessions without a window: the first launch, and whole rounds with the scripted operator.

``python -m sessions.headless first-launch WORKSPACE`` is what the window runs on an empty folder;
``dagger-gui simulate`` runs ``rounds.simulate``.
"""
