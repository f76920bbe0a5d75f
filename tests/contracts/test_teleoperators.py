"""What the loop relies on of every operator's device."""

import numpy as np
import pytest

from drivers import registry
from drivers.base import Asked, OperatorInput, Teleoperator, TeleoperatorView
from drivers.simulation.names import JOINT_NAMES, LIMITS
from drivers.simulation.world import World
from tests.contracts.parts import TELEOPERATORS, TICK_S, all_parts

EVENTS = {"toggle", "stop", "start", "success", "failure", "discard"}
JUMP = 0.1  # the limiter makes a ramp of it


def test_every_teleoperator_has_a_bench():
    assert set(TELEOPERATORS) == set(registry.names("teleoperators"))


@pytest.fixture(params=all_parts(TELEOPERATORS), ids=lambda p: "-".join(p))
def device(request, tmp_path):
    kind, variant = request.param
    with TELEOPERATORS[kind][variant](tmp_path) as bench:
        bench.device.connect()
        yield bench.device


class Attempt:
    """A simulated arm under one device's hand."""

    def __init__(self, device: Teleoperator) -> None:
        self.device = device
        self.world = World(seed=5)
        self.sent = self.world.target

    def view(self, controller: str, *, running: bool = True) -> TeleoperatorView:
        state = self.world.state()
        sent = self.sent.copy()
        return TeleoperatorView(state, sent, controller, running, 0.1, 0.2, TICK_S, LIMITS)

    def tick(self, controller: str) -> OperatorInput:
        self.world.step_to(self.world.t + TICK_S)
        if isinstance(self.device, Asked):
            self.device.ask()
        given = self.device.get_action(self.view(controller))
        if given.action is not None and controller == "human":
            self.sent = self.world.command(given.action)
        self.device.send_feedback(self.view(controller))
        return given

    def take_over(self) -> OperatorInput:
        """By the window's key, or, with a device that decides for itself, when it wants to."""
        if getattr(self.device, "autonomous", False):
            wishes = (self.tick("policy").gate for _ in range(500))
            assert any(wishes), "it never wanted to take over from a policy that does nothing"
        self.device.begin(self.view("policy"))
        return self.tick("human")


@pytest.fixture
def attempt(device):
    attempt = Attempt(device)
    yield attempt
    attempt.world.close()


@pytest.fixture
def mover(attempt):
    if getattr(attempt.device, "gate_only", False):
        pytest.skip("it gates another device's motion and has none of its own")
    return attempt


def well_formed(given: OperatorInput) -> None:
    assert given.gate in (None, True, False)
    assert all(event in EVENTS or event.startswith("tag:") for event in given.events)
    if given.action is not None:
        assert given.action.shape == (len(JOINT_NAMES),)
        assert np.isfinite(given.action).all()
        assert (given.action >= LIMITS.lower - 1e-9).all()
        assert (given.action <= LIMITS.upper + 1e-9).all()


def test_it_is_a_teleoperator(device):
    assert isinstance(device, Teleoperator)
    assert isinstance(device.relative, bool)


def test_what_it_says_is_well_formed_whoever_is_in_control(attempt):
    for controller in ("hold", "policy", "handover", "policy"):
        for _ in range(10):
            well_formed(attempt.tick(controller))
    well_formed(attempt.take_over())
    for _ in range(50):
        well_formed(attempt.tick("human"))
    for _ in range(10):
        well_formed(attempt.tick("policy"))


def test_it_is_silent_while_no_attempt_runs(attempt):
    for _ in range(10):
        given = attempt.device.get_action(attempt.view("hold", running=False))
        assert given.action is None
        assert given.gate in (None, False)
        assert given.events == ()


def test_a_device_that_only_gates_never_moves_the_arm(attempt):
    if not getattr(attempt.device, "gate_only", False):
        pytest.skip("it moves the arm")
    attempt.device.begin(attempt.view("policy"))
    for controller in ("policy", "human", "hold", "human"):
        assert attempt.tick(controller).action is None


def test_a_takeover_does_not_make_a_relative_device_jump(mover):
    attempt = mover
    if not attempt.device.relative:
        pytest.skip("absolute devices are aligned first")
    before = attempt.sent.copy()
    given = attempt.take_over()
    assert given.action is not None
    assert np.abs(given.action - before)[:-1].max() < JUMP


def test_a_second_takeover_elsewhere_does_not_jump_back(mover):
    attempt = mover
    if not attempt.device.relative:
        pytest.skip("absolute devices are aligned first")
    attempt.take_over()
    for _ in range(20):
        attempt.tick("human")
    elsewhere = attempt.sent.copy()
    elsewhere[0] += 0.15
    for _ in range(100):
        attempt.sent = attempt.world.command(elsewhere)
        attempt.tick("policy")
    given = attempt.take_over()
    assert given.action is not None
    assert np.abs(given.action - attempt.world.target)[:-1].max() < JUMP
    assert abs(given.action[0] - elsewhere[0]) < JUMP


def test_while_the_human_drives_every_tick_has_an_action_near_the_arm(mover):
    attempt = mover
    attempt.take_over()
    for _ in range(50):
        given = attempt.tick("human")
        assert given.action is not None
        ahead = np.abs(given.action - attempt.world.state().position)[:-1]
        assert ahead.max() < 0.35


def test_it_leaves_the_view_alone_and_gives_away_what_is_its_own(mover):
    attempt = mover
    attempt.take_over()
    view = attempt.view("human")
    position, sent = view.state.position.copy(), view.sent.copy()
    first = attempt.device.get_action(view)
    np.testing.assert_array_equal(view.state.position, position)
    np.testing.assert_array_equal(view.sent, sent)
    assert first.action is not None
    first.action[:] = 99.0
    second = attempt.device.get_action(attempt.view("human"))
    assert np.abs(second.action).max() < 10.0


def test_disconnecting_twice_is_harmless_and_connecting_again_works(attempt):
    attempt.device.disconnect()
    attempt.device.disconnect()
    attempt.device.connect()
    well_formed(attempt.tick("policy"))
