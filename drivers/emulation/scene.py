"""What only a simulation knows of an emulated arm: where objects are, whether the task is done.

Servos do not tell it, so it does not come through the bus: it is read beside it, from the world's
own ring, and the scene is reset through the emulation, which lets the servos follow.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from drivers.base import DeviceLostError, RobotState
from drivers.emulation.control import ask
from drivers.emulation.requests import RequestError
from drivers.ring import RingError, RingReader
from drivers.worlds.rings import REMEDY, state_path


class Scene:
    """The scene in which an emulated follower stands.

    Args:
        device: the arm's name, for messages.
        runtime: folder of the world's rings and the emulation's socket.
        arm: what the emulation calls it.
        stale_s: a scene older than this is gone [s].
    """

    def __init__(
        self, device: str, runtime: Path, arm: str = "follower", stale_s: float = 0.3
    ) -> None:
        self._device = device
        self._runtime = runtime
        self._arm = arm
        self._stale_s = stale_s
        self._reader: RingReader | None = None

    def describe(self, state: RobotState) -> RobotState:
        """Adds environment, stage and success to what the servos measured; never blocks.

        Raises:
            DeviceLostError: no world is running, or it is too old.
        """
        record = self._newest()
        state.environment_state = record["environment_state"].copy()
        state.stage = int(record["stage"])
        state.success = bool(record["success"])
        return state

    def reset(self, seed: int) -> None:
        """Puts scene and arm to the start that ``seed`` draws; may take up to 1 s.

        The servos keep their torque and hold the new pose.

        Raises:
            DeviceLostError: no emulation or no world is running.
        """
        try:
            ask(self._runtime, self._arm, f"reset={seed}")
        except RequestError as error:
            raise DeviceLostError(self._device, str(error), REMEDY) from error

    def close(self) -> None:
        """Drops the mapping; calling it twice is harmless."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _newest(self) -> Any:
        for _ in range(2):
            record = self._record()
            age = np.inf if record is None else time.monotonic() - float(record["t"])
            if age <= self._stale_s:
                return record
            if self._reader is not None and not self._reader.replaced():
                break
            self.close()  # perhaps a new world has begun
        raise DeviceLostError(
            self._device,
            f"The simulated world gave nothing for {self._stale_s * 1000:.0f} ms.",
            REMEDY,
        )

    def _record(self) -> Any:
        try:
            if self._reader is None:
                self._reader = RingReader(state_path(self._runtime))
            return self._reader.latest()
        except RingError:
            return None
