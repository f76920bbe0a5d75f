"""What recorded data costs: opening, recording, killing, scrubbing, reading for training.

``python benchmarks/data.py`` runs all parts; ``--only open,kill`` some. Each prints its figures
beside a baseline of the same run, and the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from drivers.ring import RingReader
from sessions.bus import Requester
from sessions.messages import RecorderState, Snapshot
from sessions.record import jpeg, storage
from sessions.record.catalogue import Catalogue
from sessions.record.layout import EpisodeMeta
from sessions.record.storage import EpisodeWriter, FrameReader
from sessions.stations import pick_place_task, simulated_station
from sessions.types import Controller, Outcome, step_dtype
from sessions.workspace import Workspace, create

Figures = dict[str, float]
EPISODES, TICKS = 2000, 600
KILL_WITHIN_S, KILL_ATTEMPT_S = 2.5, 6.0
KEPT = 20  # the ring reaches back 80 s
SIDE = 224
LIMITS = {
    "open_first_s": 2.0,
    "open_again_s": 0.5,
    "scrub_p95_ms": 50.0,
    "recorder_lost": 0.0,
    "recorder_cores": 1.0,
    "kill_harmed": 0.0,
    "kill_most_lost_s": 1.0,
}
AT_LEAST = {"windows_ratio": 3.0}


def fresh(root: Path) -> Workspace:
    """A simulated workspace without a policy."""
    return create(root, simulated_station(), pick_place_task())


def filled(root: Path, episodes: int = EPISODES) -> Workspace:
    """A workspace of attempts of 600 ticks with two interventions each, without pictures."""
    space = fresh(root)
    names = (*(f"joint_{i}" for i in range(6)), "gripper")
    dtype = step_dtype(len(names), 0, 0)
    random = np.random.default_rng(0)
    for number in range(1, episodes + 1):
        steps = np.zeros(TICKS, dtype)
        steps["tick"] = np.arange(TICKS)
        steps["t"] = steps["deadline"] = np.arange(TICKS) / 50.0
        steps["position"] = np.cumsum(random.normal(0, 0.005, (TICKS, len(names))), axis=0)
        steps["sent_action"] = steps["policy_action"] = steps["position"]
        steps["human_action"] = np.nan
        steps["controller"] = Controller.POLICY
        for start in (150, 400):
            steps["controller"][start : start + 80] = Controller.HUMAN
        meta = EpisodeMeta(number, round=number // 200, joint_names=names, uid=f"{number}")
        writer = EpisodeWriter(space.episodes, meta, dtype)
        writer.append(steps)
        writer.finish(Outcome.SUCCESS)
    return space


def opening(folder: Path) -> Figures:
    """A workspace of 2,000 episodes: the first opening, the next, and reading them all instead."""
    space = filled(folder / "many")
    (space.episodes / "index.msgpack").unlink(missing_ok=True)
    first = timed(lambda: Catalogue(space).interventions())
    again = statistics.median(timed(lambda: Catalogue(space).interventions()) for _ in range(3))
    paths = sorted(space.episodes.glob("*.h5"))[:100]
    whole = timed(lambda: [storage.read_episode(p) for p in paths]) * EPISODES / len(paths)
    return {
        "open_first_s": first,
        "open_again_s": again,
        "open_by_reading_s": whole,
        "open_ratio_to_reading": first / whole,
    }


def recording(folder: Path, seconds: float) -> Figures:
    """Two cameras at 60 frames/s and 200 ticks/s into the real recorder process."""
    space = fresh(folder / "recorded")
    with recorder_of(space) as (process, window):
        load = subprocess.Popen(load_command(space, seconds), stdout=subprocess.PIPE, text=True)
        assert load.stdout is not None
        load.stdout.readline()
        before = cpu_s(process.pid)
        wrote = json.loads(load.stdout.readline())
        cores = (cpu_s(process.pid) - before) / seconds
        load.wait()
        state: RecorderState = window.ask(Snapshot(), 10.0)
    ticks = frames = size = 0
    for path in space.episodes.glob("*.h5"):
        counted = storage.counts(path)
        ticks += counted[0]
        frames += sum(counted[1].values())
        size += path.stat().st_size
    plain = timed(lambda: _written(folder / "plain", size))
    return {
        "recorder_lost": float(state.lost_ticks + state.lost_frames + wrote["ticks"] - ticks),
        "recorder_ticks": float(ticks),
        "recorder_frames": float(frames),
        "recorder_cores": cores,
        "recorder_mb_s": size / seconds / 1e6,
        "recorder_share_of_plain_writing": plain / seconds,
    }


def killing(folder: Path, times: int) -> Figures:
    """The recorder killed at random moments; each next one goes on with the running attempt.

    Moments are drawn over more than two flushes, from the first one on, and attempts are short: so
    the going on with an attempt and its finishing, when most is written, are hit more often than in
    a session.
    """
    space = fresh(folder / "killed")
    load = subprocess.Popen(
        load_command(space, 1e6, ticks=50.0, frames=30.0, attempt_s=KILL_ATTEMPT_S),
        stdout=subprocess.PIPE,
    )
    assert load.stdout is not None
    load.stdout.readline()
    random = np.random.default_rng(0)
    whole: dict[str, tuple[int, float]] = {}
    harmed, lost = 0, []
    try:
        for _ in range(times):
            with recorder_of(space) as (process, window):
                state: RecorderState = window.ask(Snapshot(), 20.0)
                time.sleep(float(random.uniform(0.0, KILL_WITHIN_S)))
                process.kill()
                killed_t = time.monotonic()
                process.wait()
            lost += _lost_s(space, killed_t)
            for path in space.episodes.glob("*.h5"):
                found = (path.stat().st_size, path.stat().st_mtime)
                harmed += whole.setdefault(path.name, found) != found
                storage.read_episode(path)
            _keep_few(space, state.recording)
    finally:
        load.kill()
        load.wait()
    return {
        "kill_times": float(times),
        "kill_in_attempt": float(len(lost)),
        "kill_finished": float(len(whole)),
        "kill_harmed": float(harmed),
        "kill_most_lost_s": max(lost, default=0.0),
        "kill_median_lost_s": statistics.median(lost) if lost else 0.0,
    }


@contextlib.contextmanager
def recorder_of(space: Workspace) -> Iterator[tuple[subprocess.Popen[bytes], Requester]]:
    """The real recorder process, ready, and a window's socket to it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sessions.record.recorder", str(space.root), "--refuse-below", "1"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    window = Requester(space.runtime(), "recorder")
    try:
        window.ask(Snapshot(), 30.0)
        yield process, window
    finally:
        window.close()
        if process.poll() is None:
            process.terminate()
        process.wait(30)


def load_command(
    space: Workspace,
    seconds: float,
    *,
    ticks: float = 200.0,
    frames: float = 60.0,
    attempt_s: float = 20.0,
) -> list[str]:
    """What writes ticks and frames."""
    script = Path(__file__).with_name("_ring_load.py")
    rates = ["--seconds", str(seconds), "--ticks", str(ticks), "--frames", str(frames)]
    rates += ["--attempt", str(attempt_s)]
    return [sys.executable, str(script), str(space.root), *rates]


def cpu_s(pid: int) -> float:
    """Processor time a process has used [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(work: Callable[[], Any]) -> float:
    """How long it takes [s]."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _lost_s(space: Workspace, killed_t: float) -> list[float]:
    """How much of the attempt that ran at the kill is on no disk [s]; empty between attempts."""
    ring = RingReader(space.runtime() / "steps.ring")
    ticks = ring.since(0)[0]
    ring.close()
    ticks = ticks[ticks["t"] <= killed_t]
    attempt = int(ticks["attempt"][-1]) if len(ticks) else 0
    if not attempt:
        return []
    part = space.episodes / f"{attempt:06d}.h5.part"
    begun = float(ticks["t"][ticks["attempt"] == attempt][0])
    try:
        steps = storage.read_episode(part).steps
    except storage.EpisodeError:  # killed before its file was there
        return [killed_t - begun]
    return [killed_t - (float(steps["t"][-1]) if len(steps) else begun)]


def _keep_few(space: Workspace, running: int) -> None:
    """The disk is not what is measured; whose ticks are in the ring still must have their file."""
    for path in sorted(space.episodes.glob("*.h5"))[:-KEPT]:
        path.unlink()
    for part in space.episodes.glob("*.part"):
        if running and int(part.name[:6]) < running:
            part.unlink()


def _written(path: Path, size: int) -> None:
    block = bytes(1 << 20)
    with path.open("wb") as file:
        for _ in range(max(1, size >> 20)):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def scrubbing(folder: Path) -> Figures:
    """A random picture of both cameras of a recorded attempt, decoded."""
    space = _pictured(folder)
    path = max(space.episodes.glob("*.h5"), key=lambda p: p.stat().st_size)
    random = np.random.default_rng(1)
    with FrameReader(path) as reader:
        count = min(storage.counts(path)[1].values())
        cameras = list(storage.counts(path)[1])
        taken = [
            timed(lambda i=int(i): [reader.image(c, i) for c in cameras]) * 1000.0
            for i in random.integers(0, count, 300)
        ]
    return {
        "scrub_p95_ms": float(np.percentile(taken, 95)),
        "scrub_median_ms": statistics.median(taken),
    }


def windows(folder: Path) -> Figures:
    """Random training windows, one tick's two pictures at 224x224 and the chunk after it.

    Read from the recording, and from the same attempts as exported to LeRobot's video.
    """
    from sessions.record.exchange import lerobot
    from sessions.record.exchange.base import Outgoing
    from sessions.record.query import parse, select

    space = _pictured(folder)
    catalogue = Catalogue(space)
    lerobot.export(Outgoing(space, catalogue, select(catalogue, parse(""))), folder / "lerobot")
    path = max(space.episodes.glob("*.h5"), key=lambda p: p.stat().st_size)
    data = storage.read_episode(path)
    earlier = [e.ticks for e in catalogue.episodes() if e.episode < data.meta.episode]
    rows = np.random.default_rng(2).integers(0, len(data.steps) - 16, 200).tolist()
    known = {c: data.frame_rows(c) for c in data.meta.camera_names}
    with FrameReader(path) as reader:

        def from_recording() -> None:
            for row in rows:
                for camera, index in known.items():
                    picture = reader.jpeg(camera, int(index[row]))
                    jpeg.resized(jpeg.decode_reduced(picture, SIDE, SIDE), SIDE, SIDE)
                np.array(data.steps["sent_action"][row : row + 16])

        ours = timed(from_recording)
    first = sum(earlier)
    theirs = timed(
        lambda: [
            _from_video(folder / "lerobot", camera, [first + row for row in rows])
            for camera in known
        ]
    )
    return {
        "windows_s": len(rows) / ours,
        "windows_video_s": len(rows) / theirs,
        "windows_ratio": theirs / ours,
    }


def _from_video(root: Path, camera: str, frames: list[int]) -> None:
    """Decodes and resizes the given frames of an exported camera, seeking to each."""
    import av

    path = next((root / "videos" / f"observation.images.{camera}").glob("**/*.mp4"))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate is not None
        assert stream.time_base is not None
        stream.codec_context.thread_count = 1  # as the reading of the recording, and as LeRobot's
        for wanted in frames:
            t = wanted / float(stream.average_rate)
            container.seek(int(t / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                if frame.time is not None and frame.time >= t - 1e-4:
                    jpeg.resized(frame.to_ndarray(format="rgb24"), SIDE, SIDE)
                    break


def _pictured(folder: Path) -> Workspace:
    """A workspace with a recorded attempt with pictures of both cameras, made once."""
    root = folder / "pictured"
    if (root / "workspace.json").exists():
        return create(root, simulated_station(), pick_place_task())
    space = fresh(root)
    with recorder_of(space):
        subprocess.run(
            load_command(space, 22.0, ticks=50.0, frames=30.0),
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return space


PARTS: dict[str, Callable[[Path, argparse.Namespace], Figures]] = {
    "open": lambda folder, options: opening(folder),
    "record": lambda folder, options: recording(folder, options.seconds),
    "kill": lambda folder, options: killing(folder, options.kills),
    "scrub": lambda folder, options: scrubbing(folder),
    "windows": lambda folder, options: windows(folder),
}


def main() -> None:
    """Runs the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas")
    parser.add_argument("--seconds", type=float, default=120.0, help="of recording")
    parser.add_argument("--kills", type=int, default=100)
    options = parser.parse_args()
    found: Figures = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name in options.only.split(","):
            found |= PARTS[name](Path(folder), options)
        for root in Path(folder).glob("*/workspace.json"):
            shutil.rmtree(create(root.parent, simulated_station(), pick_place_task()).runtime())
    reached = all(found[k] <= v for k, v in LIMITS.items() if k in found)
    reached &= all(found[k] >= v for k, v in AT_LEAST.items() if k in found)
    for name, value in found.items():
        limit = LIMITS.get(name, AT_LEAST.get(name))
        print(f"{name:34}{value:12.3f}" + (f"   reach {limit:g}" if limit is not None else ""))
    print(json.dumps({**found, "reached": reached}))


if __name__ == "__main__":
    main()
