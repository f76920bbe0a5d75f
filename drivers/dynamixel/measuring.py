"""What an arm measures, kept sane while packets are lost: a joint never jumps and is never old.

A joint that does not answer keeps its last value for at most ``patience_s``, and for one reading
however long ago the one before was; after that the arm is lost, and the error names the joint.
When no servo answers at all, twice running and for half that time, the arm has no power or cable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from drivers.base import DeviceLostError, Floats, RobotState
from drivers.dynamixel import complaints
from drivers.dynamixel.calibration import Calibration, Scale
from drivers.dynamixel.tables import MODELS, RAD_S_PER_VELOCITY_UNIT, TICKS_PER_TURN

PATIENCE_S = 0.06
"""So long a joint may stay silent before the arm counts as lost [s]."""

_SILENT_TWICE = 2
_HALF_TURN = TICKS_PER_TURN // 2
UNPOWERED = (
    "Check that the arm's power is on, its emergency stop released and its USB cable plugged in."
)


class Measuring:
    """Turns readings into joint positions, speeds and torques.

    Args:
        device: what the station calls the arm.
        calibration: which servo is which joint.
        patience_s: so long a joint may stay silent [s].

    Attributes:
        turns: shape (A,), whole turns by which each servo's ticks are off.
    """

    def __init__(
        self, device: str, calibration: Calibration, patience_s: float = PATIENCE_S
    ) -> None:
        self.scale = Scale.of(calibration)
        self._device, self._calibration, self._patience_s = device, calibration, patience_s
        self._rows = {servo_id: i for i, servo_id in enumerate(calibration.primary)}
        size = len(self._rows)
        self.turns = np.zeros(size)
        models = [MODELS[calibration.servo(i).model] for i in calibration.primary]
        # Torque [N m] a count, positive the way the joint is; the gripper's as its servo turns.
        self._torque = np.array([m.torque_n_m(1) for m in models]) * np.sign(self.scale.per_unit)
        # A motor and its second one share the load.
        self._torque *= [1 + len(part.shadows) for part in calibration.parts]
        self._raw = np.zeros((size, 3))
        self._heard = np.full(size, -np.inf)
        self._missed = np.zeros(size, dtype=int)
        self._pardoned = np.full(size, -np.inf)
        self._counted = np.zeros(size, dtype=bool)
        self._silent = 0
        self._t = float("nan")

    @property
    def ticks(self) -> Floats:
        """The newest positions as the servos count them [ticks], shape (A,)."""
        return self._raw[:, 2].copy()

    def start(self, ticks: Mapping[int, int], t: float, *, many_turns: Mapping[int, bool]) -> None:
        """Begins anew with positions just read, and finds the turns that were forgotten.

        Args:
            ticks: positions by servo, every joint's.
            t: when they were read [s].
            many_turns: by servo, whether it counts beyond one turn; one that does not is taken
                by its word.
        """
        for servo_id, row in self._rows.items():
            self._raw[row] = (0.0, 0.0, ticks[servo_id])
        self._counted = np.array([many_turns[servo_id] for servo_id in self._rows])
        self.turns = self._forgotten_turns()
        self._heard[:] = t
        self._missed[:] = 0
        self._silent, self._t = 0, t

    def pardon(self, ids: Iterable[int], until: float) -> None:
        """Servos that are being restarted: they may be silent, and forget their turns, ``until``.

        Args:
            ids: those; ones that are read only with another one are ignored.
            until: time [s].
        """
        for servo_id in ids:
            if servo_id in self._rows:
                self._heard[self._rows[servo_id]] = until
                self._pardoned[self._rows[servo_id]] = until

    def update(self, values: Mapping[int, tuple[int, ...]], t: float) -> RobotState:
        """Takes one reading and returns what is known now.

        Args:
            values: (current or load, velocity, position) by servo; those that answered.
            t: when they were asked [s].

        Raises:
            DeviceLostError: all silent twice running, one silent for too long, or one that forgot
                its turns, which means that it had no power for a moment.
        """
        answered = [servo_id for servo_id in self._rows if servo_id in values]
        self._silent = 0 if answered else self._silent + 1
        # Half of it, so that a computer that was busy for a moment is not an arm without power.
        if self._silent >= _SILENT_TWICE and t - self._t > 0.5 * self._patience_s:
            raise DeviceLostError(self._device, "None of its servos answers.", UNPOWERED)
        self._missed += 1
        for servo_id in answered:
            self._take(servo_id, values[servo_id], t)
        if answered:
            self._t = t
        self._check_silence(t)
        return self.state()

    def state(self) -> RobotState:
        """What is known now, the gripper within [0, 1]."""
        position = self.scale.positions(self._raw[:, 2], self.turns)
        if self._calibration.gripper is not None:
            position[-1] = min(max(position[-1], 0.0), 1.0)
        return RobotState(
            t=self._t,
            position=position,
            velocity=self.scale.rates(self._raw[:, 1] * RAD_S_PER_VELOCITY_UNIT),
            effort=self._raw[:, 0] * self._torque,
        )

    def _forgotten_turns(self) -> Floats:
        return np.where(self._counted, self.scale.turns(self.ticks), 0.0)

    def _take(self, servo_id: int, values: tuple[int, ...], t: float) -> None:
        row = self._rows[servo_id]
        jump = abs(values[2] - self._raw[row, 2])
        self._raw[row] = values
        if jump > _HALF_TURN and t < self._pardoned[row]:
            self.turns[row] = self._forgotten_turns()[row]
        elif jump > _HALF_TURN:
            name = self._calibration.joint_of(servo_id)
            raise DeviceLostError(
                self._device,
                f"{name} (servo {servo_id}) jumped by {jump:.0f} ticks: it was without power for "
                "a moment.",
                "Check the plug of its cable and of the motor before it.",
            )
        self._heard[row] = max(t, self._pardoned[row])
        self._missed[row] = 0

    def _check_silence(self, t: float) -> None:
        age = t - self._heard
        lost = (age > self._patience_s) & (self._missed > 1)
        if not lost.any():
            return
        # Whoever missed this reading and the one before is behind the same cable.
        age_s = float(np.max(np.where(lost, age, 0.0)))
        parts = [self._calibration.parts[row] for row in np.flatnonzero(self._missed > 1)]
        problem, remedy = complaints.silent(
            [complaints.named(part.name, part.id) for part in parts],
            f"{age_s * 1000:.0f} ms (limit {self._patience_s * 1000:.0f} ms)",
        )
        raise DeviceLostError(self._device, problem, remedy)
