"""A whole attempt driven by a virtual SDL gamepad through the real processes, and read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sessions.messages import OperatorTagged
from sessions.record.storage import read_episode, read_frame
from sessions.types import Controller, Outcome, segments
from tests.fakes.control_with_gamepad import PadCable
from tests.sessions.live.session import LiveSession, space_with_policy

pytestmark = [pytest.mark.alone, pytest.mark.timeout(170)]


def test_a_pad_takes_over_corrects_gives_back_tags_and_the_episode_says_so(tmp_path: Path) -> None:
    space = space_with_policy(tmp_path / "space")
    with LiveSession(space, "control=tests.fakes.control_with_gamepad") as live:
        live.wait_ready()
        cable = PadCable(live.runtime)
        live.until(lambda: live.device("gamepad").ok)

        def press(button: str, effect: Callable[[], Any]) -> None:
            # Let go only once it was seen: a virtual pad has levels, and no queue of presses.
            cable.button(button, True)
            live.until(effect)
            cable.button(button, False)

        def driven() -> bool:
            return bool((live.steps()["controller"] == Controller.HUMAN).sum() > 25)

        press("start", lambda: live.control.armed)
        ticks = live.control.ticks
        live.until(lambda: live.control.ticks > ticks + 5)
        press("start", lambda: live.control.controller == "policy")
        episode = live.control.attempt

        cable.axis("righty", -1.0)  # up
        pressed_t = cable.button("rightshoulder", True)
        live.until(lambda: live.control.controller == "human")
        live.until(driven)
        press("dpright", lambda: live.heard(OperatorTagged))
        cable.axis("righty", 0.0)
        cable.button("rightshoulder", False)
        live.until(lambda: live.control.controller == "policy")
        press("x", lambda: not live.control.attempt)  # failure
        live.until(lambda: any(e.episode == episode for e in live.recorder.episodes))
        live.until(lambda: [i.category for i in live.recorder.interventions] == ["grasp"])
        cable.close()

    data = read_episode(space.episodes / f"{episode:06d}.h5")
    assert data.outcome is Outcome.FAILURE
    human = [s for s in segments(data.steps, episode) if s.controller is Controller.HUMAN]
    assert len(human) == 1
    first = data.steps[human[0].start]
    assert first["input_t"] >= pressed_t
    assert first["t"] >= pressed_t
    rows = data.steps[human[0].start : human[0].stop]
    assert np.isfinite(rows["human_action"]).all()
    assert np.isfinite(rows["policy_action"][1:]).any()
    jumps = np.abs(np.diff(data.steps["sent_action"], axis=0))
    assert (jumps <= np.array([1.5] * 6 + [3.0]) / 50 + 1e-9).all()
    assert read_frame(data.path, "top", 0).shape == (480, 640, 3)
