"""A foot pedal that gates another device's motion, wherever the window's focus is.

It has no action of its own: pressed, it takes over with the operator that is selected, a leader or
a pad; released, it gives back. What its keys do is [pedal] in bindings.toml. A pedal that is pulled
while it is held is a release into HOLD.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drivers.base import (
    Control,
    DeviceLostError,
    DriverError,
    Health,
    OperatorInput,
    TeleoperatorView,
)
from drivers.bindings import load
from drivers.pads import words
from drivers.registry import DeviceContext
from drivers.teleoperators import _evdev

Opener = Callable[[], _evdev.Source]


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        device: part of the pedal's name in /dev/input/by-id, any case, or a path; empty for what
            calls itself a pedal. An ordinary keyboard is taken only if it is named: with ``grab``
            nobody else hears it then.
        grab: take its keys for this process alone, so that they do not type into the window.
    """

    device: str = ""
    grab: bool = True


class Pedal:
    """The pedal; see ``Teleoperator`` for what each method promises.

    Args:
        name: what the station calls it.
        opener: opens the device.
        bindings: the workspace's file of keys and buttons.
    """

    relative = True
    gate_only = True

    def __init__(self, name: str, opener: Opener, bindings: Path | None) -> None:
        self.name = name
        self._open = opener
        self._path = bindings
        self._bound: dict[str, tuple[str, ...]] = {}
        self._codes: dict[int, str] = {}
        self._source: _evdev.Source | None = None
        self._events: _evdev.KeyEvents | None = None

    def connect(self) -> None:
        """Opens the pedal.

        Raises:
            DeviceNotFoundError: the package evdev, the pedal or the permission is missing.
            DeviceConfigError: the bindings file is wrong.
        """
        if self._source is not None:
            return
        self._bound = load(self._path).pedal
        keys = [key for keys in self._bound.values() for key in keys]
        self._codes = {code: key for key in keys for code in _evdev.codes(self.name, key)}
        source = self._open()
        try:
            self._events = _evdev.KeyEvents(source)
        except OSError as error:
            source.close()
            raise self._lost() from error
        self._source = source

    def disconnect(self) -> None:
        """Lets the pedal go."""
        if self._source is not None:
            self._source.close()
        self._source = self._events = None

    def begin(self, view: TeleoperatorView) -> None:
        """Nothing to anchor: the motion is another device's."""

    def get_action(self, view: TeleoperatorView) -> OperatorInput:
        """The gate, and presses; never an action.

        Raises:
            DeviceLostError: the pedal is unplugged.
        """
        if self._events is None:
            raise self._lost()
        try:
            pressed = self._events.read()
        except OSError as error:
            self.disconnect()
            raise self._lost() from error
        down = {self._codes.get(code) for code in self._events.held}
        gate = any(key in down for key in self._bound.get("correct", ()))
        events = [self._action(self._codes[code]) for code in pressed if code in self._codes]
        return OperatorInput(
            gate=gate if self._bound.get("correct") else None,
            events=tuple(event for event in events if event != "correct"),
        )

    def send_feedback(self, view: TeleoperatorView) -> None:
        """Pedals cannot be moved."""

    def health(self) -> Health:
        """Which pedal it is."""
        return Health("" if self._source is None else self._source.title)

    def controls(self) -> tuple[Control, ...]:
        """The keys that are bound, as at the last poll; empty while no pedal is there."""
        if self._events is None:
            return ()
        down = {self._codes.get(code) for code in self._events.held}
        return tuple(
            Control(key, key.removeprefix("KEY_"), float(key in down), action, words(action))
            for action, keys in self._bound.items()
            for key in keys
        )

    def _action(self, key: str) -> str:
        return next(action for action, keys in self._bound.items() if key in keys)

    def _lost(self) -> DriverError:
        return DeviceLostError(
            self.name, "The pedal is unplugged.", "Plug it in again, then press it again."
        )


def create(name: str, config: Config, context: DeviceContext) -> Pedal:
    """Builds the device; see ``drivers.registry``."""
    return Pedal(
        name,
        lambda: _evdev.open_keys(name, config.device, grab=config.grab),
        context.bindings,
    )
