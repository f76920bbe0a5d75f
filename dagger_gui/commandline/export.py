"""``dagger-gui export FORMAT SRC DST``: a workspace's episodes, with their edits, to elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dagger_gui.commandline import _exchange, _work
from dagger_gui.commandline._work import Work

if TYPE_CHECKING:
    from sessions.record.exchange.base import Job, Outgoing

_KEPT = "What was written is kept. Give the same command again, and it goes on where it was."


def add(commands: Any) -> None:
    """Adds the subcommand to the command line's."""
    from sessions.record.query import HELP

    line = _exchange.line(
        commands,
        "export",
        "Writes a workspace's episodes in another format. Edits are applied; everything is read "
        "again and counted. Discarded attempts stay behind, and files that cannot be read are "
        "named and passed over.",
        ("a workspace", "file or folder; must be new"),
        "what would leave and be lost",
    )
    line.add_argument("--query", default="", help=HELP)
    line.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exports; 0 when everything was read back as written, 1 when something could not be read.

    Raises:
        SessionError: why nothing was written.
    """
    from dagger_gui.commandline._formats import named
    from sessions.record.catalogue import Catalogue
    from sessions.record.exchange.base import ExchangeError, Outgoing
    from sessions.record.query import parse, select
    from sessions.workspace import open_workspace

    form = named(arguments.format, "export")
    workspace = open_workspace(arguments.source)
    query = parse(arguments.query)
    if arguments.destination.exists():
        raise ExchangeError(f"{arguments.destination} exists already. Choose another name.")
    catalogue = Catalogue(workspace)
    outgoing = Outgoing(workspace, catalogue, select(catalogue, query))
    if not len(outgoing):
        raise ExchangeError(_nothing(arguments.query, catalogue.problems))

    def does(work: Work, job: Job) -> int:
        return _export(work, job, form, outgoing, arguments)

    return _exchange.carried_out(arguments, does, _KEPT)


def _export(
    work: Work, job: Job, form: ModuleType, outgoing: Outgoing, arguments: argparse.Namespace
) -> int:
    from dagger_gui.commandline._formats import in_words

    destination: Path = arguments.destination
    outgoing.sift(job)
    outgoing.check_any()
    _say_left_out(work, outgoing)
    for loss in form.losses(outgoing):
        work.found(loss)
    torn = outgoing.catalogue.problems
    if arguments.dry_run:
        text = f"Would write {in_words(outgoing.counts)}."
        return _exchange.ended(work, text, (*torn, *outgoing.unreadable))
    counts = form.export(outgoing, destination, job)
    text = f"Wrote {in_words(counts)} to {destination}, and read them again."
    return _exchange.ended(work, text, (*torn, *outgoing.unreadable), str(destination))


def _say_left_out(work: Work, outgoing: Outgoing) -> None:
    """Nothing stays behind without being told."""
    discarded = sum(e.outcome == "discarded" for e in outgoing.selection.episodes)
    if discarded:
        work.found(f"Left out: {_work.count(discarded, 'discarded attempt')}.")
    leaving = {e.episode for e in outgoing.episodes}
    dropped = sum(i.discarded for i in outgoing.selection.interventions if i.episode in leaving)
    if dropped:
        what = _work.count(dropped, "discarded intervention")
        work.found(f"{what}: not marked as such in what leaves.")


def _nothing(query: str, torn: tuple[str, ...]) -> str:
    if query:
        return f"Nothing that could be exported is found by {query!r}. Widen the query."
    if torn:
        return f"No attempt can be read. {torn[0]}"
    return "The workspace has no finished attempt that is not discarded. Record one first."
