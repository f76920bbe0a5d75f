"""A real SDL joystick that nobody holds: made by SDL itself, driven through its C interface.

SDL keeps a virtual joystick in the process that attached it, and the drivers cannot tell it from
one with a cable. ``tests.fakes.control_with_gamepad`` gives the control process one.
"""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path

from drivers.bindings import PAD_AXES, PAD_BUTTONS
from drivers.teleoperators import _sdl

_TYPE_GAMECONTROLLER = 1
_REST = -32768


def _library() -> ctypes.CDLL:
    """The very libSDL2 that pygame has loaded; a second copy would have its own joysticks."""
    loaded = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()}
    paths = sorted(path for path in loaded if "libSDL2-" in path)
    assert paths, f"pygame has no SDL loaded ({importlib.util.find_spec('pygame')})"
    library = ctypes.CDLL(paths[0])
    library.SDL_JoystickOpen.restype = ctypes.c_void_p
    for name in ("SDL_JoystickClose", "SDL_JoystickInstanceID"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
    library.SDL_JoystickSetVirtualAxis.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int16]
    library.SDL_JoystickSetVirtualButton.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint8]
    library.SDL_GetError.restype = ctypes.c_char_p
    return library


class VirtualGamepad:
    """One pad that can be plugged, moved and pulled."""

    def __init__(self) -> None:
        _sdl.start()
        self._sdl = _library()
        self._joystick: int | None = None

    @property
    def plugged(self) -> bool:
        return self._joystick is not None

    def plug(self) -> None:
        assert self._joystick is None, "it is plugged in already"
        index = self._sdl.SDL_JoystickAttachVirtual(
            _TYPE_GAMECONTROLLER, len(PAD_AXES), len(PAD_BUTTONS), 0
        )
        assert index >= 0, self._sdl.SDL_GetError().decode()
        self._joystick = self._sdl.SDL_JoystickOpen(index)
        for trigger in ("lefttrigger", "righttrigger"):
            self.raw_axis(trigger, _REST)

    def pull(self) -> None:
        if self._joystick is None:
            return
        wanted = self._sdl.SDL_JoystickInstanceID(self._joystick)
        for index in range(self._sdl.SDL_NumJoysticks()):
            if self._sdl.SDL_JoystickGetDeviceInstanceID(index) == wanted:
                self._sdl.SDL_JoystickDetachVirtual(index)
                break
        self._sdl.SDL_JoystickClose(self._joystick)
        self._joystick = None

    def axis(self, name: str, value: float) -> None:
        """Sticks from -1 to 1, right and down positive; triggers from 0 to 1."""
        if name.endswith("trigger"):
            value = 2.0 * value - 1.0
        self.raw_axis(name, max(round(value * 32767), _REST))

    def raw_axis(self, name: str, value: int) -> None:
        self._sdl.SDL_JoystickSetVirtualAxis(self._joystick, PAD_AXES.index(name), value)

    def button(self, name: str, down: bool) -> None:
        self._sdl.SDL_JoystickSetVirtualButton(self._joystick, PAD_BUTTONS.index(name), int(down))
