"""A station file that was named, and the workspace's own copy of it, which is the one in force.

The copy was made when the workspace was, and what was recorded belongs to it. An edit of the file
that was named reaches a session only if somebody takes it over.
"""

from __future__ import annotations

import contextlib
import itertools
import shlex
from dataclasses import dataclass
from pathlib import Path

from sessions import stations
from sessions.config import Station, read_station
from sessions.types import SessionError
from sessions.workspace import Workspace, write_atomically

_ELSEWHERE = (
    "It has another robot, rate or other cameras than what was recorded here: open it in a new "
    "folder, by --workspace."
)


@dataclass(frozen=True)
class Twin:
    """A station file beside the workspace's own copy, which differs from it.

    Attributes:
        space: the workspace.
        file: the file that was named.
    """

    space: Workspace
    file: Path

    @property
    def own(self) -> Path:
        """The copy in force."""
        return self.space.root / "station.toml"

    @property
    def fits(self) -> bool:
        """Whether taking the file over leaves recordings and policies of the same kind."""
        recorded = any(self.space.episodes.glob("*.h5"))
        return not recorded or _kind(read_station(self.file)) == _kind(self.space.station)

    def sentence(self) -> str:
        """What is in force, and what to do about it in a terminal."""
        said = f"In force is this workspace's own copy, {self.own}; {self.file} differs from it."
        if not self.fits:
            return f"{said} {_ELSEWHERE}"
        copying = f"cp {shlex.quote(str(self.file))} {shlex.quote(str(self.own))}"
        return f"{said} Edit the copy, or run {copying} while no window is open."

    def headline(self) -> str:
        """The same for a window, which has a button for it."""
        said = f"In force is this workspace's own station.toml; {self.file.name} differs from it."
        return said if self.fits else f"{said} {_ELSEWHERE}"

    def take(self) -> Path:
        """Puts the file in the copy's place, for the next start; where the former copy is kept.

        Raises:
            SessionError: the file is wrong, or of another station, or it cannot be written.
        """
        if read_station(self.file).name != self.space.station.name or not self.fits:
            raise SessionError(f"{self.file} is another station's now. {self.sentence()}")
        try:
            before = next(
                path
                for number in itertools.count(1)
                if not (path := self.own.with_name(f"station.toml.before-{number}")).exists()
            )
            write_atomically(before, self.own.read_bytes())
            write_atomically(self.own, self.file.read_bytes())
        except OSError as error:
            raise SessionError(f"{self.own} cannot be written: {error.strerror}.") from error
        return before


def twin(space: Workspace, station: str) -> Twin | None:
    """What was named in place of the workspace's own station file, if that says something else.

    Args:
        space: the workspace that was opened.
        station: as it was named; empty, or a packaged name, which stands for the copy.
    """
    if not station or station in stations.names():
        return None
    with contextlib.suppress(OSError, SessionError):
        file = stations.path(station).resolve()
        if read_station(file) != space.station:
            return Twin(space, file)
    return None


def _kind(station: Station) -> tuple[object, ...]:
    """What recordings and policies of one station have in common."""
    return station.robot.get("type"), station.rate_hz, tuple(station.cameras)
