"""Finds a policy by name: the file's name is the key.

``policies/bc.py`` is ``kind = "bc"`` in a task file. A policy file offers three names: ``Options``
(a frozen struct of what may be set), ``create(spec, options, normaliser)`` and ``load(folder)``; it
may offer a fourth, ``SCHEDULE``, how long it wants to be trained where the task says nothing, and
a fifth, ``READS_CAMERAS``, if it learns from pictures.
Nothing is registered anywhere else; a new policy is one new file.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, cast

from policies import checkpoint
from policies.base import CheckpointError, Policy, PolicyError, PolicySpec
from policies.normaliser import Normaliser

if TYPE_CHECKING:
    import torch

_OFFERED = {"Options", "create", "load"}


class TrainablePolicy(Policy, Protocol):
    """A policy that a trainer can improve."""

    kind: str
    normaliser: Normaliser

    def parameters(self) -> Iterator[torch.nn.Parameter]:
        """What an optimiser may change."""

    def train(self, mode: bool = True) -> Any:
        """Switches augmentation, dropout and bootstrap on (True) or off."""

    def loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Weighted imitation loss, a scalar that can be differentiated.

        In training mode with augmentation and bootstrap; otherwise deterministic, on everything.

        Args:
            batch: ``position`` (B, A), ``velocity`` (B, A), ``environment_state`` (B, E),
                ``image.<camera>`` (B, H, W, 3) uint8 as the spec names them; ``actions``
                (B, H, A); ``valid`` (B, H) bool; ``weight`` (B,), which may be left out.
        """

    def state_dict(self) -> dict[str, Any]:
        """Weights by name, for keeping the best of a training run."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """Puts weights back that ``state_dict`` gave."""


@cache
def names() -> tuple[str, ...]:
    """The kinds of policy there are, sorted. Reads the files, imports none of them."""
    found = []
    for path in Path(__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        defined = {
            node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)
        }
        if defined >= _OFFERED:
            found.append(path.stem)
    return tuple(sorted(found))


def schedule(kind: str) -> dict[str, Any]:
    """What a kind of policy asks of its training where the task says nothing: its ``SCHEDULE``.

    Raises:
        PolicyError: no such kind.
    """
    return dict(getattr(_module(kind), "SCHEDULE", {}))


def reads_cameras(kind: str) -> bool:
    """Whether a kind of policy learns from pictures, so that they must be recorded for it.

    Raises:
        PolicyError: no such kind.
    """
    return bool(getattr(_module(kind), "READS_CAMERAS", False))


def create(
    kind: str, spec: PolicySpec, options: dict[str, Any], normaliser: Normaliser
) -> TrainablePolicy:
    """A new policy with fresh weights, drawn from torch's global generator.

    Args:
        kind: its file's name.
        spec: what the station gives; the policy takes of it what it reads.
        options: its own options; those left out take their defaults.
        normaliser: fitted on the demonstrations.

    Raises:
        PolicyError: no such kind, an unknown option, or a spec it cannot work with.
    """
    module = _module(kind)
    parsed = checkpoint.parsed_options(kind, options, module.Options)
    return cast(TrainablePolicy, module.create(spec, parsed, normaliser))


def load(folder: Path | str) -> TrainablePolicy:
    """A policy from a checkpoint folder, ready to act or to train on.

    Raises:
        CheckpointError: the checkpoint is absent, torn, or of a kind this program does not have.
    """
    kind, _, _ = checkpoint.read_config(Path(folder))
    if kind not in names():
        raise CheckpointError(
            f"{folder} is a policy of kind {kind!r}, which this program does not have. "
            f"Known kinds: {', '.join(names())}."
        )
    return cast(TrainablePolicy, importlib.import_module(f"policies.{kind}").load(Path(folder)))


def _module(kind: str) -> ModuleType:
    if kind not in names():
        raise PolicyError(f"There is no policy {kind!r}. Choose one of: {', '.join(names())}.")
    return importlib.import_module(f"policies.{kind}")
