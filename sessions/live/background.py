"""Slow work beside the loop: connecting a device, putting the scene back.

The loop starts such work and looks at it once a tick. On the wall clock it runs in a thread, so
that no tick waits; in lockstep it runs on the spot, so that runs repeat exactly.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers import scheduling
from drivers.base import DriverError


class Job:
    """One piece of work.

    Attributes:
        done: whether it ended, one way or the other.
        error: the driver's error it ended with, None if it went well.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self.done = False
        self.error: DriverError | None = None

    def run(self) -> None:
        """Does the work; only drivers' errors are caught, anything else is a fault of ours.

        A fault goes its way, into the log; the work does not pass for done because of it.
        """
        self.error = DriverError(
            "device", "Its driver broke off; the log says where.", "Report it with the log."
        )
        try:
            self._work()
            self.error = None
        except DriverError as error:
            self.error = error
        finally:
            self.done = True


Runner = Callable[[Callable[[], None]], Job]
"""Starts work and returns its job."""


def inline(work: Callable[[], None]) -> Job:
    """Does the work before returning (lockstep)."""
    job = Job(work)
    job.run()
    return job


def threaded(work: Callable[[], None]) -> Job:
    """Does the work in a thread of its own (wall clock)."""
    job = Job(work)
    scheduling.beside(job.run, "slow-device-work").start()
    return job
