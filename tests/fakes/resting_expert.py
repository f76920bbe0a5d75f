"""An expert for any simulated arm that wants to be in control, and to stay where it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from drivers.experts import ExpertSpec


class Expert:
    def __init__(self, spec: ExpertSpec) -> None:
        self.low, self.high = spec.low, spec.high

    def reset(self, seed: int) -> None: ...

    def __call__(self, observation: Any) -> tuple[np.ndarray, bool]:
        return np.clip(observation["agent_pos"], self.low, self.high), True
