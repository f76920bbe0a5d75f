"""Other formats, one file each: a file's name is the format's name.

A format's file offers ``export(outgoing, destination, job)`` and ``losses(outgoing)``, or
``incoming(source)``, or both; see ``base``. Nothing here knows one format from another.
"""
