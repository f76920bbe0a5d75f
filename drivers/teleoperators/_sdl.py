"""SDL's game controllers, as this process sees them.

SDL has one event queue a process, so it is drained here, for every pad at once, and presses are
kept by the pad's instance id until its device asks. Instance ids never repeat while a process
lives; indices shift when a pad is pulled.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from drivers.pads import PAD_AXES, PAD_BUTTONS

# SDL reads these when it is imported.
_ENVIRONMENT = {
    # Else a pad falls silent in a process without a focused window, as the control process is.
    "SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS": "1",
    "SDL_VIDEODRIVER": "dummy",
    "PYGAME_HIDE_SUPPORT_PROMPT": "1",
    # Else SDL swallows SIGTERM.
    "SDL_NO_SIGNAL_HANDLERS": "1",
    # Buttons by their place: with it, ``a`` of a Nintendo pad would be the right one.
    "SDL_GAMECONTROLLER_USE_BUTTON_LABELS": "0",
}
_MAPPINGS = "SDL_GAMECONTROLLERCONFIG"

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


@dataclass(frozen=True)
class Found:
    """A pad that is plugged in.

    Attributes:
        index: SDL's, valid until a pad comes or goes.
        name: what it calls itself.
        guid: SDL's 32 hexadecimal digits.
        instance: its instance id.
        known: whether SDL has a mapping of its controls.
    """

    index: int
    name: str
    guid: str
    instance: int
    known: bool


@dataclass
class _Queue:
    pressed: dict[int, list[str]] = field(default_factory=dict)


_queue = _Queue()


def start(mappings: tuple[str, ...] = ()) -> None:
    """Starts SDL's controllers; cheap when they run already. May take 0.2 s the first time.

    Args:
        mappings: SDL's mapping strings, for pads that it does not know. SDL reads them when it
            starts, so it is started anew for new ones, unless a pad is open.

    Raises:
        RuntimeError: SDL refuses (pygame's errors derive from it).
    """
    for key, value in _ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    lines = os.environ.get(_MAPPINGS, "").splitlines()
    more = [mapping for mapping in mappings if mapping not in lines]
    if more:
        os.environ[_MAPPINGS] = "\n".join([*lines, *more])
    import pygame
    from pygame._sdl2 import controller

    if more and pygame.joystick.get_init() and not _queue.pressed:
        # SDL reads mappings when its joysticks start (SDL_JoystickInit), not its controllers.
        controller.quit()
        pygame.joystick.quit()
    if not pygame.display.get_init():
        pygame.display.init()
    if not controller.get_init():
        pygame.joystick.init()
        controller.init()


def pads() -> list[Found]:
    """The pads plugged in now that no device of this process has opened, known or not."""
    import pygame
    from pygame._sdl2 import controller

    _drain()
    found = []
    for index in range(pygame.joystick.get_count()):
        joystick = pygame.joystick.Joystick(index)
        instance = int(joystick.get_instance_id())
        if instance in _queue.pressed:
            continue
        known = bool(controller.is_controller(index))
        name = controller.name_forindex(index) if known else joystick.get_name()
        found.append(Found(index, str(name or "pad"), str(joystick.get_guid()), instance, known))
    return found


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
