"""A leader mirrors because somebody acted: never because a cable was plugged in."""

from __future__ import annotations

from drivers.base import TeleoperatorView

POLICY_DRIVES = ("policy", "handover")
HUMAN_DRIVES = ("human", "demo")

# Short: the banner has one line for a warning, and the remedy is at its end.
HOLDS = "Its motors still hold it. Support it, then release it or take over."
WAITS = "It mirrors again once you resume, hand back or start anew."


class Consent:
    """Whether a leader that mirrors may be given torque.

    It may from the start of an attempt on, and from each time that the policy begins to drive;
    not when it was connected or released meanwhile.

    Attributes:
        given: whether it may.
    """

    def __init__(self) -> None:
        self.given, self._attempt, self._policy = False, False, True

    def withdraw(self) -> None:
        """It was connected or released: the next act gives it anew."""
        self.given, self._policy = False, True

    def watch(self, view: TeleoperatorView) -> None:
        """Called once a tick."""
        policy = view.controller in POLICY_DRIVES
        self.given |= not view.attempt_running or (policy and not self._policy)
        self._attempt, self._policy = view.attempt_running, policy

    @property
    def awaited(self) -> bool:
        """Whether an attempt runs in which it may not."""
        return self._attempt and not self.given
