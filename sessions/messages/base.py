"""The root of all messages, replies, and what every process understands."""

from __future__ import annotations

import msgspec


class Message(msgspec.Struct, tag=True, forbid_unknown_fields=True):
    """The root of all messages; the class's name travels as its type."""


class Accepted(Message):
    """The command was carried out, or is being carried out."""


class Refused(Message):
    """The command was not carried out; both sentences are shown to the operator as they are."""

    why: str
    remedy: str = ""


class Snapshot(Message):
    """Answered by the process's full state: ControlState, RecorderState or SupervisorState."""


class Shutdown(Message):
    """Stop gracefully: hold, finish files, exit."""
