"""What one training does: the task's training table, with what the operator chose instead."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from policies import registry
from policies.base import PolicySpec
from sessions.config import Training
from sessions.learn.fitting import Schedule
from sessions.record.query import parse
from sessions.types import SessionError
from sessions.workspace import Workspace

SCHEDULE_KEYS = frozenset(f.name for f in msgspec.structs.fields(Schedule))


@dataclass(frozen=True)
class Plan:
    """What one training does.

    Attributes:
        round: number of the round whose policy it makes.
        parent: the round that ran before, -1 for the base policy.
        kind: policy file to build.
        schedule: gradient steps, batch, rate.
        options: the policy's own options.
        share: part of the training mass corrections get; None for their natural share.
        warm_start: go on from the parent's weights.
        recovered_only: learn only from interventions that brought the attempt on.
        query: which episodes and interventions are learned from (``sessions.record.query``); empty
            for all.
        seed: draws weights and batches.
    """

    round: int
    parent: int
    kind: str = "bc"
    schedule: Schedule = field(default_factory=Schedule)
    options: dict[str, Any] = field(default_factory=dict)
    share: float | None = None
    warm_start: bool = False
    recovered_only: bool = True
    query: str = ""
    seed: int = 0

    @property
    def horizon(self) -> int:
        """Steps in a chunk: the policy's own option, or the spec's default."""
        return int(self.options.get("horizon") or PolicySpec.horizon)


def plan_from(
    workspace: Workspace,
    round_index: int,
    *,
    share: float | None = None,
    warm_start: bool | None = None,
    recovered_only: bool | None = None,
    kind: str = "",
    query: str = "",
    seed: int = 0,
) -> Plan:
    """A plan from the task's training table, with what the operator chose instead.

    The task's options are of the task's kind of policy; another kind takes its own defaults.

    Raises:
        SessionError: an option of the schedule has a wrong type or value, or the share is outside
            [0, 1].
        QueryError: the query is none.
        PolicyError: there is no policy of that kind.
    """
    training: Training = workspace.task.training
    chosen = training.share if share is None else share
    if chosen is not None and not 0.0 <= chosen <= 1.0:
        raise SessionError(f"The share of corrections is {chosen}; give a value from 0 to 1.")
    kind = kind or training.kind
    options = training.options if kind == training.kind else {}
    mine = {k: v for k, v in options.items() if k in SCHEDULE_KEYS}
    try:
        schedule = msgspec.convert({**registry.schedule(kind), **mine}, Schedule)
    except msgspec.ValidationError as error:
        raise SessionError(
            f"task.toml, training.options: {error}. Correct it and train again."
        ) from error
    parent = workspace.running_round()
    return Plan(
        round=round_index,
        parent=parent,
        kind=kind,
        schedule=schedule,
        options={k: v for k, v in options.items() if k not in SCHEDULE_KEYS},
        share=chosen,
        warm_start=parent >= 0 and (training.warm_start if warm_start is None else warm_start),
        recovered_only=training.recovered_only if recovered_only is None else recovered_only,
        query=parse(query).text,
        seed=seed,
    )
