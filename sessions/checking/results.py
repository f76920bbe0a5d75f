"""What a check says: one line a thing, with a verdict and a remedy; and the report of all lines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from drivers.base import DriverError
from sessions.workspace import write_atomically

Verdict = Literal["good", "note", "bad"]

REPORT = "check.json"
"""Where a workspace keeps its last check."""


@dataclass(frozen=True)
class Acts:
    """What somebody does about what was found, for remedies: commands here, buttons in a window.

    Attributes:
        fix: has servos set right.
        calibrate: calibrates an arm.
        find: finds its port.
    """

    fix: str = "dagger-gui check {named} --fix"
    calibrate: str = "dagger-gui calibrate {named} {arm}"
    find: str = "dagger-gui find {named}"

    def of(self, named: str, arm: str) -> Acts:
        """The same for one station and arm.

        Args:
            named: what commands are given to mean the station, see ``Bench.command``.
            arm: what the station calls it.
        """
        filled = (
            text.format(named=named, arm=arm) for text in (self.fix, self.calibrate, self.find)
        )
        return Acts(*filled)


class Check(msgspec.Struct, frozen=True, tag="check"):
    """One thing that was looked at.

    Attributes:
        name: device and thing, such as ``robot: bus``.
        verdict: ``good``; ``note``: works, and could be better; ``bad``: no session like this.
        text: what was found, with figures.
        remedy: what to do about it; empty where nothing needs doing.
        details: more of what was found, a line each.
        fixable: whether it can be put right from here, once somebody agreed.
    """

    name: str
    verdict: Verdict
    text: str
    remedy: str = ""
    details: tuple[str, ...] = ()
    fixable: bool = False


class Doing(msgspec.Struct, frozen=True, tag="doing"):
    """What is being looked at now, for somebody who waits.

    Attributes:
        text: a few words.
        share: how far the whole check is, 0 to 1.
    """

    text: str
    share: float


class Report(msgspec.Struct, frozen=True, tag="report"):
    """A whole check.

    Attributes:
        station: name of the station.
        date: when it ended, ISO 8601.
        passed: whether nothing was bad.
        checks: line by line.
    """

    station: str
    date: str
    passed: bool
    checks: tuple[Check, ...]


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """Why it could not be done at all.

    Attributes:
        problem: what happened.
        remedy: what to do.
    """

    problem: str
    remedy: str = ""


def report(station: str, checks: Iterable[Check]) -> Report:
    """The report of a check that ends now."""
    found = tuple(checks)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Report(station, now, passed(found), found)


def passed(checks: Iterable[Check]) -> bool:
    """Whether a session can run."""
    return all(check.verdict != "bad" for check in checks)


def refused(name: str, error: DriverError, *, verdict: Verdict = "bad") -> Check:
    """A device's own sentence and remedy, as a line."""
    return Check(name, verdict, error.problem, error.remedy)


def worst(*verdicts: Verdict) -> Verdict:
    """The gravest of some verdicts; good if there are none."""
    order: tuple[Verdict, ...] = ("bad", "note", "good")
    return next((verdict for verdict in order if verdict in verdicts), "good")


def keep(root: Path, last: Report) -> None:
    """Keeps a report in its workspace; a folder that is none, or cannot be written, keeps none."""
    if (root / "workspace.json").exists():
        with contextlib.suppress(OSError):
            write_atomically(root / REPORT, msgspec.json.format(msgspec.json.encode(last)))


def kept(root: Path) -> Report | None:
    """The workspace's last check; None if there was none, or it cannot be read."""
    try:
        return msgspec.json.decode((root / REPORT).read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError):
        return None


def ago(date: str, now: datetime | None = None) -> str:
    """How long ago an ISO 8601 date was, in words; the date itself if it is none."""
    try:
        then = datetime.fromisoformat(date)
    except ValueError:
        return date
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    for size, unit in ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute")):
        count = int(seconds // size)
        if count >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
