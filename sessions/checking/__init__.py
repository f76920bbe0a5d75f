"""Is a station fit for a session? Looked at, measured and put right while no session runs on it.

Used by the command line (``dagger-gui check``, ``find``, ``calibrate``) in its own process, and by
the window through ``python -m sessions.checking``, so that a silent bus never stops the picture.
"""
