"""What a device's code raises, as a state of the gate: nothing of it may end the loop.

Drivers raise ``DriverError``. What else comes out of one is the operating system speaking through
it (a port whose cable is gone gives an ``OSError``), or a fault of the driver. Both are the device
lost: it holds, is disconnected and tried again, and the window says why. A driver's own fault is
written to the log with its place, once for each text, so that it is neither hidden nor fatal: a
control process that ends would leave an arm without anybody who can stop it.
"""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

from drivers.base import DeviceLostError, DriverError

_told: set[str] = set()


class translated:  # noqa: N801  (a context manager, used like a function)
    """Turns whatever the block raises into a DriverError of one device.

    Args:
        device: the name the station gives it.
    """

    __slots__ = ("_device",)

    def __init__(self, device: str) -> None:
        self._device = device

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Raises the translation.

        Raises:
            DeviceLostError: the block raised something that is no DriverError.
        """
        if error is None or isinstance(error, DriverError) or not isinstance(error, Exception):
            return
        raise lost(self._device, error) from error


def lost(device: str, error: Exception) -> DeviceLostError:
    """The sentence for an error that no driver should let out."""
    if isinstance(error, OSError):
        what = error.strerror or str(error) or type(error).__name__
        return DeviceLostError(
            device, f"The system says: {what.rstrip('.')}.", "Check its cable and power."
        )
    text = f"{type(error).__name__}: {error}"
    if text not in _told:
        _told.add(text)
        place = "".join(traceback.format_exception(error))
        sys.stderr.write(f"The driver of {device} is at fault.\n{place}")
    return DeviceLostError(
        device,
        f"Its driver is at fault ({text.rstrip('.')}).",
        "The log says where: report it with the log.",
    )
