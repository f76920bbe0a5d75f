"""Behavioural cloning on camera images and joint positions: small encoders, an ensemble of heads.

Each camera has a convolutional encoder that ends in a spatial softmax: where in the image each
feature is, which is what placing a gripper needs and what little data can teach (Levine 2016). The
members share the encoders and differ in their heads, so that doubt costs next to nothing.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
from msgspec import Meta
from torch import Tensor, nn

from policies import checkpoint
from policies.base import Floats, Observation, PolicyError, PolicySpec
from policies.ensemble import (
    ActionCodec,
    Activation,
    EnsembleHead,
    EnsembleMLP,
    InputNormaliser,
    LossKind,
)
from policies.normaliser import Normaliser
from policies.observation import floats, image

KIND = "bc_image"

READS_CAMERAS = True
SCHEDULE = {"steps": 2000, "warm_steps": 1000, "batch": 32}
"""Gradient steps it is trained with unless the task says otherwise: a step over two cameras costs
about ten times one of ``bc``, and a machine without a GPU is to be done in minutes."""


class Options(checkpoint.Options, frozen=True, kw_only=True):
    """What a task file may set.

    Attributes:
        cameras: those it reads; None takes all of the station.
        image_height: rows that images are shrunk to before they come here.
        image_width: columns likewise.
        shift: random shift of each image in training [pixel]; without one, small data is learned
            by heart (FIELD notes, section 3: success 82 to 43 %).
        keypoints: features per camera.
        members: heads in the ensemble; with 1 there is no doubt.
        hidden: width of the heads' hidden layers.
        layers: the heads' hidden layers.
        horizon: steps H in a chunk; None takes the station's.
        activation: relu or silu, in the heads.
        dropout: probability in the heads' hidden layers, in training.
        noise: noise on positions in training, in standard deviations of each.
        subset: part of each batch that each head learns from.
        loss: l1, l2 or huber, on normalised actions.
        relative: predict arm joints as offsets from the measured position.
        doubt_steps: steps of the chunk the doubt is taken over.
    """

    cameras: tuple[str, ...] | None = None
    image_height: Annotated[int, Meta(ge=16, le=480)] = 96
    image_width: Annotated[int, Meta(ge=16, le=640)] = 128
    shift: Annotated[int, Meta(ge=0, le=32)] = 4
    keypoints: Annotated[int, Meta(ge=1, le=256)] = 32
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
    doubt_steps: Annotated[int, Meta(ge=1)] = 8


class Encoder(nn.Module):
    """An image to where its features are.

    Args:
        keypoints: K, features to locate.
    """

    def __init__(self, keypoints: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, keypoints, 3, padding=1),
        )
        self.temperature = nn.Parameter(torch.ones(1))

    def forward(self, pixels: Tensor) -> Tensor:
        """Shape (B, 3, H, W), centred on zero, to (B, 2 K) in [-1, 1]: columns, then rows."""
        maps = self.layers(pixels)
        height, width = maps.shape[-2:]
        share = torch.softmax(maps.flatten(2) / self.temperature, dim=-1)
        share = share.view(*maps.shape[:2], height, width)
        across = torch.linspace(-1.0, 1.0, width)
        down = torch.linspace(-1.0, 1.0, height)
        return torch.cat([share.sum(dim=2) @ across, share.sum(dim=3) @ down], dim=-1)


class ImageCloning(nn.Module):
    """Encoders, one a camera, and an ensemble of heads.

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
        self.inputs = InputNormaliser(normaliser, {"position": joints})
        self.encoders = nn.ModuleList(Encoder(options.keypoints) for _ in spec.camera_names)
        widths = (
            joints + 2 * options.keypoints * len(spec.camera_names),
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
            PolicyError: an array is absent, of another shape or type, or not finite.
        """
        size = (self.spec.image_height, self.spec.image_width)
        position = floats(observation, "position", (len(self.spec.joint_names),))
        images = [
            torch.from_numpy(image(observation, camera, *size))[None]
            for camera in self.spec.camera_names
        ]
        arrays = {"position": torch.from_numpy(position)}
        return self.head.act(
            self._features(arrays["position"][None], images)[0], arrays["position"]
        )

    def loss(self, batch: dict[str, Tensor]) -> Tensor:
        """Weighted imitation loss of a batch; see ``registry.TrainablePolicy``."""
        arrays = {"position": batch["position"].float()}
        images = [batch[f"image.{camera}"] for camera in self.spec.camera_names]
        if self.training:
            arrays = self.inputs.with_noise(arrays, self.options.noise)
            images = [shifted(pixels, self.options.shift) for pixels in images]
        return self.head.loss(self._features(arrays["position"], images), arrays["position"], batch)

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

    def _features(self, position: Tensor, images: list[Tensor]) -> Tensor:
        """Shape (B, I) from positions (B, A) and, per camera, images (B, H, W, 3) uint8."""
        found = [self.inputs({"position": position})]
        for encoder, pixels in zip(self.encoders, images, strict=True):
            found.append(encoder(pixels.permute(0, 3, 1, 2).float() / 255.0 - 0.5))
        return torch.cat(found, dim=-1)


def shifted(images: Tensor, most: int) -> Tensor:
    """Each image moved by up to ``most`` pixels both ways, its edge repeated (DrQ, Kostrikov 2020).

    Args:
        images: shape (B, H, W, 3).
        most: largest shift [pixel]; 0 leaves the images as they are.
    """
    if most == 0:
        return images
    batch, height, width = images.shape[:3]
    rows = torch.arange(height) + torch.randint(-most, most + 1, (batch, 1))
    columns = torch.arange(width) + torch.randint(-most, most + 1, (batch, 1))
    return images[
        torch.arange(batch)[:, None, None],
        rows.clamp(0, height - 1)[:, :, None],
        columns.clamp(0, width - 1)[:, None, :],
    ]


def create(spec: PolicySpec, options: Options, normaliser: Normaliser) -> ImageCloning:
    """A policy with fresh weights for a station; privileged state is not read.

    Raises:
        PolicyError: the station has no camera, or not one that the options name.
    """
    cameras = options.cameras or spec.camera_names
    absent = [camera for camera in cameras if camera not in spec.camera_names]
    if absent or not cameras:
        raise PolicyError(
            f"Policy {KIND} reads camera {', '.join(absent) or 'images'}; the station has "
            f"{', '.join(spec.camera_names) or 'no camera'}. Add it to the station or train "
            "another kind of policy."
        )
    own = replace(
        spec,
        environment_names=(),
        camera_names=tuple(cameras),
        image_height=options.image_height,
        image_width=options.image_width,
        horizon=options.horizon or spec.horizon,
    )
    policy = ImageCloning(own, options, normaliser)
    policy.eval()
    return policy


def load(folder: Path) -> ImageCloning:
    """A policy from its checkpoint.

    Raises:
        CheckpointError: the checkpoint is absent, torn, or does not fit itself.
    """
    return checkpoint.read(folder, KIND, Options, ImageCloning)
