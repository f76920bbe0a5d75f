"""Numbers and names as the window words them: fixed width, with units, never jittering."""

from __future__ import annotations

import math


def clock(seconds: float) -> str:
    """``00:12.4``, for an attempt's running time."""
    if not math.isfinite(seconds) or seconds < 0:
        return "--:--.-"
    tenths = int(seconds * 10)
    return f"{tenths // 600:02d}:{tenths // 10 % 60:02d}.{tenths % 10}"


def short_clock(seconds: float) -> str:
    """``00:07``, for a place in an attempt."""
    if not math.isfinite(seconds) or seconds < 0:
        return "--:--"
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


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


def disk(free_bytes: int) -> str:
    """``212 GB free``."""
    return f"{free_bytes / 1e9:.0f} GB free"


def percent(share: float) -> str:
    """``42 %``, or a dash where there is nothing to show."""
    return f"{share * 100:.0f} %" if math.isfinite(share) else "–"


def policy_name(round_index: int) -> str:
    """What a round's policy is called on screen."""
    return "base" if round_index == 0 else f"round {round_index}"
