"""The people's side of the loop: devices that come and go, and the edges of their gates.

Several devices may be connected at once; whichever gate is pressed takes over. A gate acts on its
edges only: one that is still held after a stop or a hold must be let go and pressed again. A device
that is a gate and nothing else (``gate_only``, a pedal) takes over with the selected one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from drivers.base import (
    Asked,
    DriverError,
    Floats,
    Health,
    Holding,
    Leading,
    Monitored,
    OperatorInput,
    Shown,
    Teleoperator,
    TeleoperatorView,
)
from sessions.live.background import Job, Runner
from sessions.live.faults import translated
from sessions.live.gate import Event
from sessions.live.holds import CHOOSE, RESUME, Trouble
from sessions.messages import ControlInput, DeviceState

RETRY_S = 1.0
_NOTHING = OperatorInput()


@dataclass(frozen=True)
class Signal:
    """What one device just did.

    Attributes:
        device: name of the operator whose motion it is about.
        kind: ``press`` and ``release`` of the gate, ``lost``, or ``event``.
        event: the event's name where the kind is ``event``.
    """

    device: str
    kind: Literal["press", "release", "lost", "event"]
    event: str = ""
    source: str = ""  # the device that said so, where the sentence is about that one


@dataclass
class Slot:
    """One device of the station and what is known about it."""

    name: str
    device: Teleoperator
    connected: bool = False
    found: bool = False  # whether it was ever there: one that never was is missed by nobody
    problem: DriverError | None = None
    retry_t: float = float("-inf")
    job: Job | None = None
    pressed: bool = False
    input: OperatorInput = field(default_factory=OperatorInput)
    waiting: tuple[str, ...] = ()  # events read at a takeover, for the next poll to tell
    broke: DriverError | None = None  # it was lost at a takeover, for the next poll to tell
    deaf: DriverError | None = None  # why it cannot be told where the arm is
    health: Health = field(default_factory=Health)

    @property
    def gate_only(self) -> bool:
        """Whether it gates another device's motion and has none of its own."""
        return bool(getattr(self.device, "gate_only", False))


class Operators:
    """All teleoperators of a station.

    Args:
        devices: by their name in the station file.
        selected: the one that the window's takeover key uses.
        run: how connecting is run; it may block.

    Attributes:
        selected: name of the selected device; empty if the station has none.
        version: goes up whenever a device comes, goes or is selected.
        gone: name of the device whose loss ``lost`` told of last; empty before the first.
    """

    def __init__(self, devices: dict[str, Teleoperator], selected: str, run: Runner) -> None:
        self.slots = {name: Slot(name, device) for name, device in devices.items()}
        hands = self.hands
        self.selected = selected if selected in hands else next(iter(hands), "")
        self.version = 0
        self.gone = ""
        self._run = run

    @property
    def hands(self) -> tuple[str, ...]:
        """The devices that can move the arm, in the station's order."""
        return tuple(name for name, slot in self.slots.items() if not slot.gate_only)

    @property
    def holding(self) -> tuple[str, ...]:
        """The devices of which any motor has torque, in the station's order."""
        return tuple(
            slot.name
            for slot in self.slots.values()
            if slot.connected and isinstance(slot.device, Holding) and slot.device.holds
        )

    def hand(self, name: str) -> str:
        """Whose motion the device gates: its own, or a pedal's the selected device's."""
        slot = self.slots.get(name)
        return self.selected if slot is None or slot.gate_only else name

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
                slot.job = (run or self._run)(_connecting(slot))
            if slot.job is not None and slot.job.done:
                self._connected(slot, slot.job, now)

    def ask(self) -> None:
        """Asks ahead what ``poll`` takes, of the devices that can be asked so."""
        for slot in self.slots.values():
            if slot.connected and self._listens(slot) and isinstance(slot.device, Asked):
                slot.device.ask()

    def poll(self, view: TeleoperatorView, now: float) -> list[Signal]:
        """Reads every connected device; never blocks.

        Returns:
            what happened since the last call, in the station's order of devices.
        """
        signals: list[Signal] = []
        for slot in self.slots.values():
            if not slot.connected or not self._listens(slot):
                continue
            hand = self.hand(slot.name)
            try:
                if slot.broke is not None:
                    raise slot.broke
                with translated(slot.name):
                    slot.input = slot.device.get_action(view)
            except DriverError as error:
                if slot.pressed or not slot.gate_only:
                    signals.append(Signal(hand, "lost", source=slot.name))
                self._lost(slot, error, now)
                continue
            pressed = bool(slot.input.gate)
            if pressed != slot.pressed:
                slot.pressed = pressed
                if self._gates(slot, hand, pressed=pressed):
                    signals.append(Signal(hand, "press" if pressed else "release"))
            events, slot.waiting = slot.waiting + slot.input.events, ()
            signals.extend(Signal(hand, "event", event) for event in events)
        return signals

    def begin(self, name: str, view: TeleoperatorView) -> None:
        """The device takes over: anchors it and asks again, forgetting what it said before.

        A relative device speaks only once it is anchored, and what it said under an earlier anchor
        is about another pose; asking twice lets the takeover's own tick carry the first action.
        """
        slot = self.slots[name]
        slot.input = _NOTHING
        try:
            with translated(name):
                slot.device.begin(view)
                if slot.connected:
                    slot.input = slot.device.get_action(view)
                    slot.waiting += slot.input.events
        except DriverError as error:
            slot.broke = error

    def action(self, name: str) -> Floats | None:
        """What the device last asked for, shape (A,); None while it says nothing."""
        slot = self.slots.get(name)
        return None if slot is None else slot.input.action

    def led(self, name: str) -> Floats | None:
        """Where the device's joints lead the arm, also outside attempts; see ``Leading``.

        None for one without joints, or that does not answer: ``poll`` says so.
        """
        slot = self.slots[name]
        if not slot.connected or not isinstance(slot.device, Leading):
            return None
        try:
            with translated(name):
                return slot.device.led()
        except DriverError:
            return None

    def lost(self, name: str) -> Trouble:
        """The sentence for a device that went while it was driving, or was to take over."""
        self.gone = name
        problem = self.slots[name].problem
        text = f"the {name} is lost. {'' if problem is None else problem.problem}".strip()
        another = name == self.selected and len(self.hands) > 1
        or_another = f", or choose another ({CHOOSE})" if another else ""
        remedy = f"Plug it in again{or_another}, {RESUME}."
        return Trouble(Event.OPERATOR_LOST, text.rstrip("."), remedy)

    def release(self, name: str) -> None:
        """Takes the torque of a device that ``holding`` names.

        Raises:
            DriverError: it does not answer, or cannot be switched off from here.
        """
        device = self.slots[name].device
        assert isinstance(device, Holding)
        with translated(name):
            device.release()
        self.version += 1

    def feedback(self, view: TeleoperatorView) -> None:
        """Tells every connected device where the arm is; ``poll`` notices one that is gone.

        A leader whose motors refuse to follow the arm can still be read: that is a warning.
        """
        for slot in self.slots.values():
            if not slot.connected:
                continue
            try:
                with translated(slot.name):
                    slot.device.send_feedback(view)
                slot.deaf = None
            except DriverError as error:
                slot.deaf = error

    def look(self) -> bool:
        """Reads how every connected device says it is; whether any warnings changed."""
        changed = False
        for slot in self.slots.values():
            if not slot.connected or not isinstance(slot.device, Monitored):
                continue
            before = slot.health.warnings
            try:
                with translated(slot.name):
                    slot.health = slot.device.health()
            except DriverError as error:
                slot.health = Health(warnings=(f"{error.problem} {error.remedy}",))
            changed |= slot.health.warnings != before
        return changed

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
        return tuple(self._state(slot) for slot in self.slots.values())

    def _state(self, slot: Slot) -> DeviceState:
        kind = "pedal" if slot.gate_only else "teleoperator"
        if not slot.connected:
            text = "" if slot.problem is None else f"{slot.problem.problem} {slot.problem.remedy}"
            # A foot that stands on a pedal finds out too late that nothing comes of it.
            missed = slot.gate_only and slot.found and text
            return DeviceState(slot.name, kind, False, text, warnings=(text,) if missed else ())
        health, deaf = slot.health, slot.deaf
        return DeviceState(
            slot.name,
            kind,
            True,
            inputs=self.inputs(slot.name),
            figures=health.text,
            warnings=health.warnings
            if deaf is None
            else (f"{deaf.problem} {deaf.remedy}", *health.warnings),
            lost=health.lost,
            corrupt=health.corrupt,
            bus_p99_ms=health.bus_p99_ms,
        )

    def inputs(self, name: str) -> tuple[ControlInput, ...]:
        """The device's sticks, buttons and pedals as they are; empty if it shows none."""
        device = self.slots[name].device
        if not isinstance(device, Shown) or not self.slots[name].connected:
            return ()
        return tuple(
            ControlInput(c.name, c.label, c.value, c.action, c.does) for c in device.controls()
        )

    def close(self) -> None:
        """Disconnects every device."""
        for slot in self.slots.values():
            if slot.connected:
                _disconnect(slot)
                slot.connected = False

    def _listens(self, slot: Slot) -> bool:
        """A device that acts by itself (a scripted person) acts only while it is selected."""
        return slot.name == self.selected or not getattr(slot.device, "autonomous", False)

    def _gates(self, slot: Slot, hand: str, *, pressed: bool) -> bool:
        """Whether this edge is the gate's.

        A gate with two handles, a bumper and a pedal, closes when the last is let go; and a pedal
        takes over with a device that is there, or not at all.
        """
        if pressed:
            return not slot.gate_only or self.ready(hand)
        others = (other for other in self.slots.values() if other is not slot)
        return not any(o.connected and o.pressed and self.hand(o.name) == hand for o in others)

    def _connected(self, slot: Slot, job: Job, now: float) -> None:
        slot.job = None
        slot.retry_t = now + RETRY_S
        known = str(slot.problem)
        slot.connected = job.error is None
        slot.found |= slot.connected
        slot.pressed = True  # a gate that is held while its device comes back is no new press
        slot.problem = job.error
        if slot.connected or str(slot.problem) != known:
            self.version += 1

    def _lost(self, slot: Slot, error: DriverError, now: float) -> None:
        _disconnect(slot)
        slot.connected = False
        slot.problem, slot.broke, slot.deaf, slot.health = error, None, None, Health()
        slot.pressed = False
        slot.input, slot.waiting = _NOTHING, ()
        slot.retry_t = now + RETRY_S
        self.version += 1


def _connecting(slot: Slot) -> Callable[[], None]:
    def work() -> None:
        with translated(slot.name):
            slot.device.connect()

    return work


def _disconnect(slot: Slot) -> None:
    """A device that is gone may not even let itself be closed."""
    with contextlib.suppress(DriverError), translated(slot.name):
        slot.device.disconnect()
