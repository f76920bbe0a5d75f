import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from policies import registry
from policies.base import CheckpointError, PolicyError
from policies.normaliser import Normaliser
from tests.policies import parts

IMAGE = {"image_height": 24, "image_width": 32, "hidden": 32, "members": 3, "keypoints": 8}
KINDS = {"bc": parts.SMALL, "bc_image": IMAGE}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def learned():
    return parts.trained(parts.small_policy())


def made(kind, seed=0, **options):
    torch.manual_seed(seed)
    return registry.create(kind, parts.SPEC, {**KINDS[kind], **options}, parts.normaliser())


def seen(index=0):
    pixels = np.random.default_rng(index).integers(0, 256, (24, 32, 3)).astype(np.uint8)
    return {**parts.observation(index), "image.top": pixels}


def image_batch(count=12):
    data = parts.batch(parts.samples(count))
    stack = np.stack([seen(i)["image.top"] for i in range(count)])
    return {**data, "image.top": torch.from_numpy(stack)}


def test_every_file_with_a_policy_is_found():
    assert registry.names() == ("bc", "bc_image")


@pytest.mark.parametrize("kind", KINDS)
def test_a_chunk_has_the_shape_the_spec_says_and_a_doubt(kind):
    policy = made(kind)
    actions, doubt = policy.act(seen())
    assert actions.shape == (parts.HORIZON, len(parts.JOINTS))
    assert actions.dtype == np.float64
    assert np.isfinite(actions).all()
    assert doubt > 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_policy_acts_exactly_as_the_saved_one(kind, tmp_path):
    policy = made(kind)
    policy.save(tmp_path / "round-000")
    again = registry.load(tmp_path / "round-000")
    assert again.spec == policy.spec
    assert again.options == policy.options
    for index in range(3):
        before, after = policy.act(seen(index)), again.act(seen(index))
        np.testing.assert_array_equal(before[0], after[0])
        assert before[1] == after[1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_trains_the_same_policy(kind):
    losses = []
    for _ in range(2):
        policy = made(kind, seed=3)
        policy.train(True)
        optimiser = torch.optim.Adam(policy.parameters())
        for _ in range(3):
            loss = policy.loss(image_batch())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        losses.append(loss.item())
    assert losses[0] == losses[1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_validation_loss_is_deterministic(kind):
    policy = made(kind)
    with torch.no_grad():
        assert policy.loss(image_batch()).item() == policy.loss(image_batch()).item()


@pytest.mark.parametrize("kind", KINDS)
def test_masked_steps_and_weightless_samples_teach_nothing(kind):
    policy = made(kind)
    clean, spoiled = image_batch(), image_batch()
    for data in (clean, spoiled):
        data["valid"][:, -2:] = False
        data["weight"][3] = 0.0
    spoiled["actions"][:, -2:] = 50.0
    spoiled["actions"][3] = -50.0
    with torch.no_grad():
        assert policy.loss(clean).item() == policy.loss(spoiled).item()


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_without_a_single_weight_gives_zero_and_not_nan(kind):
    data = image_batch()
    data["weight"][:] = 0.0
    assert made(kind).loss(data).item() == 0.0


def test_it_learns_where_to_go(learned):
    errors = []
    data = parts.samples(100, seed=9)
    for index in range(100):
        given = {name: data[name][index] for name in ("position", "environment_state")}
        errors.append(np.abs(learned.act(given)[0] - data["actions"][index])[:, :2].mean())
    assert np.mean(errors) < 0.03


def test_the_gripper_is_decided_and_within_its_range(learned):
    data = parts.samples(100, seed=9)
    clear = np.abs(data["environment_state"][:, -1]) > 0.1
    for index in np.flatnonzero(clear):
        given = {name: data[name][index] for name in ("position", "environment_state")}
        opening = learned.act(given)[0][:, -1]
        assert (opening >= 0.0).all()
        assert (opening <= 1.0).all()
        assert (opening.mean() > 0.5) == (data["actions"][index, 0, -1] > 0.5)


def test_doubt_rises_away_from_the_training_data(learned):
    def doubts(shift):
        data = parts.samples(50, seed=9)
        return np.median(
            [
                learned.act({"position": p, "environment_state": e + shift})[1]
                for p, e in zip(data["position"], data["environment_state"], strict=True)
            ]
        )

    near, far, farther = doubts(0.0), doubts(1.0), doubts(2.0)
    assert far > 3 * near
    assert farther > far


def test_a_single_member_has_no_doubt():
    assert np.isnan(made("bc", members=1).act(seen())[1])


def test_the_image_policy_sees_what_moves():
    policy = made("bc_image", shift=0, noise=0.0)
    count = 64
    data = parts.batch(parts.samples(count))
    columns = torch.randint(0, 29, (count,), generator=torch.Generator().manual_seed(0))
    images = torch.zeros(count, 24, 32, 3, dtype=torch.uint8)
    for row, column in enumerate(columns):
        images[row, 10:13, column : column + 3] = 255
    data["image.top"] = images
    data["actions"] = data["position"][:, None].repeat(1, parts.HORIZON, 1)
    data["actions"][:, :, 0] += (columns[:, None] / 28.0 - 0.5) * 0.4
    policy.train(True)
    optimiser = torch.optim.Adam(policy.parameters(), lr=3e-3)
    first = policy.loss(data).item()
    for _ in range(150):
        loss = policy.loss(data)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < first / 4


@pytest.mark.parametrize("relative", [True, False])
def test_targets_may_be_offsets_or_absolute(relative):
    policy = parts.trained(parts.small_policy(relative=relative), steps=100)
    data = parts.samples(1, seed=9)
    given = {name: data[name][0] for name in ("position", "environment_state")}
    assert np.abs(policy.act(given)[0] - data["actions"][0])[:, :2].mean() < 0.15


def test_joint_velocities_are_read_only_when_asked_for():
    data = {**parts.samples(), "velocity": parts.samples()["position"]}
    normaliser = Normaliser.fit(data)
    policy = registry.create("bc", parts.SPEC, {**parts.SMALL, "velocity": True}, normaliser)
    with pytest.raises(PolicyError, match="has no velocity"):
        policy.act(seen())
    policy.act({**seen(), "velocity": np.zeros(3)})


def test_each_policy_takes_of_the_station_what_it_reads():
    state, images = made("bc"), made("bc_image")
    assert (state.spec.camera_names, state.spec.environment_names) == ((), parts.ENVIRONMENT)
    assert (images.spec.camera_names, images.spec.environment_names) == (("top",), ())
    assert (images.spec.image_height, images.spec.image_width) == (24, 32)
    for policy in (state, images):
        assert policy.spec.misfits(parts.SPEC) == []


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("bd", {}, "no policy 'bd'. Choose one of: bc, bc_image"),
        ("bc", {"member": 3}, "unknown field `member`.*Known options: members, hidden"),
        ("bc", {"members": 0}, "`int` >= 1.*members"),
        ("bc", {"loss": "l3"}, "Invalid enum value 'l3'"),
        ("bc", {"horizon": 50}, "chunks of \\(50, 3\\).*lower the horizon"),
        ("bc_image", {"cameras": ["left"]}, "reads camera left; the station has top"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_choices(kind, options, message):
    with pytest.raises(PolicyError, match=message):
        registry.create(kind, parts.SPEC, options, parts.normaliser())


def test_a_normaliser_of_another_station_is_refused():
    spec = replace(parts.SPEC, environment_names=("cube_x",))
    with pytest.raises(PolicyError, match=r"environment_state of shape \(3,\).*gives \(1,\)"):
        registry.create("bc", spec, parts.SMALL, parts.normaliser())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"position": np.zeros(2)}, r"position has shape \(2,\); the policy reads \(3,\)"),
        ({"position": np.array([0, np.nan, 0])}, "Component 1 of position is nan"),
        ({"image.top": np.zeros((24, 32, 3))}, "image.top is of type float64"),
        ({"image.top": np.zeros((10, 32, 3), np.uint8)}, r"image.top has shape \(10, 32, 3\)"),
        ({"image.top": None}, "The observation has no image.top; it has environment_state"),
    ],
)
def test_an_observation_that_does_not_fit_is_refused(change, message):
    given = {name: array for name, array in {**seen(), **change}.items() if array is not None}
    with pytest.raises(PolicyError, match=message):
        made("bc_image").act(given)


def _truncate(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def _edit(**changes):
    def edit(folder):
        path = folder / "config.json"
        config = json.loads(path.read_text())
        path.write_text(json.dumps({**config, **changes}))

    return edit


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda f: (f / "config.json").unlink(), "is no checkpoint: config.json"),
        (lambda f: (f / "config.json").write_text("{"), "config.json is torn"),
        (lambda f: (f / "config.json").write_text("[1]"), "config.json is torn"),
        (lambda f: (f / "model.safetensors").unlink(), "model.safetensors cannot be read"),
        (lambda f: (f / "normaliser.safetensors").unlink(), "normaliser.safetensors cannot be"),
        (_truncate, "model.safetensors cannot be read.*train it again"),
        (_edit(kind="act"), "kind 'act', which this program does not have. Known kinds: bc"),
        (_edit(kind="../bc"), "which this program does not have"),
        (_edit(format=99), "format 99; this program reads up to 1"),
        (_edit(options={"hidden": 32, "members": 3}), "does not fit config.json"),
        (_edit(options={"colour": 1}), "unknown field `colour`"),
        (_edit(spec={"joint_names": ["a"], "arms": 2}), "spec cannot be read"),
        (_edit(spec={"joint_names": ["waist"]}), "does not fit itself"),
    ],
)
def test_a_harmed_checkpoint_names_the_file_and_the_remedy(tmp_path, harm, message):
    made("bc").save(tmp_path)
    harm(tmp_path)
    with pytest.raises(CheckpointError, match=message):
        registry.load(tmp_path)
