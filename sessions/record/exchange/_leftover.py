"""What a stopped or killed export left: a folder of its own beside the destination.

It says what it was of, so that the same export goes on in it, another one does not, and nothing
that somebody else put there is ever written into or removed.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from sessions.record.exchange.base import ExchangeError, Outgoing

PART = ".part"
_SAYS = "export.json"


class _State(msgspec.Struct):
    """What a stopped export was of."""

    selection: str


def begun(destination: Path, outgoing: Outgoing) -> Path:
    """The folder to work in, new or of a stopped export of the same data.

    Raises:
        ExchangeError: the destination exists, or something else is where the folder would be.
        OSError: it cannot be made.
    """
    if destination.exists():
        raise ExchangeError(f"{destination} exists already. Choose another name.")
    part = destination.with_name(destination.name + PART)
    mine = outgoing.fingerprint
    says = part / _SAYS
    if says.is_file():
        try:
            held = msgspec.json.decode(says.read_bytes(), type=_State).selection
        except msgspec.DecodeError:
            held = ""
        if held != mine:
            raise ExchangeError(
                f"{part} is a stopped export of other episodes. Delete it, or choose another name."
            )
        return part
    if part.exists() and not (part.is_dir() and _is_new(part)):
        raise ExchangeError(f"{part} is in the way. Delete it, or choose another name.")
    part.mkdir(parents=True, exist_ok=True)
    temporary = part / f"{_SAYS}.new"
    temporary.write_bytes(msgspec.json.encode(_State(mine)))
    temporary.replace(says)
    return part


def _is_new(part: Path) -> bool:
    """Whether a kill stopped an export before it had said what it was of."""
    return {path.name for path in part.iterdir()} <= {f"{_SAYS}.new"}
