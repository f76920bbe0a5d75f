"""What is gathered to be learned from, through the operator's edits."""

from pathlib import Path

import h5py
import msgspec
import pytest

from sessions.learn.aggregate import gather
from sessions.record.edits import EditLog
from sessions.record.layout import EpisodeMeta
from sessions.record.storage import EpisodeWriter
from sessions.types import Controller, Outcome, SessionError
from sessions.workspace import Workspace
from tests.sessions.record.parts import DTYPE, made_workspace, meta, steps


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """Two attempts that succeeded, each with the human from row 20 and from row 50."""
    made = made_workspace(tmp_path / "w")
    for number in (1, 2):
        ticks = steps(0, 90, number)
        ticks["controller"][20:40] = ticks["controller"][50:75] = Controller.HUMAN
        writer = EpisodeWriter(made.episodes, meta(number), DTYPE)
        writer.append(ticks)
        writer.finish(Outcome.SUCCESS)
    return made


def learned(space: Workspace) -> list[tuple[int, int, int]]:
    return [(s.episode, s.start, s.stop) for s in gather(space, 4, recovered_only=False).spans]


def test_what_was_discarded_is_not_learned_from_and_what_was_restored_is(
    space: Workspace,
) -> None:
    log = EditLog(space.episodes, writable=True)
    assert learned(space) == [(1, 20, 40), (1, 50, 75), (2, 20, 40), (2, 50, 75)]
    log.add("discard", 2, 1, 20, "1")
    log.add("outcome", 2, 2, -1, "discarded")
    assert learned(space) == [(1, 50, 75)]
    log.undo()
    log.undo()
    assert len(learned(space)) == 4


def test_no_tick_is_learned_from_twice_whatever_was_undone(space: Workspace) -> None:
    log = EditLog(space.episodes, writable=True)
    log.add("edges", 2, 1, 20, '{"20":{"first":20,"stop":60,"t":0.4,"duration_s":0.8}}')
    assert learned(space)[:2] == [(1, 20, 40), (1, 50, 75)]


def test_joints_of_two_measures_are_not_learned_from_together(space: Workspace) -> None:
    with h5py.File(space.episodes / "000002.h5", "r+") as file:
        known = msgspec.json.decode(file.attrs["metadata"], type=EpisodeMeta)
        other = msgspec.structs.replace(known, unit="deg")
        file.attrs["metadata"] = msgspec.json.encode(other).decode()
    with pytest.raises(SessionError, match="Episode 2 measures joints in deg, episode 1 in rad"):
        learned(space)
