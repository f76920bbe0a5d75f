"""One process of the workspace as the supervisor keeps it: started, watched, started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from drivers.scheduling import MODEST
from sessions.messages import ProcessState

BACK_OFF_S = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
_LONG_LIFE_S = 20.0
_KILL_S = 1.0
_NOT_STARTED = 71
"""The status of a process that could not be started (EX_OSERR of sysexits.h)."""
REFUSED = 78
"""The status of a process that cannot do what its files ask of it (EX_CONFIG of sysexits.h)."""
SILENT_S = 3.0
"""Processes that publish do so at least once a second; one silent for so long is stalled."""

ENVIRONMENT = {
    # Two cores are shared by a loop that must be on time and everything else.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "PYTHONUNBUFFERED": "1",
}
_NOT_INHERITED = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")


@dataclass(frozen=True)
class Kind:
    """What one process is.

    Attributes:
        name: what the bus and the window call it.
        module: what is run.
        arguments: its command line.
        restarts: whether it is started again by itself when it dies.
        niceness: how far it gives way, see ``scheduling``: 0 for what must be on time, 19 lowest.
        stop_s: how long it may take to stop in order [s].
        errors: file for what it writes to standard error; None leaves it in the common log.
        logged: whether what it writes to that file goes on to the common log.
        on_death: what the window says when it has died and is not started again by itself.
        hurries: whether being asked to stop a second time means more to it than the first.
        suspended_for: why it is suspended, if it is.
    """

    name: str
    module: str
    arguments: tuple[str, ...]
    restarts: bool = True
    niceness: int = MODEST
    stop_s: float = 3.0
    errors: Path | None = None
    logged: bool = False
    on_death: str = ""
    hurries: bool = False
    suspended_for: str = "calibration or a check has its devices"


class Child:
    """A process, or its absence.

    Args:
        kind: what to run.

    Attributes:
        kind: what is run.
        restarts: how often it was started again.
        heard_t: when it last said something on the bus [s].
        wanted: whether it should be running.
        suspended: whether it was ended on purpose, until it is wanted again.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.restarts = 0
        self.heard_t = float("-inf")
        self.wanted = False
        self.suspended = False
        self._process: subprocess.Popen[bytes] | None = None
        self._exit_code: int | None = None
        self._started_t = float("-inf")
        self._again_t = float("-inf")
        self._failures = self._passed = 0
        self._said = ""
        self._ending = False
        self._kill_t = self._asked_t = float("inf")
        self._anew = False

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """Its process id; 0 if it does not run."""
        return self._process.pid if self._process is not None else 0

    @property
    def exit_code(self) -> int | None:
        """How it ended last; None while it runs for the first time."""
        return self._exit_code

    @property
    def ready(self) -> bool:
        """Whether it has spoken since it was started."""
        return self.running and self.heard_t > self._started_t

    def start(self) -> None:
        """Starts it in a fresh interpreter; nothing if it runs."""
        self.wanted, self.suspended, self._anew = True, False, False
        if self._process is not None:
            return
        environment = {k: v for k, v in os.environ.items() if k not in _NOT_INHERITED}
        environment.update(ENVIRONMENT)
        command = [
            sys.executable,
            "-m",
            "sessions.live.child",
            str(os.getpid()),
            str(self.kind.niceness),
            self.kind.module,
            *self.kind.arguments,
        ]
        self._ending, self._passed = False, 0
        self._started_t = time.monotonic()
        # A session of its own: Ctrl-C in a terminal goes to the supervisor, which stops in order.
        errors = self.kind.errors
        try:
            with contextlib.ExitStack() as files:
                self._process = subprocess.Popen(
                    command,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stderr=None if errors is None else files.enter_context(errors.open("wb")),
                    start_new_session=True,
                )
        except OSError as error:  # no memory or no process left: like one that ended at once
            sys.stderr.write(f"{self.kind.name} cannot be started ({error}).\n")
            self._ended(_NOT_STARTED, self._started_t)

    def poll(self, now: float) -> bool:
        """Notices its end and starts it again when it is due; whether anything changed."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                self._pass_on()
                if now >= self._kill_t or self._stuck(now):
                    self._kill_t = self._asked_t = float("inf")
                    self._process.kill()
                return False
            self._ended(code, now)
            return True
        if self.wanted and (self.kind.restarts or self._anew) and now >= self._again_t:
            self.restarts += 1
            self.start()
            return True
        return False

    def last_words(self) -> str:
        """The last line it wrote to its file of errors; empty without one."""
        if self.kind.errors is None or not self.kind.errors.exists():
            return ""
        lines = self.kind.errors.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _pass_on(self) -> None:
        """What it wrote to its file of errors since goes to the common log."""
        if self.kind.errors is None or not self.kind.logged:
            return
        with contextlib.suppress(OSError):
            if self.kind.errors.stat().st_size <= self._passed:
                return
            with self.kind.errors.open("rb") as file:
                file.seek(self._passed)
                new = file.read()
            self._passed += len(new)
            sys.stderr.write(new.decode(errors="replace"))

    def ask_to_stop(self) -> None:
        """Asks it to end in order; does not wait. Once: see ``hurry``."""
        again = self._ending
        self.wanted, self._ending = False, True
        if self._process is not None and not again:
            self._asked_t = time.monotonic()
            self._process.send_signal(signal.SIGTERM)

    def hurry(self) -> None:
        """Asks it a second time, if that means anything to it."""
        if self._process is not None and self._ending and self.kind.hurries:
            self._process.send_signal(signal.SIGTERM)

    def suspend(self, now: float) -> None:
        """Ends it in order, or by force when that takes too long, and leaves it so.

        Asked again while it ends, it is hurried.
        """
        if self.suspended:
            self.hurry()
        self.suspended, self._anew = True, False
        self._end(now)

    def _stuck(self, now: float) -> bool:
        """Whether it was asked to end and, unlike one that takes its time, has fallen silent."""
        return self.kind.hurries and now - max(self._asked_t, self.heard_t) > SILENT_S

    def _end(self, now: float) -> None:
        if not self._ending:
            self._kill_t = now + self.kind.stop_s
        self.ask_to_stop()

    def wait_stopped(self, deadline: float) -> None:
        """Waits until ``deadline`` for it to end, then kills it; never waits for ever."""
        if self._process is None:
            return
        process = self._process
        try:
            code = process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            try:
                code = process.wait(_KILL_S)
            except subprocess.TimeoutExpired:
                return  # in the kernel, on a dead disk perhaps: ``poll`` notices when it is over
        self._ended(code, time.monotonic())

    def restart(self) -> None:
        """Starts it anew; one that still runs is asked to end first, and ``poll`` does the rest.

        An arm may take its time to go to rest: nobody waits for it here.
        """
        self._failures = 0
        if self._process is None:
            self.restarts += not self.suspended
            self.start()
            return
        if not self.suspended:
            self._end(time.monotonic())
        self.wanted, self.suspended, self._anew = True, False, True

    def state(self) -> ProcessState:
        """As the window shows it."""
        return ProcessState(
            name=self.kind.name,
            running=self.running,
            pid=self.pid,
            exit_code=self._exit_code,
            restarts=self.restarts,
            text=self._text(),
            suspended=self.suspended,
            refusal=self._refusal(),
        )

    def _ended(self, code: int, now: float) -> None:
        self._process = None
        self._exit_code = code
        self._pass_on()
        self._said = self.last_words() if code > 0 else ""
        self._kill_t = self._asked_t = float("inf")
        lived = now - self._started_t
        self._failures = 0 if lived > _LONG_LIFE_S else self._failures
        self._again_t = now + BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)]
        self._failures += 1

    def _refusal(self) -> str:
        """Why it cannot run, in its own words, until it does or is not wanted any more."""
        refused = self.wanted and self._exit_code == REFUSED and not self.ready
        return self._said if refused else ""

    def _text(self) -> str:
        if self.suspended:
            doing = "It is being suspended" if self.running else "It is suspended"
            return f"{doing}: {self.kind.suspended_for}. Resume it afterwards."
        if refusal := self._refusal():
            return f"{refusal} It is tried again by itself."
        if self.running:
            silent_s = time.monotonic() - self.heard_t
            if not self.ready or silent_s < SILENT_S:
                return ""
            return f"It runs but has been silent for {silent_s:.0f} s. Restart it."
        if not self.wanted:
            return "Stopped." if self._ending else ""
        code = self._exit_code or 0
        how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
        if self.kind.restarts:
            last = f" It said last: {self._said}" if self._said else ""
            return f"It {how} and is started again.{last}"
        return f"It {how}. {self.kind.on_death}".strip()
