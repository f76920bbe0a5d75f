"""The way to robots of other projects, which live in Python environments of their own.

``serve_lerobot.py`` is run there and serves one robot or teleoperator over a socket; ``link`` is
this side of the socket, ``units`` what its numbers mean here.
"""
