"""Numbers and names as the window words them: fixed width, with units, never jittering."""

from __future__ import annotations

import math


def duration(seconds: float) -> str:
    """``8 s``, ``3 min 20 s`` or ``2 h 05 min``, for time left and time spent."""
    if not math.isfinite(seconds) or seconds < 0:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def percent(share: float) -> str:
    """``42 %``, or a dash where there is nothing to show."""
    return f"{share * 100:.0f} %" if math.isfinite(share) else "–"
