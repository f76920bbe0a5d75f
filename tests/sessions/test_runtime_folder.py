"""The last on a workspace removes its private folder; nobody removes it from under others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessions import runtime_folder
from sessions.runtime_folder import SUPERVISOR_LOCK, WINDOW_LOCK, leave, locked
from sessions.workspace import Workspace, create
from tests.sessions.live.session import pick_place_task, simulated_station


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return create(tmp_path / "w", simulated_station(), pick_place_task())


@pytest.mark.parametrize("lock", [SUPERVISOR_LOCK, WINDOW_LOCK])
def test_it_stays_while_somebody_works_there_and_goes_with_the_last(space, lock):
    folder = space.runtime()
    (folder / "steps.ring").write_bytes(b"x")
    other = locked(folder / lock)
    assert not leave(space)
    assert (folder / "steps.ring").exists()
    other.close()
    assert leave(space)
    assert list((space.root.parent / "run").iterdir()) == []


def test_what_failed_is_kept_with_the_workspaces_logs(space):
    folder = space.runtime()
    (folder / "trainer.err").write_text("out of memory\n")
    (folder / "world.err").touch()
    assert leave(space)
    logs = space.root / "logs"
    assert [file.name for file in logs.iterdir()] == ["trainer.log"]
    assert (logs / "trainer.log").read_text() == "out of memory\n"


def test_looking_whether_somebody_works_there_makes_no_folder(space):
    from sessions.checking.benches import supervisor

    assert supervisor(space) == 0
    assert not space.runtime_path().exists()
    assert leave(space)


def test_a_lock_is_one_holders_even_while_others_leave(space):
    """Whoever gets the lock holds the file of that name, not one that was removed meanwhile."""
    path = space.runtime() / WINDOW_LOCK
    stop = threading.Event()

    def leaves() -> None:
        while not stop.is_set():
            leave(space)

    thread = threading.Thread(target=leaves)
    thread.start()
    taken = 0
    try:
        while taken < 50:
            try:
                mine = locked(path)
            except OSError:
                continue
            with mine, pytest.raises(OSError, match="Resource temporarily unavailable"):
                runtime_folder.locked(path)
            taken += 1
    finally:
        stop.set()
        thread.join()
