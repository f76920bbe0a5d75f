"""The disk fills up, or fails, while an attempt is recorded."""

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessions.messages import Accepted, Salvage
from sessions.record import storage
from sessions.record.disk import free_bytes
from sessions.record.index import Entry
from sessions.record.recorder import Recorder
from sessions.record.space import DiskSpace
from sessions.record.storage import EpisodeError, EpisodeWriter
from sessions.types import Outcome
from sessions.workspace import Workspace
from tests.sessions.record.bench import Bench, RecorderProcess
from tests.sessions.record.parts import CAMERAS, DTYPE, made_workspace, meta, picture, steps

MB = 1_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(folder)],
            capture_output=True,
            check=False,
        ).returncode
    )
    if not mounted:
        pytest.skip("mounting a small file system is not permitted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small_space(small_disk: Path, space: Workspace) -> Workspace:
    """A workspace on it; ``space`` brings the short socket names."""
    return made_workspace(small_disk / "space")


def filled(folder: Path, leave: int) -> Path:
    """Takes space until ``leave`` bytes are free."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free_bytes(folder) - leave)
    return ballast


def test_a_full_disk_is_an_ordinary_error_and_the_file_closes_whole(small_disk: Path) -> None:
    writer = EpisodeWriter(small_disk, meta(), DTYPE, CAMERAS)
    writer.append(steps(0, 100))
    writer.add_frame("top", 100.0, picture("top", 0))
    writer.flush()
    ballast = filled(small_disk, 2 * MB)
    writer.append(steps(100, 100))
    for n in range(1, 1000):
        writer.add_frame("top", 100.0 + n, picture("top", n))
    with pytest.raises(EpisodeError, match=r"MB more cannot be written \(No space left"):
        writer.flush()
    writer.abandon("The disk is full.", Outcome.SUCCESS)
    ballast.unlink()
    (left,) = storage.leftovers(small_disk)
    assert (left.ticks, left.problem) == (100, "The disk is full.")
    data = storage.read_episode(storage.salvage(Path(left.path)))
    assert data.steps.tobytes() == steps(0, 100).tobytes()
    assert data.outcome is Outcome.SUCCESS


def test_the_recorder_lives_through_a_full_disk_and_says_what_to_do(
    small_space: Workspace,
) -> None:
    bench = Bench(small_space)
    recorder = RecorderProcess(small_space, f"--refuse-below={9 * MB}", "--cut-below=0")
    bench.begin(1)
    bench.drive(100, 1)
    part = small_space.episodes / "000001.h5.part"
    recorder.until(lambda s: s.recording and storage.counts(part)[0] == 100, "the flush")
    ballast = filled(small_space.root, 0)
    bench.drive(100, 1)
    state = recorder.until(lambda s: s.recording == 0, "the closing")
    assert "Attempt 1 was cut short" in state.problem
    assert "Free some space" in state.problem
    assert state.leftovers[0].ticks >= 100
    bench.end(1, "success")
    bench.begin(2)
    bench.drive(20, 2)
    state = recorder.until(lambda s: "Attempt 2 is not recorded" in s.problem, "the refusal")
    assert "begun with 9 MB or more" in state.refusal
    bench.end(2, "success")
    ballast.unlink()
    recorder.until(lambda s: not s.refusal, "the space")
    bench.begin(3)
    bench.drive(20, 3)
    bench.end(3, "success")
    state = recorder.until(lambda s: s.saved == 1, "the file")
    assert state.problem == ""
    assert recorder.window.ask(Salvage(state.leftovers[0].path)) == Accepted()
    state = recorder.state()
    assert [(e.episode, e.outcome) for e in state.episodes] == [(1, "success"), (3, "success")]
    assert recorder.close() == 0
    bench.close()


def test_the_running_attempt_is_closed_before_the_disk_is_quite_full(
    small_space: Workspace,
) -> None:
    bench = Bench(small_space)
    with contextlib.closing(Recorder(small_space, 9 * MB, 6 * MB)) as recorder:
        bench.begin(1)
        bench.drive(20, 1)
        while not recorder.state().recording:
            recorder.step()
        filled(small_space.root, 5 * MB)
        while recorder.state().recording:
            recorder.step()
        assert "Only 5 MB are free" in recorder.state().problem
        assert recorder.state().leftovers[0].ticks == 20
    bench.close()


def test_a_write_that_fails_all_the_same_costs_neither_the_recorder_nor_what_was_flushed(
    space: Workspace, bench: Bench
) -> None:
    recorder = RecorderProcess(space)
    part = space.episodes / "000001.h5.part"
    bench.begin(1)
    bench.drive(100, 1)
    recorder.until(lambda s: s.recording == 1 and storage.counts(part)[0] == 100, "the flush")
    unlimited = resource.prlimit(recorder.process.pid, resource.RLIMIT_FSIZE)
    limit = (part.stat().st_size + 4096, unlimited[1])
    resource.prlimit(recorder.process.pid, resource.RLIMIT_FSIZE, limit)
    bench.drive(400, 1)
    state = recorder.until(lambda s: s.recording == 0, "the closing")
    assert "Writing failed" in state.problem
    assert state.leftovers[0].ticks >= 100
    resource.prlimit(recorder.process.pid, resource.RLIMIT_FSIZE, unlimited)
    bench.end(1, "success")
    bench.begin(2)
    bench.drive(20, 2)
    bench.end(2, "success")
    recorder.until(lambda s: s.saved == 1, "the next file")
    assert recorder.window.ask(Salvage(state.leftovers[0].path)) == Accepted()
    state = recorder.state()
    assert [e.episode for e in state.episodes] == [1, 2]
    assert recorder.close() == 0, recorder.said
    kept = storage.read_episode(space.episodes / "000001.h5").steps
    assert kept.tobytes() == bench.ticks(1)[: len(kept)].tobytes()


def test_an_edit_that_cannot_be_written_is_refused_and_does_not_count(small_disk: Path) -> None:
    script = """
import sys
from pathlib import Path
from sessions.record.edits import EditError, EditLog
folder = Path(sys.argv[1])
log = EditLog(folder, writable=True)
log.add("tag", 1, 1, 0, "grasp")
with (folder / "ballast").open("wb", buffering=0) as file:
    try:
        while file.write(bytes(4096)):
            pass
    except OSError:
        pass
try:
    for n in range(1000):
        log.add("note", 1, 1, 0, "x" * 100)
except EditError as error:
    count = n
    assert "the edit was not made" in str(error), error
else:
    raise SystemExit("it was written")
assert len(EditLog(folder).labels().note) == (1 if count else 0)
assert not (folder / "edits.jsonl").read_bytes().count(b"\\n") - 1 - count
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(small_disk)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    assert done.returncode == 0, done.stderr


def test_the_disk_is_told_in_minutes_and_an_attempt_begins_only_if_it_can_end(
    small_disk: Path,
) -> None:
    space = DiskSpace(small_disk, 1, 1 * MB, attempt_s=20.0, cameras=0)
    assert space.warning() == ""
    assert space.refusal() == ""
    ballast = filled(small_disk, 10 * MB)
    space.look()
    assert 4.0 < space.minutes < 6.0
    assert "room for 5 more minutes" in space.warning()
    assert space.refusal() == ""
    space.learn([Entry(20 * MB, 0, meta(), duration_s=10.0)] * 3)  # 2 MB/s: 40 MB an attempt
    assert space.minutes < 0.1
    assert "begun with 49 MB or more" in space.refusal()
    ballast.unlink()


def test_what_was_brought_in_says_nothing_of_the_room_that_recording_needs(
    small_disk: Path,
) -> None:
    space = DiskSpace(small_disk, 1, 1 * MB, attempt_s=1.0, cameras=2)
    before = space.needed
    imported = Entry(1000, 0, meta(source="robomimic"), duration_s=10.0)
    blind = Entry(1000, 0, meta(camera_names=()), duration_s=10.0)
    space.learn([imported] * 10 + [blind] * 10)
    assert space.needed == before
