from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from sessions.workspace import Workspace, open_workspace
from tests.sessions.learn.parts import with_demonstrations


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_demonstrations(tmp_path_factory.mktemp("demonstrated") / "w", 6).root


@pytest.fixture
def workspace(demonstrated: Path, tmp_path: Path) -> Workspace:
    """A workspace of its own for every test, with six demonstrations."""
    return open_workspace(Path(shutil.copytree(demonstrated, tmp_path / "w")))
