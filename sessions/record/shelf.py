"""The leftovers of a workspace as the operator sees them, and what can be done with them."""

from __future__ import annotations

from pathlib import Path

from sessions.messages import Accepted, AttemptEnded, Leftover, Refused, Salvage
from sessions.record import salvage
from sessions.record.layout import EpisodeError, episode_number
from sessions.types import Outcome


class Shelf:
    """Unfinished files, refreshed when a file was closed.

    Args:
        episodes: the workspace's folder.
    """

    def __init__(self, episodes: Path) -> None:
        self._episodes = episodes
        self._told: dict[int, str] = {}
        self.leftovers: list[Leftover] = []
        self.refresh(0)

    def refresh(self, running: int) -> None:
        """Looks again; the file of attempt ``running`` is no leftover."""
        self.leftovers = salvage.leftovers(self._episodes, running=running)

    def tell(self, message: AttemptEnded) -> None:
        """Remembers an outcome, in case the attempt's file was closed before it came."""
        self._told[message.episode] = message.outcome

    def handle(self, command: Salvage) -> Accepted | Refused:
        """Finishes a leftover or moves it aside; the disk may be busy for a while."""
        path = Path(command.path)
        if str(path) not in {leftover.path for leftover in self.leftovers}:
            return Refused(f"{path} is no leftover.", "Choose one from the list.")
        told = (command.outcome or self._told.get(episode_number(path), "")).upper()
        if told and told not in ("SUCCESS", "FAILURE", "DISCARDED"):
            return Refused(f"{told!r} is no outcome.", "Say success, failure or discarded.")
        try:
            if command.keep:
                salvage.salvage(path, Outcome[told] if told else None)
            else:
                salvage.aside(path)
        except EpisodeError as error:
            return Refused(f"{path.name}: {error.problem}", error.remedy)
        except OSError as error:
            return Refused(f"{path.name} cannot be moved ({error.strerror}).", "Check the disk.")
        return Accepted()
