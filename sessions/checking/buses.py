"""An arm's bus once all of its servos answer: calibration, settings, motors, rate and errors."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drivers.base import DeviceConfigError, DriverError
from drivers.dynamixel import calibration as calibrations
from drivers.dynamixel import health, identity, survey
from drivers.dynamixel.bus import Bus
from drivers.dynamixel.calibration import Servo
from drivers.dynamixel.survey import Difference
from sessions.checking import servos
from sessions.checking.arms import ArmSite
from sessions.checking.results import Acts, Check, Verdict, ago, refused
from sessions.checking.servos import Consent, Servos

_MEASURED = ("present_current", "present_velocity", "present_position")
_SHARE_OF_PERIOD = 0.4
"""What all buses together may take of a control period."""

_LOSS_NOTED, _LOSS_BAD = 0.001, 0.01
"""Parts of the packets; one in a thousand is what a busy computer loses by itself."""


@dataclass(frozen=True)
class Bounds:
    """What an arm's bus is measured against.

    Attributes:
        rate_hz: the station's control rate.
        seconds: how long to read [s].
        runtime: folder of emulated ports; None without.
        acts: what to do about it.
    """

    rate_hz: float
    seconds: float
    runtime: Path | None
    acts: Acts


def check_arm(site: ArmSite, bounds: Bounds, consent: Consent | None = None) -> Iterator[Check]:
    """Everything about one arm that its bus alone can tell; gives its motors no torque.

    Args:
        site: the arm.
        bounds: what it is measured against.
        consent: asked before anything is written into servos; None writes nothing.
    """
    line, bus = servos.open_port(site, bounds.runtime, bounds.acts.find)
    yield line
    if bus is None:
        return
    try:
        found: Servos = {}
        for item in servos.find(site, bus, bounds.acts, consent):
            if isinstance(item, Check):
                yield item
            else:
                found = item
        if found:
            yield _calibration(site, bus, found, bounds)
            yield _settings(site, bus, tuple(found), bounds, consent)
            yield _motors(site, bus, tuple(found))
            yield _rate(site, bus, bounds)
    except DriverError as error:
        yield refused(f"{site.name}: bus", error)
    finally:
        bus.close()


def differences(site: ArmSite, found: tuple[Servo, ...], port: str) -> tuple[Verdict, list[str]]:
    """How an arm differs from the calibration in force: verdict and sentences.

    Args:
        site: the arm.
        found: what ``servos.fingerprint`` read.
        port: what its adapter is known by; empty if nothing.

    Raises:
        DeviceConfigError: the calibration is absent or cannot be read.
    """
    made = calibrations.read(site.calibration, site.name)
    if made.names != site.description.names:
        return "bad", [
            f"{site.calibration.name} has the joints {', '.join(made.names)}; this arm has "
            f"{', '.join(site.description.names)}."
        ]
    others = identity.known_arms(site.calibration.parent, site.calibration.stem)
    other = identity.other_arm(made, others, found, port)
    if other is not None:
        return "bad", [
            f"This is the {other.device} ({identity.describe(found)}), not the {site.name}: their "
            "ports or cables are exchanged."
        ]
    compared = identity.compare(made, found, "" if site.emulated else port)
    verdict: Verdict = "bad" if compared.grave else "note" if compared.slight else "good"
    return verdict, [*compared.grave, *compared.slight]


def _calibration(site: ArmSite, bus: Bus, found: Servos, bounds: Bounds) -> Check:
    name, remedy = f"{site.name}: calibration", f"Calibrate it: {bounds.acts.calibrate}"
    try:
        made = calibrations.read(site.calibration, site.name)
        port = identity.adapter(site.port, bus.port)
        verdict, said = differences(site, servos.fingerprint(bus, found), port)
    except DeviceConfigError as error:
        return Check(name, "bad", error.problem, remedy)
    when = f"Made {ago(made.date)}" if site.calibration == site.own else "Came with the arm"
    if verdict == "good":
        return Check(name, verdict, f"{when}; the servos are as they were then.")
    text = f"{when}. {said[0]}"
    if len(said) > 1:
        text += f" And {len(said) - 1} more."
    swapped = "exchanged" in said[0]
    if swapped:
        remedy = "Exchange the two port lines in the station file, or the cables."
    elif verdict == "bad":
        remedy = f"Put the motor back as it was, or calibrate: {bounds.acts.calibrate}"
    return Check(name, verdict, text, remedy if verdict == "bad" else "", tuple(said))


def _settings(
    site: ArmSite, bus: Bus, ids: tuple[int, ...], bounds: Bounds, consent: Consent | None
) -> Check:
    name = f"{site.name}: settings"
    wrong = survey.differences(survey.read_settings(bus, ids), bus.baud, bus.latency_ms)
    if not wrong:
        return Check(name, "good", "Latency, return delay and baud are as they should be.")
    said = tuple(item.text for item in wrong)
    if consent is None or not consent(site.name, said):
        remedy = f"Have it set right: {bounds.acts.fix}"
        return Check(name, "note", _alike(wrong), remedy, said, fixable=True)
    done = survey.fix(bus, wrong)
    left = survey.differences(survey.read_settings(bus, ids), bus.baud, bus.latency_ms)
    if left:
        failed = [line for line in done if not line.endswith(" now.")] or [left[0].text]
        return Check(name, "note", _short(tuple(failed)), "", done)
    return Check(name, "good", f"Set right: {_short(done)}", "", done)


def _motors(site: ArmSite, bus: Bus, ids: tuple[int, ...]) -> Check:
    name = f"{site.name}: motors"
    vitals, limits = health.read_vitals(bus, ids), health.read_limits(bus, ids)
    names = {servo: site.joint_of(servo).partition(" (")[0] for servo in ids}
    complaints = health.complaints(names, vitals, limits, bus.models)
    if not vitals:
        return Check(name, "bad", "No motor says how it is.", "Check the cables of the arm.")
    heat = [one.temperature for one in vitals.values()]
    volts = [one.voltage for one in vitals.values()]
    holding = [servo for servo, on in survey.read_all(bus, ids, "torque_enable").items() if on]
    torque = f"torque on in {len(holding)} of {len(ids)}" if holding else "torque off"
    figures = f"{min(heat)} to {max(heat)} °C, {min(volts):.1f} to {max(volts):.1f} V, {torque}."
    if not complaints:
        return Check(name, "good", figures)
    shut = any(one.errors for one in vitals.values())
    problem, _, remedy = complaints[0].partition(". ")
    return Check(name, "bad" if shut else "note", f"{problem}.", remedy, (figures, *complaints))


def _rate(site: ArmSite, bus: Bus, bounds: Bounds) -> Check:
    """Reads as the loop does, as fast as the bus can."""
    ids = site.description.primary
    took: list[float] = []
    silent = 0
    before, end = bus.statistics, time.monotonic() + bounds.seconds
    while (began := time.monotonic()) < end or not took:
        silent += len(bus.sync_read(ids, _MEASURED).missing)
        took.append(time.monotonic() - began)
    after = bus.statistics
    lost, corrupt = after.lost - before.lost, after.corrupt - before.corrupt
    p99_ms = 1e3 * float(np.percentile(took, 99))
    period_ms = 1e3 / bounds.rate_hz
    share = (lost + corrupt) / (len(took) * len(ids))
    text = (
        f"{len(took) / sum(took):.0f} reads/s of {len(ids)} joints, p99 {p99_ms:.1f} ms of a "
        f"{period_ms:.0f} ms period; {lost} lost and {corrupt} corrupt in {len(took)} reads."
    )
    fast = "Fast Sync Read." if after.fast else "Sync Read."
    name = f"{site.name}: bus"
    if share > _LOSS_NOTED:
        verdict: Verdict = "bad" if share >= _LOSS_BAD or silent > len(ids) else "note"
        return Check(
            name,
            verdict,
            text,
            "Check the plugs along the chain; use a USB port of the computer itself.",
            (fast,),
        )
    if p99_ms > _SHARE_OF_PERIOD * period_ms:
        return Check(
            name,
            "bad" if p99_ms > period_ms else "note",
            text,
            _slow(site, bounds),
            (fast,),
        )
    return Check(name, "good", text, "", (fast,))


def _slow(site: ArmSite, bounds: Bounds) -> str:
    if site.baud < 1_000_000:
        return (
            f"{site.baud} baud is slow: write baud = 1000000 in the station file, then "
            f"{bounds.acts.fix}"
        )
    return "Set latency timer and return delay (see settings), or lower rate_hz in the station."


def _alike(wrong: tuple[Difference, ...]) -> str:
    """What differs, with servos that all differ alike said once."""
    first, others = wrong[0], wrong[1:]
    if others and all(
        (o.setting, o.found, o.wanted) == (first.setting, first.found, first.wanted) for o in others
    ):
        count = f"{len(others)} other servos" if len(others) > 1 else "another servo"
        return f"{first.text} The same for {count}."
    return _short(tuple(item.text for item in wrong))


def _short(said: tuple[str, ...]) -> str:
    return said[0] if len(said) == 1 else f"{said[0]} And {len(said) - 1} more."
