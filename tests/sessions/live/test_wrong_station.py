"""A station file that asks for what cannot be: processes end with a sentence that is kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sessions.live import cameras, control
from sessions.live.children import REFUSED
from sessions.live.kinds import kinds
from sessions.stations import pick_place_task, simulated_station
from sessions.workspace import Workspace, create


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Workspace]:
    """An operator and a camera with keys that there are not."""
    station = msgspec.structs.replace(
        simulated_station(),
        operators={"keyboard": {"type": "keyboard", "spead": 2.0}},
        operator="keyboard",
        cameras={"top": {"type": "simulated", "fbs": 30}},
    )
    made = create(tmp_path / "w", station, pick_place_task())
    yield made
    shutil.rmtree(made.runtime_path(), ignore_errors=True)


def test_control_and_cameras_refuse_by_a_sentence_and_a_status_of_its_own(
    space: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert control.main([str(space.root)]) == REFUSED
    assert capsys.readouterr().err.startswith("keyboard: Unknown key 'spead'. ")
    assert cameras.main([str(space.root)]) == REFUSED
    assert capsys.readouterr().err.startswith("top: Unknown key 'fbs'. ")


def test_what_control_and_cameras_say_is_kept_for_the_window_and_goes_to_the_log(
    space: Workspace,
) -> None:
    found = {kind.name: kind for kind in kinds(space, space.runtime(), {})}
    for name in ("control", "cameras"):
        assert found[name].errors == space.runtime() / f"{name}.err"
        assert found[name].logged
