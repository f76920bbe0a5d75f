"""Robot and operators' devices as the loop has them: connected, in their limits, alike, in time."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from drivers import registry
from drivers.base import (
    DeviceNotFoundError,
    DriverError,
    Floats,
    JointLimits,
    Leading,
    Monitored,
    Motors,
    Robot,
    RobotState,
    Teleoperator,
    TeleoperatorView,
)
from drivers.registry import DeviceContext
from sessions.checking.results import Check, Verdict, refused
from sessions.config import Station

ALIKE_RAD = 0.8
"""A leader that differs by more is refused where its pose is the arm's."""

_FIRST_S = 5.0
_LATE_SHARE = 0.01
_FAILED_SHARE = 0.1
_SHARE_OF_PERIOD = 0.5
_COUNTS = (" lost", " corrupt")
_PEDAL, _ALIGN = "pedal", "align"


@dataclass
class Devices:
    """A station's robot and operators, built and not connected.

    Attributes:
        robot: the follower.
        operators: people's devices by name, without those that act by themselves.
        station: what the station file says.
        state: what the robot measured last; None before.
    """

    robot: Robot
    operators: Mapping[str, Teleoperator]
    station: Station
    state: RobotState | None = None
    connected: dict[str, Any] = field(default_factory=dict)

    def disconnect(self) -> None:
        """Lets everything go; calling it twice is harmless."""
        for device in self.connected.values():
            with contextlib.suppress(DriverError):
                device.disconnect()
        self.connected.clear()

    def view(self) -> TeleoperatorView:
        """What an operator's device may look at while nothing moves."""
        assert self.state is not None
        return TeleoperatorView(
            state=self.state,
            sent=self.state.position,
            controller="hold",
            attempt_running=False,
            doubt=math.nan,
            tau=math.nan,
            dt=1.0 / self.station.rate_hz,
            limits=self.robot.limits,
        )


def build(station: Station, context: DeviceContext) -> Devices:
    """Builds the devices without touching hardware, which finds what is wrong in their tables.

    Args:
        station: the station file.
        context: folders; robot and joint names are filled in.

    Raises:
        DeviceConfigError: an unknown type, key, joint or value; says which and what would do.
    """
    robot: Robot = registry.create("robots", "robot", station.robot, context)
    full = DeviceContext(
        runtime=context.runtime,
        joint_names=robot.limits.names,
        bindings=context.bindings,
        calibrations=context.calibrations,
        rate_hz=station.rate_hz,
        robot=robot,
    )
    operators: dict[str, Teleoperator] = {
        name: registry.create("teleoperators", name, table, full)
        for name, table in station.operators.items()
        if not registry.autonomous(table)
    }
    for name, table in station.cameras.items():
        registry.create("cameras", name, table, full)
    return Devices(robot, operators, station)


def check_robot(devices: Devices, told: Collection[str] = ()) -> Iterator[Check]:
    """Connects the robot, reads it, and compares it with its limits; gives it no torque.

    Args:
        devices: the robot among them.
        told: sentences that its bus's lines have said already.
    """
    robot = devices.robot
    try:
        robot.connect()
        devices.connected["robot"] = robot
        devices.state = _first(robot)
    except DriverError as error:
        yield refused("robot", error)
        return
    position = devices.state.position
    figures, warnings = _health(robot, told)
    text = f"Answers: {len(position)} joints{f', {figures}' if figures else ''}."
    details = tuple(_place(robot.limits, position))
    if warnings:
        yield Check("robot", "note", f"{text} {warnings[0]}", "", (*warnings, *details))
    else:
        yield Check("robot", "good", text, "", details)
    yield _limits(devices, position)


def check_operators(
    devices: Devices, skip: Collection[str] = (), told: Collection[str] = ()
) -> Iterator[Check]:
    """Connects what people correct with, and compares leaders with the robot.

    Args:
        devices: the robot is connected, if it can be.
        skip: those whose bus was found to be wrong already.
        told: sentences that were said already.
    """
    for name, device in devices.operators.items():
        if name in skip:
            continue
        try:
            device.connect()
            devices.connected[name] = device
            if devices.state is not None:
                device.get_action(devices.view())
            text, warnings = _health(device, told)
        except DriverError as error:
            yield refused(name, error, verdict=_absent(devices.station, name, error))
            continue
        said = f"Answers: {text}." if text else "Answers."
        if warnings:
            yield Check(name, "note", f"{said} {warnings[0]}", "", warnings)
        else:
            yield Check(name, "good", said)
        if isinstance(device, Leading) and devices.state is not None:
            yield _alike(devices, name, device)


def check_rate(devices: Devices, seconds: float) -> Check | None:
    """Runs the loop's reads at the station's rate; None without a robot.

    Args:
        devices: connected.
        seconds: how long [s].
    """
    if devices.state is None:
        return None
    period = 1.0 / devices.station.rate_hz
    work: list[float] = []
    late = 0
    failed: list[DriverError] = []
    deadline = time.monotonic() + period
    for _ in range(max(10, round(seconds / period))):
        time.sleep(max(0.0, deadline - time.monotonic()))
        began = time.monotonic()
        late += began - deadline > 0.5 * period
        try:
            _tick(devices)
        except DriverError as error:
            failed.append(error)
        work.append(time.monotonic() - began)
        deadline = max(deadline + period, time.monotonic())
    if len(failed) > _FAILED_SHARE * len(work):
        return refused("rate", failed[-1])
    line = _timing(np.array(work), late, devices.station.rate_hz)
    if not failed or line.verdict == "bad":
        return line
    # A session would have held for a moment and gone on.
    text = f"{line.text} {len(failed)} of them failed: {failed[-1].problem}"
    return Check("rate", "note", text, line.remedy or failed[-1].remedy)


def _tick(devices: Devices) -> None:
    devices.state = devices.robot.get_observation()
    view = devices.view()
    for name, device in devices.connected.items():
        if name != "robot":
            device.get_action(view)


def _timing(work: Floats, late: int, rate_hz: float) -> Check:
    period_ms, p99_ms = 1e3 / rate_hz, 1e3 * float(np.percentile(work, 99))
    reach = min(1000.0 / max(p99_ms, 0.1), 1000.0)
    text = (
        f"{rate_hz:g} Hz: reading everything takes p99 {p99_ms:.1f} ms of {period_ms:.0f} ms, "
        f"{late} of {len(work)} ticks late; up to {reach:.0f} Hz could be read."
    )
    usual_ms = 1e3 * float(np.median(work))
    if p99_ms > _SHARE_OF_PERIOD * period_ms and usual_ms > 0.5 * _SHARE_OF_PERIOD * period_ms:
        if p99_ms <= period_ms:
            return Check("rate", "note", text, "Close other programs: that leaves little room.")
        half = max(1.0, math.floor(0.5 * reach))
        return Check("rate", "bad", text, f"Set rate_hz = {half:g} or less in the station file.")
    if late > _LATE_SHARE * len(work) or p99_ms > _SHARE_OF_PERIOD * period_ms:
        return Check("rate", "note", text, "Close other programs: this computer is busy.")
    return Check("rate", "good", text)


def _health(device: object, told: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """A device's figures, and what it warns of that was not said already."""
    if not isinstance(device, Monitored):
        return "", ()
    health = device.health()
    # What was lost is counted once, over a known number of reads, in the line of the bus.
    figures = [part for part in health.text.split(", ") if not part.endswith(_COUNTS)]
    return ", ".join(figures), tuple(warning for warning in health.warnings if warning not in told)


def _first(robot: Robot) -> RobotState:
    """The first measurement; a world or a bridge may need a moment for it."""
    deadline = time.monotonic() + _FIRST_S
    while True:
        try:
            return robot.get_observation()
        except DriverError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _absent(station: Station, name: str, error: DriverError) -> Verdict:
    """A pad that nobody corrects with now may be absent; a wrong table or a pedal may not."""
    needed = name == station.operator or station.operators[name].get("type") == _PEDAL
    return "note" if isinstance(error, DeviceNotFoundError) and not needed else "bad"


def _place(limits: JointLimits, position: Floats) -> Iterator[str]:
    rows = zip(limits.names, position, limits.lower, limits.upper, limits.openings, strict=True)
    for name, value, low, high, grip in rows:
        unit = "" if grip or not limits.unit else f" {limits.unit}"
        yield f"{name}: {value:.2f}{unit} of {low:.2f} to {high:.2f}"


def _limits(devices: Devices, position: Floats) -> Check:
    limits, own = devices.robot.limits, devices.station.limits
    joints = ~limits.openings
    beyond = np.maximum(limits.lower - position, position - limits.upper)
    beyond[limits.openings] = 0.0
    worst = int(np.argmax(beyond))
    unit = limits.unit or "units"
    speed = min(own.velocity_rad_s, float(limits.velocity[joints].max(initial=math.inf)))
    if limits.unit != "rad":
        speed = float(limits.velocity[joints].max(initial=0.0))
    text = f"Highest joint speed {speed:.4g} {unit}/s"
    if limits.unit == "rad":
        text += f", acceleration {own.acceleration_rad_s2:g} rad/s²"
    if beyond[worst] > 0.05 * float(limits.upper[worst] - limits.lower[worst]):
        return Check(
            "limits",
            "note",
            f"{limits.names[worst]} is at {position[worst]:.2f} {unit}, outside its range of "
            f"{limits.lower[worst]:.2f} to {limits.upper[worst]:.2f}.",
            "Move it into its range by hand before arming, or calibrate the arm.",
        )
    if isinstance(devices.robot, Motors) and devices.robot.rest_pose is None:
        return Check(
            "limits",
            "note",
            f"{text}; every joint is in its range. No rest pose is known: at the end the arm holds "
            "until somebody supports it.",
            "Write rest_pose = [...] under [robot], where the arm lies by itself.",
        )
    return Check("limits", "good", f"{text}; every joint is in its range.")


def _alike(devices: Devices, name: str, device: Leading) -> Check:
    """How far a leader's pose is from the arm's; whether that matters depends on the takeover."""
    assert devices.state is not None
    line, limits = f"{name} and robot", devices.robot.limits
    try:
        led = device.led()
    except DriverError as error:
        return refused(line, error)
    apart = led - devices.state.position
    if limits.unit == "rad":
        apart = np.where(limits.openings, apart, (apart + np.pi) % (2 * np.pi) - np.pi)
    rows = [
        (joint, float(value))
        for joint, value, grip in zip(limits.names, apart, limits.openings, strict=True)
        if not grip and not math.isnan(value)
    ]
    if not rows:
        return Check(line, "note", "No joint of it leads the robot.", "Correct leads.")
    joint, most = max(rows, key=lambda row: abs(row[1]))
    details = tuple(f"{name}: {value:+.2f} {limits.unit}" for name, value in rows)
    text = f"They differ most in {joint}: {abs(most):.2f} {limits.unit}"
    if abs(most) <= ALIKE_RAD:
        return Check(line, "good", f"{text} (limit {ALIKE_RAD}).", "", details)
    kind = getattr(device, "relative", True)
    remedy = (
        "Bring both arms into the same pose and check again. One that is out by 90° or 180° then "
        "is a horn that was screwed on elsewhere: calibrate both."
    )
    if kind:
        return Check(
            line,
            "note",
            f"{text} (limit {ALIKE_RAD} where poses must agree; this takeover counts motion only).",
            remedy,
            details,
        )
    return Check(
        line, "bad", f"{text}; with takeover = align at most {ALIKE_RAD}.", remedy, details
    )
