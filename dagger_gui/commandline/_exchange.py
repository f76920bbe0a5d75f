"""What export and import share: the words of the line, how it is stopped, and its exit status."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagger_gui.commandline import _work
from dagger_gui.commandline._work import Work
from sessions.types import CancelledError

if TYPE_CHECKING:
    from sessions.record.exchange.base import Job

_STATUS = (
    "Exit status 0: everything; 1: all but what is damaged, which is named; 2: nothing, one "
    "sentence says why; 130: cancelled."
)


def line(commands: Any, name: str, words: str, places: tuple[str, str], dry: str) -> Any:
    """A subcommand ``name FORMAT SRC DST``.

    Args:
        commands: the command line's.
        name: of the subcommand.
        words: what it does; the first clause is what the list of all says.
        places: what SRC and DST are.
        dry: what a dry run says.
    """
    made = commands.add_parser(
        name,
        help=words.partition(". ")[0][:1].lower() + words.partition(". ")[0][1:],
        description=f"{words} {_STATUS}",
    )
    made.add_argument("format", metavar="FORMAT", help="such as robomimic; a wrong one lists all")
    made.add_argument("source", metavar="SRC", type=Path, help=places[0])
    made.add_argument("destination", metavar="DST", type=Path, help=places[1])
    made.add_argument("--dry-run", action="store_true", help=f"write nothing; say {dry}")
    _work.option(made)
    return made


def carried_out(arguments: argparse.Namespace, does: Callable[[Work, Job], int], kept: str) -> int:
    """Does it stoppably; the exit status.

    Args:
        arguments: of the line.
        does: the work.
        kept: what is said of what was written when it is cancelled.

    Raises:
        SessionError: why nothing was done.
    """
    from sessions.record.exchange.base import ExchangeError, Job

    work = Work(arguments.progress)
    try:
        with work.stoppable():
            return does(work, Job(work.report, work.cancelled))
    except (CancelledError, KeyboardInterrupt):
        work.ended(f"Cancelled. {'Nothing was written.' if arguments.dry_run else kept}")
        return _work.STOPPED
    except OSError as error:
        place = error.filename or arguments.destination
        why = error.strerror or "it failed"
        raise ExchangeError(
            f"{place} cannot be read or written ({why}). Choose another place."
        ) from error


def ended(work: Work, text: str, left: Sequence[str], path: str = "") -> int:
    """Names what could not be read, says what it came to; the exit status.

    Args:
        work: where it is said.
        text: what it came to.
        left: why each that was passed over was.
        path: what was written; empty for nothing.
    """
    for why in left:
        work.found(f"Left out: {why}", "bad")
    number = len(left)
    more = f" {number} could not be read and {'is' if number == 1 else 'are'} left out."
    work.ended(text + (more if number else ""), path)
    return _work.BAD if number else 0
