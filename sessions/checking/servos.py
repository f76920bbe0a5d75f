"""Who sits on an arm's bus: the port, the servos that answer, those that do not, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from drivers.base import DriverError
from drivers.dynamixel import identity, ports, survey
from drivers.dynamixel.bus import Bus, NoAnswerError
from drivers.dynamixel.calibration import Servo
from drivers.dynamixel.tables import MODELS, model_name
from sessions.checking.arms import ArmSite
from sessions.checking.results import Acts, Check, refused

Consent = Callable[[str, tuple[str, ...]], bool]
"""Asked before anything is written into servos: device, what would be set right; whether it may."""

Servos = dict[int, tuple[int, int]]

_ASKED_AGAIN = 3
_READINGS = 6
_SAMPLE = 3


def open_port(site: ArmSite, runtime: Path | None, find: str) -> tuple[Check, Bus | None]:
    """Opens an arm's port: the line about it, and the bus if it is open.

    Args:
        site: the arm.
        runtime: folder of emulated ports.
        find: what to type to find the arm's port.
    """
    name = f"{site.name}: port"
    if not site.port:
        return Check(name, "bad", "The station file names no port.", f"Find it: {find}"), None
    try:
        path = ports.resolve(site.port, runtime, site.name)
        bus = Bus(path, site.baud, site.name)
        bus.open()
    except DriverError as error:
        return refused(name, error), None
    text = f"{site.port} at {site.baud} baud, latency timer {bus.latency_ms:.0f} ms"
    stable = ports.stable_name(path)
    if not site.emulated and "/" in site.port and not _stays(site.port, path, stable):
        return Check(
            name,
            "note",
            f"{text}. This name may be another adapter's after the next boot.",
            f'Write port = "{stable}" in the station file.'
            if stable != path
            else "Give the adapter a name of its own by a udev rule.",
        ), bus
    return Check(name, "good", text), bus


def find(site: ArmSite, bus: Bus, acts: Acts, consent: Consent | None) -> Iterator[Check | Servos]:
    """Looks for the arm's servos: the lines about them, and then those found, if all are there.

    Args:
        site: the arm.
        bus: open.
        acts: what remedies say that somebody does.
        consent: asked before a baud rate is changed; None changes nothing.

    Raises:
        DeviceLostError: the port broke.
    """
    name, wanted = f"{site.name}: servos", site.description.ids
    found = bus.scan(wanted) or bus.scan(wanted)
    if not found:
        said, found = _elsewhere(site, bus, acts.fix, consent)
        yield from said
        if not found:
            return
    missing = [servo for servo in wanted if servo not in found]
    found |= _asked_again(bus, missing)
    missing = [servo for servo in wanted if servo not in found]
    if missing:
        yield _exchanged(site, found) or _missing(site, bus, missing, acts.find)
        return
    unknown = [servo for servo, (number, _) in found.items() if number not in MODELS]
    if unknown:
        number = found[unknown[0]][0]
        yield Check(
            name,
            "bad",
            f"{site.joint_of(unknown[0])} says that its model is number {number}, which is no "
            "Dynamixel of the X series that is supported.",
            "Check its id, or exchange the motor.",
        )
        return
    # Asked together once more, so that the bus knows whom it may ask by one fast read.
    found = bus.scan(wanted) or found
    yield Check(name, "good", f"All {len(found)} answer: {_models(found)}.")
    yield found


def fingerprint(bus: Bus, found: Servos) -> tuple[Servo, ...]:
    """What identifies the servos found, read until two readings agree: it may be kept for years.

    Raises:
        DeviceLostError: a servo does not answer any more, however often it is asked.
    """
    before: tuple[Servo, ...] = ()
    for left in reversed(range(_READINGS)):
        try:
            now = identity.fingerprint(bus, found)
        except NoAnswerError:
            if not left:
                raise
            continue
        if now == before:
            break
        before = now
    return before


def _stays(port: str, path: str, stable: str) -> bool:
    """Whether a port's name is one that survives replugging: a link, such as udev's."""
    return stable == port or Path(path).is_symlink()


def _asked_again(bus: Bus, missing: list[int]) -> Servos:
    """Those who answer after all: a lost packet is no missing motor."""
    late: Servos = {}
    for servo in missing:
        answers = (bus.ping(servo) for _ in range(_ASKED_AGAIN))
        answer = next((one for one in answers if one is not None), None)
        if answer is not None:
            late[servo] = answer
    return late


def _elsewhere(
    site: ArmSite, bus: Bus, command: str, consent: Consent | None
) -> tuple[list[Check], Servos]:
    """Nobody answers: looks at other baud rates, and moves them to the right one on request."""
    name, ids = f"{site.name}: servos", site.description.ids
    bus.close()
    others = survey.find_baud(bus.port, site.name, ids[:_SAMPLE])
    bus.open()
    if site.baud in others:  # only just switched on, or late
        return [], bus.scan(ids)
    if not others:
        silent = f"No servo answers on {site.port} at any baud rate."
        remedy = "Check the arm's power and the cable from the adapter to its first motor."
        return [Check(name, "bad", silent, remedy)], {}
    rate = min(others)
    sentence = f"The servos on {site.port} speak at {rate} baud, not at {site.baud}."
    if consent is None or not consent(site.name, (sentence,)):
        remedy = f"Set baud = {rate} in the station file, or have theirs changed: {command}"
        return [Check(name, "bad", sentence, remedy, fixable=True)], {}
    bus.baud = rate
    bus.open()
    try:
        found = survey.change_baud(bus, tuple(bus.scan(ids)), site.baud)
    except DriverError as error:
        return [refused(name, error)], {}
    done = f"Their rate was {rate}, and is {site.baud} now."
    return [Check(f"{site.name}: baud", "good", done)], found


def _exchanged(site: ArmSite, found: Servos) -> Check | None:
    """Whether those who answer are another arm that was calibrated here."""
    others = identity.known_arms(site.calibration.parent, site.calibration.stem)
    there = {(servo, number) for servo, (number, _) in found.items()}
    other = next(
        (arm for arm in others if there == {(s.id, s.model) for s in arm.servos}),
        None,
    )
    if other is None:
        return None
    return Check(
        f"{site.name}: servos",
        "bad",
        f"This is the {other.device}, not the {site.name}: their ports or cables are exchanged.",
        "Exchange the two port lines in the station file, or the cables.",
    )


def _missing(site: ArmSite, bus: Bus, missing: list[int], find: str) -> Check:
    """Why some do not answer: an id twice, another rate, another id, or a cable."""
    name = f"{site.name}: servos"
    doubles = survey.duplicates(bus, missing)
    if doubles:
        double = min(doubles)
        left = [site.joint_of(servo) for servo in missing if servo not in doubles]
        which = f", and {left[0]} does not answer: it may be the other one" if left else ""
        return Check(
            name,
            "bad",
            f"Two servos seem to have id {double}; only {site.joint_of(double)} should{which}.",
            "Connect them one at a time and give one of them another id, with Dynamixel Wizard.",
        )
    named = ", ".join(site.joint_of(servo) for servo in missing)
    verb = "does" if len(missing) == 1 else "do"
    strangers = sorted(set(bus.scan()) - set(site.description.ids))
    bus.close()
    found = survey.find_baud(bus.port, site.name, missing[:_SAMPLE])
    bus.open()
    others = {rate: ids for rate, ids in found.items() if rate != site.baud}
    if others:
        rate = min(others)
        return Check(
            name,
            "bad",
            f"{named} {verb} not answer at {site.baud} baud, but at {rate}: the arm's motors are "
            "set to different rates.",
            f"Set them to {site.baud} with Dynamixel Wizard.",
        )
    if strangers:
        known = ", ".join(str(servo) for servo in strangers)
        return Check(
            name,
            "bad",
            f"{named} {verb} not answer; id {known} does, which belongs to no joint.",
            f"Give that motor the missing id with Dynamixel Wizard, or find the arm's port: {find}",
        )
    return Check(
        name,
        "bad",
        f"{named} {verb} not answer.",
        "Check the cable of this motor and of the one before it, and the arm's power.",
    )


def _models(found: Servos) -> str:
    counts: dict[str, int] = {}
    for number, _ in found.values():
        counts[model_name(number)] = counts.get(model_name(number), 0) + 1
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
