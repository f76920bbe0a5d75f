"""What a simulated session found out: the table on the screen and the file for machines."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sessions.statistics import proportion
from sessions.types import SessionError
from sessions.workspace import write_atomically


class Success(msgspec.Struct, frozen=True):
    """A success rate with its Wilson 95 % interval.

    Attributes:
        k: trials that succeeded.
        n: trials.
        rate: k / n.
        ci95: lower and upper end of the interval.
    """

    k: int
    n: int
    rate: float
    ci95: tuple[float, float]


class RoundReport(msgspec.Struct, frozen=True):
    """One policy: what it cost and how good it is.

    Attributes:
        index: 0 for the base policy.
        success: of its trials.
        corrections: interventions gathered for it, with the policy before it; 0 for the base.
        human_s: how long the operator drove for it [s]; for the base, its demonstrations.
        intervention_share: part of those attempts' time that the operator drove; 0 for the base.
        train_s: how long its training took [s].
    """

    index: int
    success: Success
    corrections: int
    human_s: float
    intervention_share: float
    train_s: float


class ControlArm(msgspec.Struct, frozen=True):
    """Behavioural cloning on full demonstrations worth at least the same operator seconds.

    Attributes:
        success: of its trials, from the same start poses.
        human_s: how long the operator demonstrated [s].
    """

    success: Success
    human_s: float


class Report(msgspec.Struct, frozen=True):
    """All rounds and the control arm."""

    rounds: tuple[RoundReport, ...]
    control_arm: ControlArm


def success(k: int, n: int) -> Success:
    """A success rate with its interval, rounded to what can be read."""
    found = proportion(k, n)
    return Success(k, n, round(found.rate, 4), (round(found.low, 4), round(found.high, 4)))


def table(report: Report) -> str:
    """The report as lines of text."""
    head = (
        f"{'policy':<14}{'success':>9}{'rate':>7}{'95 % interval':>16}"
        f"{'corrections':>13}{'operator':>11}{'share':>8}{'training':>10}"
    )
    lines = [head, "-" * len(head)]
    for r in report.rounds:
        name = "base" if r.index == 0 else f"round {r.index}"
        lines.append(
            f"{name:<14}{_rate(r.success)}{r.corrections:>13}{r.human_s:>9.0f} s"
            f"{100 * r.intervention_share:>6.0f} %{r.train_s:>8.0f} s"
        )
    arm = report.control_arm
    lines.append(f"{'control arm':<14}{_rate(arm.success)}{'':>13}{arm.human_s:>9.0f} s")
    total = sum(r.human_s for r in report.rounds)
    lines.append(
        f"The operator gave {total:.0f} s to the rounds (demonstrations included) and "
        f"{arm.human_s:.0f} s of full demonstrations to the control arm."
    )
    return "\n".join(lines)


def write_report(path: Path, report: Report) -> None:
    """Writes report.json; a crash leaves the old file or the new one.

    Raises:
        SessionError: the file cannot be written.
    """
    try:
        path.resolve().parent.mkdir(parents=True, exist_ok=True)
        data = msgspec.json.format(msgspec.json.encode(report), indent=2)
        write_atomically(path.resolve(), data + b"\n")
    except OSError as error:
        raise SessionError(
            f"The report cannot be written to {path} ({error.strerror}). Choose another file."
        ) from error


def _rate(found: Success) -> str:
    low, high = found.ci95
    counted = f"{found.k}/{found.n}"
    interval = f"{100 * low:.0f}-{100 * high:.0f} %"
    return f"{counted:>9}{100 * found.rate:>5.0f} %{interval:>16}"
