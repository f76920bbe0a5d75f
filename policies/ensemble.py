"""An ensemble of action heads computed as one: chunks, their loss, and the doubt about them.

All members run in the same batched matrix product, so that five cost little more than one. They
differ in their initial weights and in which part of each batch they learn from; where training data
is dense they agree, elsewhere they do not, and that disagreement is HG-DAgger's doubt.
"""

from __future__ import annotations

import itertools
import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from policies.base import Floats, PolicyError, openings
from policies.normaliser import OFFSET, Normaliser

LossKind = Literal["l1", "l2", "huber"]
Activation = Literal["relu", "silu"]

INPUT_CLAMP = 10.0
"""Normalised inputs are clamped to so many standard deviations: extrapolation stays finite."""


class EnsembleMLP(nn.Module):
    """M perceptrons of equal shape as one stack of batched matrix products.

    Args:
        members: M.
        sizes: widths from input to output, such as (20, 256, 256, 112).
        activation: between layers.
        dropout: probability, after each hidden layer, in training only.
    """

    def __init__(
        self, members: int, sizes: tuple[int, ...], activation: Activation, dropout: float
    ) -> None:
        super().__init__()
        self.activation = nn.functional.relu if activation == "relu" else nn.functional.silu
        self.dropout = dropout
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        for inputs, outputs in itertools.pairwise(sizes):
            # As nn.Linear: uniform in +-1/sqrt(fan in).
            bound = 1.0 / math.sqrt(inputs)
            self.weights.append(torch.empty(members, inputs, outputs).uniform_(-bound, bound))
            self.biases.append(torch.empty(members, 1, outputs).uniform_(-bound, bound))

    def forward(self, inputs: Tensor) -> Tensor:
        """Shape (M, B, I) to (M, B, O)."""
        hidden = inputs
        last = len(self.weights) - 1
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias, hidden, weight)
            if index < last:
                hidden = self.activation(hidden)
                if self.dropout > 0.0 and self.training:
                    hidden = nn.functional.dropout(hidden, self.dropout)
        return hidden


class ActionCodec(nn.Module):
    """Between absolute joint targets and the normalised chunk a network gives.

    Arm joints are coded as offsets from the position measured when the chunk was asked for: near
    zero at the first step, so that a chunk starts where the arm is. The gripper (last) is coded as
    the absolute opening: its targets are near-bimodal whatever it measures while it grasps.

    Args:
        normaliser: holds the statistics of ``offset`` (or of ``actions``).
        joints: A.
        horizon: H.
        relative: code arm joints as offsets; otherwise as absolute targets.

    Raises:
        PolicyError: the normaliser was fitted to another number of joints or a shorter chunk.
    """

    mean: Tensor
    std: Tensor
    anchored: Tensor
    opening: Tensor

    def __init__(
        self, normaliser: Normaliser, names: tuple[str, ...], horizon: int, relative: bool
    ) -> None:
        super().__init__()
        joints = len(names)
        statistics = normaliser.of(OFFSET if relative else "actions")
        mean, std = statistics.mean, statistics.std
        if mean.shape[-1] != joints or (mean.ndim == 2 and len(mean) < horizon):
            raise PolicyError(
                f"The normaliser was fitted to actions of shape {mean.shape}; this policy gives "
                f"chunks of ({horizon}, {joints}). Fit it to chunks at least as long, or lower "
                "the horizon."
            )
        shape = (horizon, joints)
        rows = slice(horizon) if mean.ndim == 2 else slice(None)
        self.register_buffer("mean", _tensor(np.broadcast_to(mean[rows], shape)), persistent=False)
        self.register_buffer("std", _tensor(np.broadcast_to(std[rows], shape)), persistent=False)
        opening = openings(names)
        anchored = np.where(opening, 0.0, float(relative))
        self.register_buffer("anchored", _tensor(anchored), persistent=False)
        self.register_buffer("opening", torch.from_numpy(opening), persistent=False)

    def encode(self, position: Tensor, actions: Tensor) -> Tensor:
        """Absolute targets (B, H, A) seen from ``position`` (B, A) as a normalised chunk."""
        return (actions - (position * self.anchored)[:, None, :] - self.mean) / self.std

    def decode(self, position: Tensor, chunk: Tensor) -> Tensor:
        """The inverse, for one observation: ``position`` (A,), ``chunk`` (H, A)."""
        actions = chunk * self.std + self.mean + position * self.anchored
        return torch.where(self.opening, actions.clamp(0.0, 1.0), actions)


class EnsembleHead(nn.Module):
    """From features to chunks, their loss, and their doubt.

    Args:
        mlp: the members; its output has width H * A.
        codec: between normalised chunks and joint targets.
        loss_kind: ``l1``, ``l2`` or ``huber`` (at one standard deviation).
        subset: part of each batch that each member learns from, drawn anew for each.
        doubt_steps: steps of the chunk, from its first, that the doubt is taken over.
    """

    def __init__(
        self,
        mlp: EnsembleMLP,
        codec: ActionCodec,
        loss_kind: LossKind,
        subset: float,
        doubt_steps: int,
    ) -> None:
        super().__init__()
        self.mlp = mlp
        self.codec = codec
        self.loss_kind = loss_kind
        self.subset = subset
        self.doubt_steps = doubt_steps
        self.members = mlp.weights[0].shape[0]

    def act(self, features: Tensor, position: Tensor) -> tuple[Floats, float]:
        """The members' mean chunk, shape (H, A), and the doubt about it.

        Args:
            features: shape (I,).
            position: shape (A,) [rad, gripper 0..1].
        """
        shape = self.codec.mean.shape
        chunks = self.mlp(features.expand(self.members, 1, -1)).view(self.members, *shape)
        actions = self.codec.decode(position, chunks.mean(dim=0))
        return actions.double().numpy(), doubt(chunks[:, : self.doubt_steps])

    def loss(self, features: Tensor, position: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """Mean error over members, samples and valid steps, weighted by sample.

        Args:
            features: shape (B, I).
            position: shape (B, A), as the network saw it (with its noise).
            batch: ``actions`` (B, H, A), ``valid`` (B, H) and optionally ``weight`` (B,).
        """
        horizon, joints = self.codec.mean.shape
        target = self.codec.encode(position, batch["actions"][:, :horizon].float()).flatten(1)
        weight = batch["valid"][:, :horizon].float()
        if "weight" in batch:
            weight = weight * batch["weight"].float()[:, None]
        if self.training and self.subset < 1.0:
            count = max(1, round(self.subset * len(features)))
            # Drawn per member: data each has not seen this step is what makes them differ, and
            # half the batch is half the work.
            rows = torch.rand(self.members, len(features)).argsort(dim=1)[:, :count]
            inputs, target, weight = features[rows], target[rows], weight[rows]
        else:
            inputs = features.expand(self.members, -1, -1)
        error = self._error(self.mlp(inputs), target.expand(self.members, -1, -1))
        per_step = error.view(*error.shape[:2], horizon, joints).mean(dim=-1)
        weight = weight.expand(per_step.shape)
        mean: Tensor = (per_step * weight).sum() / weight.sum().clamp(min=1e-8)
        return mean

    def _error(self, given: Tensor, wanted: Tensor) -> Tensor:
        if self.loss_kind == "l1":
            return (given - wanted).abs()
        if self.loss_kind == "l2":
            return (given - wanted).square()
        return nn.functional.smooth_l1_loss(given, wanted, reduction="none")


def doubt(chunks: Tensor) -> float:
    """HG-DAgger's doubt: ``|| diag(C) ||_2`` (Kelly 2019, eq. 4).

    C is the covariance of the members' normalised actions; its diagonal, the variance per joint, is
    averaged over the given steps before the norm is taken, so that one step's noise counts little.

    Args:
        chunks: shape (M, H, A), normalised.

    Returns:
        The norm over joints, or NaN with a single member.
    """
    if chunks.shape[0] < 2:
        return float("nan")
    return float(chunks.var(dim=0, unbiased=True).mean(dim=0).norm())


class InputNormaliser(nn.Module):
    """Named arrays, concatenated and normalised.

    Args:
        normaliser: holds the statistics of each name.
        sizes: width of each array by name, in the order of concatenation.

    Raises:
        PolicyError: the normaliser lacks a name or was fitted to another width.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, normaliser: Normaliser, sizes: dict[str, int]) -> None:
        super().__init__()
        self.sizes = sizes
        for name, size in sizes.items():
            fitted = normaliser.of(name).mean.shape
            if fitted != (size,):
                raise PolicyError(
                    f"The normaliser was fitted to {name} of shape {fitted}; the station gives "
                    f"({size},). Train from demonstrations of this station."
                )
        mean = [normaliser.of(name).mean for name in sizes]
        std = [normaliser.of(name).std for name in sizes]
        self.register_buffer("mean", _tensor(np.concatenate(mean)), persistent=False)
        self.register_buffer("std", _tensor(np.concatenate(std)), persistent=False)

    def forward(self, arrays: dict[str, Tensor]) -> Tensor:
        """Shape (..., I) from arrays of shape (..., D) each."""
        joined = torch.cat([arrays[name].float() for name in self.sizes], dim=-1)
        return ((joined - self.mean) / self.std).clamp(-INPUT_CLAMP, INPUT_CLAMP)

    def with_noise(self, arrays: dict[str, Tensor], amount: float) -> dict[str, Tensor]:
        """The arrays with Gaussian noise of ``amount`` standard deviations of each component."""
        if amount <= 0.0:
            return arrays
        scales = torch.split(self.std, list(self.sizes.values()))
        return {
            name: arrays[name] + torch.randn_like(arrays[name]) * scale * amount
            for name, scale in zip(self.sizes, scales, strict=True)
        }


def _tensor(values: Floats) -> Tensor:
    return torch.tensor(np.ascontiguousarray(values), dtype=torch.float32)
