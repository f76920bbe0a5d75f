"""Linux's cameras: which there are, by stable names, with their formats; and why one is not there.

Formats are asked of the kernel itself (V4L2 ioctls, linux/videodev2.h), so that listing needs
neither OpenCV nor a picture.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drivers import device_files
from drivers.base import DeviceNotFoundError
from drivers.formats import PictureFormat

DEVICES = Path("/dev")
_NAMES = Path("/sys/class/video4linux")

Ioctl = Callable[[int, int, bytearray], object]

_QUERYCAP, _ENUM_FMT = 0x80685600, 0xC0405602
_ENUM_FRAMESIZES, _ENUM_FRAMEINTERVALS = 0xC02C564A, 0xC034564B
_CAPTURE, _DEVICE_CAPS = 0x00000001, 0x80000000
_DISCRETE = 1
_AT_MOST = 64  # entries of a list, should a driver never end it


@dataclass(frozen=True)
class FoundCamera:
    """A camera that is plugged in.

    Attributes:
        path: ``/dev/video0``, which may be another camera after the next boot.
        stable: the name that stays with the camera or its socket; equal to path if it has none.
        name: what it calls itself.
        formats: what it can give, the largest first; empty if the kernel did not say.
    """

    path: Path
    stable: str
    name: str
    formats: tuple[PictureFormat, ...] = ()


def cameras(ioctl: Ioctl = fcntl.ioctl) -> tuple[FoundCamera, ...]:
    """Every capture device of this machine, in the order of its numbers; empty off Linux."""
    nodes = sorted(DEVICES.glob("video[0-9]*"), key=lambda p: int(p.name.removeprefix("video")))
    return tuple(found for node in nodes if (found := _camera(node, ioctl)) is not None)


def resolved(device: str, source: str) -> Path:
    """The device file of a camera.

    Args:
        device: the camera's name in the station, for messages.
        source: an index, a path, or part of a name in /dev/v4l/by-id or by-path, any case.

    Raises:
        DeviceNotFoundError: there is none, with those that are there.
    """
    if source.isdigit():
        path: Path | None = DEVICES / f"video{source}"
    elif source.startswith("/"):
        path = Path(source)
    else:
        path = next((link for link in _links() if source.lower() in link.name.lower()), None)
    if path is None or not path.exists():
        raise DeviceNotFoundError(
            device, f"There is no camera {source}.", f"Plug it in. Cameras here: {_list()}."
        )
    return path.resolve()


def why_not(device: str, path: Path, source: str) -> DeviceNotFoundError:
    """Why a camera whose file exists cannot be opened, and what to do."""
    if not device_files.may_read(path):
        group = device_files.group(path, "video")
        return DeviceNotFoundError(
            device, f"This user may not read {path}.", device_files.join(group)
        )
    others = device_files.holders(path)
    if others:
        return DeviceNotFoundError(
            device, f"{source} is in use by {', '.join(others)}.", "Close that program."
        )
    if not stat.S_ISCHR(path.stat().st_mode):
        return DeviceNotFoundError(
            device,
            f"{source} is no camera but a file.",
            'Use type = "files" to play a recording.',
        )
    return DeviceNotFoundError(
        device,
        f"{source} gives no pictures to OpenCV.",
        "A program of another user may hold it, or it is the second device of a camera, which has "
        f"no pictures. Cameras here: {_list()}.",
    )


def _links() -> list[Path]:
    """Stable names, those of the cameras before those of their sockets; first streams first."""
    folders = [DEVICES / "v4l" / kind for kind in ("by-id", "by-path")]
    return [
        link
        for folder in folders
        for link in sorted(folder.glob("*"), key=lambda p: ("index0" not in p.name, p.name))
    ]


def _list() -> str:
    found = [f"{c.stable} ({c.name})" if c.name else c.stable for c in cameras()]
    return ", ".join(found) or "none"


def _camera(node: Path, ioctl: Ioctl) -> FoundCamera | None:
    """The camera of a device file; None if it gives no pictures (metadata, encoders)."""
    with contextlib.suppress(OSError):
        if not stat.S_ISCHR(node.stat().st_mode):
            return None
    formats: tuple[PictureFormat, ...] = ()
    try:
        fd = os.open(node, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        pass  # not ours to open: it is listed all the same
    else:
        try:
            if not _captures(fd, ioctl):
                return None
            formats = _formats(fd, ioctl)
        except OSError:
            return None  # no V4L2 device, whatever its name says
        finally:
            os.close(fd)
    stable = next((link.name for link in _links() if link.resolve() == node.resolve()), str(node))
    return FoundCamera(node, stable, _sys_name(node), formats)


def _sys_name(node: Path) -> str:
    with contextlib.suppress(OSError):
        return (_NAMES / node.name / "name").read_text(encoding="utf-8", errors="replace").strip()
    return ""


def _captures(fd: int, ioctl: Ioctl) -> bool:
    answer = bytearray(104)
    ioctl(fd, _QUERYCAP, answer)
    whole, own = struct.unpack_from("<II", answer, 84)
    return bool((own if whole & _DEVICE_CAPS else whole) & _CAPTURE)


def _formats(fd: int, ioctl: Ioctl) -> tuple[PictureFormat, ...]:
    found = []
    for index in range(_AT_MOST):
        answer = bytearray(struct.pack("<II56x", index, 1))
        if not _answered(fd, _ENUM_FMT, answer, ioctl):
            break
        code = bytes(answer[44:48])
        for width, height in _sizes(fd, code, ioctl):
            fps = _fastest(fd, code, width, height, ioctl)
            found.append(PictureFormat(width, height, fps, code.decode("ascii", "replace")))
    return tuple(sorted(found, key=lambda f: (-f.width * f.height, f.code)))


def _sizes(fd: int, code: bytes, ioctl: Ioctl) -> list[tuple[int, int]]:
    """Sizes of one coding; of a range, the largest."""
    found = []
    for index in range(_AT_MOST):
        answer = bytearray(struct.pack("<I4s36x", index, code))
        if not _answered(fd, _ENUM_FRAMESIZES, answer, ioctl):
            break
        kind, *numbers = struct.unpack_from("<7I", answer, 8)
        if kind != _DISCRETE:
            return [(numbers[1], numbers[4])]
        found.append((numbers[0], numbers[1]))
    return found


def _fastest(fd: int, code: bytes, width: int, height: int, ioctl: Ioctl) -> float:
    """The highest rate of one format [1/s]; 0 if the kernel does not say."""
    fastest = 0.0
    for index in range(_AT_MOST):
        answer = bytearray(struct.pack("<I4sII36x", index, code, width, height))
        if not _answered(fd, _ENUM_FRAMEINTERVALS, answer, ioctl):
            break
        kind, seconds, parts = struct.unpack_from("<III", answer, 16)
        fastest = max(fastest, parts / seconds if seconds else 0.0)
        if kind != _DISCRETE:  # a range begins with its shortest interval
            break
    return fastest


def _answered(fd: int, request: int, answer: bytearray, ioctl: Ioctl) -> bool:
    """Whether the list has such an entry: it ends with EINVAL, and so does what is unknown."""
    try:
        ioctl(fd, request, answer)
    except OSError:
        return False
    return True
