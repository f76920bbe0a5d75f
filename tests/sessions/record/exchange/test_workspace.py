"""Workspaces of several stations become one."""

from pathlib import Path

import pytest

from sessions import taxonomy
from sessions.record.disk import RecordingError, WorkspaceLock
from sessions.record.edits import EditLog
from sessions.record.exchange import workspace
from sessions.record.exchange.arriving import store
from sessions.record.exchange.base import ExchangeError, Job
from sessions.types import CancelledError
from sessions.workspace import Workspace
from tests.sessions.record.exchange.parts import full_workspace, same_episodes
from tests.sessions.record.parts import made_workspace


@pytest.fixture
def theirs(tmp_path: Path) -> Workspace:
    return full_workspace(tmp_path / "theirs")


def test_everything_comes_with_its_edits_and_only_once(theirs: Workspace, tmp_path: Path) -> None:
    mine = made_workspace(tmp_path / "mine")
    assert workspace.conflicts(mine, theirs.root) == []
    total, arriving = workspace.incoming(theirs.root)
    assert store(mine, arriving, total).counts.episodes == 4
    left = EditLog(theirs.episodes, writable=True)
    left.add("outcome", 2, 4, -1, "success")  # the discarded one counts as well
    EditLog(mine.episodes, writable=True).add("outcome", 2, 4, -1, "success")
    same_episodes(theirs, mine)
    total, arriving = workspace.incoming(theirs.root)
    assert store(mine, arriving, total).here_already == 4


def test_differences_are_listed_and_this_workspaces_labels_stay(
    theirs: Workspace, tmp_path: Path
) -> None:
    mine = made_workspace(tmp_path / "mine")
    total, arriving = workspace.incoming(theirs.root)
    store(mine, arriving, total)
    EditLog(theirs.episodes, writable=True).add("tag", 2, 3, 20, "recovery")
    taxonomy.write(taxonomy.load("manipulation").renamed("other", "rest"), theirs.root)
    said = workspace.conflicts(mine, theirs.root)
    assert any("categories differ" in s for s in said)
    assert any("Attempt 3 is their 3" in s for s in said)


def test_a_stopped_merge_goes_on_and_leaves_nothing_half(theirs: Workspace, tmp_path: Path) -> None:
    mine = made_workspace(tmp_path / "mine")
    total, arriving = workspace.incoming(theirs.root)
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 2

    with pytest.raises(CancelledError):
        store(mine, arriving, total, Job(cancelled=stop))
    assert list(mine.episodes.glob("*.part")) == []
    assert len(list(mine.episodes.glob("*.h5"))) == 2
    total, arriving = workspace.incoming(theirs.root)
    stored = store(mine, arriving, total)
    assert (stored.counts.episodes, stored.here_already) == (2, 2)


def test_nothing_is_brought_in_beside_a_recorder(theirs: Workspace, tmp_path: Path) -> None:
    mine = made_workspace(tmp_path / "mine")
    lock = WorkspaceLock(mine.episodes)
    total, arriving = workspace.incoming(theirs.root)
    with pytest.raises(RecordingError, match="Close the other window"):
        store(mine, arriving, total)
    lock.close()


def test_what_is_no_workspace_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="no workspace"):
        workspace.incoming(tmp_path)
