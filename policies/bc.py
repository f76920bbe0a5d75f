"""Behavioural cloning on joint positions and named state: an ensemble of MLPs giving chunks.

What a CPU-only machine trains between two rounds of correction. Cameras of the station are left
unread; the image policy is in ``bc_image.py``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
from msgspec import Meta
from torch import Tensor, nn

from policies import checkpoint
from policies.base import Floats, Observation, PolicySpec
from policies.ensemble import (
    ActionCodec,
    Activation,
    EnsembleHead,
    EnsembleMLP,
    InputNormaliser,
    LossKind,
)
from policies.normaliser import Normaliser
from policies.observation import floats

KIND = "bc"


class Options(checkpoint.Options, frozen=True, kw_only=True):
    """What a task file may set.

    Attributes:
        members: networks in the ensemble; with 1 there is no doubt.
        hidden: width of hidden layers.
        layers: hidden layers.
        horizon: steps H in a chunk; None takes the station's.
        activation: relu or silu.
        dropout: probability in hidden layers, in training.
        noise: noise on positions and state in training, in standard deviations of each. The
            target stays what it was, so that the policy learns to come back.
        subset: part of each batch that each member learns from.
        loss: l1, l2 or huber, on normalised actions.
        relative: predict arm joints as offsets from the measured position.
        velocity: read joint velocities too; they invite copying the past motion.
        doubt_steps: steps of the chunk the doubt is taken over.
    """

    members: Annotated[int, Meta(ge=1, le=50)] = 5
    hidden: Annotated[int, Meta(ge=1, le=4096)] = 256
    layers: Annotated[int, Meta(ge=1, le=8)] = 2
    horizon: Annotated[int, Meta(ge=1, le=200)] | None = None
    activation: Activation = "relu"
    dropout: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.0
    noise: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.01
    subset: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.5
    loss: LossKind = "huber"
    relative: bool = True
    velocity: bool = False
    doubt_steps: Annotated[int, Meta(ge=1)] = 8


class BehaviouralCloning(nn.Module):
    """An ensemble from state to chunks.

    Args:
        spec: of the policy itself.
        options: how it is built.
        normaliser: frozen statistics.

    Raises:
        PolicyError: the normaliser does not fit the spec.
    """

    kind = KIND

    def __init__(self, spec: PolicySpec, options: Options, normaliser: Normaliser) -> None:
        super().__init__()
        self.spec = spec
        self.options = options
        self.normaliser = normaliser
        joints = len(spec.joint_names)
        self.sizes = {"position": joints}
        if options.velocity:
            self.sizes["velocity"] = joints
        if spec.environment_names:
            self.sizes["environment_state"] = len(spec.environment_names)
        self.inputs = InputNormaliser(normaliser, self.sizes)
        widths = (
            sum(self.sizes.values()),
            *[options.hidden] * options.layers,
            spec.horizon * joints,
        )
        self.head = EnsembleHead(
            EnsembleMLP(options.members, widths, options.activation, options.dropout),
            ActionCodec(normaliser, spec.joint_names, spec.horizon, options.relative),
            options.loss,
            options.subset,
            options.doubt_steps,
        )

    @torch.inference_mode()
    def act(self, observation: Observation) -> tuple[Floats, float]:
        """Chunk of shape (H, A) and the doubt about it.

        Raises:
            PolicyError: an array is absent, of another shape, or not finite.
        """
        arrays = {
            name: torch.from_numpy(floats(observation, name, (size,)))
            for name, size in self.sizes.items()
        }
        return self.head.act(self.inputs(arrays), arrays["position"])

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """Weighted imitation loss of a batch; see ``registry.TrainablePolicy``."""
        arrays = {name: batch[name].float() for name in self.sizes}
        if self.training:
            arrays = self.inputs.with_noise(arrays, self.options.noise)
        return self.head.loss(self.inputs(arrays), arrays["position"], batch)

    def reset(self) -> None:
        """Nothing to forget: each chunk depends on one observation."""

    def save(self, folder: Path) -> None:
        """Writes the checkpoint.

        Raises:
            CheckpointError: the folder cannot be written.
        """
        checkpoint.write(
            folder, KIND, self.spec, self.options, self.normaliser, dict(self.state_dict())
        )


def create(spec: PolicySpec, options: Options, normaliser: Normaliser) -> BehaviouralCloning:
    """A policy with fresh weights for a station; its cameras are not read.

    Raises:
        PolicyError: the normaliser does not fit the station.
    """
    own = replace(
        spec,
        camera_names=(),
        image_height=0,
        image_width=0,
        horizon=options.horizon or spec.horizon,
    )
    policy = BehaviouralCloning(own, options, normaliser)
    policy.eval()
    return policy


def load(folder: Path) -> BehaviouralCloning:
    """A policy from its checkpoint.

    Raises:
        CheckpointError: the checkpoint is absent, torn, or does not fit itself.
    """
    return checkpoint.read(folder, KIND, Options, BehaviouralCloning)
