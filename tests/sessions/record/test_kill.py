"""A real writer process, killed at random moments."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sessions.record import storage
from sessions.types import Outcome
from tests.sessions.record.parts import CAMERAS, picture, steps

KILLS = int(os.environ.get("KILLS", "10"))

WRITER = """
import os, sys
from pathlib import Path
from sessions.record.storage import EpisodeWriter
from tests.sessions.record.parts import CAMERAS, DTYPE, meta, picture, steps
writer = EpisodeWriter(Path(sys.argv[1]), meta(), DTYPE, CAMERAS)
tick = frame = 0
while True:
    writer.append(steps(tick, 25)); tick += 25
    for _ in range(15):
        for camera in CAMERAS:
            writer.add_frame(camera, frame / 30, picture(camera, frame, 30000), sequence=frame)
        frame += 1
    writer.flush()
    os.write(1, f"{tick} {frame}\\n".encode())
"""


def killed_writer(folder: Path, after_s: float) -> tuple[int, int]:
    """Runs a writer, kills it ``after_s`` after its first flush; (ticks, frames) it flushed."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    with process.stdout:
        lines = [process.stdout.readline()]
        time.sleep(after_s)  # the moment is what is being drawn here
        process.send_signal(signal.SIGKILL)
        process.wait()
        lines += process.stdout.readlines()
    whole = [line.split() for line in lines if line.endswith(b"\n")]
    return int(whole[-1][0]), int(whole[-1][1])


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_recording_is_whole_up_to_its_last_flush(tmp_path: Path, number: int) -> None:
    after_s = float(np.random.default_rng(number).uniform(0.0, 0.25))
    ticks, frames = killed_writer(tmp_path, after_s)
    (left,) = storage.leftovers(tmp_path)
    assert left.ticks >= ticks
    data = storage.read_episode(Path(left.path))
    assert data.steps.tobytes() == steps(0, left.ticks).tobytes()
    final = storage.salvage(Path(left.path), Outcome.FAILURE)
    kept = storage.read_episode(final)
    assert kept.steps.tobytes() == data.steps.tobytes()
    assert kept.outcome is Outcome.FAILURE
    assert "not finished" in kept.note
    assert len(kept.frames["top"].t) >= frames
    with storage.FrameReader(final) as reader:
        for camera in CAMERAS:
            for n in range(0, len(kept.frames[camera].t), 7):
                assert reader.jpeg(camera, n) == picture(camera, n, 30000)
    assert not storage.leftovers(tmp_path)
