"""Opening a workspace that holds many recordings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dagger_gui import splash
from sessions.record import index
from sessions.stations import pick_place_task, simulated_station
from sessions.workspace import create


def test_a_large_workspace_says_how_far_its_reading_is_and_the_second_time_needs_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = create(tmp_path / "w", simulated_station(), pick_place_task())
    monkeypatch.setattr(splash, "_SAY_S", 0.0)
    for number in range(1, 121):
        (space.episodes / f"{number:06d}.h5").write_bytes(b"no episode, but a file to look into")
    said: list[str] = []
    splash.read_recordings(space, said.append)
    assert said[0] == "Reading 0 of 120 episodes"
    assert said[-1] == "Reading 119 of 120 episodes"
    assert (space.episodes / index.FILE).exists()
    said.clear()
    splash.read_recordings(space, said.append)
    assert said == []
    shutil.rmtree(space.runtime(), ignore_errors=True)


def test_a_small_workspace_is_read_without_a_word(tmp_path: Path) -> None:
    space = create(tmp_path / "w", simulated_station(), pick_place_task())
    (space.episodes / "000001.h5").write_bytes(b"no episode")
    said: list[str] = []
    splash.read_recordings(space, said.append)
    assert said == []
