"""The gradient steps: AdamW with a cosine schedule over weighted samples.

One function without files, sockets or processes, so that the trainer process, headless rounds and
tests run the very same code.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from policies.registry import TrainablePolicy
from sessions.learn.dataset import Samples
from sessions.types import CancelledError, SessionError


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long and how fast a policy is trained.

    Attributes:
        steps: gradient steps.
        warm_steps: gradient steps when going on from an earlier policy.
        batch: samples in a step.
        learning_rate: the peak, after a linear warm-up over 2 % of the steps.
        weight_decay: AdamW's decoupled decay.
        clip: largest norm of the gradient.
    """

    steps: int = 3000
    warm_steps: int = 1500
    batch: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    clip: float = 1.0

    def __post_init__(self) -> None:
        """Refuses values that cannot train."""
        for name in ("steps", "warm_steps", "batch", "learning_rate", "clip"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0")


@dataclass
class Progress:
    """One report of a training under way.

    Attributes:
        step: gradient steps done.
        steps: gradient steps in all.
        loss: mean training loss since the last report.
        validation: loss on the held-out episodes, NaN without any or before the first.
        elapsed_s: since the first step [s].
        eta_s: until the last step, at the pace so far [s].
    """

    step: int
    steps: int
    loss: float
    validation: float
    elapsed_s: float
    eta_s: float


@dataclass
class Curves:
    """What the training looked like: one entry a report.

    Attributes:
        step: gradient steps done.
        loss: training loss.
        validation: validation loss, NaN where it was not computed.
    """

    step: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)


def batch_of(
    samples: Samples, weights: NDArray[np.float32], chosen: NDArray[np.int64]
) -> dict[str, torch.Tensor]:
    """The tensors of the samples ``chosen``, shape (B,), as ``TrainablePolicy.loss`` reads them."""
    arrays: dict[str, NDArray[Any]] = {
        "position": samples.position[chosen],
        "velocity": samples.velocity[chosen],
        "environment_state": samples.environment_state[chosen],
        "actions": samples.actions[chosen],
        "valid": samples.valid[chosen],
        "weight": weights[chosen],
    }
    for camera, pool in samples.images.items():
        arrays[f"image.{camera}"] = pool[samples.frame[camera][chosen]]
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def fit(
    policy: TrainablePolicy,
    training: Samples,
    weights: NDArray[np.float32],
    validation: Samples,
    schedule: Schedule,
    *,
    steps: int,
    seed: int,
    report: Callable[[Progress], None],
    cancelled: Callable[[], bool] = lambda: False,
) -> Curves:
    """Trains ``policy`` in place.

    Args:
        policy: a policy with fresh or earlier weights.
        training: samples to learn from.
        weights: shape (N,), one for each of them, of mean 1.
        validation: held-out samples, possibly none; only looked at, never learned from.
        schedule: batch, rate and decay.
        steps: gradient steps to take.
        seed: draws the batches; torch is seeded with it too.
        report: called about four times a second and at the last step.
        cancelled: asked before every step.

    Raises:
        CancelledError: ``cancelled`` said so.
        SessionError: the loss is not finite.
    """
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    optimizer = torch.optim.AdamW(
        policy.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay
    )
    curves, recent = Curves(), [0.0, 0]
    # Fixed in number, so that the curve is the same on fast and slow machines.
    every = max(1, steps // 60)
    started = reported = time.monotonic()
    held_out_loss = math.nan
    policy.train(True)
    for step in range(1, steps + 1):
        if cancelled():
            raise CancelledError("The training was cancelled. Nothing it made is used.")
        for group in optimizer.param_groups:
            group["lr"] = schedule.learning_rate * rate_factor(step, steps)
        chosen = random.integers(0, len(training), schedule.batch)
        loss = policy.loss(batch_of(training, weights, chosen))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(list(policy.parameters()), schedule.clip)
        optimizer.step()
        recent = [recent[0] + float(loss.detach()), recent[1] + 1]
        now = time.monotonic()
        if step % every == 0 or step == steps:
            mean = recent[0] / recent[1]
            if not math.isfinite(mean):
                raise SessionError(
                    f"The loss became {mean} at step {step}. Lower the learning rate "
                    f"(now {schedule.learning_rate:g}) under training.options in task.toml."
                )
            held_out_loss = validation_loss(policy, validation)
            curves.step.append(step)
            curves.loss.append(mean)
            curves.validation.append(held_out_loss)
            recent = [0.0, 0]
        if now - reported >= 0.25 or step == steps:
            elapsed = now - started
            loss_now = curves.loss[-1] if curves.loss else float(loss.detach())
            eta = elapsed / step * (steps - step)
            report(Progress(step, steps, loss_now, held_out_loss, elapsed, eta))
            reported = now
    policy.train(False)
    return curves


def rate_factor(step: int, steps: int) -> float:
    """Linear warm-up over the first 2 % of the steps, then a cosine down to 0.

    Args:
        step: from 1 to ``steps``.
        steps: in all.

    Returns:
        A factor in (0, 1].
    """
    warm = max(1, round(steps * 0.02))
    if step <= warm:
        return step / warm
    done = (step - warm) / max(1, steps - warm)
    return 0.5 * (1.0 + math.cos(math.pi * min(done, 0.999)))


def validation_loss(policy: TrainablePolicy, validation: Samples, most: int = 512) -> float:
    """The loss on held-out samples, every one counting the same; NaN without any.

    At most ``most`` samples, evenly spread, are looked at, so that it costs about a step.
    """
    count = len(validation)
    if count == 0:
        return math.nan
    chosen = np.unique(np.linspace(0, count - 1, min(most, count)).astype(np.int64))
    policy.train(False)
    with torch.no_grad():
        ones = np.ones(count, np.float32)
        loss = float(policy.loss(batch_of(validation, ones, chosen)))
    policy.train(True)
    return loss
