"""A small station and a task that can be learned in a second: reach where the state says."""

import numpy as np
import torch

from policies import registry
from policies.base import PolicySpec
from policies.normaliser import Normaliser
from policies.registry import TrainablePolicy

JOINTS = ("waist", "elbow", "gripper")
ENVIRONMENT = ("cube_x", "cube_y", "cube_z")
HORIZON = 6
SPEC = PolicySpec(JOINTS, ENVIRONMENT, ("top",), rate_hz=50.0, horizon=HORIZON)
SMALL = {"hidden": 64, "members": 3}


def samples(count: int = 800, seed: int = 0) -> dict[str, np.ndarray]:
    """Chunks that move the arm towards the cube, a sixth of the way a step."""
    rng = np.random.default_rng(seed)
    position = rng.uniform(-0.5, 0.5, (count, 3))
    position[:, -1] = rng.uniform(0.0, 1.0, count)
    goal = rng.uniform(-0.5, 0.5, (count, 3))
    share = np.arange(1, HORIZON + 1)[None, :, None] / HORIZON
    actions = position[:, None] + share * (goal - position)[:, None]
    actions[..., -1] = (goal[:, None, -1] > 0.0).astype(float)
    return {"position": position, "environment_state": goal, "actions": actions}


def normaliser() -> Normaliser:
    components = {"position": JOINTS, "environment_state": ENVIRONMENT}
    return Normaliser.fit(samples(), components=components)


def batch(data: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    tensors = {name: torch.tensor(array, dtype=torch.float32) for name, array in data.items()}
    count = len(data["position"])
    return {
        **tensors,
        "valid": torch.ones(count, HORIZON, dtype=torch.bool),
        "weight": torch.ones(count),
    }


def small_policy(seed: int = 0, **options: object) -> TrainablePolicy:
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    return registry.create("bc", SPEC, {**SMALL, **options}, normaliser())


def trained(policy: TrainablePolicy, steps: int = 300, seed: int = 0) -> TrainablePolicy:
    torch.manual_seed(seed)
    data = batch(samples())
    optimiser = torch.optim.Adam(policy.parameters(), lr=3e-3)
    policy.train(True)
    for _ in range(steps):
        rows = torch.randint(len(data["position"]), (128,))
        loss = policy.loss({name: tensor[rows] for name, tensor in data.items()})
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    policy.train(False)
    return policy


def observation(index: int = 0, seed: int = 1) -> dict[str, np.ndarray]:
    data = samples(seed=seed)
    return {name: data[name][index] for name in ("position", "environment_state")}
