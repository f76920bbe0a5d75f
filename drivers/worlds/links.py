"""How a robot's driver reaches its world: in this process, or through mapped rings."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from drivers.base import DeviceLostError, DeviceNotFoundError, Floats, RobotState
from drivers.ring import RingError, RingReader, RingWriter
from drivers.worlds import World
from drivers.worlds.rings import REMEDY, command_dtype, commands_path, state_path


class WorldLink(Protocol):
    """What the arm's driver needs of a world, wherever it runs."""

    def open(self) -> None:
        """Reaches the world. Raises DeviceNotFoundError if there is none."""

    def close(self) -> None:
        """Lets go of the world; calling it twice is harmless."""

    def state(self) -> RobotState:
        """The newest state; never blocks. Raises DeviceLostError if it is too old."""

    def command(self, target: Floats) -> None:
        """Sets the joint targets, shape (A,); never blocks."""

    def hold(self) -> None:
        """Cancels the targets: the arm holds where it is; never blocks."""

    def reset(self, seed: int) -> None:
        """Puts the scene to the start of ``seed``; may take up to 1 s."""


class InProcessLink:
    """A world in this process, in lockstep.

    Args:
        world: the world to drive.
    """

    def __init__(self, world: World) -> None:
        self.world = world

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close: the world is its maker's."""

    def state(self) -> RobotState:
        """The state at the world's last step."""
        return self.world.state()

    def command(self, target: Floats) -> None:
        """Sets the joint targets at once."""
        self.world.command(target)

    def hold(self) -> None:
        """Holds where the arm is."""
        self.world.hold()

    def reset(self, seed: int) -> None:
        """Puts the scene back at once."""
        self.world.reset(seed)


class MappedLink:
    """The world process, through its rings.

    Args:
        device: the arm's name, for messages.
        runtime: folder of the rings.
        names: what is commanded, A components; another world's rings are refused.
        stale_s: a state older than this means that the world is lost [s].
        reset_s: how long putting the scene back may take [s].
    """

    def __init__(
        self,
        device: str,
        runtime: Path,
        names: tuple[str, ...],
        stale_s: float = 0.1,
        reset_s: float = 1.0,
    ) -> None:
        self._device = device
        self._runtime = runtime
        self._names = names
        self._stale_s, self._reset_s = stale_s, reset_s
        self._reader: RingReader | None = None
        self._writer: RingWriter | None = None
        # A stop may come while a scene reset or a reconnection is under way in its own thread.
        self._lock = threading.Lock()
        self._resets = 0
        self._seed = 0
        self.work_s = float("nan")
        """How long the world takes to carry out a command, as it last said [s]."""

    def open(self) -> None:
        """Maps the rings.

        Raises:
            DeviceNotFoundError: no world writes to the runtime folder.
        """
        try:
            self._map()
            self._newest()
        except DeviceLostError as error:
            self.close()
            raise DeviceNotFoundError(self._device, error.problem, REMEDY) from error

    def close(self) -> None:
        """Drops the mappings."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        with self._lock:
            if self._writer is not None:
                self._writer.close(unlink=True)
                self._writer = None

    def state(self) -> RobotState:
        """The newest state of the world.

        Raises:
            DeviceLostError: the newest state is older than ``stale_s``.
        """
        record = self._newest()
        self.work_s = float(record["work_s"])
        return RobotState(
            t=float(record["t"]),
            position=record["position"].copy(),
            velocity=record["velocity"].copy(),
            effort=record["effort"].copy(),
            environment_state=record["environment_state"].copy(),
            stage=int(record["stage"]),
            success=bool(record["success"]),
        )

    def command(self, target: Floats) -> None:
        """Sets the joint targets.

        Raises:
            DeviceLostError: not connected.
        """
        self._push(target, hold=False)

    def hold(self) -> None:
        """Cancels the targets.

        Raises:
            DeviceLostError: not connected.
        """
        self._push(np.zeros(len(self._names)), hold=True)

    def reset(self, seed: int) -> None:
        """Puts the scene back and waits until the world says that it did.

        Raises:
            DeviceLostError: the world did not answer within ``reset_s``.
        """
        wanted = int(self._newest()["resets"]) + 1
        self._resets, self._seed = wanted, seed
        self.hold()
        deadline = time.monotonic() + self._reset_s
        while time.monotonic() < deadline:
            if self._reader is not None and self._resets_done(self._reader) >= wanted:
                return
            time.sleep(0.002)
        raise DeviceLostError(
            self._device, f"The scene was not reset within {self._reset_s:g} s.", REMEDY
        )

    def _resets_done(self, reader: RingReader) -> int:
        """How often the world says it was reset; its state may be old while it does that."""
        record = reader.latest()
        return -1 if record is None else int(record["resets"])

    def _push(self, target: Floats, *, hold: bool) -> None:
        with self._lock:
            if self._writer is None:
                raise DeviceLostError(
                    self._device, "The arm is not connected.", "Connect it first."
                )
            slot = self._writer.slot()
            slot["t"] = time.monotonic()
            slot["target"] = target
            slot["hold"] = hold
            slot["resets"] = self._resets
            slot["seed"] = self._seed
            self._writer.commit()

    def _newest(self) -> Any:
        """The newest state record; maps the ring anew if the world was started again."""
        if self._reader is None:
            raise DeviceLostError(self._device, "The arm is not connected.", "Connect it first.")
        record = self._reader.latest()
        age = np.inf if record is None else time.monotonic() - float(record["t"])
        if age > self._stale_s and self._reader.replaced():
            self._map()
            record = self._reader.latest()
            age = np.inf if record is None else time.monotonic() - float(record["t"])
        if record is None or age > self._stale_s:
            text = "nothing" if record is None else f"a state {age * 1000:.0f} ms old"
            raise DeviceLostError(
                self._device,
                f"The simulated world gave {text}; the limit is {self._stale_s * 1000:.0f} ms.",
                REMEDY,
            )
        return record

    def _map(self) -> None:
        path = state_path(self._runtime)
        try:
            reader = RingReader(path)
        except RingError as error:
            raise DeviceLostError(self._device, "No simulated world is running.", REMEDY) from error
        theirs = tuple(reader.meta.get("joint_names", ()))
        if theirs != self._names:
            reader.close()
            raise DeviceLostError(
                self._device,
                f"The world that runs moves {', '.join(theirs)}; this station moves "
                f"{', '.join(self._names)}.",
                "Close the window and open it again.",
            )
        if self._reader is not None:
            self._reader.close()
        self._reader = reader
        # A new world counts its resets from zero: an old count would reset the scene at once.
        newest = reader.latest()
        self._resets = 0 if newest is None else int(newest["resets"])
        if self._writer is not None:
            self.hold()
            return
        try:
            dtype = command_dtype(len(self._names))
            self._writer = RingWriter(commands_path(self._runtime), dtype, 64)
        except RingError as error:
            raise DeviceLostError(
                self._device, f"{error}", "Then it connects by itself."
            ) from error
