"""What is served at the other end of the bridge, and what is measured there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drivers.base import DeviceNotFoundError, Floats


@dataclass(frozen=True)
class Feature:
    """One number that LeRobot reads or takes.

    Attributes:
        name: LeRobot's name, such as ``shoulder_pan.pos``.
        unit: ``degrees``, ``normalized`` (-100 to 100), ``percent`` (0 to 100); empty if LeRobot
            does not say.
        span_deg: the calibrated range [deg]; None if it is not known.
    """

    name: str
    unit: str = ""
    span_deg: float | None = None


@dataclass(frozen=True)
class Served:
    """What serves at the other end.

    Attributes:
        kind: ``robot`` or ``teleop``.
        type: LeRobot's type, such as ``so101_follower``.
        id: LeRobot's id, which names its calibration.
        version: LeRobot's.
        reads: what it measures.
        writes: what it takes: targets of a robot, feedback of a teleoperator.
        torque: whether its motors can be switched.
        engaged: whether all motors had torque when we said hello, as far as the bridge knows.
        holds: whether any had.
        silence_s: how long we may be silent before the robot holds [s].
    """

    kind: str
    type: str
    id: str
    version: str
    reads: tuple[Feature, ...]
    writes: tuple[Feature, ...]
    torque: bool
    engaged: bool
    holds: bool
    silence_s: float

    @classmethod
    def told(cls, header: dict[str, Any]) -> Served:
        """What the answer to ``hello`` says."""
        return cls(
            kind=header["kind"],
            type=header["type"],
            id=header["id"],
            version=header["lerobot"],
            reads=tuple(Feature(**feature) for feature in header["reads"]),
            writes=tuple(Feature(**feature) for feature in header["writes"]),
            torque=header["torque"],
            engaged=header["engaged"],
            holds=header["holds"],
            silence_s=header["silence_s"],
        )

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return f"{self.type} {self.id}".strip()

    def check(self, device: str, kind: str, known_as: str) -> None:
        """That this is what the station file means: two arms alike are easily mixed up.

        Args:
            device: what the station calls it, for messages.
            kind: LeRobot's type that it must be; empty for any.
            known_as: LeRobot's id that it must have; empty for any.

        Raises:
            DeviceNotFoundError: it is another one.
        """
        for what, found, wanted in (("type", self.type, kind), ("id", self.id, known_as)):
            if wanted and found != wanted:
                raise DeviceNotFoundError(
                    device,
                    f"LeRobot serves the {what} {found or 'none'!r} there; the station file names "
                    f"{wanted!r}.",
                    "Check the endpoint and which arm is plugged in where, or correct the file.",
                )


@dataclass(frozen=True)
class Sample:
    """One measurement.

    Attributes:
        t: when it was taken, on this machine's monotonic clock [s].
        values: one for each of ``Served.reads``, in LeRobot's units.
    """

    t: float
    values: Floats
