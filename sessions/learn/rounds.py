"""Rounds on disk: one policy version, what it learned from, and how well it did.

``rounds/003.json`` is written once when the policy of round 3 is trained, and again when its
trials are measured. What the operator did while it ran is never written here: that is read from
the episodes, so that edits show at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from sessions.messages import EpisodeSummary, Intervention
from sessions.record.marks import SPLIT
from sessions.statistics import Proportion, proportion
from sessions.types import SessionError, doubt_threshold
from sessions.workspace import Workspace, write_atomically


class RoundError(SessionError):
    """A round's file is absent or torn."""


class Trials(msgspec.Struct, frozen=True):
    """A measurement: the policy alone, without a human, from start poses drawn by seeds.

    Attributes:
        seed: first seed of the start poses; trial i starts from ``seed + i``.
        outcomes: whether each trial succeeded, in order of the seeds, so that policies can be
            compared pose by pose.
        failed_in: for each stage of the task, how many trials were in it when their time was up.
        mean_success_s: mean time of the trials that succeeded [s], NaN without any.
        seconds: how long the measurement took [s].
    """

    seed: int
    outcomes: tuple[bool, ...]
    failed_in: dict[str, int]
    mean_success_s: float | None
    seconds: float

    @property
    def success(self) -> Proportion:
        """Its success rate with the Wilson interval."""
        return proportion(sum(self.outcomes), len(self.outcomes))


class RoundRecord(msgspec.Struct, frozen=True):
    """What ``rounds/NNN.json`` holds.

    Attributes:
        index: the round, 0 for the base policy.
        policy: name of its folder in ``policies/``.
        parent: the round whose policy it came after, -1 for the base.
        kind: policy file it was built from.
        share: part of the training mass corrections were given, None for their natural share.
        warm_start: whether training went on from the parent's weights.
        episodes: numbers of the episodes learned from, by number.
        corrections: interventions learned from.
        samples: ticks learned from, validation left out.
        correction_samples: those among them that come from interventions.
        carried_share: part of the training mass corrections really carried.
        loss: training loss at the end.
        validation: loss on held-out episodes at the end, None without any. A diagnostic: choosing
            by it is far worse than choosing by trials (robomimic).
        train_s: how long the training took [s].
        created: wall-clock time, ISO 8601.
        warnings: sentences about the data, such as values outside the normaliser's range.
        trials: the newest measurement, None before there is one.
        query: what was chosen to be learned from; empty for everything.
    """

    index: int
    policy: str
    parent: int
    kind: str
    share: float | None
    warm_start: bool
    episodes: tuple[int, ...]
    corrections: int
    samples: int
    correction_samples: int
    carried_share: float
    loss: float
    validation: float | None
    train_s: float
    created: str
    warnings: tuple[str, ...] = ()
    trials: Trials | None = None
    query: str = ""


class RoundSummary(msgspec.Struct, frozen=True):
    """One round as the window and the reports show it.

    Attributes:
        index: the round.
        policy: its checkpoint folder's name.
        parent: the round before it, -1 for the base.
        running: whether it is the one that runs now.
        attempts: finished attempts while it ran, discarded ones left out.
        alone: attempts that succeeded without any help, of all its attempts. An attempt with a
            correction counts as one the policy did not do, or helping would look like skill.
        corrections: interventions while it ran.
        human_s: time the human drove in them [s].
        intervention_share: part of its attempts' time that the human drove, NaN without attempts.
        doubts: the doubt at each of its takeovers, in time order.
        tau: threshold of doubt learned from all takeovers up to and with this round, NaN before
            the first.
        trials: its measured trials, None before there are any.
        trained_corrections: interventions its policy learned from.
        train_s: how long its training took [s].
        loss: training loss at the end.
        validation: validation loss at the end, NaN without any.
        warnings: sentences about the data it learned from.
    """

    index: int
    policy: str
    parent: int
    running: bool
    attempts: int
    alone: Proportion
    corrections: int
    human_s: float
    intervention_share: float
    doubts: tuple[float, ...]
    tau: float
    trials: Trials | None
    trained_corrections: int
    train_s: float
    loss: float
    validation: float
    warnings: tuple[str, ...]


def path_of(workspace: Workspace, index: int) -> Path:
    """The file of one round."""
    return workspace.rounds / f"{index:03d}.json"


def write(workspace: Workspace, record: RoundRecord) -> None:
    """Writes a round's file; a crash leaves the old or the new one."""
    write_atomically(
        path_of(workspace, record.index),
        msgspec.json.format(msgspec.json.encode(record), indent=2),
    )


def read(workspace: Workspace, index: int) -> RoundRecord:
    """Reads a round's file.

    Raises:
        RoundError: absent, torn, or of another layout.
    """
    path = path_of(workspace, index)
    try:
        return msgspec.json.decode(path.read_bytes(), type=RoundRecord)
    except OSError as error:
        raise RoundError(
            f"There is no round {index}: {path} cannot be read ({error.strerror}). "
            f"Rounds on disk: {', '.join(map(str, indices(workspace))) or 'none'}."
        ) from error
    except msgspec.MsgspecError as error:
        raise RoundError(f"{path} is torn ({error}). Remove it and train the round again.") from (
            error
        )


def indices(workspace: Workspace) -> list[int]:
    """Numbers of the rounds on disk, ascending."""
    return sorted(int(p.stem) for p in workspace.rounds.glob("[0-9][0-9][0-9].json"))


def next_index(workspace: Workspace) -> int:
    """The number the next trained policy gets: one past the highest, never one used before."""
    known = indices(workspace)
    folders = [int(p.name[6:]) for p in workspace.policies.glob("round-[0-9][0-9][0-9]")]
    return max([*known, *folders], default=-1) + 1


def with_trials(workspace: Workspace, index: int, trials: Trials) -> RoundRecord:
    """Stores a measurement in a round's file and returns the new record.

    Raises:
        RoundError: there is no such round.
    """
    record = msgspec.structs.replace(read(workspace, index), trials=trials)
    write(workspace, record)
    return record


def summaries(
    workspace: Workspace,
    episodes: Sequence[EpisodeSummary],
    interventions: Iterable[Intervention],
) -> list[RoundSummary]:
    """Every round on disk, with what happened while it ran.

    Args:
        workspace: where the rounds lie.
        episodes: all finished episodes with edits applied, as ``record.catalogue`` lists them.
        interventions: all of their interventions, likewise.
    """
    running = workspace.running_round()
    of_episode: dict[int, list[Intervention]] = {}
    for intervention in interventions:
        of_episode.setdefault(intervention.episode, []).append(intervention)
    found: list[RoundSummary] = []
    doubts: list[float] = []
    for index in indices(workspace):
        record = read(workspace, index)
        mine = [e for e in episodes if e.round == index and not e.demo and e.outcome != "discarded"]
        helped = [i for e in mine for i in of_episode.get(e.episode, [])]
        # The later part of a split is no takeover.
        own = tuple(i.doubt for i in helped if math.isfinite(i.doubt) and i.start < SPLIT)
        doubts.extend(own)
        found.append(_summary(record, index == running, mine, helped, own, doubt_threshold(doubts)))
    return found


def _summary(
    record: RoundRecord,
    running: bool,
    attempts: Sequence[EpisodeSummary],
    helped: Sequence[Intervention],
    doubts: tuple[float, ...],
    tau: float,
) -> RoundSummary:
    seconds = sum(e.duration_s for e in attempts)
    human_s = sum(e.human_s for e in attempts)
    alone = sum(e.outcome == "success" and e.interventions == 0 for e in attempts)
    return RoundSummary(
        index=record.index,
        policy=record.policy,
        parent=record.parent,
        running=running,
        attempts=len(attempts),
        alone=proportion(alone, len(attempts)),
        corrections=len(helped),
        human_s=human_s,
        intervention_share=human_s / seconds if seconds > 0 else math.nan,
        doubts=doubts,
        tau=tau,
        trials=record.trials,
        trained_corrections=record.corrections,
        train_s=record.train_s,
        loss=record.loss,
        validation=math.nan if record.validation is None else record.validation,
        warnings=record.warnings,
    )
