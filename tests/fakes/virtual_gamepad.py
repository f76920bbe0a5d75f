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

_TYPE_UNKNOWN, _TYPE_GAMECONTROLLER = 0, 1
_REST = -32768


class _Description(ctypes.Structure):
    """SDL_VirtualJoystickDesc (SDL_joystick.h, version 1)."""

    _fields_ = [
        ("version", ctypes.c_uint16),
        *((name, ctypes.c_uint16) for name in ("type", "naxes", "nbuttons", "nhats")),
        *((name, ctypes.c_uint16) for name in ("vendor_id", "product_id", "padding")),
        ("button_mask", ctypes.c_uint32),
        ("axis_mask", ctypes.c_uint32),
        ("name", ctypes.c_char_p),
        *((name, ctypes.c_void_p) for name in ("userdata", "Update", "SetPlayerIndex")),
        *((name, ctypes.c_void_p) for name in ("Rumble", "RumbleTriggers", "SetLED", "SendEffect")),
    ]


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
    """One pad that can be plugged, moved and pulled.

    Args:
        name: what it calls itself; empty for SDL's own.
        usb: vendor and product.
        mapped: whether SDL knows which of its buttons is which.
    """

    def __init__(
        self, name: str = "", usb: tuple[int, int] = (0, 0), *, mapped: bool = True
    ) -> None:
        self._name, self._usb, self._mapped = name.encode(), usb, mapped
        _sdl.start()
        self._sdl = _library()
        self._joystick: int | None = None

    @property
    def plugged(self) -> bool:
        return self._joystick is not None

    def plug(self) -> None:
        assert self._joystick is None, "it is plugged in already"
        described = _Description(
            version=1,
            type=_TYPE_GAMECONTROLLER if self._mapped else _TYPE_UNKNOWN,
            naxes=len(PAD_AXES),
            nbuttons=len(PAD_BUTTONS),
            vendor_id=self._usb[0],
            product_id=self._usb[1],
            button_mask=(1 << len(PAD_BUTTONS)) - 1,
            axis_mask=(1 << len(PAD_AXES)) - 1,
            name=self._name or b"Virtual Controller",
        )
        index = self._sdl.SDL_JoystickAttachVirtualEx(ctypes.byref(described))
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
