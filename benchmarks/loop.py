"""How punctual the loop is with everything running, and what a takeover costs.

``python benchmarks/loop.py --seconds 120`` starts a whole session on the simulated station (world,
two cameras at 30 frames/s, policy server, recorder, control), lets attempts run with a takeover
every two seconds, first without and then with a training beside it, and measures every tick. A bare
process that only sleeps to its deadlines runs at the same time: what it cannot do, no loop here
can. ``--window`` opens the real window as well, under Xvfb where there is no display. The last line
is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from _live_client import BareLoop, Client
from _live_figures import (
    late_share,
    latencies_ms,
    limits,
    p99_ms,
    table,
    takeovers,
    window,
    within_attempts,
)
from numpy.typing import NDArray

from sessions import config, workspace
from sessions.headless.collecting import demonstrate
from sessions.headless.keeping import Keeper
from sessions.learn.plan import plan_from
from sessions.learn.training import train
from sessions.messages import (
    Arm,
    CancelTraining,
    EndAttempt,
    GiveBack,
    Keys,
    Resume,
    StartAttempt,
    StartTraining,
    TakeOver,
)
from sessions.stations import pick_place_task, simulated_station
from sessions.types import Controller
from sessions.workers import Workers
from sessions.workspace import Workspace

ATTEMPT_S = 18.0
DRIVE_S = 1.2
CORRECT_S = 0.8
LIMITS_REACHED = {"session": 0.001, "training": 0.01}


@dataclass(frozen=True)
class Found:
    """What was measured in one phase.

    Attributes:
        phase: session, or training.
        ticks: ticks measured.
        late: share of ticks that began more than one period late.
        period_p99_ms: 99th percentile of the period's absolute error.
        bare_p99_ms: the same of the bare sleeping loop beside it.
        ratio: one over the other.
        work_p99_ms: 99th percentile of one tick's work.
        takeovers: takeovers measured.
        takeover_p50_ms: from the key to the first human action sent, median.
        takeover_p99_ms: the same, 99th percentile.
        largest_step: largest joint step over velocity limit times period; 1 is the limit.
        policy_ms: time from request to answer, as the loop sees it.
        camera_fps: the slower camera's rate.
        camera_dropped: frames the cameras dropped in the phase.
        holds: ticks of attempts in which the arm held.
    """

    phase: str
    ticks: int
    late: float
    period_p99_ms: float
    bare_p99_ms: float
    ratio: float
    work_p99_ms: float
    takeovers: int
    takeover_p50_ms: float
    takeover_p99_ms: float
    largest_step: float
    policy_ms: float
    camera_fps: float
    camera_dropped: int
    holds: int


def prepared(root: Path, station: config.Station | None = None) -> Workspace:
    """A workspace with a few demonstrations and a base policy that learned a little from them.

    Args:
        root: its folder.
        station: a simulated one; None for the packaged one.
    """
    space = workspace.create(root, station or simulated_station(), quick_task(300))
    keeper = Keeper(space, "benchmark")
    with Workers(2) as workers:
        demonstrate(space, keeper, workers, 0, lambda gathered: gathered.successes >= 4)
    train(space, plan_from(space, 0), lambda _: None, lambda: False)
    space.set_running_round(0)
    # The trainer beside the session is to run for as long as the phase does.
    (root / "task.toml").unlink()
    config.write(root / "task.toml", quick_task(10_000_000))
    return workspace.open_workspace(root)


def quick_task(steps: int) -> Any:
    """The usual task with that many gradient steps."""
    task = pick_place_task()
    options = {**task.training.options, "steps": steps}
    return msgspec.structs.replace(
        task, training=msgspec.structs.replace(task.training, options=options)
    )


def drive(client: Client, seconds: float) -> None:
    """Attempts with a takeover every two seconds, for ``seconds``."""
    end = time.monotonic() + seconds
    ends_at = 0.0
    random = np.random.default_rng(0)
    while time.monotonic() < end:
        control = client.control
        if control is None or control.attempt == 0 or time.monotonic() > ends_at:
            if control is not None and control.attempt:
                client.ask(EndAttempt("failure"))
                client.until(lambda: client.control and not client.control.attempt, "end")
            client.ask(Arm())
            client.ask(StartAttempt())
            client.until(lambda: client.control and client.control.attempt, "start")
            ends_at = time.monotonic() + ATTEMPT_S
        client.run(DRIVE_S)
        client.ask(Resume())  # a hold on a busy machine must not end the measurement
        client.ask(Keys(("up", "left") if int(end - time.monotonic()) % 2 else ("down", "right")))
        # Not right after a tick, where that command's answer left us, but at any moment.
        time.sleep(float(random.uniform(0.0, 0.02)))
        client.ask(TakeOver("keyboard", time.monotonic()))
        client.run(CORRECT_S)
        client.ask(Keys(()))
        client.ask(GiveBack(time.monotonic()))
    client.ask(EndAttempt("failure"))
    client.run(1.0)


def measured(phase: str, client: Client, space: Workspace, seconds: float, folder: Path) -> Found:
    """Runs one phase."""
    client.run(1.0)
    client.take_steps()
    client.take_told()
    dropped = _dropped(client)
    bare = BareLoop(space.station.rate_hz, folder)
    drive(client, seconds)
    times = bare.finish()
    steps = client.take_steps()
    dt = 1.0 / space.station.rate_hz
    error = p99_ms(np.diff(steps["t"]) - dt)
    bare_error = p99_ms(np.diff(times[:, 0]) - dt)
    latencies = latencies_ms(steps, takeovers(steps), client.take_told())
    control, cameras = client.control, client.cameras
    assert control is not None
    assert cameras is not None
    return Found(
        phase=phase,
        ticks=len(steps),
        late=late_share(steps, dt),
        period_p99_ms=error,
        bare_p99_ms=bare_error,
        ratio=error / bare_error,
        work_p99_ms=p99_ms(steps["work_s"]),
        takeovers=len(latencies),
        takeover_p50_ms=float(np.percentile(latencies, 50)),
        takeover_p99_ms=float(np.percentile(latencies, 99)),
        largest_step=_largest_step(steps, space, dt),
        policy_ms=control.policy_ms,
        camera_fps=min(camera.fps for camera in cameras.cameras),
        camera_dropped=_dropped(client) - dropped,
        holds=int(((steps["attempt"] > 0) & (steps["controller"] == Controller.HOLD)).sum()),
    )


def _largest_step(steps: NDArray[Any], space: Workspace, dt: float) -> float:
    jumps = np.abs(np.diff(steps["sent_action"], axis=0))[within_attempts(steps)]
    return float((jumps / (limits(space).velocity * dt)).max())


def _dropped(client: Client) -> int:
    return sum(c.dropped for c in client.cameras.cameras) if client.cameras is not None else 0


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="of each phase")
    parser.add_argument("--window", action="store_true", help="open the real window too")
    options = parser.parse_args()
    found: list[Found] = []
    with tempfile.TemporaryDirectory() as folder:
        space = prepared(Path(folder) / "workspace")
        client = Client(space)
        try:
            client.until(client.ready, "everything is ready")
            with window(space, options.window):
                if options.window:
                    client.run(5.0)
                found.append(measured("session", client, space, options.seconds, Path(folder)))
                client.ask(StartTraining(), "supervisor")
                client.until(lambda: client.supervisor and client.supervisor.training, "training")
                client.run(8.0)  # it imports and reads first
                found.append(measured("training", client, space, options.seconds, Path(folder)))
                client.ask(CancelTraining(), "supervisor")
            recorder = client.recorder
            assert recorder is not None
            kept = {
                "lost_ticks": recorder.lost_ticks,
                "lost_frames": recorder.lost_frames,
                "started": recorder.started,
                "saved": recorder.saved,
            }
        finally:
            client.close()
            shutil.rmtree(space.runtime(), ignore_errors=True)
    print(table(found))
    print("recorder          ", *(f"{name} {value}" for name, value in kept.items()))
    reached = all(
        one.late < LIMITS_REACHED[one.phase]
        and one.largest_step <= 1.0 + 1e-6
        and one.takeover_p99_ms <= 1000.0 / space.station.rate_hz + 2.0
        for one in found
    )
    reached = reached and found[0].period_p99_ms < 3.0
    reached = reached and not kept["lost_ticks"] and not kept["lost_frames"]
    phases = {one.phase: asdict(one) for one in found}
    print(json.dumps({**phases, "recorder": kept, "window": options.window, "reached": reached}))


if __name__ == "__main__":
    main()
