"""A whole live session on somebody else's robot: a Gymnasium environment in real time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sessions import workspace
from sessions.config import Limits, Station, Task
from sessions.messages import (
    Arm,
    AttemptEnded,
    CamerasState,
    ControlState,
    EndAttempt,
    Keys,
    RecorderState,
    SelectOperator,
    StartAttempt,
)
from sessions.record.catalogue import Catalogue
from sessions.types import Controller
from tests.drivers.environments.parts import TABLE
from tests.sessions.live.session import PATIENT, LiveSession

pytestmark = [pytest.mark.alone, pytest.mark.timeout(170)]

STATION = Station(
    name="Reach",
    robot=TABLE,
    rate_hz=20.0,
    cameras={"scene": {"type": "simulated"}},
    operators={
        "keys": {"type": "axes"},
        "expert": {"type": "external", "expert": "tests.fakes.reach_expert:Expert"},
    },
    operator="keys",
    simulated=True,
    limits=Limits(low_pass_hz=0.0),
    holds=PATIENT,
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSession]:
    root = tmp_path_factory.mktemp("live") / "space"
    space = workspace.create(root, STATION, Task("Reach the goal", stages=(), attempt_s=20.0))
    with LiveSession(space) as live:
        live.until(lambda: all(live.newest(k) for k in (ControlState, RecorderState)))
        live.until(lambda: live.device("robot").ok)
        live.until(lambda: live.device("keys").ok and live.device("expert").ok)
        live.until(lambda: seen(live))
        yield live


def seen(live: LiveSession) -> bool:
    """Whether the camera gives pictures, and the control process has noticed."""
    state = live.newest(CamerasState)
    fresh = state is not None and all(c.fps > 0 and c.age_s < 0.2 for c in state.cameras)
    return fresh and len(live.steps()) > 20


def demonstrate(session: LiveSession, operator: str) -> int:
    """Starts a demonstration; its episode number."""
    session.until(lambda: session.control.reason == "idle")
    session.do(SelectOperator(operator))
    session.do(Arm())
    session.do(StartAttempt(demo=True))
    session.until(lambda: session.control.attempt > 0)
    return session.control.attempt


def of(session: LiveSession, episode: int) -> Any:
    steps = session.steps()
    return steps[steps["attempt"] == episode]


def test_keys_move_the_agent_and_the_scene_stands_still_without_them(
    session: LiveSession,
) -> None:
    episode = demonstrate(session, "keys")
    session.until(lambda: len(of(session, episode)) > 3)
    start = of(session, episode)["position"][0]
    session.do(Keys(("left",)))
    session.until(lambda: of(session, episode)["position"][-1][0] < start[0] - 0.05)
    session.do(Keys(()))
    session.until(lambda: np.ptp(of(session, episode)["position"][-8:], axis=0).max() == 0.0)
    assert of(session, episode)["position"][-1][1] == pytest.approx(start[1])
    assert (of(session, episode)["controller"] == Controller.DEMO).all()
    session.do(EndAttempt("failure"))
    session.until(lambda: session.control.attempt == 0)


def test_an_expert_demonstrates_live_until_the_environment_says_that_it_is_done(
    session: LiveSession,
) -> None:
    since = len(session.events)
    episode = demonstrate(session, "expert")
    session.until(lambda: session.heard(AttemptEnded, since))
    assert session.heard(AttemptEnded, since)[0].outcome == "success"
    session.until(lambda: (session.space.episodes / f"{episode:06d}.h5").exists())
    data = Catalogue(session.space).read(episode)
    assert bool(data.steps["success"][-1])
    moved = np.linalg.norm(np.diff(data.steps["position"], axis=0), axis=1)
    # In real time as in lockstep a tick is a step: hardly ever none or two.
    assert np.median(moved[:-1]) == pytest.approx(0.08, rel=0.2)
    assert len(data.frames["scene"].t) > 5
