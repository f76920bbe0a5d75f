"""The people's side of the loop: devices that come and go, and the edges of their gates.

Several devices may be connected at once; whichever gate is pressed takes over. A gate acts on its
edges only: one that is still held after a stop or a hold must be let go and pressed again.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Literal

from drivers.base import DriverError, Floats, OperatorInput, Teleoperator, TeleoperatorView
from sessions.live.background import Job, Runner
from sessions.live.gate import Event
from sessions.live.holds import RESUME, Trouble
from sessions.messages import DeviceState

RETRY_S = 1.0
_NOTHING = OperatorInput()


@dataclass(frozen=True)
class Signal:
    """What one device just did.

    Attributes:
        device: the operator's name in the station file.
        kind: ``press`` and ``release`` of the gate, ``lost``, or ``event``.
        event: the event's name where the kind is ``event``.
    """

    device: str
    kind: Literal["press", "release", "lost", "event"]
    event: str = ""


@dataclass
class Slot:
    """One device of the station and what is known about it."""

    name: str
    device: Teleoperator
    connected: bool = False
    problem: DriverError | None = None
    retry_t: float = float("-inf")
    job: Job | None = None
    pressed: bool = False
    input: OperatorInput = field(default_factory=OperatorInput)
    waiting: tuple[str, ...] = ()  # events read at a takeover, for the next poll to tell


class Operators:
    """All teleoperators of a station.

    Args:
        devices: by their name in the station file.
        selected: the one that the window's takeover key uses.
        run: how connecting is run; it may block.

    Attributes:
        selected: name of the selected device; empty if the station has none.
        version: goes up whenever a device comes, goes or is selected.
    """

    def __init__(self, devices: dict[str, Teleoperator], selected: str, run: Runner) -> None:
        self.slots = {name: Slot(name, device) for name, device in devices.items()}
        self.selected = selected if selected in self.slots else next(iter(self.slots), "")
        self.version = 0
        self._run = run

    def connect(self, now: float, run: Runner | None = None) -> None:
        """Begins to connect what is not connected, each device at most once a second.

        Args:
            now: time on the loop's clock [s].
            run: how, if not as usual: before the first tick there is time to wait.
        """
        for slot in self.slots.values():
            if slot.connected:
                continue
            if slot.job is None and now >= slot.retry_t:
                slot.job = (run or self._run)(slot.device.connect)
            if slot.job is not None and slot.job.done:
                self._connected(slot, slot.job, now)

    def poll(self, view: TeleoperatorView, now: float) -> list[Signal]:
        """Reads every connected device; never blocks.

        Returns:
            what happened since the last call, in the station's order of devices.
        """
        signals: list[Signal] = []
        for slot in self.slots.values():
            if not slot.connected or not self._listens(slot):
                continue
            try:
                slot.input = slot.device.get_action(view)
            except DriverError as error:
                self._lost(slot, error, now)
                signals.append(Signal(slot.name, "lost"))
                continue
            pressed = bool(slot.input.gate)
            if pressed != slot.pressed:
                slot.pressed = pressed
                signals.append(Signal(slot.name, "press" if pressed else "release"))
            events, slot.waiting = slot.waiting + slot.input.events, ()
            signals.extend(Signal(slot.name, "event", event) for event in events)
        return signals

    def begin(self, name: str, view: TeleoperatorView) -> None:
        """The device takes over: anchors it and asks again, forgetting what it said before.

        A relative device speaks only once it is anchored, and what it said under an earlier anchor
        is about another pose; asking twice lets the takeover's own tick carry the first action.
        """
        slot = self.slots[name]
        slot.device.begin(view)
        slot.input = _NOTHING
        if slot.connected:
            # A device that is lost between the two calls is noticed by the next poll.
            with contextlib.suppress(DriverError):
                slot.input = slot.device.get_action(view)
                slot.waiting += slot.input.events

    def action(self, name: str) -> Floats | None:
        """What the device last asked for, shape (A,); None while it says nothing."""
        slot = self.slots.get(name)
        return None if slot is None else slot.input.action

    def lost(self, name: str) -> Trouble:
        """The sentence for a device that went while it was driving."""
        problem = self.slots[name].problem
        text = f"the {name} is gone" if problem is None else f"the {name}. {problem.problem}"
        return Trouble(Event.OPERATOR_LOST, text.rstrip("."), f"Plug it in again, {RESUME}.")

    def feedback(self, view: TeleoperatorView) -> None:
        """Tells every connected device where the arm is; ``poll`` notices one that is gone."""
        for slot in self.slots.values():
            if slot.connected:
                with contextlib.suppress(DriverError):
                    slot.device.send_feedback(view)

    def select(self, name: str) -> None:
        """Makes ``name`` the device of the window's takeover key."""
        former = self.slots[self.selected]
        former.pressed, former.input = True, _NOTHING
        self.selected = name
        self.version += 1

    def ready(self, name: str) -> bool:
        """Whether the station has the device and it answers."""
        return name in self.slots and self.slots[name].connected

    def states(self) -> tuple[DeviceState, ...]:
        """Each device as the window shows it."""
        return tuple(
            DeviceState(
                slot.name,
                "teleoperator",
                slot.connected,
                "" if slot.problem is None else f"{slot.problem.problem} {slot.problem.remedy}",
            )
            for slot in self.slots.values()
        )

    def close(self) -> None:
        """Disconnects every device."""
        for slot in self.slots.values():
            if slot.connected:
                slot.device.disconnect()
                slot.connected = False

    def _listens(self, slot: Slot) -> bool:
        """A device that acts by itself (a scripted person) acts only while it is selected."""
        return slot.name == self.selected or not getattr(slot.device, "autonomous", False)

    def _connected(self, slot: Slot, job: Job, now: float) -> None:
        slot.job = None
        slot.retry_t = now + RETRY_S
        known = str(slot.problem)
        slot.connected = job.error is None
        slot.pressed = True  # a gate that is held while its device comes back is no new press
        slot.problem = job.error
        if slot.connected or str(slot.problem) != known:
            self.version += 1

    def _lost(self, slot: Slot, error: DriverError, now: float) -> None:
        slot.device.disconnect()
        slot.connected = False
        slot.problem = error
        slot.pressed = False
        slot.input, slot.waiting = _NOTHING, ()
        slot.retry_t = now + RETRY_S
        self.version += 1
