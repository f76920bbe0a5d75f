"""``dagger-gui export FORMAT SRC DST``: a workspace's episodes, with their edits, to elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagger_gui.commandline import _work
from dagger_gui.commandline._work import Work
from sessions.types import CancelledError

if TYPE_CHECKING:
    from sessions.record.exchange.base import Outgoing

_TORN = (
    "Leave that attempt out by a query such as episode!=7, or let verify --repair move it aside."
)
_GOES_ON = "Give the same command again, and it goes on where it was."


def add(commands: Any) -> None:
    """Adds the subcommand to the command line's."""
    line = commands.add_parser(
        "export",
        help="write episodes in another format",
        description="Writes a workspace's episodes, edits applied, in another format, reads them "
        "again and counts. Discarded attempts stay behind.",
    )
    line.add_argument("format", metavar="FORMAT", help="such as robomimic; a wrong one lists all")
    line.add_argument("source", metavar="SRC", type=Path, help="a workspace")
    line.add_argument("destination", metavar="DST", type=Path, help="file or folder; must be new")
    line.add_argument(
        "--query", default="", help="only what this finds, such as 'round>=2 category=grasp'"
    )
    line.add_argument(
        "--dry-run", action="store_true", help="write nothing; say what would leave and be lost"
    )
    _work.option(line)
    line.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exports; 0 when everything was read back as written.

    Raises:
        SessionError: why nothing, or not everything, was written.
    """
    from dagger_gui.commandline._formats import in_words, named
    from sessions.record.catalogue import Catalogue
    from sessions.record.exchange.base import ExchangeError, Job, Outgoing
    from sessions.record.layout import EpisodeError
    from sessions.record.query import parse, select
    from sessions.workspace import open_workspace

    work = Work(arguments.progress)
    form = named(arguments.format, "export")
    workspace = open_workspace(arguments.source)
    query = parse(arguments.query)
    destination: Path = arguments.destination
    if destination.exists():
        raise ExchangeError(f"{destination} exists already. Choose another name.")
    catalogue = Catalogue(workspace)
    outgoing = Outgoing(workspace, catalogue, select(catalogue, query))
    _say_left_out(work, outgoing, catalogue.problems)
    if not len(outgoing):
        raise ExchangeError(_nothing(arguments.query))
    try:
        for loss in form.losses(outgoing):
            work.found(loss)
        if arguments.dry_run:
            work.ended(f"Would write {in_words(outgoing.counts)}.")
            return 0
        with work.stoppable():
            counts = form.export(outgoing, destination, Job(work.report, work.cancelled))
    except (CancelledError, KeyboardInterrupt):
        work.ended(f"Cancelled. What was written is kept. {_GOES_ON}")
        return _work.STOPPED
    except EpisodeError as error:
        raise ExchangeError(f"{error} {_TORN}") from error
    except OSError as error:
        raise ExchangeError(
            f"{error.filename or destination} cannot be written ({error.strerror}). "
            "Choose another place."
        ) from error
    work.ended(f"Wrote {in_words(counts)} to {destination}, and read them again.", str(destination))
    return 0


def _say_left_out(work: Work, outgoing: Outgoing, torn: tuple[str, ...]) -> None:
    """Nothing stays behind without being told."""
    for problem in torn:
        work.found(f"Left out: {problem}", "bad")
    discarded = len(outgoing.selection.episodes) - len(outgoing)
    if discarded:
        work.found(f"Left out: {_work.count(discarded, 'discarded attempt')}.")
    dropped = sum(
        i.discarded
        for i in outgoing.selection.interventions
        if i.episode in {e.episode for e in outgoing.episodes}
    )
    if dropped:
        what = _work.count(dropped, "discarded intervention")
        work.found(f"{what}: not marked as such in what leaves.")


def _nothing(query: str) -> str:
    if query:
        return f"Nothing that could be exported is found by {query!r}. Widen the query."
    return "The workspace has no finished attempt that is not discarded. Record one first."
