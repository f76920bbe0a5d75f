"""Ready-made arms: which servos they have, as their makers ship and set them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from drivers.dynamixel import tables
from drivers.dynamixel.tables import BAUD_CODES
from drivers.emulation.physics import Axis, FreeArm, Physics
from drivers.emulation.servo import Servo

XL330_M077, XL330_M288, XL430_W250 = 1190, 1200, 1060
XM430_W350, XM540_W270 = 1020, 1120


@dataclass(frozen=True)
class Motor:
    """One servo of an arm.

    Attributes:
        device: its id.
        number: its model number.
        axis: which joint it turns, counted from the base.
        shadows: the id whose writes it follows as the second of a pair, mounted the other way
            round; 0 for none.
        mode: operating mode it is set to.
    """

    device: int
    number: int
    axis: int
    shadows: int = 0
    mode: int = tables.POSITION_CONTROL


@dataclass(frozen=True)
class Build:
    """One kind of arm.

    Attributes:
        joints: names from the base on, gripper last.
        motors: its servos.
        start: where each joint is when it is switched on [ticks].
        baud: speed of its bus [bit/s].
        falls: whether it sinks to ``start`` without torque.
    """

    joints: tuple[str, ...]
    motors: tuple[Motor, ...]
    start: tuple[int, ...]
    baud: int = 1_000_000
    falls: bool = False

    def servos(self, physics: Physics) -> tuple[Servo, ...]:
        """The servos, new, on the axes of ``physics``."""
        made = []
        for motor in self.motors:
            eeprom = {"baud_rate": BAUD_CODES[self.baud], "operating_mode": motor.mode}
            if motor.shadows:
                eeprom |= {"secondary_id": motor.shadows, "drive_mode": tables.DRIVE_REVERSED}
            made.append(
                Servo(
                    motor.device,
                    motor.number,
                    physics,
                    motor.axis,
                    mirrored=bool(motor.shadows),
                    **eeprom,
                )
            )
        return tuple(made)

    def free(self) -> FreeArm:
        """Physics of its own for it."""
        return FreeArm(
            [Axis(start=float(s), rest=float(s) if self.falls else None) for s in self.start]
        )


_ARM = ("waist", "shoulder", "elbow", "forearm_roll", "wrist_angle", "wrist_rotate", "gripper")
_KOCH = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")


def _nine(large: int, small: int) -> tuple[Motor, ...]:
    """Interbotix' six joints with doubled shoulder and elbow, and a gripper."""
    return (
        Motor(1, large, 0),
        Motor(2, large, 1),
        Motor(3, large, 1, shadows=2),
        Motor(4, large, 2),
        Motor(5, large, 2, shadows=4),
        Motor(6, large, 3),
        Motor(7, large, 4),
        Motor(8, small, 5),
        Motor(9, small, 6),
    )


VIPERX_300S = Build(
    _ARM,
    _nine(XM540_W270, XM430_W350),
    start=(2048, 1422, 2804, 2048, 1853, 2048, 2600),
    falls=True,
)
WIDOWX_250S = Build(
    _ARM,
    (*_nine(XM430_W350, XM430_W350)[:7], Motor(8, XL430_W250, 5), Motor(9, XL430_W250, 6)),
    start=(2048, 1422, 2804, 2048, 1853, 2048, 2600),
)
GELLO = Build(
    _ARM,
    tuple(Motor(i + 1, XL330_M077 if i == 6 else XL330_M288, i) for i in range(7)),
    start=(2048, 1422, 2804, 2048, 1853, 2048, 2048),
)
KOCH_FOLLOWER = Build(
    _KOCH,
    tuple(Motor(i + 1, XL430_W250 if i < 2 else XL330_M288, i) for i in range(6)),
    start=(2048, 1100, 3000, 2048, 2048, 2048),
    falls=True,
)
KOCH_LEADER = Build(
    _KOCH,
    tuple(Motor(i + 1, XL330_M077, i) for i in range(6)),
    start=(2048, 1100, 3000, 2048, 2048, 2048),
)
BUILDS: Mapping[str, Build] = MappingProxyType(
    {
        "viperx_300s": VIPERX_300S,
        "widowx_250s": WIDOWX_250S,
        "gello": GELLO,
        "koch_follower": KOCH_FOLLOWER,
        "koch_leader": KOCH_LEADER,
    }
)
