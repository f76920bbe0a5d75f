"""One arm's calibration by a person's hand: its bus, the steps, what is seen, and the file.

For the terminal in its own process, for the window through ``python -m sessions.checking``. A bus
that breaks meanwhile is opened again; nothing that was taken is lost.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path

from drivers.base import DeviceConfigError, DeviceLostError, DriverError
from drivers.dynamixel import calibration as calibrations
from drivers.dynamixel import identity, survey
from drivers.dynamixel.bus import Bus
from drivers.dynamixel.calibrating import Calibrating
from drivers.dynamixel.calibration import Servo
from sessions.checking import buses, servos
from sessions.checking.arms import ArmSite
from sessions.checking.results import Acts, Check, ago
from sessions.checking.views import Present, Saved, View, joint_bars, support

POLL_S = 0.05
_SILENT_S = 1.0
_AGAIN_S = 0.5
_RELEASES = 3


class HandCalibration:
    """Calibrates one arm, step by step; its motors are without torque.

    Args:
        site: the arm.
        runtime: folder of emulated ports; None for hardware only.
        acts: what remedies say that somebody does, for this station and arm.

    Raises:
        DriverError: it comes calibrated, its port cannot be opened, or not all servos answer.
    """

    def __init__(self, site: ArmSite, runtime: Path | None, acts: Acts) -> None:
        if site.own is None:
            raise DeviceConfigError(
                site.name,
                "It comes calibrated: it stands in a simulated scene, where no hand can move it.",
                "Calibrate the leader, to practise.",
            )
        self._site, self._file = site, site.own
        self._bus = _opened(site, runtime, acts)
        try:
            found = _all(site, self._bus, acts)
            self._servos = servos.fingerprint(self._bus, found)
            torque = survey.read_all(self._bus, tuple(found), "torque_enable")
        except BaseException:
            self._bus.close()
            raise
        self._holding = tuple(servo for servo, on in torque.items() if on)
        adapter = identity.adapter(site.port, self._bus.port)
        self.present = _present(site, self._servos, adapter)
        self._machine = Calibrating(site.name, site.description, self._read, self._servos, adapter)
        self._heard = dict.fromkeys(site.description.primary, time.monotonic())
        self._problem = ""
        self._tried_t = -math.inf

    @property
    def ready(self) -> bool:
        """Whether it is at its last step: it can be saved."""
        return not self._holding and self._machine.step.key == "summary"

    def poll(self) -> None:
        """Reads the arm once; a bus that broke is opened again. Some 20 times a second."""
        try:
            if not self._bus.is_open:
                self._reopen()
            if self._bus.is_open:
                self._machine.poll()
                self._problem = self._silence()
        except DriverError as error:
            self._problem = f"{error.problem} Check cable and power: it goes on by itself."

    def next(self) -> bool:
        """Goes on; False while something is missing. Lets go of an arm that is held, first."""
        if self._problem:
            return False
        if self._holding:
            return self._release()
        return self._machine.next()

    def back(self) -> bool:
        """Goes one step back, to take it anew; False at the first."""
        return not self._holding and self._machine.back()

    def save(self) -> Saved:
        """Writes the file, whole or not at all; the one before it is kept beside it.

        Raises:
            DriverError: it is not at its last step, or the file cannot be written.
        """
        if not self.ready:
            raise DeviceConfigError(
                self._site.name, "The calibration is not at its end.", "Go through all steps first."
            )
        made = self._machine.result()
        try:
            calibrations.write(self._file, made)
        except OSError as error:
            raise DeviceConfigError(
                self._site.name,
                f"{self._file} cannot be written: {error.strerror}.",
                "Check the folder's rights and the disk.",
            ) from error
        count = len(made.names)
        return Saved(str(self._file), f"Saved: {count} joints, in {self._file}.")

    def view(self) -> View:
        """What is to be seen now."""
        machine = self._machine
        step = machine.step
        after = step.key in ("closed", "open", "summary") and not self._holding
        return View(
            device=self._site.name,
            kind=self._site.description.kind,
            step=support(self._site.name, step.count) if self._holding else step,
            titles=machine.titles(),
            bars=joint_bars(machine.bars()),
            present=self.present,
            warnings=machine.warnings() if after else (),
            summary=machine.summary() if step.key == "summary" else (),
            problem=self._problem,
        )

    def close(self) -> None:
        """Lets go of the bus; calling it twice is harmless."""
        self._bus.close()

    # -- the bus

    def _read(self) -> Mapping[int, int]:
        reading = self._bus.sync_read(self._site.description.primary, ("present_position",))
        for servo in reading.values:
            self._heard[servo] = reading.t
        return {servo: values[0] for servo, values in reading.values.items()}

    def _silence(self) -> str:
        now = time.monotonic()
        for servo, heard_t in self._heard.items():
            if now - heard_t > _SILENT_S:
                return (
                    f"{self._site.joint_of(servo)} does not answer. Check its cable, the one "
                    "before it, and the arm's power."
                )
        return ""

    def _reopen(self) -> None:
        """Tries to open the bus again, now and then; the same arm must be on it."""
        now = time.monotonic()
        if now - self._tried_t < _AGAIN_S:
            return
        self._tried_t = now
        self._bus.open()
        try:
            found = self._bus.scan(self._site.description.ids)
            there = servos.fingerprint(self._bus, found)
        except DriverError:
            self._bus.close()
            raise
        if not _same(self._servos, there):
            self._bus.close()
            raise DeviceLostError(
                self._site.name,
                "What is on this port now is another arm, or lacks motors.",
                "Plug the first one in again, with its power on.",
            )

    def _release(self) -> bool:
        """Torque off, and made sure of."""
        for _ in range(_RELEASES):
            self._bus.sync_write("torque_enable", dict.fromkeys(self._site.description.ids, 0))
            torque = survey.read_all(self._bus, self._site.description.ids, "torque_enable")
            self._holding = tuple(servo for servo, on in torque.items() if on)
            if not self._holding:
                return True
        return False


def _opened(site: ArmSite, runtime: Path | None, acts: Acts) -> Bus:
    line, bus = servos.open_port(site, runtime, acts.find)
    if bus is None:
        raise DeviceConfigError(site.name, line.text, line.remedy)
    return bus


def _all(site: ArmSite, bus: Bus, acts: Acts) -> servos.Servos:
    found: servos.Servos = {}
    for item in servos.find(site, bus, acts, None):
        if not isinstance(item, Check):
            found = item
        elif item.verdict == "bad":
            raise DeviceConfigError(site.name, item.text, item.remedy)
    return found


def _same(before: tuple[Servo, ...], now: tuple[Servo, ...]) -> bool:
    return [(servo.id, servo.model) for servo in before] == [(s.id, s.model) for s in now]


def _present(site: ArmSite, found: tuple[Servo, ...], port: str) -> Present:
    try:
        made = calibrations.read(site.calibration, site.name)
        verdict, said = buses.differences(site, found, port)
    except DeviceConfigError as error:
        return Present(error.problem, "bad")
    when = "The present calibration came with the arm"
    if site.calibration == site.own:
        when = f"The present calibration was made {ago(made.date)} ({made.date[:10]})"
    if verdict == "good":
        return Present(f"{when}; the servos are as they were then.", verdict)
    return Present(f"{when}. It differs from the servos:", verdict, tuple(said))
