import numpy as np
import pytest

from policies.base import CheckpointError, PolicyError
from policies.normaliser import OFFSET_STD_FLOOR, STD_FLOOR, Normaliser
from tests.policies import parts


def test_a_joint_that_never_moved_keeps_a_usable_scale():
    normaliser = Normaliser.fit({"position": np.zeros((10, 3)), "actions": np.zeros((10, 3))})
    assert (normaliser.of("position").std == STD_FLOOR).all()
    assert (normaliser.of("offset").std == OFFSET_STD_FLOOR).all()


def test_offsets_are_scaled_step_by_step_and_the_gripper_stays_absolute():
    data = parts.samples()
    offset = Normaliser.fit(data).of("offset")
    expected = data["actions"][:, :, 0] - data["position"][:, None, 0]
    np.testing.assert_allclose(offset.std[:, 0], expected.std(axis=0))
    np.testing.assert_allclose(offset.mean[:, -1], data["actions"][:, :, -1].mean(axis=0))


def test_steps_beyond_an_episodes_end_do_not_count():
    data = parts.samples(50)
    valid = np.ones((50, parts.HORIZON), dtype=bool)
    valid[:, -1] = False
    spoiled = {**data, "actions": data["actions"].copy()}
    spoiled["actions"][:, -1] = 1e6
    clean, masked = Normaliser.fit(data, valid), Normaliser.fit(spoiled, valid)
    np.testing.assert_array_equal(clean.of("actions").mean, masked.of("actions").mean)
    np.testing.assert_array_equal(clean.of("offset").mean, masked.of("offset").mean)
    np.testing.assert_array_equal(masked.of("offset").mean[-1], masked.of("offset").mean[-2])


def test_values_beyond_the_fitted_range_are_named():
    normaliser = parts.normaliser()
    inside = parts.observation()
    assert normaliser.out_of_range(inside) == ()
    beyond = {**inside, "environment_state": np.array([0.0, 0.9, np.nan]), "unknown": np.ones(1)}
    assert normaliser.out_of_range(beyond) == (
        "environment_state.cube_y",
        "environment_state.cube_z",
    )


def test_ranges_are_checked_over_whole_data_sets():
    data = parts.samples(seed=5)
    shifted = {"position": data["position"] + [2.0, 0.0, 0.0]}
    assert parts.normaliser().out_of_range(shifted) == ("position.waist",)


def test_saving_and_loading_changes_nothing(tmp_path):
    normaliser = parts.normaliser()
    normaliser.save(tmp_path)
    again = Normaliser.load(tmp_path)
    assert again.components == normaliser.components
    assert set(again.statistics) == set(normaliser.statistics)
    for name, statistics in normaliser.statistics.items():
        for part in ("mean", "std", "low", "high"):
            np.testing.assert_array_equal(getattr(again.of(name), part), getattr(statistics, part))


@pytest.mark.parametrize("content", [None, b"", b"no safetensors", b"\xff" * 4096])
def test_an_unreadable_file_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "normaliser.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"normaliser\.safetensors cannot be read"):
        Normaliser.load(tmp_path)


def test_data_that_cannot_be_fitted_is_refused():
    with pytest.raises(PolicyError, match="no position"):
        Normaliser.fit({"position": np.zeros((0, 3))})
    with pytest.raises(PolicyError, match="1 of 6 values of position are not finite"):
        Normaliser.fit({"position": np.array([[0, 0, 0], [0, np.nan, 0]])})
    with pytest.raises(PolicyError, match="knows nothing of velocity"):
        parts.normaliser().of("velocity")
