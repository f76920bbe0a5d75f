"""The ViperX 300 S with everything but the arm: the real driver on emulated servos.

In real time this is ``viperx_300s`` on the port ``emulated:follower``, through the unmodified SDK;
behind the servos moves the arm of the simulated world, whose scene software can reset. In lockstep
no servo can keep up with a virtual clock: there it is the simulated arm itself.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers import emulation
from drivers.base import DeviceConfigError, Floats, RobotState
from drivers.emulation.scene import Scene
from drivers.registry import DeviceContext, Process
from drivers.robots import simulated_viperx
from drivers.robots._dynamixel import DriveConfig, DynamixelRobot, Place
from drivers.robots.simulated_viperx import SimulatedViperX
from drivers.robots.viperx_300s import DESCRIPTION, REST
from drivers.simulation.names import ENVIRONMENT_NAMES, LIMITS

ARM = "follower"
CALIBRATION = Path(emulation.__file__).with_name(f"{ARM}.toml")
"""What the emulated servos' ticks mean: this arm comes calibrated."""

PORT, BAUD = f"emulated:{ARM}", 1_000_000

__all__ = ["CALIBRATION", "DESCRIPTION", "Config", "EmulatedViperX", "create", "processes", "world"]


@dataclass(frozen=True, kw_only=True)
class Config(DriveConfig):
    """What the station file may say; see also ``DriveConfig``.

    Attributes:
        stale_s: without a state of the world for so long the arm has no power [s].
        paced: whether servos answer as late as at 1 Mbit/s, instead of at once.
    """

    rest_pose: tuple[float, ...] = REST
    stale_s: float = 0.3
    paced: bool = False


class EmulatedViperX(DynamixelRobot):
    """The arm; what a real one is, and its scene can be reset (``SceneReset``).

    Args:
        name: what the station calls it.
        config: what the station file says.
        runtime: folder of the emulated port and the world's rings.
        rate_hz: the station's control rate; 0 if unknown.
    """

    environment_names = ENVIRONMENT_NAMES

    def __init__(self, name: str, config: Config, runtime: Path, rate_hz: float = 0.0) -> None:
        place = Place(PORT, BAUD, CALIBRATION, runtime)
        super().__init__(name, place, LIMITS, config, rate_hz)
        # A stop may come while the scene is put back in a thread of its own.
        self._lock = threading.RLock()
        self._scene = Scene(name, runtime, ARM, config.stale_s)

    def disconnect(self) -> None:
        """Lets the arm hold where it is; calling it twice is harmless."""
        super().disconnect()
        self._scene.close()

    def ask(self) -> None:
        """As ``DynamixelRobot.ask``."""
        with self._lock:
            super().ask()

    def get_observation(self) -> RobotState:
        """Reads every joint from the servos, and the scene from the world.

        Raises:
            DeviceLostError: the arm, one of its joints or the world does not answer.
        """
        with self._lock:
            return self._scene.describe(super().get_observation())

    def send_action(self, action: Floats) -> Floats:
        """As ``DynamixelRobot.send_action``."""
        with self._lock:
            return super().send_action(action)

    def stop(self) -> None:
        """As ``DynamixelRobot.stop``."""
        with self._lock:
            super().stop()

    def engage(self) -> None:
        """As ``DynamixelRobot.engage``."""
        with self._lock:
            super().engage()

    def release(self) -> None:
        """As ``DynamixelRobot.release``."""
        with self._lock:
            super().release()

    def reset_scene(self, seed: int) -> None:
        """Puts arm, cube and tray to the start that ``seed`` draws; may take up to 1 s.

        An arm that was engaged is so afterwards, and holds in the new pose.

        Raises:
            DeviceLostError: emulation or world do not answer.
        """
        arm = self._connected()
        self._scene.reset(seed)
        # Nobody spoke to the servos meanwhile: their watchdogs may have stopped them.
        with self._lock:
            arm.anchor()


def create(name: str, config: Config, context: DeviceContext) -> EmulatedViperX | SimulatedViperX:
    """Builds the arm for the emulation that runs beside it, or for a world in this process.

    Raises:
        DeviceConfigError: the context has neither a world nor a runtime folder, or a value of the
            table makes no sense.
    """
    if context.world is not None:
        return simulated_viperx.create(name, simulated_viperx.Config(), context)
    if context.runtime is None:
        raise DeviceConfigError(
            name, "There is no simulated world here.", "Set simulated = true in station.toml."
        )
    return EmulatedViperX(name, config, context.runtime, context.rate_hz)


def processes(config: Config, runtime: Path) -> tuple[Process, ...]:
    """The world in real time, which renders the cameras too, and the emulated servos."""
    arguments = ["--runtime", str(runtime), "--stale-s", str(config.stale_s)]
    if config.paced:
        arguments.append("--paced")
    return (
        *simulated_viperx.processes(simulated_viperx.Config(), runtime),
        Process("emulation", "drivers.emulation.process", tuple(arguments)),
    )


def world(config: Config, seed: int) -> Any:
    """The world in this process; see ``drivers.simulation.world.World``."""
    return simulated_viperx.world(simulated_viperx.Config(), seed)
