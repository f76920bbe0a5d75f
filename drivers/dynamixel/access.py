"""Who may open a serial port, who has it, and why one could not be opened, in a sentence."""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import stat
import termios
from pathlib import Path

import serial

from drivers.base import DeviceConfigError, DeviceNotFoundError, DriverError

# What goes wrong between a process and a serial device. termios.error is not an OSError.
SERIAL_ERRORS = (serial.SerialException, OSError, termios.error)
_GROUP_RW = stat.S_IRGRP | stat.S_IWGRP


class PortPermissionError(DeviceNotFoundError):
    """The port is there and this user may not open it."""


class PortBusyError(DeviceNotFoundError):
    """The port is there and another program, or another part of this one, has it."""


def permission(path: str, device: str) -> PortPermissionError | None:
    """What keeps this user from opening a port that exists; None if nothing does."""
    if not Path(path).exists() or os.access(path, os.R_OK | os.W_OK):
        return None
    return _no_permission(path, device)


def holders(path: str) -> tuple[str, ...]:
    """Programs that have a device open, such as ``python3 (process 4711)``.

    Only those that this user may look at.
    """
    wanted = os.path.realpath(path)
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(_is(descriptor, wanted) for descriptor in (folder / "fd").iterdir()):
                own = ", this program itself" if folder.name == str(os.getpid()) else ""
                name = (folder / "comm").read_text().strip()
                found.append(f"{name} (process {folder.name}{own})")
    return tuple(found)


def _is(descriptor: Path, wanted: str) -> bool:
    try:
        return str(descriptor.readlink()) == wanted
    except OSError:
        return False


def refused(path: str, baud: int, device: str, error: Exception) -> DriverError:
    """The error to raise for one that came from opening a port."""
    code = getattr(error, "errno", None)
    if code is None and error.args and isinstance(error.args[0], int):
        code = error.args[0]  # termios.error keeps it there
    if code in (errno.EACCES, errno.EPERM):
        return _no_permission(path, device)
    if code in (errno.EBUSY, errno.EWOULDBLOCK):
        names = holders(path)
        who = " and ".join(names) if names else "another program"
        return PortBusyError(device, f"{path} is in use by {who}.", "Close it and connect again.")
    if code in (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO) or not Path(path).exists():
        return DeviceNotFoundError(
            device,
            f"There is no serial port {path}.",
            "Plug in the USB cable and switch on the arm's power, then connect again.",
        )
    if code == errno.ENOTTY or not _is_terminal(path):
        return DeviceConfigError(
            device, f"{path} is no serial port.", "Choose one that `dagger-gui find` lists."
        )
    return DeviceConfigError(
        device,
        f"{path} cannot be opened at {baud} baud ({error}).",
        "Choose a rate that the adapter can do, or another adapter.",
    )


def _no_permission(path: str, device: str) -> PortPermissionError:
    try:
        found = Path(path).stat()
        owner = grp.getgrgid(found.st_gid)
    except (OSError, KeyError):
        return PortPermissionError(
            device, f"{path} may not be opened.", "Ask for the right to use serial ports."
        )
    if owner.gr_gid == 0 or found.st_mode & _GROUP_RW != _GROUP_RW:
        return PortPermissionError(
            device,
            f"{path} may be opened by its owner only, not by its group ({owner.gr_name}).",
            'Add the udev rule SUBSYSTEM=="tty", GROUP="dialout", MODE="0660" and plug it in '
            "again.",
        )
    user = _user()
    if user in owner.gr_mem and owner.gr_gid not in os.getgroups():
        remedy = f"{user} has been added to {owner.gr_name} since: log out and in again."
    else:
        remedy = f"Run `sudo usermod -aG {owner.gr_name} {user}`, then log out and in again."
    return PortPermissionError(
        device, f"{path} may be opened by members of the group {owner.gr_name} only.", remedy
    )


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user without a name
        return "$USER"


def _is_terminal(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return os.isatty(descriptor)
    finally:
        os.close(descriptor)
