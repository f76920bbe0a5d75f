import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessions.workspace import Workspace
from tests.sessions.record.bench import Bench
from tests.sessions.record.parts import made_workspace


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace whose sockets have names short enough for the kernel."""
    with tempfile.TemporaryDirectory(prefix="rt") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        yield made_workspace(tmp_path / "space")


@pytest.fixture
def bench(space: Workspace) -> Iterator[Bench]:
    made = Bench(space)
    yield made
    made.close()
