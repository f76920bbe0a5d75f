"""The real processes: driven through an attempt, and killed one by one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sessions.bus import Requester
from sessions.messages import (
    Accepted,
    Activate,
    Arm,
    AttemptEnded,
    ClearFault,
    ControlState,
    Disarm,
    EndAttempt,
    GiveBack,
    Keys,
    Message,
    RecorderState,
    Refused,
    RestartProcess,
    Resume,
    SupervisorState,
    Suspend,
    TakeOver,
)
from sessions.record.stream import Rules
from sessions.types import Controller
from tests.sessions.live.session import (
    LiveSession,
    gone,
    problem,
    save_policy,
    space_with_policy,
    stop,
)

pytestmark = [pytest.mark.alone, pytest.mark.timeout(170)]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSession]:
    """One session for all tests here; each leaves it holding, with every process running."""
    space = space_with_policy(tmp_path_factory.mktemp("live") / "space")
    with LiveSession(space) as live:
        live.wait_ready()
        yield live


@pytest.fixture(autouse=True)
def _calm(session: LiveSession) -> Iterator[None]:
    yield
    session.beating = True
    if session.control.gate == "fault":
        session.do(ClearFault())
    if session.control.attempt:
        session.do(EndAttempt("discarded"))
    session.wait_ready()


def test_an_attempt_is_driven_taken_over_given_back_and_recorded(session: LiveSession) -> None:
    saved = session.recorder.saved
    session.start()
    episode = session.control.attempt
    session.do(Keys(("up",)))
    session.do(TakeOver("keyboard", input_t=1.0))
    session.until(lambda: session.control.controller == "human")
    session.until(lambda: (session.steps()["controller"] == Controller.HUMAN).sum() > 20)
    session.do(GiveBack())
    session.until(lambda: session.control.controller == "policy")
    session.do(EndAttempt("success"))
    session.until(lambda: session.recorder.saved == saved + 1)
    ended = session.heard(AttemptEnded)[-1]
    assert (ended.episode, ended.outcome) == (episode, "success")
    summary = next(e for e in session.recorder.episodes if e.episode == episode)
    assert summary.interventions == 1
    assert session.recorder.lost_ticks == 0
    steps = session.steps()
    steps = steps[steps["attempt"] == episode]
    jumps = np.abs(np.diff(steps["sent_action"], axis=0))
    assert (jumps <= np.array([1.5] * 6 + [3.0]) / 50 + 1e-9).all()


def test_a_window_that_falls_silent_holds_the_arm(session: LiveSession) -> None:
    session.start()
    session.beating = False
    session.until(lambda: session.control.gate == "hold")
    assert session.control.reason == "window_lost"
    session.beating = True
    session.resume()


def test_a_killed_policy_server_holds_comes_back_and_is_given_its_policy(
    session: LiveSession,
) -> None:
    session.start()
    session.kill("policy")
    session.until(lambda: session.control.gate == "hold")
    assert session.control.reason == "policy_late"
    session.until(lambda: session.process("policy").restarts == 1)
    session.until(lambda: session.device("policy").text)  # it is silent, or loads
    session.until(lambda: session.device("policy").ok and not session.device("policy").text)
    session.resume()
    session.until(lambda: session.control.controller == "policy")


def test_stalled_cameras_hold_and_killed_ones_come_back(session: LiveSession) -> None:
    session.start()
    os.kill(session.process("cameras").pid, signal.SIGSTOP)
    session.until(lambda: session.control.gate == "hold")
    assert session.control.reason == "camera_stale"
    assert "camera's picture is" in session.control.reason_text
    session.kill("cameras")
    session.until(lambda: session.process("cameras").restarts >= 1)
    session.resume()


def test_a_stalled_control_process_neither_goes_on_nor_obeys_what_was_pressed_meanwhile(
    session: LiveSession,
) -> None:
    session.start()
    pid = session.process("control").pid
    os.kill(pid, signal.SIGSTOP)
    requester = Requester(session.runtime, "control")
    try:
        asked = requester.send(Resume())
        late_t = time.monotonic() + 1.5  # longer than PATIENT.robot_s
        session.until(lambda: time.monotonic() > late_t)
        os.kill(pid, signal.SIGCONT)
        replies: dict[int, Message] = {}
        session.until(lambda: replies.update(requester.poll()) or asked in replies)
    finally:
        os.kill(pid, signal.SIGCONT)
        requester.close()
    reply = replies[asked]
    assert isinstance(reply, Refused)
    assert "late" in reply.why
    session.until(lambda: session.control.reason == "stalled")
    session.resume()


def test_a_killed_recorder_is_counted_and_no_attempt_starts_until_it_is_back(
    session: LiveSession,
) -> None:
    session.start()
    episode = session.control.attempt
    session.until(lambda: session.recorder.recording == episode)
    session.kill("recorder")
    session.until(lambda: session.process("recorder").restarts == 1)
    assert session.control.gate == "policy"
    since = len(session.events)
    session.until(lambda: session.heard(RecorderState, since))
    session.until(lambda: session.heard(RecorderState, since)[-1].recording == episode)
    late_t = time.monotonic() + 1.5 * Rules().grace_s  # and it stays so
    session.until(lambda: time.monotonic() > late_t)
    assert session.recorder.recording == episode
    session.do(EndAttempt("failure"))
    session.until(lambda: any(e.episode == episode for e in session.recorder.episodes))


def test_a_killed_control_process_comes_back_holding_and_disarmed(session: LiveSession) -> None:
    session.start()
    pid = session.kill("control")
    session.until(lambda: session.process("control").restarts == 1)
    since = len(session.events)
    session.until(lambda: session.heard(ControlState, since))
    assert session.process("control").pid != pid
    state = session.heard(ControlState, since)[-1]
    assert not state.armed
    assert state.gate in ("hold", "fault")
    session.wait_ready()
    assert session.control.round == 0


def test_a_killed_world_is_a_pulled_cable_and_comes_back_only_when_asked(
    session: LiveSession,
) -> None:
    session.start()
    session.kill("world")
    session.until(lambda: session.control.reason == "robot_lost")
    assert session.control.gate == "hold"
    assert not session.control.armed
    session.until(lambda: not session.process("world").running)
    assert "plugs a cable in" in session.process("world").text
    assert "lost" in session.refused(Arm())
    session.do(RestartProcess("world"), "supervisor")
    session.until(lambda: session.device("robot").ok)
    assert session.control.reason_text == "The robot was lost, and is back."
    session.do(Arm())
    session.until(lambda: session.control.armed)
    session.resume()


def test_a_suspended_control_process_leaves_its_devices_until_it_is_resumed(
    session: LiveSession,
) -> None:
    session.start()
    assert "End it first" in session.refused(Suspend("control"), "supervisor")
    session.do(EndAttempt("discarded"))
    session.until(lambda: not session.control.attempt)
    assert "cannot be suspended" in session.refused(Suspend("policy"), "supervisor")
    pid = session.process("control").pid
    # The supervisor hears of the attempt's end when it does, which may be after this client.
    session.until(lambda: isinstance(session.ask("supervisor", Suspend("control")), Accepted))
    session.until(lambda: not session.process("control").running)
    assert gone(pid)
    assert session.process("control").suspended
    assert session.process("world").running
    late_t = time.monotonic() + 1.5  # and it is not started again by itself
    session.until(lambda: time.monotonic() > late_t)
    assert session.process("control").suspended
    session.do(RestartProcess("control"), "supervisor")
    session.until(lambda: session.process("control").running)
    since = len(session.events)
    session.until(lambda: session.heard(ControlState, since))
    assert session.process("control").pid != pid
    assert not session.control.armed


def test_an_older_round_is_made_the_running_one_and_a_foreign_one_is_refused(
    session: LiveSession,
) -> None:
    save_policy(session.space, 1)
    save_policy(session.space, 2, rate_hz=20.0)
    session.do(Activate(1), "supervisor")
    session.until(lambda: session.control.round == 1)
    session.until(lambda: session.space.running_round() == 1)
    session.do(Activate(2), "supervisor")
    session.until(lambda: "20 Hz" in problem(session))
    assert session.control.round == 1
    assert session.space.running_round() == 1
    assert "absent" in session.refused(Activate(7), "supervisor")
    session.do(Activate(0), "supervisor")
    session.until(lambda: session.space.running_round() == 0)


def test_one_supervisor_serves_a_workspace(session: LiveSession) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "sessions.live.supervisor", str(session.space.root)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert second.returncode == 1
    assert f"Process {session.supervisor.pid} already supervises" in second.stderr


def test_a_killed_supervisor_takes_its_processes_with_it_and_a_new_one_starts_afresh(
    session: LiveSession,
) -> None:
    pids = session.pids()
    session.supervisor.send_signal(signal.SIGKILL)
    session.supervisor.wait()
    session.until(lambda: all(gone(pid) for pid in pids))
    session.supervisor = session.launch()
    since = len(session.events)
    session.until(lambda: session.heard(SupervisorState, since))
    session.until(lambda: session.heard(ControlState, since))
    session.wait_ready()
    assert set(session.pids()).isdisjoint(pids)


def test_commands_are_carried_out_as_they_come_and_not_one_a_tick(tmp_path: Path) -> None:
    with LiveSession(space_with_policy(tmp_path / "space", rate_hz=1.0)) as live:
        live.until(lambda: live.newest(ControlState))
        live.do(Disarm())
        before, asked = len(live.steps()), 20
        for _ in range(asked):
            live.do(Disarm())
        assert len(live.steps()) - before < asked // 4
        stop(live)


def test_everything_stops_in_order_and_nothing_is_left(tmp_path: Path) -> None:
    with LiveSession(space_with_policy(tmp_path / "space")) as live:
        live.wait_ready()
        live.start()
        pids = live.pids()
        assert len(pids) == 5
        assert stop(live) == 0
        assert all(gone(pid) for pid in pids)
        assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)  # noqa: PTH110
        assert not live.space.runtime_path().exists()
