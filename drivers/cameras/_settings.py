"""Exposure, gain, white balance and focus of a camera, fixed so that pictures stay comparable.

A policy that learned from pictures of one exposure sees other ones when the camera adapts to the
operator's sleeve. Whatever the station file fixes is read back, and what did not take is said.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

# V4L2_EXPOSURE_MANUAL and V4L2_EXPOSURE_APERTURE_PRIORITY, which OpenCV passes on as they are.
_MANUAL = 1.0
_MS = 10.0  # V4L2 counts exposure in 100 us
_CLOSE = 0.02


@dataclass(frozen=True)
class Fixed:
    """What of a camera's picture is fixed; None leaves a thing automatic.

    Attributes:
        exposure_ms: exposure [ms].
        lock_exposure: let it find an exposure for ``settle_s``, then keep that one.
        settle_s: [s].
        gain: in the camera's own units.
        white_balance_k: colour temperature [K].
        focus: in the camera's own units; 0 is far.
    """

    exposure_ms: float | None = None
    lock_exposure: bool = False
    settle_s: float = 1.0
    gain: float | None = None
    white_balance_k: int | None = None
    focus: float | None = None


def fix(cv2: Any, capture: Any, wanted: Fixed) -> list[str]:
    """Sets what is wanted, with pictures running; may take ``settle_s`` to lock the exposure.

    Returns:
        names of the settings that the camera did not take, as the station file calls them.
    """
    refused = []
    if wanted.white_balance_k is not None:
        capture.set(cv2.CAP_PROP_AUTO_WB, 0.0)
        if not _set(capture, cv2.CAP_PROP_WB_TEMPERATURE, float(wanted.white_balance_k)):
            refused.append("white_balance_k")
    if wanted.focus is not None:
        capture.set(cv2.CAP_PROP_AUTOFOCUS, 0.0)
        if not _set(capture, cv2.CAP_PROP_FOCUS, wanted.focus):
            refused.append("focus")
    if wanted.gain is not None and not _set(capture, cv2.CAP_PROP_GAIN, wanted.gain):
        refused.append("gain")
    return refused + _fix_exposure(cv2, capture, wanted)


def _fix_exposure(cv2: Any, capture: Any, wanted: Fixed) -> list[str]:
    exposure, name = wanted.exposure_ms, "exposure_ms"
    if exposure is None:
        if not wanted.lock_exposure:
            return []
        name = "lock_exposure"
        deadline = time.monotonic() + wanted.settle_s
        while time.monotonic() < deadline and capture.grab():
            pass  # the camera adapts to the pictures it takes
        exposure = float(capture.get(cv2.CAP_PROP_EXPOSURE)) / _MS
    manual = _set(capture, cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL)
    # Some cameras clear the value when they leave the automatic: it is set after, not before.
    taken = exposure > 0.0 and _set(capture, cv2.CAP_PROP_EXPOSURE, exposure * _MS)
    return [] if manual and taken else [name]


def _set(capture: Any, key: int, value: float) -> bool:
    """Sets one value and reads it back: many drivers accept what they then ignore."""
    if not capture.set(key, value):
        return False
    given = float(capture.get(key))
    return bool(abs(given - value) <= max(_CLOSE * abs(value), 1.0))
