"""Picture formats of cameras: what was asked for, what was given, and the difference in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class PictureFormat:
    """A camera's format; what is 0 or empty is not said.

    Attributes:
        width: [px].
        height: [px].
        fps: frames a second.
        code: four letters of how a frame travels, such as ``MJPG`` or ``YUYV``.
    """

    width: int = 0
    height: int = 0
    fps: float = 0.0
    code: str = ""

    def __str__(self) -> str:
        """As the window shows it: ``640x480 MJPG, 30 fps``."""
        size = f"{self.width}x{self.height}" if self.width and self.height else ""
        picture = " ".join(part for part in (size, self.code) if part)
        rate = f"{self.fps:.4g} fps" if self.fps else ""
        return ", ".join(part for part in (picture, rate) if part)


@runtime_checkable
class Negotiated(Protocol):
    """A camera that is asked for a format and may give another.

    Attributes:
        requested: what the station file asks for.
        given: what it gives, before it is turned; None while it is not connected.
        notice: sentences about what it does not do as asked; empty if it does.
    """

    requested: PictureFormat
    given: PictureFormat | None
    notice: str


def difference(requested: PictureFormat, given: PictureFormat) -> str:
    """What was asked for and not given, as one sentence; empty if all was."""
    wrong = []
    if requested.width and (requested.width, requested.height) != (given.width, given.height):
        wrong.append("size")
    if requested.code and given.code and requested.code != given.code:
        wrong.append("coding")
    if requested.fps and given.fps and abs(requested.fps - given.fps) > 0.05 * requested.fps:
        wrong.append("rate")
    if not wrong:
        return ""
    return f"Asked for {requested}, it gives {given}: another {' and '.join(wrong)}."
