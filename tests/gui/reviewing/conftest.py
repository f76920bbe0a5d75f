"""A workspace of three small attempts, and the real window on its Review page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from sessions.workspace import Workspace
from tests.gui.review import ReviewBench, make_space


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return make_space(tmp_path / "w")


@pytest.fixture
def bench(qtbot: QtBot, space: Workspace) -> Iterator[ReviewBench]:
    made = ReviewBench(qtbot, space)
    yield made
    made.close()


@pytest.fixture
def mending(bench: ReviewBench) -> ReviewBench:
    """With a recorder, and attempt 1 open."""
    bench.recorder()
    bench.open(1)
    return bench
