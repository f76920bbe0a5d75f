"""Exchanging the policy while the arm holds: load, check that it fits, or keep the former one."""

from __future__ import annotations

from pathlib import Path

from policies.base import SpecMismatchError
from sessions.live.gate import Event
from sessions.live.proposals import Proposals, same_folder
from sessions.messages import LoadPolicy

_LIMIT_S = 60.0


class Loading:
    """Which policy is loaded and which is on its way.

    Args:
        proposals: where the link and the station's spec are.
        round_index: round of the policy the link already has; -1 if none.

    Attributes:
        round: round of the running policy; -1 before there is one.
        path: checkpoint folder of the running policy; empty if it is not from disk.
        wanted: the load that waits for the attempt to end, or is under way.
        problem: why the newest load failed; empty after a good one.
        version: goes up with each change.
    """

    def __init__(self, proposals: Proposals, round_index: int) -> None:
        self.round = round_index
        self.path = proposals.status.path
        self.wanted: LoadPolicy | None = None
        self.problem = ""
        self.version = 0
        self._proposals = proposals
        proposals.expected = self.path
        self._since: float | None = None
        spec = proposals.status.spec
        if spec is not None and (differences := spec.misfits(proposals.station)):
            raise SpecMismatchError(self.name or "in this process", differences)

    @property
    def name(self) -> str:
        """What the running policy is called: its folder's name."""
        return Path(self.path).name if self.path else ""

    @property
    def active(self) -> bool:
        """Whether a load is under way."""
        return self._since is not None

    def want(self, command: LoadPolicy) -> None:
        """Asks for a policy; a wish that was not begun yet is replaced."""
        self.wanted = command
        self.problem = ""
        self.version += 1

    def step(self, now: float, *, idle: bool) -> Event | None:
        """One tick's worth; begins only while no attempt runs.

        Returns:
            LOADING when a load begins, LOADED when it ended, well or badly; else None.
        """
        if self.wanted is None:
            self._restore()
            return None
        link = self._proposals.link
        if self._since is None:
            if not idle:
                return None
            self._since = now
            self._proposals.new_epoch()
            self._proposals.expected = ""
            link.load(self.wanted.path)
            return Event.LOADING
        status = link.status()
        overdue = now - self._since > _LIMIT_S
        if status.loading and not overdue:
            return None
        if overdue:
            self._fail(f"The policy server did not load it within {_LIMIT_S:g} s.")
        elif status.spec is None or not same_folder(status.path, self.wanted.path):
            self._fail(status.error or "The policy server did not load it.")
        elif differences := status.spec.misfits(self._proposals.station):
            self._fail(str(SpecMismatchError(Path(self.wanted.path).name, differences)))
            if self.path:
                link.load(self.path)
        else:
            self.round, self.path = self.wanted.round, status.path
        self._proposals.expected = self.path
        self._proposals.look()
        self.wanted, self._since = None, None
        self.version += 1
        return Event.LOADED

    def _fail(self, why: str) -> None:
        former = f"{self.name} goes on." if self.path else "Choose another on the Rounds page (F3)."
        self.problem = f"{why} {former}"

    def _restore(self) -> None:
        """A policy server that was restarted comes back empty: it is given its policy again."""
        status = self._proposals.status
        if self.path and status.alive and not status.loading and status.path == "":
            self._proposals.link.load(self.path)
            self._proposals.look()
