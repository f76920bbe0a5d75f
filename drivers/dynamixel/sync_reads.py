"""Sync Reads of one bus: fast where its servos can, asked again where an answer is missing.

A question may be asked ahead: while its answers travel there is time for something else, another
arm's question above all. The line takes one thing at a time, so that whatever is done on it next
first waits for the answers to what was asked.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from drivers.dynamixel import refusals, transactions
from drivers.dynamixel.access import SERIAL_ERRORS
from drivers.dynamixel.connection import Connection
from drivers.dynamixel.counts import Statistics
from drivers.dynamixel.reading import Reading, decoded
from drivers.dynamixel.tables import Model, Register, register
from drivers.dynamixel.transactions import Answers, Question
from drivers.dynamixel.wire import BabbleError, Link

# Fast Sync Read is tried so often when servos are found: one lost packet shall not decide it.
_FAST_TRIES = 3
# So many fast reads that fail in a row, while plain ones work, end it for this connection.
_FAST_FAILURES = 5
# Who missed so many reads in a row is not worth a second wait in each of them.
_SILENT = 3


@dataclass(frozen=True)
class _Block:
    """The registers that several servos are asked for."""

    ids: tuple[int, ...]
    start: int
    size: int


@dataclass(frozen=True)
class _Ahead:
    """A question whose answers are under way, and what asking it took [s]."""

    block: _Block
    question: Question
    took_s: float


@dataclass(frozen=True)
class _Heard:
    """What came back, when it was complete, and what asking and waiting took [s]."""

    answers: Answers
    t: float
    took_s: float


class SyncReads(Connection):
    """A connection that reads the same registers of several servos in one transaction.

    Args:
        port: device path.
        baud: bits a second.
        device: the name the station gives the arm, for messages.
    """

    def __init__(self, port: str, baud: int, device: str) -> None:
        super().__init__(port, baud, device)
        self._ahead: _Ahead | None = None
        self._begin_anew()

    @property
    def statistics(self) -> Statistics:
        """Counts since ``open`` and the 99th percentile of the last thousand Sync Reads."""
        return self._counters.snapshot(fast=bool(self._fast_ids))

    def open(self) -> None:
        """Opens the port for this bus alone; one that is open already is opened anew.

        Raises:
            DeviceNotFoundError: absent; PortPermissionError and PortBusyError say why else.
            DeviceConfigError: no serial port, or not at this rate.
        """
        super().open()
        self._begin_anew()

    def ask(self, ids: Sequence[int], names: Sequence[str]) -> None:
        """Asks ahead: ``sync_read`` of the same, ``asked``, then takes the answers.

        Waits only where answers to an earlier question are still under way. A port that is closed
        or breaks is for ``sync_read`` to tell.

        Args:
            ids: whom to ask.
            names: register names.

        Raises:
            DeviceConfigError: there is no such register.
        """
        block, _ = self._block(ids, names)
        link = self._link
        if link is None:
            return
        began = time.monotonic()
        link.until = float("inf")
        try:
            self._hear(link)
            self._heard.pop(block, None)
            question = self._question(block.ids, block)
            self._counters.attempt(retry=False)
            if transactions.ask(link, question):
                self._ahead = _Ahead(block, question, time.monotonic() - began)
        except (BabbleError, *SERIAL_ERRORS):
            link.heard(everything=False)  # for the next to find out what is wrong

    def sync_read(
        self,
        ids: Sequence[int],
        names: Sequence[str],
        budget_s: float | None = None,
        *,
        asked: bool = False,
    ) -> Reading:
        """Reads the same registers of several servos in one transaction.

        What lies between the registers is read too: take neighbours, such as
        ``present_current, present_velocity, present_position``. Who does not answer is asked once
        more, if the budget allows.

        Args:
            ids: whom to ask.
            names: register names; ``present_load`` and ``present_current`` lie at the same place.
            budget_s: how long it may take in all [s]; None for what two attempts may take.
            asked: take the answers to what was asked ahead, if it was; else they are out of date.

        Raises:
            DeviceLostError: the port broke, and is closed now.
            DeviceConfigError: there is no such register.
        """
        block, places = self._block(ids, names)
        with self._wire(budget_s) as link:
            heard = self._heard.pop(block, None)
            if heard is None or not asked:
                heard = self._exchange(link, self._question(ids, block))
            got, t, took_s = heard.answers, heard.t, heard.took_s
            left = [servo for servo in ids if servo not in got.data]
            left = [*left[1:], *left[:1]]
            hopeful = [servo for servo in left if self._silent.get(servo, 0) < _SILENT]
            if hopeful and time.monotonic() + link.wire_s(len(hopeful), block.size) < link.until:
                again = self._exchange(link, self._plain(hopeful, block), retry=True)
                got.add(again.answers)
                t, took_s = again.t, took_s + again.took_s
        self._counters.took(took_s)
        for servo in ids:
            self._silent[servo] = 0 if servo in got.data else self._silent.get(servo, 0) + 1
        return decoded(ids, got, [(place, place.address - block.start) for place in places], t)

    @contextlib.contextmanager
    def _wire(self, budget_s: float | None) -> Iterator[Link]:
        """As ``Connection._wire``, once all that was asked ahead is answered."""
        with super()._wire(budget_s) as link:
            self._hear(link)
            yield link

    def _begin_anew(self) -> None:
        self._fast_ids: frozenset[int] = frozenset()
        self._fast_failures = 0
        self._silent: dict[int, int] = {}
        self._ahead = None
        self._heard: dict[_Block, _Heard] = {}

    def _block(self, ids: Sequence[int], names: Sequence[str]) -> tuple[_Block, list[Register]]:
        places = [self._register(name) for name in names]
        start = min(place.address for place in places)
        size = max(place.address + place.length for place in places) - start
        return _Block(tuple(ids), start, size), places

    def _question(self, ids: Sequence[int], block: _Block) -> Question:
        """The first question about a block, fast if that is possible."""
        # A servo waits for the one asked before it: who is absent silences those behind it.
        order = tuple(sorted(ids, key=self._is_silent))
        return Question(order, block.start, block.size, self._may_be_fast(ids))

    def _plain(self, ids: Sequence[int], block: _Block) -> Question:
        return Question(tuple(ids), block.start, block.size, fast=False)

    def _exchange(self, link: Link, question: Question, *, retry: bool = False) -> _Heard:
        began = time.monotonic()
        self._counters.attempt(retry=retry)
        got = self._answers(link, question) if transactions.ask(link, question) else Answers()
        now = time.monotonic()
        return _Heard(got, now, now - began)

    def _hear(self, link: Link) -> None:
        """Waits for the answers to what was asked ahead, and keeps them."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            began = time.monotonic()
            got = self._answers(link, ahead.question)
            now = time.monotonic()
            self._heard[ahead.block] = _Heard(got, now, ahead.took_s + now - began)

    def _answers(self, link: Link, question: Question) -> Answers:
        """What comes back to a question that went out, counted."""
        fast = question.fast
        answers = transactions.answered(link, question)
        self._counters.answered(answers, expected=1 if fast else len(question.ids))
        if fast:
            self._fast_failures = 0 if answers.data else self._fast_failures + 1
        elif answers.data and self._fast_failures >= _FAST_FAILURES:
            self._fast_ids = frozenset()
        return answers

    def _is_silent(self, servo: int) -> bool:
        return self._silent.get(servo, 0) > 0

    def _may_be_fast(self, ids: Sequence[int]) -> bool:
        # One servo that is absent spoils a fast read for all.
        known = len(ids) > 1 and self._fast_ids.issuperset(ids)
        return known and not any(map(self._is_silent, ids))

    def _try_fast(self, ids: tuple[int, ...], *, known: bool) -> None:
        """Finds out whether these servos take Fast Sync Read, if their firmware knows it."""
        self._fast_ids = frozenset()
        self._fast_failures = 0
        block, _ = self._block(ids, ("present_position",))
        question = Question(ids, block.start, block.size, fast=True)
        for _ in range(_FAST_TRIES if known and len(ids) > 1 else 0):
            with self._wire(None) as link:
                self._counters.attempt(retry=False)
                sent = transactions.ask(link, question)
                if sent and len(transactions.answered(link, question).data) == len(ids):
                    self._fast_ids = frozenset(ids)
                    return

    def _register(self, name: str, model: Model | None = None) -> Register:
        try:
            return register(name, model)
        except KeyError as error:
            raise refusals.unknown_register(self.device, error) from error
