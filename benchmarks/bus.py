"""What a bus of nine servos and one of seven cost the loop, and what becomes of their faults.

``python benchmarks/bus.py --seconds 120`` starts a whole session on the emulated ViperX 300 S with
a mirroring GELLO at 100 Hz: world, emulated servos on ptys behind the unmodified SDK, two cameras,
policy server, recorder, window (under Xvfb where there is no display). It measures, in this order:

- ``session``: a takeover every two seconds, by leader and keyboard in turn;
- ``loss``: the same with one packet in a hundred lost on both buses;
- ``unplug``: the follower's cable pulled while it is driven, plugged in again, two acts;
- ``killed``: the control process killed while the arm moves at speed.

Servos, world and everything else share this machine: a real bus is slower (see ``--paced``) and
does not compete for the processor. With few processors most of the tail is a pty's: see
``waiting.py``. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from _live_client import Client
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
from loop import prepared
from numpy.typing import NDArray

from drivers.emulation.control import ask
from drivers.ring import RingReader
from sessions import stations
from sessions.config import Station
from sessions.messages import (
    Arm,
    ControlState,
    EndAttempt,
    GiveBack,
    Keys,
    Message,
    Reconnect,
    Resume,
    SelectOperator,
    TakeOver,
)
from sessions.types import HoldReason
from sessions.workspace import Workspace

RATE_HZ = 100.0
BUS_LIMIT_MS = 4.0
LATE_LIMIT = 0.001
STOP_LIMIT_MS = 100.0
WINDOW = 1000  # ticks
ATTEMPT_S = 18.0
DRIVE_S = 1.2
CORRECT_S = 0.8
STILL_RAD_S = 0.05
ARMS = ("follower", "leader")


class Watcher(Client):
    """A client that keeps every ControlState."""

    def __init__(self, space: Workspace) -> None:
        super().__init__(space)
        self.states: list[ControlState] = []

    def pump(self) -> None:
        """Looks, and keeps the state if it is new."""
        super().pump()
        state = self.control
        if state is not None and (not self.states or self.states[-1] is not state):
            self.states.append(state)

    def device(self, name: str) -> Any:
        """A device as control saw it last."""
        assert self.control is not None
        return next(d for d in self.control.devices if d.name == name)

    def needs(self, command: Message) -> None:
        """Asks until it is accepted: a machine this busy may hold in between."""
        self.until(lambda: self.ask(command), type(command).__name__)

    def start(self) -> None:
        """Arms and starts an attempt."""
        self.until(self.started, "start")


@dataclass(frozen=True)
class Found:
    """What was measured while the arm was driven.

    Attributes:
        phase: session, or loss.
        ticks: ticks measured.
        late: share of ticks that began more than one period late.
        wake_p99_ms: how late ticks began, 99th percentile: what this machine takes even from a
            process that comes before all others, wherever it is just then.
        bus_p99_ms: a tick's work on both buses with all that arm and operators make of it, 99th
            percentile of all ticks.
        bus_worst_p99_ms: the same, of the worst 10 s.
        work_p99_ms: 99th percentile of one tick's whole work.
        follower_p99_ms: the follower's own transactions, 99th percentile.
        leader_p99_ms: the leader's.
        lost: packets that were not answered, as the window shows it, both buses.
        corrupt: answers that could not be read.
        lost_holds: holds because an arm was lost or stopped itself.
        other_holds: holds for other reasons (a late policy or camera on a busy machine).
        largest_step: largest joint step sent over velocity limit times period; 1 is the limit.
        largest_move: the same of what was measured.
        takeovers: takeovers measured.
        takeover_p99_ms: from the key to the first human action sent, 99th percentile.
    """

    phase: str
    ticks: int
    late: float
    wake_p99_ms: float
    bus_p99_ms: float
    bus_worst_p99_ms: float
    work_p99_ms: float
    follower_p99_ms: float
    leader_p99_ms: float
    lost: int
    corrupt: int
    lost_holds: int
    other_holds: int
    largest_step: float
    largest_move: float
    takeovers: int
    takeover_p99_ms: float


def station(*, paced: bool) -> Station:
    """The packaged emulated station at 100 Hz, with keyboard and leader."""
    found = stations.load("viperx-emulated")
    names = ("keyboard", "scripted", "leader")
    return msgspec.structs.replace(
        found,
        rate_hz=RATE_HZ,
        robot={**found.robot, "paced": paced},
        operators={name: found.operators[name] for name in names},
        operator="leader",
    )


def drive(client: Watcher, seconds: float) -> None:
    """Attempts with a takeover every two seconds, by leader and keyboard in turn."""
    end, ends_at, turn = time.monotonic() + seconds, 0.0, 0
    random = np.random.default_rng(0)
    while time.monotonic() < end:
        if not client.control or not client.control.attempt or time.monotonic() > ends_at:
            _end(client)
            client.start()
            ends_at = time.monotonic() + ATTEMPT_S
        client.run(DRIVE_S)
        client.ask(Arm())
        client.ask(Resume())  # a hold on a busy machine must not end the measurement
        turn += 1
        device = ("leader", "keyboard")[turn % 2]
        client.ask(Keys(("up", "left") if turn % 4 < 2 else ("down", "right")))
        time.sleep(float(random.uniform(0.0, 1.0 / RATE_HZ)))
        client.ask(TakeOver(device, time.monotonic()))
        client.run(CORRECT_S)
        client.ask(Keys(()))
        client.ask(GiveBack(time.monotonic()))
    _end(client)
    client.run(1.0)


def _end(client: Watcher) -> None:
    if client.control and client.control.attempt:
        client.ask(EndAttempt("failure"))
        client.until(lambda: client.control and not client.control.attempt, "end")


def measured(phase: str, client: Watcher, space: Workspace, seconds: float) -> Found:
    """Drives for a while and looks at every tick of it."""
    client.run(1.0)
    client.take_steps()
    client.take_told()
    before = _counts(client)
    drive(client, seconds)
    steps, told, after = client.take_steps(), client.take_told(), _counts(client)
    buses = told["devices_s"]
    lost, other = _holds(steps)
    latencies = latencies_ms(steps, takeovers(steps), told)
    return Found(
        phase=phase,
        ticks=len(steps),
        late=late_share(steps, 1.0 / RATE_HZ),
        wake_p99_ms=p99_ms(steps["t"] - steps["deadline"]),
        bus_p99_ms=p99_ms(buses),
        bus_worst_p99_ms=max(p99_ms(buses[i : i + WINDOW]) for i in range(0, len(buses), WINDOW)),
        work_p99_ms=p99_ms(steps["work_s"]),
        follower_p99_ms=client.device("robot").bus_p99_ms,
        leader_p99_ms=client.device("leader").bus_p99_ms,
        lost=after[0] - before[0],
        corrupt=after[1] - before[1],
        lost_holds=lost,
        other_holds=other,
        largest_step=_largest(steps, "sent_action", space),
        largest_move=_largest(steps, "position", space),
        takeovers=len(latencies),
        takeover_p99_ms=float(np.percentile(latencies, 99)),
    )


def _counts(client: Watcher) -> tuple[int, int]:
    devices = [client.device("robot"), client.device("leader")]
    return sum(d.lost for d in devices), sum(d.corrupt for d in devices)


def _holds(steps: NDArray[Any]) -> tuple[int, int]:
    """How often it held for an arm, and for something else."""
    arm = np.isin(steps["reason"], (HoldReason.ROBOT_LOST, HoldReason.SELF_STOPPED))
    idle = np.isin(steps["reason"], (HoldReason.NONE, HoldReason.IDLE, HoldReason.PAUSED))
    other = ~arm & ~idle
    return int((np.diff(arm.astype(int)) > 0).sum()), int((np.diff(other.astype(int)) > 0).sum())


def _largest(steps: NDArray[Any], field: str, space: Workspace) -> float:
    """Largest step within attempts, over what the velocity limit allows in its time."""
    inside = within_attempts(steps)
    # An arm that was lost begins anew where it is found.
    whole = ~np.isin(steps["reason"], (HoldReason.ROBOT_LOST, HoldReason.SELF_STOPPED))
    inside &= whole[1:] & whole[:-1]
    elapsed = np.maximum(np.diff(steps["t"]), 1.0 / RATE_HZ)[:, None]
    speed = np.abs(np.diff(steps[field], axis=0))[inside] / elapsed[inside]
    return float((speed[:, :6] / limits(space).velocity[:6]).max())


def unplugged(client: Watcher, runtime: Path, times: int) -> dict[str, Any]:
    """Pulls the follower's cable while it is driven, plugs it in again, and goes on by two acts."""
    periods, named, back_s = [], 0, []
    for _ in range(times):
        _end(client)
        client.start()
        client.run(1.0)
        client.take_steps()
        pulled_t = time.monotonic()
        ask(runtime, "follower", "unplug")
        client.until(lambda: client.control and client.control.reason == "robot_lost", "hold")
        assert client.control is not None
        named += "robot" in client.control.reason_text and client.control.gate == "hold"
        client.run(0.1)
        steps = client.take_steps()
        held = steps["t"][(steps["reason"] == HoldReason.ROBOT_LOST) & (steps["t"] > pulled_t)]
        # The first tick that began after the pull could notice it; that is the first period.
        periods.append(float(np.ceil((held[0] - pulled_t) * RATE_HZ)))
        ask(runtime, "follower", "replug")
        plugged_t = time.monotonic()
        client.ask(Reconnect())
        client.until(lambda: client.device("robot").ok, "reconnect")
        accepted = [client.ask(Arm()), client.ask(Resume())]
        client.until(lambda: client.control and client.control.gate == "policy", "go on")
        assert all(accepted), accepted
        back_s.append(time.monotonic() - plugged_t)
    return {
        "times": times,
        "periods_to_hold": max(periods),
        "device_named": named,
        "acts_to_go_on": 2,
        "back_s": max(back_s),
    }


def killed(client: Watcher, runtime: Path, times: int) -> dict[str, Any]:
    """Kills the control process while the arm moves, and watches the arm itself."""
    stopped_ms, speeds = [], []
    for turn in range(times):
        client.until(client.ready, "ready")
        client.needs(SelectOperator("keyboard"))
        client.start()
        client.needs(TakeOver("keyboard", time.monotonic()))
        client.ask(Keys(("left",) if turn % 2 else ("right",)))
        client.run(0.6)
        assert client.supervisor is not None
        pid = next(p.pid for p in client.supervisor.processes if p.name == "control")
        kept = 0.4
        os.kill(pid, signal.SIGKILL)
        killed_t = time.monotonic()
        time.sleep(kept)
        t, speed = _world(runtime)
        moving = (speed > STILL_RAD_S) & (t > killed_t)
        speeds.append(float(speed[t <= killed_t][-20:].max()))
        stopped_ms.append(1000.0 * float(t[moving][-1] - killed_t) if moving.any() else 0.0)
        client.until(lambda pid=pid: _new_control(client, pid), "control comes back")
        client.run(1.0)
    return {
        "times": times,
        "speed_rad_s": min(speeds),
        "stopped_ms": max(stopped_ms),
        "stopped_median_ms": float(np.median(stopped_ms)),
    }


def _new_control(client: Watcher, former: int) -> bool:
    """Whether another control process than ``former`` is up and has been heard."""
    found = client.supervisor
    pids = [p.pid for p in found.processes if p.name == "control"] if found is not None else []
    fresh = bool(client.states) and time.monotonic() - client.states[-1].t < 0.5
    return pids not in ([], [0], [former]) and fresh


def _world(runtime: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """The arm as its world has it: times [s] and the fastest joint's speed [rad/s]."""
    reader = RingReader(runtime / "world-state.ring")
    try:
        records = reader.since(max(0, reader.head - reader.slots + 2))[0]
    finally:
        reader.close()
    return records["t"], np.abs(records["velocity"][:, :6]).max(axis=1)


def faults_table(others: dict[str, dict[str, Any]]) -> str:
    """What became of the faults, a line each."""
    lines = []
    for phase, figures in others.items():
        said = ", ".join(f"{k} {v:.4g}" for k, v in figures.items())
        lines.append(f"{phase:<20}{said}")
    return "\n".join(lines)


def reached(found: list[Found], unplug: dict[str, Any], kill: dict[str, Any]) -> dict[str, bool]:
    """Which of the numbers that were asked for are reached."""
    session, loss = found
    return {
        "bus_p99": session.bus_p99_ms < BUS_LIMIT_MS,
        "late": session.late < LATE_LIMIT,
        "loss": loss.lost > 0 and loss.lost_holds == 0 and loss.largest_step <= 1.0 + 1e-6,
        "unplug": unplug["periods_to_hold"] <= 2.0 and unplug["device_named"] == unplug["times"],
        "killed": kill["stopped_ms"] <= STOP_LIMIT_MS,
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="of the first phase")
    parser.add_argument("--loss-seconds", type=float, default=60.0, help="of the second")
    parser.add_argument("--times", type=int, default=5, help="pulled cables and killed processes")
    parser.add_argument("--no-window", action="store_true", help="without the real window")
    parser.add_argument("--paced", action="store_true", help="servos as late as at 1 Mbit/s")
    options = parser.parse_args()
    load = os.getloadavg()[0]  # of others: what is measured here is the machine as well
    with tempfile.TemporaryDirectory() as folder:
        space = prepared(Path(folder) / "workspace", station(paced=options.paced))
        runtime = space.runtime()
        client = Watcher(space)
        try:
            client.until(client.ready, "everything is ready")
            with window(space, not options.no_window):
                client.run(0.0 if options.no_window else 5.0)
                found = [measured("session", client, space, options.seconds)]
                for arm in ARMS:
                    ask(runtime, arm, "loss=0.01")
                found.append(measured("loss", client, space, options.loss_seconds))
                for arm in ARMS:
                    ask(runtime, arm, "well")
                unplug = unplugged(client, runtime, options.times)
                _end(client)
                kill = killed(client, runtime, options.times)
            recorder = client.recorder
            assert recorder is not None
            kept = {"lost_ticks": recorder.lost_ticks, "lost_frames": recorder.lost_frames}
        finally:
            client.close()
            shutil.rmtree(runtime, ignore_errors=True)
    faults = {"unplug": unplug, "killed": kill, "recorder": kept}
    print(table(found))
    print(faults_table(faults))
    goals = reached(found, unplug, kill)
    phases = {one.phase: asdict(one) for one in found}
    extra = {
        "load_before": load,
        "window": not options.no_window,
        "paced": options.paced,
    }
    print(json.dumps({**phases, **faults, **extra, "reached": goals}))


if __name__ == "__main__":
    main()
