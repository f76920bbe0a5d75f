"""SDL's game controllers, as this process sees them.

SDL has one event queue a process, so it is drained here, for every pad at once, and presses are
kept by the pad's instance id until its device asks. Instance ids never repeat while a process
lives; indices shift when a pad is pulled.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from drivers.bindings import PAD_AXES, PAD_BUTTONS

# SDL reads these when it is imported. Without the first a pad falls silent in a process that has
# no focused window, which the control process never has; without the last SDL swallows SIGTERM.
_ENVIRONMENT = {
    "SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS": "1",
    "SDL_VIDEODRIVER": "dummy",
    "PYGAME_HIDE_SUPPORT_PROMPT": "1",
    "SDL_NO_SIGNAL_HANDLERS": "1",
}

_FULL = 32767.0
_REST = 0.1


@dataclass
class Reading:
    """One poll of a pad.

    Attributes:
        axes: by SDL name; sticks -1 to 1 (right and down positive), triggers 0 to 1.
        held: names of the buttons that are down.
        pressed: names of the buttons that went down since the last poll, in order.
    """

    axes: dict[str, float]
    held: frozenset[str]
    pressed: tuple[str, ...]


@dataclass
class _Queue:
    pressed: dict[int, list[str]] = field(default_factory=dict)


_queue = _Queue()


def start() -> None:
    """Starts SDL's controllers; cheap when they run already. May take 0.2 s the first time.

    Raises:
        RuntimeError: SDL refuses (pygame's errors derive from it).
    """
    for key, value in _ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    import pygame
    from pygame._sdl2 import controller

    if not pygame.display.get_init():
        pygame.display.init()
    if not controller.get_init():
        pygame.joystick.init()
        controller.init()


def pads() -> tuple[list[tuple[int, str]], list[str]]:
    """The pads plugged in now.

    Returns:
        ((index, name) of each pad that SDL has a mapping for, names of those it has none for).
    """
    import pygame
    from pygame._sdl2 import controller

    _drain()
    known, unknown = [], []
    for index in range(pygame.joystick.get_count()):
        if controller.is_controller(index):
            known.append((index, str(controller.name_forindex(index) or "pad")))
        else:
            unknown.append(str(pygame.joystick.Joystick(index).get_name()))
    return known, unknown


class Pad:
    """One opened pad.

    Args:
        index: as ``pads`` gave it, just now.

    Raises:
        RuntimeError: SDL cannot open it (pygame's errors derive from it).
    """

    def __init__(self, index: int) -> None:
        from pygame._sdl2 import controller

        self._controller: Any = controller.Controller(index)
        self.instance = int(self._controller.as_joystick().get_instance_id())
        self._trusted: set[str] = set()
        _queue.pressed[self.instance] = []

    def read(self) -> Reading | None:
        """Controls and presses; None once the pad has been pulled."""
        _drain()
        if not self._controller.attached():
            return None
        axes = {
            name: max(self._controller.get_axis(number) / _FULL, -1.0)
            for number, name in enumerate(PAD_AXES)
        }
        for name in ("lefttrigger", "righttrigger"):
            # Until its first event a trigger may read as half pressed: SDL's raw rest is -1.
            if abs(axes[name]) < _REST:
                self._trusted.add(name)
            if name not in self._trusted:
                axes[name] = 0.0
        held = frozenset(
            name for number, name in enumerate(PAD_BUTTONS) if self._controller.get_button(number)
        )
        pressed, _queue.pressed[self.instance] = _queue.pressed[self.instance], []
        return Reading(axes, held, tuple(pressed))

    def close(self) -> None:
        """Lets the pad go; calling it twice is harmless."""
        _queue.pressed.pop(self.instance, None)
        if self._controller is not None:
            self._controller.quit()
            self._controller = None


def _drain() -> None:
    import pygame

    for event in pygame.event.get():
        if event.type == pygame.CONTROLLERBUTTONDOWN:
            waiting = _queue.pressed.get(event.instance_id)
            if waiting is not None and event.button < len(PAD_BUTTONS):
                waiting.append(PAD_BUTTONS[event.button])
