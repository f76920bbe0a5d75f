"""A checkpoint folder: config.json, model.safetensors, normaliser.safetensors. Never pickle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from policies.base import CheckpointError, PolicyError, PolicySpec
from policies.normaliser import Normaliser

if TYPE_CHECKING:
    import torch

FORMAT = 1
CONFIG = "config.json"
MODEL = "model.safetensors"

T = TypeVar("T", bound=msgspec.Struct)
M = TypeVar("M", bound="torch.nn.Module")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The root of every policy's options: frozen, and unknown keys are refused."""


def parsed_options(kind: str, options: dict[str, Any], form: type[T]) -> T:
    """A policy's options from plain values, such as a table of task.toml.

    Raises:
        PolicyError: an unknown key, or a value of the wrong type or beyond its limits.
    """
    try:
        return msgspec.convert(options, form)
    except msgspec.ValidationError as error:
        known = ", ".join(f.name for f in msgspec.structs.fields(form))
        raise PolicyError(f"Options of policy {kind}: {error}. Known options: {known}.") from error


def write(
    folder: Path,
    kind: str,
    spec: PolicySpec,
    options: Options,
    normaliser: Normaliser,
    tensors: dict[str, torch.Tensor],
) -> None:
    """Writes a checkpoint; ``folder`` is made if it is absent.

    Raises:
        CheckpointError: the folder cannot be written.
    """
    from safetensors.torch import save_file

    try:
        folder.mkdir(parents=True, exist_ok=True)
        plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        save_file(plain, folder / MODEL)
        normaliser.save(folder)
        config = {
            "format": FORMAT,
            "kind": kind,
            "spec": spec.to_dict(),
            "options": msgspec.to_builtins(options),
        }
        # Last, so that a folder with a config is a folder with everything.
        (folder / CONFIG).write_text(json.dumps(config, indent=2), encoding="utf-8")
    except OSError as error:
        raise CheckpointError(
            f"{folder} cannot be written ({error.strerror}). Free space or choose another folder."
        ) from error


def read_config(folder: Path) -> tuple[str, PolicySpec, dict[str, Any]]:
    """Kind, spec and options of a checkpoint, without reading its weights.

    Raises:
        CheckpointError: no checkpoint is there, it is torn, or of a newer format.
    """
    path = folder / CONFIG
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        version, kind = int(config["format"]), str(config["kind"])
        spec, options = dict(config["spec"]), dict(config["options"])
    except OSError as error:
        raise CheckpointError(
            f"{folder} is no checkpoint: {path.name} cannot be read ({error.strerror}). "
            "Choose a folder that a training has written."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path} is torn or was written by another program ({error}). "
            "Choose another checkpoint or train it again."
        ) from error
    if version > FORMAT:
        raise CheckpointError(
            f"{path} has format {version}; this program reads up to {FORMAT}. Update the program."
        )
    return kind, PolicySpec.from_dict(spec), options


def read_tensors(folder: Path, module: torch.nn.Module) -> None:
    """Fills ``module`` with the checkpoint's weights, all of them and no others.

    Raises:
        CheckpointError: the file is absent, torn, or does not fit the config beside it.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder / MODEL
    try:
        module.load_state_dict(load_file(path), strict=True)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}). Choose another checkpoint or train it again."
        ) from error
    except RuntimeError as error:
        raise CheckpointError(
            f"{path} does not fit {CONFIG} beside it ({' '.join(str(error).split())}). "
            "Choose another checkpoint or train it again."
        ) from error


def read(folder: Path, kind: str, form: type[T], build: Callable[..., M]) -> M:
    """The policy in a checkpoint folder, in evaluation mode.

    Args:
        folder: the checkpoint.
        kind: the kind it must be of.
        form: that kind's options.
        build: makes the policy from (spec, options, normaliser).

    Raises:
        CheckpointError: absent, torn, of another kind, or its parts do not fit each other.
    """
    found, spec, options = read_config(folder)
    if found != kind:
        raise CheckpointError(
            f"{folder} is a policy of kind {found!r}, not {kind!r}. Load it as what it is."
        )
    try:
        policy = build(spec, parsed_options(kind, options, form), Normaliser.load(folder))
    except CheckpointError:
        raise
    except PolicyError as error:
        raise CheckpointError(
            f"{folder} does not fit itself: {error} Choose another checkpoint."
        ) from error
    read_tensors(folder, policy)
    policy.eval()
    return policy
