"""One round of training from start to a checkpoint on disk.

Used by the trainer process and, in-process, by headless rounds and tests. The checkpoint is
written beside its final name and renamed, so that a folder called ``round-003`` is always whole.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import torch

from policies.normaliser import Normaliser
from policies.registry import TrainablePolicy, create, load
from sessions.learn import rounds
from sessions.learn.aggregate import Aggregate, gather, with_images
from sessions.learn.dataset import Samples, held_out
from sessions.learn.fitting import Curves, Progress, fit
from sessions.learn.plan import Plan
from sessions.learn.weighting import carried_share, sample_weights
from sessions.messages import TrainingProgress
from sessions.record.query import parse
from sessions.types import CancelledError, SessionError
from sessions.workspace import Workspace, sync_folder, write_atomically


def train(
    workspace: Workspace,
    plan: Plan,
    report: Callable[[TrainingProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> rounds.RoundRecord:
    """Trains a round's policy on everything so far and writes it, with its round's file.

    Args:
        workspace: where the episodes lie and the policy goes.
        plan: what to do.
        report: called with the progress, at least at every change of stage.
        cancelled: asked between episodes and before each gradient step.

    Returns:
        The round's record, as written.

    Raises:
        CancelledError: ``cancelled`` said so; nothing is left on disk.
        SessionError: nothing to learn from, the round exists, or the data does not fit.
        PolicyError: the policy's options or the parent's checkpoint are wrong.
    """
    folder = workspace.policy_folder(plan.round)
    if folder.exists():
        raise SessionError(
            f"Round {plan.round} has a policy already ({folder}). Train the next round, "
            f"{rounds.next_index(workspace)}."
        )
    started = time.monotonic()
    report(_progress("data", plan, text="Reading demonstrations and corrections."))
    aggregate = gather(
        workspace,
        plan.horizon,
        recovered_only=plan.recovered_only,
        query=parse(plan.query),
        cancelled=cancelled,
    )
    policy, warnings = prepared(workspace, plan, aggregate)
    samples = with_images(workspace, aggregate, policy.spec, cancelled)
    out = held_out(samples)
    training, validation = samples.where(~out), samples.where(out)
    weights = sample_weights(training.correction, plan.share)
    curves = fit(
        policy,
        training,
        weights,
        validation,
        plan.schedule,
        steps=plan.schedule.warm_steps if plan.warm_start else plan.schedule.steps,
        seed=plan.seed,
        report=lambda p: report(_training_progress(plan, p, training)),
        cancelled=cancelled,
    )
    report(_progress("saving", plan, text="Writing the policy."))
    record = _record(
        plan,
        aggregate,
        training,
        carried=carried_share(training.correction, weights),
        curves=curves,
        train_s=time.monotonic() - started,
        warnings=warnings,
    )
    _save(workspace, policy, plan, record, curves, aggregate, cancelled)
    rounds.write(workspace, record)
    report(
        _progress("done", plan, text=f"Round {plan.round} is trained.", elapsed_s=record.train_s)
    )
    return record


def prepared(
    workspace: Workspace, plan: Plan, aggregate: Aggregate
) -> tuple[TrainablePolicy, tuple[str, ...]]:
    """The policy to train, on the base policy's normaliser, and warnings about the data.

    The normaliser is fitted once, on the demonstrations of the base policy, and frozen: were it
    refitted on each round, an unchanged network would mean something else after every round.

    Raises:
        PolicyError: the parent's or the base policy's checkpoint is torn or does not fit.
    """
    base = workspace.policy_folder(0)
    arrays = aggregate.samples.arrays()
    if plan.round == 0 or not base.exists():
        normaliser = Normaliser.fit(arrays, aggregate.samples.valid, aggregate.components())
        warnings: tuple[str, ...] = ()
    else:
        normaliser = Normaliser.load(base)
        warnings = range_warnings(normaliser.out_of_range(arrays))
    if plan.warm_start and plan.parent >= 0:
        parent = load(workspace.policy_folder(plan.parent))
        if parent.kind == plan.kind:
            return parent, warnings
    # Weights are drawn from torch's global generator: seeded here, so that a plan is repeatable.
    torch.manual_seed(plan.seed)
    return create(plan.kind, aggregate.spec, plan.options, normaliser), warnings


def range_warnings(components: tuple[str, ...]) -> tuple[str, ...]:
    """A sentence about data beyond what the frozen normaliser was fitted to; none if all is in."""
    if not components:
        return ()
    spoken = [_spoken(component) for component in components[:4]]
    shown = ", ".join(spoken) + (" and others" if len(components) > 4 else "")
    return (
        f"Beyond what the demonstrations covered: {shown}. The policy reads such values through "
        "the base policy's scale. Check calibration, or record demonstrations there.",
    )


def _spoken(component: str) -> str:
    """``position.forearm_roll`` as a person says it: position of forearm roll."""
    array, _, name = component.partition(".")
    if not name:
        return component
    what = {"actions": "command to ", "offset": "command to ", "environment_state": ""}
    return what.get(array, f"{array} of ") + name.replace("_", " ")


def _save(
    workspace: Workspace,
    policy: TrainablePolicy,
    plan: Plan,
    record: rounds.RoundRecord,
    curves: Curves,
    aggregate: Aggregate,
    cancelled: Callable[[], bool],
) -> None:
    folder = workspace.policy_folder(plan.round)
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        policy.save(part)
        metrics = {
            "round": msgspec.to_builtins(record),
            "curves": {
                "step": curves.step,
                "loss": curves.loss,
                "validation": [v if math.isfinite(v) else None for v in curves.validation],
            },
            "schedule": msgspec.to_builtins(plan.schedule),
            "options": plan.options,
            "spans": aggregate.span_table(),
        }
        write_atomically(part / "metrics.json", json.dumps(metrics, indent=1).encode())
        if cancelled():
            raise CancelledError("The training was cancelled. Nothing it made is used.")
        for file in part.iterdir():
            _sync_file(file)
        sync_folder(part)
        part.replace(folder)
        sync_folder(workspace.policies)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _record(
    plan: Plan,
    aggregate: Aggregate,
    training: Samples,
    *,
    carried: float,
    curves: Curves,
    train_s: float,
    warnings: tuple[str, ...],
) -> rounds.RoundRecord:
    validation = curves.validation[-1]
    return rounds.RoundRecord(
        index=plan.round,
        policy=f"round-{plan.round:03d}",
        parent=plan.parent,
        kind=plan.kind,
        share=plan.share,
        warm_start=plan.warm_start,
        episodes=tuple(int(n) for n in np.unique(aggregate.samples.episode)),
        corrections=sum(span.correction for span in aggregate.spans),
        samples=len(training),
        correction_samples=int(training.correction.sum()),
        carried_share=carried,
        loss=curves.loss[-1],
        validation=validation if math.isfinite(validation) else None,
        train_s=train_s,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        warnings=warnings,
        query=plan.query,
    )


def _progress(stage: str, plan: Plan, *, text: str, elapsed_s: float = 0.0) -> TrainingProgress:
    return TrainingProgress(
        stage=stage,
        step=0,
        steps=0,
        loss=math.nan,
        validation=math.nan,
        elapsed_s=elapsed_s,
        eta_s=math.nan,
        round=plan.round,
        text=text,
    )


def _training_progress(plan: Plan, progress: Progress, training: Samples) -> TrainingProgress:
    corrections = int(training.correction.sum())
    return TrainingProgress(
        stage="training",
        step=progress.step,
        steps=progress.steps,
        loss=progress.loss,
        validation=progress.validation,
        elapsed_s=progress.elapsed_s,
        eta_s=progress.eta_s,
        round=plan.round,
        text=f"Learning from {len(training)} ticks, {corrections} of them corrections.",
    )
