"""The simulated world behind emulated servos: their goals move its arm, its arm is what they read.

The world is the arm's mechanics and its mains: while it does not run, the servos have no power and
do not answer; when it comes back, they start anew with torque off. A simulated arm does not sag:
joints without torque stay where they are, and nothing that is sent moves them.
"""

from __future__ import annotations

import math
import threading
from pathlib import Path

import numpy as np

from drivers.base import DriverError, Floats, RobotState
from drivers.dynamixel.calibration import Scale
from drivers.emulation.hands import Hand
from drivers.emulation.physics import OFF, Drive, Present, Profile
from drivers.simulation.links import MappedLink

STALE_S = 0.3
"""A world silent for this long is gone [s]."""

MOTOR_TICKS_S = 2_100.0
"""What the large motors do at 12 V without load: 3.2 rad/s [ticks/s]."""

_PERIOD_S = 0.0025  # the world says where it is every 5 ms
_LOOK_S = 0.25
_MOST_DT_S = 0.02


class HandlessError(ValueError):
    """A hand was asked to move an arm that is only simulated."""


class WorldPhysics:
    """The arm of the simulated world, an axis for each of its joints; a ``Physics``.

    Args:
        device: what messages call the arm.
        runtime: folder of the world's rings.
        scale: between its joints and the servos' ticks.
        torque_constants: what a joint's motor does for a current, shape (A,) [N m/A].
        stale_s: a world silent for this long is gone [s].
    """

    def __init__(
        self,
        device: str,
        runtime: Path,
        scale: Scale,
        torque_constants: Floats,
        stale_s: float = STALE_S,
    ) -> None:
        self.powered = False
        self._link = MappedLink(device, runtime, stale_s)
        self._scale = scale
        self._constants = torque_constants
        count = len(scale.zero)
        self._turns = np.zeros(count)
        self._drives = [OFF] * count
        self._profiles = [Profile(2048.0) for _ in range(count)]
        self._present = [Present(2048.0, 0.0, 0.0)] * count
        self._open = False
        self._look_t = -math.inf
        self._next_t = -math.inf
        self._now = 0.0
        self._holding = True
        self._busy = threading.Lock()

    def advance(self, now: float) -> None:
        """Reads where the arm is and sends where it is to go; never blocks."""
        if now < self._next_t or not self._busy.acquire(blocking=False):
            return
        self._next_t = now + _PERIOD_S
        try:
            if not self._open and not self._look(now):
                return
            self._take(self._link.state())
            self._give(now)
        except DriverError:
            self.powered = False
            self._release()
        finally:
            self._busy.release()

    def drive(self, axis: int, drive: Drive) -> None:
        """What the servo of ``axis`` wants from now on."""
        if self._drives[axis].kind == "off" and drive.kind != "off":
            self._profiles[axis] = Profile(self._present[axis].position)
        self._drives[axis] = drive

    def present(self, axis: int) -> Present:
        """What the joint does, in its servo's ticks."""
        return self._present[axis]

    def hand(self, axis: int, hand: Hand | None) -> None:
        """Refuses: nobody can reach into a simulation.

        Raises:
            HandlessError: always, unless the hand is taken away.
        """
        if hand is not None:
            raise HandlessError(
                "The follower is simulated: no hand reaches it. Move the leader, or its goals."
            )

    def reset(self, seed: int) -> None:
        """Puts the scene and the arm to the start that ``seed`` draws; may take up to 1 s.

        Called from any thread but the bus'; the servos answer with the old pose meanwhile.

        Raises:
            DeviceLostError: there is no world, or it did not answer within 1 s.
        """
        # Held all the while: what the servos wanted before would pull the arm away again.
        with self._busy:
            self._link.reset(seed)
            self._take(self._link.state())
            self._release()

    def close(self) -> None:
        """Lets go of the world; its arm holds."""
        self._link.close()
        self._open = False

    def _look(self, now: float) -> bool:
        if now < self._look_t:
            return False
        self._look_t = now + _LOOK_S
        self._link.open()
        self._open = True
        return True

    def _take(self, state: RobotState) -> None:
        scale = self._scale
        position = scale.zero + state.position * scale.per_unit
        velocity = state.velocity * scale.per_unit
        current = state.effort / self._constants * 1e3 * np.sign(scale.per_unit)
        self._present = [
            Present(float(p), float(v), float(c))
            for p, v, c in zip(position, velocity, current, strict=True)
        ]
        self.powered = True

    def _give(self, now: float) -> None:
        dt = min(_MOST_DT_S, max(1e-4, now - self._now))
        self._now = now
        if all(drive.kind == "off" for drive in self._drives):
            if not self._holding:
                self._link.hold()
                self._holding = True
            return
        ticks = [self._setpoint(axis, dt) for axis in range(len(self._drives))]
        self._link.command(self._scale.positions(np.array(ticks), self._turns))
        self._holding = False

    def _setpoint(self, axis: int, dt: float) -> float:
        drive, profile = self._drives[axis], self._profiles[axis]
        fast = min(drive.velocity, MOTOR_TICKS_S)
        if drive.kind == "position":
            profile.approach(drive.target, fast, drive.acceleration, dt)
        elif drive.kind == "velocity":
            wanted = min(fast, max(-fast, drive.target))
            profile.chase(wanted, drive.acceleration, dt)
        elif drive.kind == "current":
            profile.position = self._present[axis].position
        return profile.position

    def _release(self) -> None:
        self._drives = [OFF] * len(self._drives)
        self._profiles = [Profile(present.position) for present in self._present]
        self._holding = False
