"""What the loop is made of, as its commands and its report see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drivers.base import Robot
from sessions.clock import Clock
from sessions.config import Station
from sessions.live.attempts import Attempts
from sessions.live.follower import Follower
from sessions.live.helm import Helm
from sessions.live.holds import Trouble, Watch
from sessions.live.loading import Loading
from sessions.live.operators import Operators
from sessions.live.parking import Parking
from sessions.live.proposals import Proposals
from sessions.live.timing import Timing
from sessions.messages import Message, Refused


@dataclass
class Refusals:
    """What operators' devices asked for in vain: their buttons have no reply to read.

    Attributes:
        count: how often that was.
        newest: the newest one.
    """

    count: int = 0
    newest: Refused | None = None

    def add(self, refused: Refused) -> None:
        """One more."""
        self.count += 1
        self.newest = refused


class Parts(Protocol):
    """The control loop's parts; see ``sessions.live.loop.ControlLoop``.

    A protocol, so that the loop knows its commands and its report and they do not know the loop.
    """

    helm: Helm
    follower: Follower
    attempts: Attempts
    operators: Operators
    parking: Parking
    proposals: Proposals
    loading: Loading
    watch: Watch
    timing: Timing
    clock: Clock
    station: Station
    trouble: Trouble | None
    notice: tuple[str, str]
    asked_to_release: tuple[str, float]
    refusals: Refusals
    emit: Callable[[Message], object]

    @property
    def robot(self) -> Robot:
        """The follower's device."""
