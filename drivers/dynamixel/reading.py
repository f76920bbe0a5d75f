"""What a Sync Read brought, from bytes to numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.dynamixel.tables import Register
from drivers.dynamixel.transactions import Answers

ALERT = 0x80
"""Bit of an answer's error field: the servo has a hardware error."""


@dataclass(frozen=True)
class Reading:
    """What a Sync Read brought.

    Attributes:
        values: id -> one number for each register asked for, in that order, in the servo's units.
        missing: ids that did not answer, not even to the retry.
        alerts: ids whose answer says that a hardware error is set (``hardware_error_status``).
        t: when the answers were complete, monotonic clock [s].
    """

    values: dict[int, tuple[int, ...]]
    missing: tuple[int, ...]
    alerts: tuple[int, ...]
    t: float


def decoded(
    ids: Sequence[int], got: Answers, places: list[tuple[Register, int]], t: float
) -> Reading:
    """The numbers in the answers to one Sync Read.

    Args:
        ids: who was asked.
        got: what came back.
        places: each register, and where it begins in the block that was read.
        t: when the answers were complete, monotonic clock [s].
    """
    values = {
        servo: tuple(
            place.decode(got.data[servo][offset : offset + place.length])
            for place, offset in places
        )
        for servo in ids
        if servo in got.data
    }
    missing = tuple(servo for servo in ids if servo not in got.data)
    alerts = tuple(servo for servo in values if got.errors[servo] & ALERT)
    return Reading(values, missing, alerts, t)
