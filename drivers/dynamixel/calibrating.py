"""Calibrating an arm, a step at a time: what to do, how far it is, and what came of it.

A pure machine for the command line and the window alike: it reads ticks through a function that it
is given, and says what the person is to do next. The arm is without torque the whole time. Nothing
is printed or drawn here, and nothing is written into a servo.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from drivers.dynamixel.calibration import Calibration, Gripper, Joint, Servo
from drivers.dynamixel.description import ArmDescription, JointDescription
from drivers.dynamixel.steps import Bar, Step, words
from drivers.dynamixel.tables import RAD_PER_TICK, TICKS_PER_TURN
from drivers.dynamixel.tracking import Tracking

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
        self._seen = Tracking(description.primary)
        self._home: dict[int, int] = {}
        self._directions = {j.id: j.direction for j in description.joints if j.direction}
        self._grip: dict[str, int] = {}
        self._steps = self._plan()
        self._index = 0

    # -- what the outside calls

    def poll(self) -> None:
        """Reads the arm once.

        Raises:
            DriverError: as the reader does; nothing has changed then.
        """
        self._seen.take(self._reader())

    @property
    def step(self) -> Step:
        """What is to be done now."""
        key, joint = self._steps[self._index]
        title, instruction = words(self._arm, key, joint)
        return Step(
            key=key,
            title=title,
            instruction=instruction,
            missing=self._missing(key, joint),
            number=self._index + 1,
            count=len(self._steps),
            joint="" if joint is None else joint.name,
        )

    def titles(self) -> tuple[str, ...]:
        """Of all steps, in their order."""
        return tuple(words(self._arm, key, joint)[0] for key, joint in self._steps)

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
            self._home = {joint.id: self._seen.now[joint.id] for joint in self._arm.joints}
        elif key == "direction":
            assert joint is not None
            self._directions[joint.id] = 1 if self._turned(joint) > 0 else -1
        elif key in ("closed", "open"):
            assert self._arm.gripper is not None
            self._grip[key] = self._seen.now[self._arm.gripper.id]
        self._go(self._index + 1)
        return True

    def back(self) -> bool:
        """Goes one step back, to take it anew; False at the first."""
        if self._index == 0:
            return False
        self._go(self._index - 1)
        key, joint = self._steps[self._index]
        if key == "direction" and joint is not None:
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
                    f"{joint.name} was never brought back to the home pose: is its range right?"
                )
        return tuple(found)

    def result(self) -> Calibration:
        """The calibration.

        Raises:
            ValueError: called before the last step.
        """
        if self._steps[self._index][0] != "summary":
            raise ValueError(f"the calibration is at step {self._index + 1}, not at its end")
        return Calibration(
            device=self._device,
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            port=self._port,
            joints=tuple(self._joint(joint) for joint in self._arm.joints),
            servos=tuple(servo for servo in self._servos if servo.id in self._arm.ids),
            gripper=self._gripper(),
        )

    # -- the steps

    def _go(self, index: int) -> None:
        self._index = index
        if self._steps[index][0] == "sweep":
            self._seen.sweep()

    def _plan(self) -> list[tuple[str, JointDescription | None]]:
        tried = [j for j in self._arm.joints if not j.direction]
        steps: list[tuple[str, JointDescription | None]] = [("home", None)]
        steps += [("direction", joint) for joint in tried]
        steps.append(("sweep", None))
        if self._arm.gripper is not None:
            steps += [("closed", None), ("open", None)]
        return [*steps, ("summary", None)]

    def _missing(self, key: str, joint: JointDescription | None) -> str:
        silent = [i for i in self._arm.primary if i not in self._seen.now]
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
            if not self._seen.still(servo_id):
                return f"{name} is moving. Hold it still."
        return ""

    def _unswept(self) -> str:
        for joint in self._arm.joints:
            bar = self._bar(joint)
            seen = 0.0 if math.isnan(bar.low) else bar.high - bar.low
            if seen < LEAST_RANGE_RAD:
                return (
                    f"{joint.name} was moved through {math.degrees(seen):.0f}°; "
                    f"at least {math.degrees(LEAST_RANGE_RAD):.0f}° are needed."
                )
            lower, upper = self._range(joint)
            if upper - lower < 0.5 * LEAST_RANGE_RAD:
                return (
                    f"{joint.name} was moved between {math.degrees(bar.low):.0f}° and "
                    f"{math.degrees(bar.high):.0f}°, outside what it can do: go back and meet "
                    "the home pose, and turn it the way that is asked for."
                )
        return ""

    def _ungripped(self, key: str) -> str:
        grip = self._arm.gripper
        assert grip is not None
        apart = abs(self._seen.now[grip.id] - self._grip.get("closed", 0))
        if key == "open" and apart < LEAST_GRIPPER_TICKS:
            return (
                f"{grip.name} is {apart} ticks from closed; at least {LEAST_GRIPPER_TICKS} are "
                "needed."
            )
        return self._unstill({grip.name: grip.id})

    # -- the arithmetic

    def _turned(self, joint: JointDescription) -> int:
        """Ticks from the home pose."""
        now = self._seen.now[joint.id]
        return now - self._home.get(joint.id, now)

    def _angle(self, joint: JointDescription, ticks: int) -> float:
        direction = self._directions.get(joint.id, 1)
        return joint.home + direction * (ticks - self._home.get(joint.id, ticks)) * RAD_PER_TICK

    def _bar(self, joint: JointDescription) -> Bar:
        nan = float("nan")
        now, low, high = nan, nan, nan
        if joint.id in self._seen.now:
            now = self._angle(joint, self._seen.now[joint.id])
        if joint.id in self._seen.swept:
            low, high = sorted(self._angle(joint, t) for t in self._seen.swept[joint.id])
        return Bar(
            name=joint.name,
            now=now,
            low=low,
            high=high,
            lower=nan if joint.lower is None else joint.lower,
            upper=nan if joint.upper is None else joint.upper,
            done=high - low >= _wanted_rad(joint),
        )

    def _range(self, joint: JointDescription) -> tuple[float, float]:
        """What was swept of what the joint may do, a little inside its ends [rad]."""
        bar = self._bar(joint)
        lower, upper = bar.low + MARGIN_RAD, bar.high - MARGIN_RAD
        return (
            lower if joint.lower is None else max(lower, joint.lower),
            upper if joint.upper is None else min(upper, joint.upper),
        )

    def _joint(self, joint: JointDescription) -> Joint:
        direction = self._directions[joint.id]
        lower, upper = self._range(joint)
        zero = self._home[joint.id] - round(direction * joint.home / RAD_PER_TICK)
        middle = zero + direction * 0.5 * (lower + upper) / RAD_PER_TICK
        return Joint(
            name=joint.name,
            id=joint.id,
            shadows=joint.shadows,
            direction=direction,
            homing_ticks=zero - _turns_before(middle),
            lower=lower,
            upper=upper,
        )

    def _gripper(self) -> Gripper | None:
        grip = self._arm.gripper
        if grip is None:
            return None
        shut, wide = self._grip["closed"], self._grip["open"]
        before = _turns_before(0.5 * (shut + wide))
        return Gripper(
            id=grip.id, name=grip.name, closed_ticks=shut - before, open_ticks=wide - before
        )


def _turns_before(middle: float) -> int:
    """Ticks to take away so that a range's middle is where a servo just switched on counts it."""
    return math.floor(middle / TICKS_PER_TURN) * TICKS_PER_TURN


def _wanted_rad(joint: JointDescription) -> float:
    """How much of a joint's range the sweep should show [rad]."""
    if joint.lower is None or joint.upper is None:
        return ENOUGH_RAD
    return ENOUGH * (joint.upper - joint.lower)
