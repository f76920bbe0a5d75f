"""A leader's motors: they take hold over a few ticks without a twitch, and let go in one packet."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from drivers.base import SelfStoppedError
from drivers.dynamixel.arm import Arm

_GOALS_FIRST = 2
_TORQUE_TOLD = 3
"""Nobody acknowledges what is told to all servos at once, and packets get lost: told so often."""


class GentleArm(Arm):
    """An arm that a person holds in the hand; see ``Arm`` for its arguments.

    Unlike a follower it takes hold in steps of a packet or two, so that no tick of the loop pays
    for all of them, and lets go without waiting for an answer.
    """

    restarts = False  # the leader says when: it can be led without torque too
    _step = 0

    def connect(self) -> None:
        """As ``Arm.connect``; a motor that limits its current keeps all of its speed."""
        super().connect()
        fitted = self._connected()
        power = self._options.power
        pwm = {i: round(p / power) if i in fitted.current else p for i, p in fitted.pwm.items()}
        self._fitted = replace(fitted, pwm=pwm)
        self._step = 0

    @property
    def shut_down(self) -> tuple[int, ...]:
        """Servos that shut themselves down, as last read: they have no torque until restarted."""
        return self.stops.watch.shut_down

    @property
    def holds(self) -> bool:
        """Whether any motor has torque, as last read, or has been told to take it since."""
        return super().holds or self._step > _GOALS_FIRST

    def restart(self) -> None:
        """Restarts what has shut itself down, unless the reason lasts; some five transactions.

        Raises:
            DeviceLostError: the port broke.
        """
        with contextlib.suppress(SelfStoppedError):  # says that it restarts them, or cannot
            self.stops.refuse_errors(self._measuring)

    def let_go(self) -> None:
        """Torque off, one packet; say it again until ``holds`` says that all have heard.

        Raises:
            DeviceLostError: the port broke.
        """
        self._connected()
        self._bus.sync_write("torque_enable", dict.fromkeys(self.calibration.ids, 0))
        self.engaged = False
        self._step = 0
        self._goals = {}
        self.stops.disarmed()

    def release(self) -> None:
        """As ``Arm.release``: torque off, and every motor has said so."""
        self._step = 0
        super().release()

    def take_hold(self) -> bool:
        """One step on the way to holding where it is; call it once a tick.

        A motor that has shut itself down keeps the arm from holding; it can be led all the same.

        Returns:
            whether it holds now, and takes goals.

        Raises:
            SelfStoppedError: a joint is beyond the limit set in its servo.
            DeviceLostError: the port broke.
        """
        if self._armed:
            return True
        if self.shut_down:
            return False
        if self._step == 0:
            self._connected().apply(self._bus)
        else:
            # Until the end its goal is where it is: the hand that has it may still move it.
            self._send(self._within_limits(self._present()))
        if self._step > _GOALS_FIRST:
            self._bus.sync_write("torque_enable", dict.fromkeys(self.calibration.ids, 1))
        self._step += 1
        if self._step <= _GOALS_FIRST + _TORQUE_TOLD:
            return False
        self._step = 0
        self.stops.armed()
        self.engaged = True
        return True
