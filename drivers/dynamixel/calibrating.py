"""Calibrating an arm, a step at a time: what to do, how far it is, and what came of it.

A pure machine for the command line and the window alike: it reads ticks through a function that it
is given, and says what the person is to do next. The arm is without torque the whole time. Nothing
is printed or drawn here, and nothing is written into a servo.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from drivers.dynamixel.calibration import Calibration, Gripper, Joint, Servo
from drivers.dynamixel.description import ArmDescription, JointDescription
from drivers.dynamixel.tables import RAD_PER_TICK, TICKS_PER_TURN

STILL_TICKS = 12
"""A joint that stays within so many ticks over the last readings is held still (1 degree)."""

DIRECTION_RAD = math.radians(15.0)
"""How far a joint must be turned for its direction to be beyond doubt [rad]."""

LEAST_RANGE_RAD = math.radians(20.0)
"""A joint whose sweep is narrower was not swept [rad]."""

ENOUGH = 0.7
"""Part of a joint's nominal range that its sweep should cover."""

ENOUGH_RAD = math.radians(60.0)
"""What a sweep should cover where no nominal range is known [rad]."""

MARGIN_RAD = 0.02
"""The limits stay this far inside the sweep, clear of the hard stops [rad]."""

LEAST_GRIPPER_TICKS = 100
_RECENT = 5
_HALF_TURN = TICKS_PER_TURN // 2


@dataclass(frozen=True)
class Step:
    """What is to be done now.

    Attributes:
        key: ``home``, ``direction``, ``sweep``, ``closed``, ``open`` or ``summary``.
        title: a few words.
        instruction: what the person is to do, in sentences.
        missing: why ``next`` would not go on yet, a sentence; empty if it would.
        number: from 1.
        count: of how many.
        joint: the joint it is about; empty if it is about all.
    """

    key: str
    title: str
    instruction: str
    missing: str
    number: int
    count: int
    joint: str = ""


@dataclass(frozen=True)
class Bar:
    """One joint, live. Angles are from the home pose until the calibration is complete.

    Attributes:
        name: the joint.
        now: its angle [rad]; NaN before the first reading.
        low: the lowest seen in the sweep [rad]; NaN before the sweep.
        high: the highest seen in the sweep [rad]; NaN before the sweep.
        lower: lowest it may ever have [rad]; NaN if unknown.
        upper: highest it may ever have [rad]; NaN if unknown.
        done: whether enough of its range was seen.
    """

    name: str
    now: float
    low: float
    high: float
    lower: float
    upper: float
    done: bool


class Calibrating:
    """The steps of one arm's calibration.

    Call ``poll`` some 20 times a second, show ``step`` and ``bars()``, and call ``next()`` and
    ``back()`` as the person says; ``result()`` is there at the last step.

    Args:
        device: what the station calls the arm.
        description: what kind of arm it is.
        reader: gives the ticks of the servos by id; one that did not answer is left out.
        servos: what ``identity.fingerprint`` read.
        port: stable id of the adapter; empty if it has none.
    """

    def __init__(
        self,
        device: str,
        description: ArmDescription,
        reader: Callable[[], Mapping[int, int]],
        servos: tuple[Servo, ...],
        port: str = "",
    ) -> None:
        self._device, self._arm, self._port = device, description, port
        self._reader, self._servos = reader, servos
        self._ticks: dict[int, int] = {}
        self._recent: dict[int, deque[int]] = {
            i: deque(maxlen=_RECENT) for i in description.primary
        }
        self._home: dict[int, int] = {}
        self._directions = {j.id: j.direction for j in description.joints if j.direction}
        self._swept: dict[int, tuple[int, int]] = {}
        self._grip: dict[str, int] = {}
        self._steps = self._plan()
        self._index = 0

    # -- what the outside calls

    def poll(self) -> None:
        """Reads the arm once.

        Raises:
            DriverError: as the reader does; nothing has changed then.
        """
        for servo_id, ticks in self._reader().items():
            if servo_id not in self._recent:
                continue
            before = self._ticks.get(servo_id, ticks)
            # Without torque a reading wraps at a full turn; no hand turns a joint that fast.
            unwrapped = before + (ticks - before + _HALF_TURN) % TICKS_PER_TURN - _HALF_TURN
            self._ticks[servo_id] = unwrapped
            self._recent[servo_id].append(unwrapped)
        if self._steps[self._index][0] == "sweep":
            self._sweep()

    @property
    def step(self) -> Step:
        """What is to be done now."""
        key, joint = self._steps[self._index]
        title, instruction = self._words(key, joint)
        return Step(
            key=key,
            title=title,
            instruction=instruction,
            missing=self._missing(key, joint),
            number=self._index + 1,
            count=len(self._steps),
            joint="" if joint is None else joint.name,
        )

    def bars(self) -> tuple[Bar, ...]:
        """Every joint, live; the gripper is not among them."""
        return tuple(self._bar(joint) for joint in self._arm.joints)

    def next(self) -> bool:
        """Takes what the step is about and goes on; False, changing nothing, while it is missing.

        At the summary there is nothing more to take, and it returns False.
        """
        key, joint = self._steps[self._index]
        if key == "summary" or self._missing(key, joint):
            return False
        if key == "home":
            self._home = {joint.id: self._ticks[joint.id] for joint in self._arm.joints}
        elif key == "direction":
            assert joint is not None
            self._directions[joint.id] = 1 if self._turned(joint) > 0 else -1
        elif key in ("closed", "open"):
            assert self._arm.gripper is not None
            self._grip[key] = self._ticks[self._arm.gripper.id]
        self._index += 1
        return True

    def back(self) -> bool:
        """Goes one step back, to take it anew; False at the first."""
        if self._index == 0:
            return False
        self._index -= 1
        key, joint = self._steps[self._index]
        if key == "sweep":
            self._swept = {}
        elif key == "direction" and joint is not None:
            self._directions.pop(joint.id, None)
        return True

    def summary(self) -> tuple[str, ...]:
        """What came of it, a line a joint, for the last step."""
        result = self.result()
        lines = [
            f"{j.name}: {math.degrees(j.lower):.0f}° to {math.degrees(j.upper):.0f}°, "
            f"0° at {j.homing_ticks} ticks, direction {j.direction:+d}"
            for j in result.joints
        ]
        if result.gripper is not None:
            grip = result.gripper
            lines.append(f"{grip.name}: {grip.closed_ticks} ticks closed, {grip.open_ticks} open")
        return tuple(lines)

    def warnings(self) -> tuple[str, ...]:
        """What is odd about it, a sentence each; nothing here keeps it from being saved."""
        found = []
        for joint, bar in zip(self._arm.joints, self.bars(), strict=True):
            if not bar.done:
                found.append(
                    f"{joint.name} was moved through {math.degrees(bar.high - bar.low):.0f}° of "
                    f"{math.degrees(_wanted_rad(joint)):.0f}°: it will not go further."
                )
            if not bar.low <= joint.home <= bar.high:
                found.append(
                    f"{joint.name} was never brought back to the home pose: was it turned at "
                    "more than half a turn a reading, or the home pose not met?"
                )
        return tuple(found)

    def result(self) -> Calibration:
        """The calibration.

        Raises:
            ValueError: called before the last step.
        """
        if self._steps[self._index][0] != "summary":
            raise ValueError(f"the calibration is at step {self._index + 1}, not at its end")
        grip = self._arm.gripper
        return Calibration(
            device=self._device,
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            port=self._port,
            joints=tuple(self._joint(joint) for joint in self._arm.joints),
            servos=self._servos,
            gripper=None
            if grip is None
            else Gripper(
                id=grip.id,
                name=grip.name,
                closed_ticks=self._grip["closed"],
                open_ticks=self._grip["open"],
            ),
        )

    # -- the steps

    def _plan(self) -> list[tuple[str, JointDescription | None]]:
        tried = [j for j in self._arm.joints if not j.direction]
        steps: list[tuple[str, JointDescription | None]] = [("home", None)]
        steps += [("direction", joint) for joint in tried]
        steps.append(("sweep", None))
        if self._arm.gripper is not None:
            steps += [("closed", None), ("open", None)]
        return [*steps, ("summary", None)]

    def _words(self, key: str, joint: JointDescription | None) -> tuple[str, str]:
        if key == "home":
            return "Home pose", f"{self._arm.home}. Hold it still."
        if key == "direction":
            assert joint is not None
            return f"Direction of {joint.name}", (
                f"{joint.positive}, by about 30°, and leave it there."
            )
        if key == "sweep":
            return "Range", "Move every joint gently through its whole range, one after another."
        if self._arm.gripper is not None and key in ("closed", "open"):
            grip = self._arm.gripper
            title = f"{grip.name.capitalize()} {key}"
            return title, f"{grip.closed if key == 'closed' else grip.open}. Hold it still."
        return "Summary", "Look through the ranges, then save."

    def _missing(self, key: str, joint: JointDescription | None) -> str:
        silent = [i for i in self._arm.primary if i not in self._ticks]
        if silent:
            return f"Servo {silent[0]} has not answered yet. Check its power and cable."
        if key == "home":
            return self._unstill({j.name: j.id for j in self._arm.joints})
        if key == "direction":
            assert joint is not None
            turned = abs(self._turned(joint)) * RAD_PER_TICK
            if turned < DIRECTION_RAD:
                return (
                    f"{joint.name} is turned by {math.degrees(turned):.0f}°; "
                    f"at least {math.degrees(DIRECTION_RAD):.0f}° are needed."
                )
        if key == "sweep":
            return self._unswept()
        if key in ("closed", "open"):
            return self._ungripped(key)
        return ""

    def _unstill(self, ids: Mapping[str, int]) -> str:
        for name, servo_id in ids.items():
            recent = self._recent[servo_id]
            if len(recent) < _RECENT or max(recent) - min(recent) > STILL_TICKS:
                return f"{name} is moving. Hold it still."
        return ""

    def _unswept(self) -> str:
        for joint in self._arm.joints:
            low, high = self._swept.get(joint.id, (0, 0))
            seen = (high - low) * RAD_PER_TICK
            if seen < LEAST_RANGE_RAD:
                return (
                    f"{joint.name} was moved through {math.degrees(seen):.0f}°; "
                    f"at least {math.degrees(LEAST_RANGE_RAD):.0f}° are needed."
                )
        return ""

    def _ungripped(self, key: str) -> str:
        grip = self._arm.gripper
        assert grip is not None
        apart = abs(self._ticks[grip.id] - self._grip.get("closed", 0))
        if key == "open" and apart < LEAST_GRIPPER_TICKS:
            return (
                f"{grip.name} is {apart} ticks from closed; at least {LEAST_GRIPPER_TICKS} are "
                "needed."
            )
        return self._unstill({grip.name: grip.id})

    # -- the arithmetic

    def _turned(self, joint: JointDescription) -> int:
        """Ticks from the home pose."""
        return self._ticks[joint.id] - self._home.get(joint.id, self._ticks[joint.id])

    def _sweep(self) -> None:
        for joint in self._arm.joints:
            if joint.id not in self._ticks:
                continue
            now = self._ticks[joint.id]
            low, high = self._swept.get(joint.id, (now, now))
            self._swept[joint.id] = (min(low, now), max(high, now))

    def _angle(self, joint: JointDescription, ticks: int) -> float:
        direction = self._directions.get(joint.id, 1)
        return joint.home + direction * (ticks - self._home.get(joint.id, ticks)) * RAD_PER_TICK

    def _bar(self, joint: JointDescription) -> Bar:
        nan = float("nan")
        now, low, high = nan, nan, nan
        if joint.id in self._ticks:
            now = self._angle(joint, self._ticks[joint.id])
        if joint.id in self._swept:
            low, high = sorted(self._angle(joint, ticks) for ticks in self._swept[joint.id])
        return Bar(
            name=joint.name,
            now=now,
            low=low,
            high=high,
            lower=nan if joint.lower is None else joint.lower,
            upper=nan if joint.upper is None else joint.upper,
            done=high - low >= _wanted_rad(joint),
        )

    def _joint(self, joint: JointDescription) -> Joint:
        bar, direction = self._bar(joint), self._directions[joint.id]
        lower, upper = bar.low + MARGIN_RAD, bar.high - MARGIN_RAD
        if joint.lower is not None:
            lower = max(lower, joint.lower)
        if joint.upper is not None:
            upper = min(upper, joint.upper)
        zero = self._home[joint.id] - round(direction * joint.home / RAD_PER_TICK)
        middle = zero + direction * 0.5 * (lower + upper) / RAD_PER_TICK
        return Joint(
            name=joint.name,
            id=joint.id,
            shadows=joint.shadows,
            direction=direction,
            # Counted in the turn that holds the middle of the range, as a servo just switched on.
            homing_ticks=zero - math.floor(middle / TICKS_PER_TURN) * TICKS_PER_TURN,
            lower=lower,
            upper=upper,
        )


def _wanted_rad(joint: JointDescription) -> float:
    """How much of a joint's range the sweep should show [rad]."""
    if joint.lower is None or joint.upper is None:
        return ENOUGH_RAD
    return ENOUGH * (joint.upper - joint.lower)
