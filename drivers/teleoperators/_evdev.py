"""Keys of a Linux input device, read from the kernel: pedals, wherever the window's focus is.

What the kernel sends are records of 24 bytes (struct input_event, linux/input.h). They are decoded
here; the package evdev opens the device, takes it for this process alone, and knows Linux's names
of keys.
"""

from __future__ import annotations

import errno
import importlib
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers import device_files
from drivers.base import DeviceConfigError, DeviceNotFoundError

BY_ID = Path("/dev/input/by-id")
_PEDALS = ("foot", "pedal", "pcsensor", "infinity")
_EVENT = struct.Struct("@llHHi")  # seconds, microseconds, type, code, value
_SYN, _KEY = 0, 1
_REPORT, _DROPPED = 0, 3
_AT_ONCE = 64

_ROWS = (  # first code of each run of neighbours (linux/input-event-codes.h)
    (2, "1234567890-="),
    (16, "QWERTYUIOP[]"),
    (30, "ASDFGHJKL;'`"),
    (43, "\\ZXCVBNM,./"),
)
_NAMED = {
    **{"Escape": (1,), "Backspace": (14,), "Tab": (15,), "Enter": (28, 96), "Ctrl": (29, 97)},
    **{"Shift": (42, 54), "Alt": (56, 100), "Space": (57,), "Home": (102,), "Up": (103,)},
    **{"PageUp": (104,), "Left": (105,), "Right": (106,), "End": (107,), "Down": (108,)},
    **{"PageDown": (109,), "Insert": (110,), "Delete": (111,), "F11": (87,), "F12": (88,)},
    **{f"F{i}": (58 + i,) for i in range(1, 11)},
    **{f"F{i}": (170 + i,) for i in range(13, 25)},
}
CODES: dict[str, tuple[int, ...]] = _NAMED | {
    key: (first + i,) for first, row in _ROWS for i, key in enumerate(row)
}
"""Codes of a key by the name printed on it, on a US keyboard, which is what pedals send."""


@dataclass(frozen=True)
class Source:
    """An opened device.

    Attributes:
        fd: non-blocking file descriptor of its events.
        title: what it calls itself.
        held: asks the kernel which key codes are down now.
        close: lets it go.
    """

    fd: int
    title: str
    held: Callable[[], frozenset[int]]
    close: Callable[[], object]


class KeyEvents:
    """Presses and releases out of the kernel's records.

    Args:
        source: the opened device.
    """

    def __init__(self, source: Source) -> None:
        self.held = source.held()
        self._source = source
        self._rest = b""
        self._skipping = False

    def read(self) -> tuple[int, ...]:
        """The codes of keys that went down since the last call, in order; never blocks.

        ``held`` is brought up to date. A key that repeats while it is held is one press.

        Raises:
            OSError: the device is gone.
        """
        try:
            data = os.read(self._source.fd, _EVENT.size * _AT_ONCE)
        except BlockingIOError:
            return ()
        if not data:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        data = self._rest + data
        whole = len(data) - len(data) % _EVENT.size
        self._rest = data[whole:]
        pressed: list[int] = []
        for _, _, kind, code, value in _EVENT.iter_unpack(data[:whole]):
            self._take(kind, code, value, pressed)
        return tuple(pressed)

    def _take(self, kind: int, code: int, value: int, pressed: list[int]) -> None:
        if kind == _SYN and code == _DROPPED:
            self._skipping = True
        elif self._skipping:
            # The kernel's queue ran over: what follows up to the next report is not whole, and
            # what was missed is asked for. Presses are not made up from it: only holds matter.
            if kind == _SYN and code == _REPORT:
                self._skipping = False
                self.held = self._source.held()
        elif kind == _KEY and value == 1:
            self.held |= {code}
            pressed.append(code)
        elif kind == _KEY and value == 0:
            self.held -= {code}


def codes(device: str, key: str) -> tuple[int, ...]:
    """The codes of a key, by the name printed on it or by Linux's own (``KEY_PROG1``).

    Raises:
        DeviceConfigError: no single key has that name.
        DeviceNotFoundError: Linux's names need the package evdev, which is not installed.
    """
    if key in CODES:
        return CODES[key]
    if key.startswith(("KEY_", "BTN_")):
        code = _package(device).ecodes.ecodes.get(key)
        if code is not None:
            return (int(code),)
    raise DeviceConfigError(
        device,
        f"No single key is called {key!r}.",
        "Under [pedal] in bindings.toml, name the key that the pedal sends, without Shift.",
    )


def open_keys(device: str, wanted: str, *, grab: bool) -> Source:
    """Opens a pedal, and takes it for this process alone.

    Args:
        device: the operator's name, for messages.
        wanted: part of its name in /dev/input/by-id, any case, or a path; empty for what calls
            itself a pedal.
        grab: whether nobody else shall hear its keys, the window included.

    Raises:
        DeviceNotFoundError: the package, the device or the permission is missing.
    """
    package = _package(device)
    path = find(device, wanted)
    if not device_files.may_read(path):
        group = device_files.group(path, "input")
        raise DeviceNotFoundError(
            device, f"This user may not read {path.name}.", device_files.join(group)
        )
    try:
        opened = package.InputDevice(str(path))
        if grab:
            opened.grab()
    except OSError as error:
        raise _not_opened(device, path, error) from error
    return Source(
        opened.fd, str(opened.name), lambda: frozenset(opened.active_keys()), opened.close
    )


def find(device: str, wanted: str) -> Path:
    """The device file of a pedal; see ``open_keys``.

    Raises:
        DeviceNotFoundError: there is none; says which keyboards and pedals there are.
    """
    there = sorted(BY_ID.glob("*event-kbd"))
    if wanted.startswith("/"):
        found = [Path(wanted)] if Path(wanted).exists() else []
    elif wanted:
        found = [path for path in there if wanted.lower() in path.name.lower()]
    else:
        found = [path for path in there if any(w in path.name.lower() for w in _PEDALS)]
    if found:
        return found[0]
    names = ", ".join(path.name.removesuffix("-event-kbd") for path in there) or "none"
    problem = f"Nothing is called {wanted!r}." if wanted else "No pedal is plugged in."
    raise DeviceNotFoundError(
        device,
        problem,
        f"Plug it in, or set device in station.toml to part of its name. Keyboards here: {names}.",
    )


def _not_opened(device: str, path: Path, error: OSError) -> DeviceNotFoundError:
    if error.errno == errno.EBUSY:
        others = ", ".join(device_files.holders(path)) or "another program"
        return DeviceNotFoundError(
            device,
            f"The pedal's keys go to {others} alone.",
            "Close that program, or set grab = false on both sides.",
        )
    return DeviceNotFoundError(
        device, f"{path.name} cannot be opened: {error.strerror}.", "Plug it in again."
    )


def _package(device: str) -> Any:
    try:
        return importlib.import_module("evdev")
    except ImportError as error:
        raise DeviceNotFoundError(
            device,
            "Hearing a pedal while the window has no focus needs the package evdev.",
            "Install it (pip install 'dagger-gui[pedal]'), or bind the pedal's key under [window] "
            "in bindings.toml.",
        ) from error
