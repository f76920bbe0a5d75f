"""Data on the command line: out, in and verified, with the exit status and the words promised."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import msgspec
import numpy as np
import pytest

from dagger_gui import cli
from dagger_gui.commandline import _work
from dagger_gui.commandline._work import Ended, Found, Progress, Work, in_time, told
from sessions.config import write
from sessions.record.catalogue import Catalogue
from sessions.record.disk import WorkspaceLock
from sessions.record.storage import EpisodeWriter
from sessions.types import Controller, Outcome, step_dtype
from sessions.workspace import LAYOUT, Workspace, open_workspace
from tests.sessions.record.exchange.parts import full_workspace, same_episodes
from tests.sessions.record.exchange.test_lerobot_foreign import foreign
from tests.sessions.record.parts import ENVIRONMENT, JOINTS, made_workspace, meta, steps

Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Four episodes; read only: tests that write take a copy."""
    return full_workspace(tmp_path_factory.mktemp("recorded") / "w")


@pytest.fixture
def copied(recorded: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(recorded.root, tmp_path / "copied")
    return open_workspace(tmp_path / "copied")


@pytest.fixture
def empty(tmp_path: Path) -> Workspace:
    return made_workspace(tmp_path / "empty")


def refused(capsys: Said, *words: str) -> str:
    """What is said of a line that cannot be done: one sentence, exit status 2, no traceback."""
    assert cli.main(list(words)) == 2
    said = capsys.readouterr().err
    assert len(said.strip().splitlines()) == 1
    return said


def episodes(space: Workspace) -> int:
    return len(Catalogue(space).episodes())


def test_what_leaves_by_the_command_line_comes_in_again_the_same(
    recorded: Workspace, empty: Workspace, tmp_path: Path, capsys: Said
) -> None:
    out = tmp_path / "out.hdf5"
    assert cli.main(["export", "robomimic", str(recorded.root), str(out)]) == 0
    said = capsys.readouterr().out
    assert "Left out: 1 discarded attempt." in said
    assert f"Wrote 3 episodes, 270 ticks, 4 interventions, 324 pictures to {out}" in said
    assert cli.main(["import", "robomimic", str(out), str(empty.root)]) == 0
    assert "Brought in 3 episodes, 270 ticks" in capsys.readouterr().out
    same_episodes(recorded, empty)

    # Once more: nothing comes twice.
    assert cli.main(["import", "robomimic", str(out), str(empty.root)]) == 0
    assert "Nothing new came in. 3 episodes are here already." in capsys.readouterr().out
    assert episodes(empty) == 3


def test_lerobots_folder_leaves_and_comes_and_units_are_asked_where_they_are_not_known(
    recorded: Workspace, empty: Workspace, tmp_path: Path, capsys: Said
) -> None:
    out = tmp_path / "dataset"
    assert cli.main(["export", "lerobot", str(recorded.root), str(out)]) == 0
    said = capsys.readouterr().out
    assert "Pictures become video" in said
    assert f"Wrote 3 episodes, 270 ticks, 4 interventions, 540 pictures to {out}" in said
    assert cli.main(["import", "lerobot", str(out), str(empty.root)]) == 0
    same_episodes(recorded, empty, pictures=False)
    assert "measured in" not in capsys.readouterr().out

    theirs, other = foreign(tmp_path / "so101"), made_workspace(tmp_path / "other")
    line = ["import", "lerobot", str(theirs), str(other.root), "--despite-differences"]
    assert cli.main([*line, "--dry-run"]) == 0
    assert "give --units degrees" in capsys.readouterr().out
    assert "rad or degrees, not 'inches'" in refused(capsys, *line, "--units", "inches")
    assert cli.main([*line, "--units", "degrees"]) == 0
    assert "give --units" not in capsys.readouterr().out
    assert Catalogue(other).read(1).steps["position"][0, 0] == pytest.approx(np.pi / 2)


def test_a_dry_run_says_counts_and_losses_and_writes_nothing(
    recorded: Workspace, empty: Workspace, tmp_path: Path, capsys: Said
) -> None:
    before = {p: p.stat().st_mtime_ns for p in empty.root.rglob("*") if p.is_file()}
    line = ["export", "robomimic", str(recorded.root), str(tmp_path / "o"), "--dry-run"]
    assert cli.main([*line, "--query", "category=grasp demo=no"]) == 0
    said = capsys.readouterr().out
    assert "Would write 1 episode, 90 ticks, 1 intervention." in said
    assert "Actions are scaled" in said
    assert cli.main(["import", "workspace", str(recorded.root), str(empty.root), "--dry-run"]) == 0
    assert "Would bring in 4 episodes, 360 ticks." in capsys.readouterr().out
    assert episodes(empty) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["empty"]
    assert {p: p.stat().st_mtime_ns for p in empty.root.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("export", "nope", "{w}", "{t}/o"), "There is no format 'nope'. Choose one of: "),
        (("import", "nope", "{w}", "{w}"), "robomimic, workspace."),
        (("export", "act", "{w}", "{t}/o"), "act cannot be exported. Choose one of: "),
        (("export", "robomimic", "{t}", "{t}/o"), "is no workspace"),
        (("export", "robomimic", "{w}", "{w}"), "exists already. Choose another name."),
        (("export", "robomimic", "{w}", "{t}/o", "--query", "colour=red"), "no field 'colour'"),
        (("export", "robomimic", "{w}", "{t}/o", "--query", "round>90"), "Widen the query."),
        (("export", "robomimic", "{w}", "/proc/none/o.hdf5"), "Choose another place."),
        (("import", "robomimic", "{t}/none.hdf5", "{w}"), "There is no such file. Check the path."),
        (("import", "robomimic", "{w}", "{t}"), "make one by opening the window"),
        (("import", "workspace", "{t}", "{w}"), "is no workspace"),
        (("import", "act", "{t}", "{w}", "--units", "rad"), "act needs no --units"),
        (("import", "lerobot", "{t}", "{w}"), "Give the folder of a LeRobotDataset."),
        (("verify", "{t}"), "is no workspace"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(
    recorded: Workspace, tmp_path: Path, capsys: Said, words: tuple[str, ...], why: str
) -> None:
    places = {"w": str(recorded.root), "t": str(tmp_path)}
    assert why in refused(capsys, *(word.format(**places) for word in words))


def test_while_a_recorder_is_at_work_nothing_comes_in_and_nothing_is_mended(
    recorded: Workspace, empty: Workspace, capsys: Said
) -> None:
    lock = WorkspaceLock(empty.episodes)
    try:
        said = refused(capsys, "import", "workspace", str(recorded.root), str(empty.root))
        assert f"being recorded into by process {os.getpid()}" in said
        assert "being recorded into" in refused(capsys, "verify", str(empty.root), "--repair")
        assert cli.main(["verify", str(empty.root)]) == 0, "reading is always allowed"
    finally:
        lock.close()
    assert episodes(empty) == 0


def test_other_joints_or_another_rate_are_refused_before_anything_is_written(
    recorded: Workspace, tmp_path: Path, capsys: Said
) -> None:
    slow = _slow(tmp_path / "slow")
    said = refused(capsys, "import", "workspace", str(recorded.root), str(slow.root))
    assert "The rates differ: there 50 Hz, here 20 Hz." in said
    assert "--despite-differences" in said
    assert episodes(slow) == 0
    line = ["import", "workspace", str(recorded.root), str(slow.root)]
    assert cli.main([*line, "--dry-run"]) == 0
    assert "The rates differ" in capsys.readouterr().out
    assert cli.main([*line, "--despite-differences"]) == 0
    assert episodes(slow) == 4


def test_merging_lists_what_it_does_not_settle(
    recorded: Workspace, copied: Workspace, capsys: Said
) -> None:
    log = copied.episodes / "edits.jsonl"
    log.write_text("\n".join(log.read_text().splitlines()[:-1]) + "\n")
    assert cli.main(["import", "workspace", str(recorded.root), str(copied.root)]) == 0
    said = capsys.readouterr().out
    assert "labelled otherwise there. This workspace's labels stay." in said
    assert "4 episodes are here already." in said


def test_what_is_torn_is_named_first_and_left_out_by_an_exit_status_of_its_own(
    copied: Workspace, empty: Workspace, tmp_path: Path, capsys: Said
) -> None:
    with h5py.File(copied.episodes / "000002.h5", "r+") as file:
        del file["obs/position"]
    torn = copied.episodes / "000003.h5"
    torn.write_bytes(torn.read_bytes()[:5000])
    out = tmp_path / "o.hdf5"
    for words, said in (
        (["export", "robomimic", str(copied.root), str(out)], "1 episode, 90 ticks"),
        (["import", "workspace", str(copied.root), str(empty.root)], "2 episodes, 180 ticks"),
    ):
        for dry, done in ((["--dry-run"], "Would "), ([], "read them again.")):
            assert cli.main([*words, *dry]) == _work.BAD
            lines = capsys.readouterr().out.splitlines()
            for name in ("000002.h5", "000003.h5"):
                assert any(
                    line.startswith("Damaged: Left out: ") and name in line for line in lines
                )
            assert done in lines[-1]
            assert said in lines[-1]
            assert lines[-1].endswith("2 could not be read and are left out.")
    assert episodes(empty) == 2


def test_the_help_tells_the_language_of_queries_and_the_exit_status(capsys: Said) -> None:
    with pytest.raises(SystemExit):
        cli.main(["export", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    for part in ("category, doubt", "add demo=no to leave them out", "note finds what", "status 0"):
        assert part in said


def test_verify_finds_damage_and_says_it_by_its_exit_status(
    copied: Workspace, capsys: Said
) -> None:
    line = ["verify", str(copied.root)]
    assert cli.main([*line, "--repair"]) == 0
    assert "Everything is whole." in capsys.readouterr().out
    path = copied.episodes / "000002.h5"
    path.write_bytes(path.read_bytes()[:5000])
    assert cli.main(line) == 1
    said = capsys.readouterr().out
    assert "Damaged: 000002.h5" in said
    assert "1 file damaged." in said
    assert cli.main([*line, "--repair"]) == 0
    assert "moved to" in capsys.readouterr().out
    assert list((copied.episodes / "aside").iterdir())


@pytest.mark.parametrize("words", ["verify {w}", "export robomimic {w} {w}/o", "import act x {w}"])
def test_a_workspace_of_a_newer_layout_is_refused_by_name(
    copied: Workspace, capsys: Said, words: str
) -> None:
    facts = copied.root / "workspace.json"
    facts.write_text(json.dumps({"layout": LAYOUT + 1, "round": 0}))
    said = refused(capsys, *words.format(w=copied.root).split())
    assert f"has layout {LAYOUT + 1}; this program reads up to {LAYOUT}." in said
    facts.write_text(json.dumps({"layout": 0, "round": 0}))
    assert cli.main(["verify", str(copied.root)]) == 0, "an older one opens"


def _started(*words: str, terminal: int | None = None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "dagger_gui.cli", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal or subprocess.PIPE)


def test_ctrl_c_stops_an_import_and_a_repeat_goes_on(empty: Workspace, tmp_path: Path) -> None:
    source = _many(tmp_path / "many", 40)
    words = ["import", "workspace", str(source.root), str(empty.root), "--progress", "json"]
    process = _started(*words)
    assert process.stdout is not None
    for line in process.stdout:
        message = told(line)
        if isinstance(message, Progress) and message.done >= 3:
            process.send_signal(signal.SIGINT)
            break
    out, err = process.communicate()
    assert process.returncode == _work.STOPPED, err
    last = told(out.splitlines()[-1])
    assert isinstance(last, Ended)
    assert "Give the same command again" in last.text
    came = episodes(empty)
    assert 3 <= came < 40
    assert not list(empty.episodes.glob("*.part"))
    assert cli.main(words) == 0
    assert episodes(empty) == 40


def test_in_a_terminal_one_line_counts_up_and_is_gone_at_the_end(recorded: Workspace) -> None:
    ours, theirs = pty.openpty()
    process = _started("verify", str(recorded.root), terminal=theirs)
    out, _ = process.communicate()
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert process.returncode == 0
    assert "4 of 4" in shown
    assert shown.split("\r")[-2].strip() == ""
    assert out.decode().strip().endswith("Everything is whole.")


def test_time_left_is_told_once_it_can_be_known(capsys: Said) -> None:
    now = [0.0]
    work = Work("json", lambda: now[0])
    for done in range(3):
        work.report(done, 10, "x")
        now[0] += 2.0
    work.found("odd", "notice", "f")
    messages = [told(line.encode()) for line in capsys.readouterr().out.splitlines()]
    left = [m.left_s for m in messages if isinstance(m, Progress)]
    assert left == [-1.0, 18.0, 16.0]
    assert messages[-1] == Found("notice", "odd", "f")
    assert told(b"Traceback (most recent call last):") is None
    assert [in_time(s) for s in (5, 754, 7800)] == ["0:05", "12:34", "2 h 10 min"]


def _many(root: Path, count: int) -> Workspace:
    """A workspace of many short demonstrations without pictures."""
    space = made_workspace(root)
    dtype = step_dtype(len(JOINTS), len(ENVIRONMENT), 0)
    for number in range(1, count + 1):
        facts = meta(number, demo=True, uid=f"many-{number}", camera_names=())
        writer = EpisodeWriter(space.episodes, facts, dtype, ())
        made = np.zeros(50, dtype)
        for name in dtype.names or ():
            made[name] = steps(0, 50, number)[name] if name != "frame_t" else 0.0
        made["controller"] = Controller.DEMO
        writer.append(made)
        writer.finish(Outcome.SUCCESS)
    return space


def _slow(root: Path) -> Workspace:
    space = made_workspace(root)
    write(root / "station.toml", msgspec.structs.replace(space.station, rate_hz=20.0))
    return open_workspace(root)
