"""What the policy server and the trainer rely on of every policy."""

import numpy as np
import pytest
import torch

from drivers.simulation.names import ENVIRONMENT_NAMES, JOINT_NAMES, LIMITS
from policies import registry
from policies.base import PolicyError, PolicySpec
from policies.normaliser import Normaliser
from policies.registry import TrainablePolicy

STATION = PolicySpec(JOINT_NAMES, ENVIRONMENT_NAMES, ("top", "wrist"), rate_hz=50.0, horizon=8)
ROWS = 16


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def arrays(horizon: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    position = random.uniform(LIMITS.lower, LIMITS.upper, (ROWS, len(JOINT_NAMES))) * 0.3
    drift = random.normal(0, 0.05, (ROWS, 1, len(JOINT_NAMES)))
    return {
        "position": position,
        "velocity": random.normal(0, 0.2, position.shape),
        "environment_state": random.normal(0, 0.2, (ROWS, len(ENVIRONMENT_NAMES))),
        "actions": position[:, None] + drift * np.arange(1, horizon + 1)[:, None],
    }


@pytest.fixture(params=registry.names())
def policy(request) -> TrainablePolicy:
    torch.manual_seed(0)
    normaliser = Normaliser.fit(arrays(STATION.horizon))
    return registry.create(request.param, STATION, {}, normaliser)


def observation(policy: TrainablePolicy, row: int = 0) -> dict[str, np.ndarray]:
    spec, data = policy.spec, arrays(policy.spec.horizon)
    seen = {name: data[name][row] for name in ("position", "velocity", "environment_state")}
    random = np.random.default_rng(row)
    for camera in spec.camera_names:
        shape = (spec.image_height, spec.image_width, 3)
        seen[f"image.{camera}"] = random.integers(0, 255, shape).astype(np.uint8)
    return seen


def batch(policy: TrainablePolicy) -> dict[str, torch.Tensor]:
    spec, data = policy.spec, arrays(policy.spec.horizon)
    made = {name: torch.from_numpy(values).float() for name, values in data.items()}
    for camera in spec.camera_names:
        images = [observation(policy, row)[f"image.{camera}"] for row in range(ROWS)]
        made[f"image.{camera}"] = torch.from_numpy(np.stack(images))
    made["valid"] = torch.ones(ROWS, spec.horizon, dtype=torch.bool)
    made["weight"] = torch.ones(ROWS)
    return made


def test_it_fits_the_station_it_was_made_for(policy):
    assert policy.spec.misfits(STATION) == []


def test_it_gives_a_chunk_of_finite_joint_targets_and_a_doubt(policy):
    actions, doubt = policy.act(observation(policy))
    assert actions.shape == (policy.spec.horizon, len(JOINT_NAMES))
    assert actions.dtype == np.float64
    assert np.isfinite(actions).all()
    assert isinstance(doubt, float)
    assert np.isnan(doubt) or doubt >= 0


def test_after_a_reset_the_same_observation_gives_the_same_answer(policy):
    first, doubt = policy.act(observation(policy))
    policy.act(observation(policy, 1))
    policy.reset()
    again, doubt_again = policy.act(observation(policy))
    np.testing.assert_array_equal(first, again)
    assert doubt == doubt_again or np.isnan([doubt, doubt_again]).all()


def test_it_reads_what_it_is_given_and_changes_none_of_it(policy):
    seen = observation(policy)
    kept = {name: values.copy() for name, values in seen.items()}
    policy.act(seen)
    for name, values in kept.items():
        np.testing.assert_array_equal(seen[name], values)


def test_it_ignores_what_it_does_not_read(policy):
    seen = observation(policy)
    first, _ = policy.act(seen)
    policy.reset()
    second, _ = policy.act({**seen, "image.elsewhere": np.zeros((4, 4, 3), np.uint8)})
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("spoil", ["absent", "shape", "nan"])
def test_an_observation_it_cannot_read_is_refused_by_name(policy, spoil):
    seen = observation(policy)
    if spoil == "absent":
        del seen["position"]
    elif spoil == "shape":
        seen["position"] = np.zeros(3)
    else:
        seen["position"][2] = np.nan
    with pytest.raises(PolicyError, match="position"):
        policy.act(seen)


def test_saved_and_loaded_it_gives_the_same_answer(policy, tmp_path):
    folder = tmp_path / "round-000"
    policy.save(folder)
    loaded = registry.load(folder)
    assert loaded.kind == policy.kind
    assert loaded.spec == policy.spec
    mine, doubt = policy.act(observation(policy))
    theirs, doubt_loaded = loaded.act(observation(policy))
    np.testing.assert_allclose(mine, theirs, atol=1e-6)
    np.testing.assert_allclose(doubt, doubt_loaded, rtol=1e-5)


def test_training_lowers_its_loss_on_what_it_is_trained_on(policy):
    data = batch(policy)
    policy.train(False)
    before = policy.loss(data).item()
    optimiser = torch.optim.Adam(policy.parameters(), 1e-3)
    policy.train(True)
    for _ in range(15):
        optimiser.zero_grad()
        loss = policy.loss(data)
        assert loss.shape == ()
        loss.backward()
        optimiser.step()
    policy.train(False)
    assert policy.loss(data).item() < before


def test_rows_without_weight_and_steps_that_are_not_valid_teach_nothing(policy):
    data = batch(policy)
    policy.train(False)
    kept = {name: tensor[: ROWS // 2] for name, tensor in data.items()}
    spoiled = {name: tensor.clone() for name, tensor in data.items()}
    spoiled["actions"][ROWS // 2 :] += 5.0
    spoiled["weight"][ROWS // 2 :] = 0.0
    assert policy.loss(spoiled).item() == pytest.approx(policy.loss(kept).item(), rel=1e-4)
    shortened = {name: tensor.clone() for name, tensor in data.items()}
    shortened["valid"][:, -2:] = False
    expected = policy.loss(shortened).item()
    shortened["actions"][:, -2:] += 5.0
    assert policy.loss(shortened).item() == pytest.approx(expected, rel=1e-5)


def test_an_option_it_does_not_have_is_refused_by_name(policy):
    with pytest.raises(PolicyError, match="no_such_option"):
        registry.create(policy.kind, STATION, {"no_such_option": 1}, policy.normaliser)
