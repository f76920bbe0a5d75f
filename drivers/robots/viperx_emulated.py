"""The ViperX 300 S with everything but the arm: the real driver on emulated servos.

In real time this is ``viperx_300s`` on the port ``emulated:follower``, through the unmodified SDK;
behind the servos moves the arm of the simulated world, whose scene software can reset. In lockstep
no servo can keep up with a virtual clock: there it is the simulated arm itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers import emulation
from drivers.base import DeviceConfigError, DeviceLostError, RobotState
from drivers.emulation import control
from drivers.emulation.requests import RequestError
from drivers.registry import DeviceContext, Process
from drivers.ring import RingError, RingReader
from drivers.robots import simulated_viperx
from drivers.robots._dynamixel import DynamixelRobot, Place, driven
from drivers.robots.simulated_viperx import SimulatedViperX
from drivers.robots.viperx_300s import REST
from drivers.simulation.names import ENVIRONMENT_NAMES, LIMITS
from drivers.worlds.rings import REMEDY, state_path

ARM = "follower"
CALIBRATION = Path(emulation.__file__).with_name(f"{ARM}.toml")
"""What the emulated servos' ticks mean."""

STALE_S = 0.3
"""The scene's state may be so old [s]; the servos' own is never older than a tick."""


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        power: part of the motors' torque that may be used, above 0 to 1.
        grip: part of its current that the gripper's motor may use, above 0 to 1.
        watchdog_ms: the arm stops by itself when it hears nothing for so long, a multiple of 20.
        paced: whether servos answer as late as at 1 Mbit/s, instead of at once.
        rest_pose: where it lies by itself without torque [rad, gripper 0..1]; empty for none.
    """

    power: float = 1.0
    grip: float = 0.3
    watchdog_ms: int = 80
    paced: bool = False
    rest_pose: tuple[float, ...] = REST


class Scene:
    """What the simulated world says of the scene; reads only.

    Args:
        device: what the station calls the arm.
        runtime: folder of the world's rings.
    """

    def __init__(self, device: str, runtime: Path) -> None:
        self._device, self._path = device, state_path(runtime)
        self._reader: RingReader | None = None

    def close(self) -> None:
        """Lets go of the ring."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def add_to(self, state: RobotState) -> RobotState:
        """A state of the arm with what is known of the scene at that time.

        Raises:
            DeviceLostError: no world, or one that stands still.
        """
        if self._reader is None:
            self._open()
        record = None if self._reader is None else self._reader.latest()
        if record is None or state.t - float(record["t"]) > STALE_S:
            self.close()  # a world that was started again writes another ring
            raise DeviceLostError(self._device, "The simulated world stands still.", REMEDY)
        state.environment_state = record["environment_state"].copy()
        state.stage, state.success = int(record["stage"]), bool(record["success"])
        return state

    def _open(self) -> None:
        try:
            self._reader = RingReader(self._path)
        except RingError as error:
            raise DeviceLostError(self._device, "No simulated world is running.", REMEDY) from error


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
        place = Place(f"emulated:{ARM}", 1_000_000, CALIBRATION, runtime)
        options = driven(name, LIMITS, config.power, config.grip, config.watchdog_ms, rate_hz)
        super().__init__(name, place, LIMITS, options, config.rest_pose)
        self._runtime = runtime
        self._scene = Scene(name, runtime)

    def disconnect(self) -> None:
        """Lets the arm hold where it is; calling it twice is harmless."""
        super().disconnect()
        self._scene.close()

    def get_observation(self) -> RobotState:
        """Reads every joint from the servos, and the scene from the world.

        Raises:
            DeviceLostError: the arm, one of its joints or the world does not answer.
        """
        return self._scene.add_to(super().get_observation())

    def reset_scene(self, seed: int) -> None:
        """Puts arm, cube and tray to the start that ``seed`` draws; may take up to 1 s.

        An arm that was engaged is so afterwards, and holds in the new pose.

        Raises:
            DeviceLostError: emulation or world do not answer.
        """
        arm = self._connected()
        try:
            control.ask(self._runtime, ARM, f"reset={seed}")
        except RequestError as error:
            raise DeviceLostError(
                self._name, f"The scene was not reset. {error}", REMEDY
            ) from error
        # Nobody spoke to the servos meanwhile: their watchdogs may have stopped them.
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
    arguments = ("--runtime", str(runtime), *(("--paced",) if config.paced else ()))
    return (
        *simulated_viperx.processes(simulated_viperx.Config(), runtime),
        Process("emulation", "drivers.emulation.process", arguments),
    )


def world(config: Config, seed: int) -> Any:
    """The world in this process; see ``drivers.simulation.world.World``."""
    return simulated_viperx.world(simulated_viperx.Config(), seed)
