from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from sessions.bus import Subscriber
from sessions.config import Training, write
from sessions.learn import rounds
from sessions.messages import TrainingProgress
from sessions.workspace import Workspace
from tests.sessions.learn.parts import TINY


@contextmanager
def trainer(workspace: Workspace, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "sessions.learn.trainer", str(workspace.root), *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def heard_until(subscriber: Subscriber, stage: str, process: subprocess.Popen[str]) -> list[str]:
    """The stages published until ``stage``, or until the process has long ended."""
    stages: list[str] = []
    deadline = time.monotonic() + 90.0
    while stage not in stages and time.monotonic() < deadline:
        stages += [p.stage for p in subscriber.drain() if isinstance(p, TrainingProgress)]
        if process.poll() is not None:
            stages += [p.stage for p in subscriber.drain() if isinstance(p, TrainingProgress)]
            break
        time.sleep(0.02)
    return stages


def test_the_trainer_publishes_and_leaves_a_whole_policy(workspace: Workspace) -> None:
    subscriber = Subscriber(workspace.runtime(), "trainer")
    with trainer(workspace, "--round", "0", "--share", "0.5") as process:
        stages = heard_until(subscriber, "done", process)
        assert process.wait(30) == 0
    subscriber.close()
    assert "training" in stages
    assert stages[-1] == "done"
    assert rounds.read(workspace, 0).share == 0.5
    assert {p.name for p in workspace.policies.iterdir()} == {"round-000"}


def test_a_terminated_trainer_leaves_nothing(workspace: Workspace) -> None:
    endless = Training(options={**TINY, "steps": 10_000_000})
    write(workspace.root / "task.toml", msgspec.structs.replace(workspace.task, training=endless))
    subscriber = Subscriber(workspace.runtime(), "trainer")
    with trainer(workspace, "--round", "0") as process:
        heard_until(subscriber, "training", process)
        process.send_signal(signal.SIGTERM)
        assert heard_until(subscriber, "cancelled", process)[-1] == "cancelled"
        assert process.wait(30) == 3
    subscriber.close()
    assert list(workspace.policies.iterdir()) == []
    assert rounds.indices(workspace) == []
