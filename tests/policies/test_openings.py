"""Which joints are grippers: told by their names, alike in drivers and policies."""

import numpy as np
import pytest
import torch

from drivers import base as drivers
from policies import base as policies
from policies.ensemble import ActionCodec
from policies.normaliser import Normaliser

PLANE = ("agent_x", "agent_y")
TWO_ARMS = ("left_waist", "left_gripper", "right_waist", "right_gripper")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("waist", "elbow", "gripper"), [False, False, True]),
        (PLANE, [False, False]),
        (TWO_ARMS, [False, True, False, True]),
        (("gripper_angle", "x"), [False, False]),
    ],
)
def test_drivers_and_policies_tell_grippers_alike(names, expected):
    assert drivers.openings(names).tolist() == expected
    assert policies.openings(names).tolist() == expected


def codec(names: tuple[str, ...]) -> tuple[ActionCodec, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    position = random.uniform(0.0, 500.0, (40, len(names)))
    actions = position[:, None] + random.normal(0.0, 30.0, (40, 5, len(names)))
    components = {"position": names, "actions": names}
    normaliser = Normaliser.fit({"position": position, "actions": actions}, components=components)
    return ActionCodec(normaliser, names, 5, relative=True), position, actions


def test_a_robot_without_a_gripper_is_coded_in_all_its_components_alike():
    made, position, actions = codec(PLANE)
    where, targets = torch.from_numpy(position), torch.from_numpy(actions)
    chunk = made.encode(where, targets)
    assert torch.allclose(chunk.mean(dim=(0, 1)), torch.zeros(2, dtype=chunk.dtype), atol=1e-6)
    back = made.decode(where[0], chunk[0])
    np.testing.assert_allclose(back.numpy(), actions[0], atol=1e-3)


def test_each_of_two_grippers_is_an_opening_and_no_joint_is():
    made, position, _ = codec(TWO_ARMS)
    far = made.decode(torch.from_numpy(position[0]), torch.full((5, 4), 1e3))
    assert (far[:, [1, 3]] == 1.0).all()
    assert (far[:, [0, 2]] > 1.0).all()
