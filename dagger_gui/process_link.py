"""One process as the window sees it: what it publishes, what it was asked, whether it lives.

Used by ``session_model`` only. Commands to a process that does not answer are refused here and
now: a socket would keep them and deliver an old "start" to the process that comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import zmq

from sessions.bus import Requester, Subscriber
from sessions.messages import (
    Accepted,
    GiveBack,
    Heartbeat,
    Keys,
    Message,
    Refused,
    Snapshot,
    SoftStop,
)

_RETRY_S = 0.5
_REPLY_S = 3.0
# What no refusal is shown for: the key that is let go after a stop gives nothing back.
QUIET = (Heartbeat, Snapshot, Keys, GiveBack)
"""Commands that nobody gave on purpose."""


@dataclass
class _Asked:
    command: Message
    t: float


class ProcessLink:
    """Subscription and command socket of one process.

    Args:
        runtime: the workspace's private runtime folder.
        process: name of the process on the bus.
        silence_s: it counts as gone when nothing was heard for this long [s].
        commands: whether it takes commands (cameras and trainer only publish).

    Attributes:
        there: whether it has been heard lately.
        listening: nothing is asked of it, not even its whole state: that comes within the second
            in which every process publishes.
    """

    def __init__(
        self, runtime: Path, process: str, silence_s: float, *, commands: bool = True
    ) -> None:
        self.process = process
        self._runtime = runtime
        self._silence_s = silence_s
        self._subscriber = Subscriber(runtime, process)
        self._requester = Requester(runtime, process) if commands else None
        self._asked: dict[int, _Asked] = {}
        self._heard_t = float("-inf")
        self._tried_t = float("-inf")
        self.there = False
        self.listening = False

    def age_s(self, now: float) -> float:
        """Seconds since anything was heard of the process; infinite if it never was."""
        return now - self._heard_t

    def send(self, command: Message, now: float) -> Refused | None:
        """Sends a command; answers for a process that is not there.

        A soft stop and a heartbeat are sent in any case: late, they harm nobody.
        """
        if self._requester is None:
            return Refused(f"The {self.process} process takes no commands.")
        if not self.there and not isinstance(command, SoftStop | Heartbeat | Snapshot):
            return Refused(
                f"The {self.process} process does not answer.",
                "Restart it on the Station page (F4).",
            )
        try:
            number = self._requester.send(command)
        except zmq.Again:
            return Refused(f"The {self.process} process is busy.", "Try again in a moment.")
        self._asked[number] = _Asked(command, now)
        return None

    def poll(self, now: float) -> tuple[list[Any], list[Refused]]:
        """Everything that has arrived: (events and snapshots oldest first, refusals)."""
        try:
            heard = self._subscriber.drain()
        except msgspec.ValidationError:
            heard = []
        refusals = []
        for number, reply in self._replies():
            asked = self._asked.pop(number, None)
            self._heard_t = now
            if isinstance(reply, Refused):
                if asked is not None and not isinstance(asked.command, QUIET):
                    refusals.append(reply)
            elif not isinstance(reply, Accepted):
                heard.append(reply)
        if heard:
            self._heard_t = now
        refusals += self._overdue(now)
        self._watch(now)
        return heard, refusals

    def close(self) -> None:
        """Closes both sockets."""
        self._subscriber.close()
        if self._requester is not None:
            self._requester.close()

    def _replies(self) -> list[tuple[int, Any]]:
        if self._requester is None:
            return []
        try:
            return self._requester.poll()
        except msgspec.ValidationError:
            return []

    def _overdue(self, now: float) -> list[Refused]:
        late = [n for n, asked in self._asked.items() if now - asked.t > _REPLY_S]
        found = []
        for number in late:
            command = self._asked.pop(number).command
            if not isinstance(command, QUIET):
                found.append(
                    Refused(
                        f"The {self.process} process did not answer within {_REPLY_S:g} s.",
                        "Look at its state on the Station page (F4).",
                    )
                )
        return found

    def _watch(self, now: float) -> None:
        """Asks for a full snapshot on connecting and again until the process answers."""
        self.there = self.age_s(now) <= self._silence_s
        if self.listening or self._requester is None:
            return
        if self.there or now - self._tried_t < _RETRY_S:
            return
        # A fresh socket drops what the dead process never read.
        self._requester.close()
        self._requester = Requester(self._runtime, self.process)
        self._asked.clear()
        self._tried_t = now
        self.send(Snapshot(), now)
