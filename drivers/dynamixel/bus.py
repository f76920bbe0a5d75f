"""One Dynamixel bus: what an arm, a calibration and a check ask of its servos.

Every call is one transaction, with at most one immediate retry for those that did not answer and
never longer than the caller's budget; who is missing then is reported, and the caller decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from drivers.base import DeviceConfigError
from drivers.dynamixel import refusals, transactions
from drivers.dynamixel.counts import Statistics
from drivers.dynamixel.reading import ALERT, Reading
from drivers.dynamixel.refusals import NoAnswerError, RefusedError
from drivers.dynamixel.sync_reads import SyncReads
from drivers.dynamixel.tables import MODELS, Model, Register

__all__ = ["Bus", "NoAnswerError", "Probe", "Reading", "RefusedError", "Statistics"]


class Probe(NamedTuple):
    """What one ping brought; all False: silence.

    Attributes:
        clean: one answer that could be read.
        spoilt: bytes that make no answer.
        extra: more bytes after the answer.
    """

    clean: bool
    spoilt: bool
    extra: bool


class Bus(SyncReads):
    """The servos on one serial port. One thread at a time.

    Args:
        port: device path, such as ``/dev/serial/by-id/...``; see ``ports.resolve``.
        baud: bits a second.
        device: the name the station gives the arm, for messages.

    Attributes:
        models: id -> model, of the servos found by ``ping`` and ``scan`` that the tables know.
        firmware: id -> firmware version of the servos found.
    """

    def __init__(self, port: str, baud: int = 1_000_000, device: str = "arm") -> None:
        super().__init__(port, baud, device)
        self.models: dict[int, Model] = {}
        self.firmware: dict[int, int] = {}

    def model(self, servo: int) -> Model:
        """The model of a servo that was found.

        Raises:
            DeviceConfigError: it was not looked for, or its model is not in the tables.
        """
        if servo not in self.models:
            raise refusals.unknown_model(self.device, self.port, servo)
        return self.models[servo]

    def ping(self, servo: int, budget_s: float | None = None) -> tuple[int, int] | None:
        """Whether a servo answers, with its model number and firmware; one retry.

        Raises:
            DeviceLostError: the port broke.
        """
        with self._wire(budget_s) as link:
            for attempt in range(2):
                self._counters.attempt(retry=attempt > 0)
                answer = transactions.ping(link, servo)
                self._counters.answered(answer, expected=1)
                if servo in answer.data:
                    data = answer.data[servo]
                    self._remember(servo, int.from_bytes(data[:2], "little"), data[2])
                    return int.from_bytes(data[:2], "little"), data[2]
        return None

    def probe(self, servo: int) -> Probe:
        """One ping, without a retry, to hear whether one servo answers it.

        Raises:
            DeviceLostError: the port broke.
        """
        with self._wire(None) as link:
            self._counters.attempt(retry=False)
            answer = transactions.ping(link, servo)
            self._counters.answered(answer, expected=1)
            clean = servo in answer.data and not answer.corrupt
            extra = clean and transactions.more_follows(link)
        return Probe(clean, spoilt=answer.corrupt > 0, extra=extra)

    def scan(self, ids: Iterable[int] | None = None) -> dict[int, tuple[int, int]]:
        """Asks servos for their model and firmware: id -> (model number, firmware).

        Also measures what bounds the wait for answers from then on (their Return Delay Time) and
        whether they all know Fast Sync Read.

        Args:
            ids: whom to ask, about 5 ms each that is absent; None asks all at once, about 1 s.

        Raises:
            DeviceLostError: the port broke.
        """
        if ids is None:
            found = self._broadcast()
        else:
            answers = {servo: self.ping(servo) for servo in ids}
            found = {servo: answer for servo, answer in answers.items() if answer is not None}
        if found and all(servo in self.models for servo in found):
            self._learn_delay(tuple(found))
            self._try_fast(tuple(found), known=self._know_fast(tuple(found)))
        return found

    def read(self, servo: int, name: str, budget_s: float | None = None) -> int:
        """One register of one servo, and not what an earlier question was answered late.

        Raises:
            NoAnswerError: it does not answer, not even to one retry.
            DeviceLostError: the port broke.
            DeviceConfigError: its model has no such register.
        """
        self._register(name, self.models.get(servo))
        with self._wire(budget_s) as link:
            link.settle()
        reading = self.sync_read((servo,), (name,), budget_s)
        if reading.missing:
            raise self._no_answer(servo)
        return reading.values[servo][0]

    def write(self, servo: int, name: str, value: int, budget_s: float | None = None) -> None:
        """Writes one register of one servo and waits until it is acknowledged.

        Raises:
            NoAnswerError: it does not answer, not even to one retry.
            RefusedError: it answered that it will not, with the reason.
            DeviceLostError: the port broke.
            DeviceConfigError: its model has no such register, or the value does not fit.
        """
        place = self._register(name, self.models.get(servo))
        data = self._encoded(name, place, value)
        with self._wire(budget_s) as link:
            link.settle()
            for attempt in range(2):
                self._counters.attempt(retry=attempt > 0)
                answer = transactions.write(link, servo, place.address, data)
                self._counters.answered(answer, expected=1)
                if servo in answer.data:
                    break
            else:
                raise self._no_answer(servo)
        code = answer.errors[servo] & ~ALERT
        if code:
            raise refusals.write_refused(self.device, servo, name, value, place, code)

    def reboot(self, servo: int) -> None:
        """Restarts a servo: torque goes off and its hardware error is cleared, in about 0.5 s.

        Raises:
            NoAnswerError: it does not answer.
            DeviceLostError: the port broke.
        """
        with self._wire(None) as link:
            self._counters.attempt(retry=False)
            answer = transactions.reboot(link, servo)
            self._counters.answered(answer, expected=1)
        if servo not in answer.data:
            raise self._no_answer(servo)

    def sync_write(
        self, name: str, values: Mapping[int, int], budget_s: float | None = None
    ) -> None:
        """Writes one register of several servos in one packet, which nobody acknowledges.

        Raises:
            DeviceLostError: the port broke, and is closed now.
            DeviceConfigError: there is no such register, or a value does not fit.
        """
        if not values:
            return
        place = self._register(name)
        data = {servo: self._encoded(name, place, value) for servo, value in values.items()}
        with self._wire(budget_s) as link:
            self._counters.attempt(retry=False)
            transactions.sync_write(link, place.address, place.length, data)

    def _broadcast(self) -> dict[int, tuple[int, int]]:
        with self._wire(None) as link:
            self._counters.attempt(retry=False)
            found = dict(sorted(transactions.ping_all(link).items()))
        for servo, answer in found.items():
            self._remember(servo, *answer)
        return found

    def _remember(self, servo: int, number: int, firmware: int) -> None:
        self.firmware[servo] = firmware
        self.models.pop(servo, None)
        if number in MODELS:
            self.models[servo] = MODELS[number]

    def _learn_delay(self, ids: tuple[int, ...]) -> None:
        reading = self.sync_read(ids, ("return_delay_time",))
        if self._link is not None and not reading.missing:
            units = max(values[0] for values in reading.values.values())
            self._link.return_delay_ms = units * 2e-3

    def _know_fast(self, ids: tuple[int, ...]) -> bool:
        return all(
            self.firmware[servo] >= self.models[servo].fast_sync_read_firmware for servo in ids
        )

    def _encoded(self, name: str, place: Register, value: int) -> bytes:
        try:
            return place.encode(value)
        except OverflowError as error:
            raise DeviceConfigError(
                self.device, f"{name} cannot be {value}.", str(error)
            ) from error

    def _no_answer(self, servo: int) -> NoAnswerError:
        return refusals.no_answer(self.device, self.port, servo, self.models.get(servo))
