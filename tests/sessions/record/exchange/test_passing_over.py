"""One file that cannot be read is named and passed over; it keeps none of the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from sessions.record import layout
from sessions.record.catalogue import Catalogue
from sessions.record.exchange import act, lerobot, robomimic, workspace
from sessions.record.exchange.arriving import store
from sessions.record.exchange.base import ExchangeError, Job
from sessions.workspace import Workspace
from tests.sessions.record.exchange import test_act
from tests.sessions.record.exchange.parts import TICKS, full_workspace, outgoing
from tests.sessions.record.parts import made_workspace


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return full_workspace(tmp_path / "from")


def _path(space: Workspace, number: int) -> Path:
    return space.episodes / layout.file_name(number)


def cut(space: Workspace, number: int) -> None:
    path = _path(space, number)
    path.write_bytes(path.read_bytes()[:5000])


def lost_column(space: Workspace, number: int) -> None:
    """Its summary is whole: only reading it tells."""
    with h5py.File(_path(space, number), "r+") as file:
        del file["obs/position"]


def torn_picture(space: Workspace, number: int) -> None:
    """Every count is right; only decoding it tells."""
    with h5py.File(_path(space, number), "r+") as file:
        place = int(file["cameras/top/offset"][30])
        file["cameras/top/jpeg"][place : place + 200] = np.zeros(200, np.uint8)


FORMATS = {"robomimic": robomimic, "lerobot": lerobot}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("harm", [lost_column, torn_picture])
@pytest.mark.parametrize("number", [1, 2])
def test_an_export_names_what_is_torn_and_takes_all_others(
    space: Workspace,
    tmp_path: Path,
    form: str,
    harm: Callable[[Workspace, int], None],
    number: int,
) -> None:
    leaving = outgoing(space)  # its size and time are known from before
    harm(space, number)
    module, path = FORMATS[form], tmp_path / "out.hdf5"
    assert module.losses(leaving)
    found = module.export(leaving, path)
    assert (found.episodes, found.ticks) == (2, 2 * TICKS)
    (why,) = leaving.unreadable
    assert why.startswith(f"Attempt {number} cannot be read.")
    assert layout.file_name(number) in why
    other = made_workspace(tmp_path / "to")
    total, arriving = module.incoming(path)
    assert store(other, arriving, total).unreadable == ()
    kept = {f"uid-{n}" for n in (1, 2, 3)} - {f"uid-{number}"}
    assert {e.meta.uid for e in Catalogue(other).entries()} == kept


def test_a_look_before_an_export_finds_what_is_torn(space: Workspace) -> None:
    leaving = outgoing(space)
    lost_column(space, 2)
    cut(space, 3)
    leaving.sift(Job())
    assert [why[:9] for why in leaving.unreadable] == ["Attempt 2", "Attempt 3"]
    assert (leaving.counts.episodes, leaving.counts.interventions) == (1, 0)


def test_where_nothing_can_be_read_nothing_is_written_and_the_first_is_named(
    space: Workspace, tmp_path: Path
) -> None:
    leaving = outgoing(space, "episode=2")
    lost_column(space, 2)
    with pytest.raises(ExchangeError, match="Attempt 2 cannot be read"):
        robomimic.export(leaving, tmp_path / "out.hdf5")
    assert not (tmp_path / "out.hdf5").exists()


@pytest.mark.parametrize("harm", [cut, lost_column])
def test_a_merge_names_what_is_torn_and_takes_all_others(
    space: Workspace, tmp_path: Path, harm: Callable[[Workspace, int], None]
) -> None:
    mine = made_workspace(tmp_path / "mine")
    harm(space, 2)
    total, arriving = workspace.incoming(space.root)
    assert total == 4
    stored = store(mine, arriving, total)
    (why,) = stored.unreadable
    assert "000002.h5" in why
    assert stored.episodes == (1, 2, 3), "numbers follow on one another"
    assert {e.meta.uid for e in Catalogue(mine).entries()} == {"uid-1", "uid-3", "uid-4"}
    assert list(mine.episodes.glob("*.part")) == []


def test_one_torn_file_in_a_folder_keeps_the_others(tmp_path: Path) -> None:
    for number in range(3):
        test_act.written(tmp_path / f"episode_{number}.hdf5", ticks=20 + number)
    torn = tmp_path / "episode_0.hdf5"
    torn.write_bytes(torn.read_bytes()[:3000])
    mine = made_workspace(tmp_path / "mine")
    total, arriving = act.incoming(tmp_path)
    stored = store(mine, arriving, total)
    assert stored.episodes == (1, 2)
    assert "episode_0.hdf5: It is torn" in stored.unreadable[0]


def test_unfinished_attempts_of_the_other_workspace_are_told(
    space: Workspace, tmp_path: Path
) -> None:
    (space.episodes / "000009.h5.part").write_bytes(b"")
    said = workspace.conflicts(made_workspace(tmp_path / "mine"), space.root)
    assert any("1 unfinished attempt stays behind" in s for s in said)
