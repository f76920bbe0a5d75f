"""``dagger-gui import FORMAT SRC DST``: episodes from elsewhere, into a workspace."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dagger_gui.commandline import _exchange, _work
from dagger_gui.commandline._work import Work

if TYPE_CHECKING:
    from sessions.record.exchange.arriving import Arriving
    from sessions.record.exchange.base import Job
    from sessions.workspace import Workspace

_KEPT = (
    "What came in whole stays. Give the same command again, and it goes on where it was: what is "
    "here already is passed over."
)
DESPITE = "--despite-differences"
UNITS = "--units"


def add(commands: Any) -> None:
    """Adds the subcommand to the command line's."""
    line = _exchange.line(
        commands,
        "import",
        "Brings episodes of another format, or another workspace, into a workspace. Each comes "
        "whole or not at all; those that are there already, known by their identity, are passed "
        "over, and so are, by name, those that cannot be read. FORMAT workspace merges two.",
        ("file, folder or workspace", "a workspace"),
        "what would come and differ",
    )
    line.add_argument(
        DESPITE, action="store_true", help="bring in what has other joints or another rate as well"
    )
    line.add_argument(
        UNITS,
        metavar="UNITS",
        default="",
        help="what another's LeRobotDataset measures joints in, which its files do not say: rad, "
        "or degrees, which are converted. Without it the values are kept, of unknown unit",
    )
    line.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Imports; 0 when everything is in, 1 when something could not be read.

    Raises:
        SessionError: why nothing, or not everything, came in.
    """
    from dagger_gui.commandline._formats import named
    from sessions.record.exchange.base import ExchangeError
    from sessions.workspace import WorkspaceError, open_workspace

    form = named(arguments.format, "incoming")
    try:
        workspace = open_workspace(arguments.destination)
    except WorkspaceError as error:
        raise ExchangeError(
            f"{error} Name a workspace to bring them into, or make one by opening "
            "the window on it (dagger-gui --workspace)."
        ) from error

    def does(work: Work, job: Job) -> int:
        return _import(work, job, form, workspace, arguments)

    return _exchange.carried_out(arguments, does, _KEPT)


def _import(
    work: Work, job: Job, form: ModuleType, workspace: Workspace, arguments: argparse.Namespace
) -> int:
    said = _units(form, arguments)
    conflicts = getattr(form, "conflicts", None)
    for conflict in conflicts(workspace, arguments.source, **said) if conflicts else ():
        work.found(conflict)
    total, arriving = form.incoming(arguments.source, **said)
    known = Fitting(workspace, despite=arguments.despite_differences or arguments.dry_run)
    if arguments.dry_run:
        return _look(work, workspace, known, arriving, total, job)
    return _bring(work, workspace, known, arriving, total, job)


def _units(form: ModuleType, arguments: argparse.Namespace) -> dict[str, str]:
    """What a format is told of units: nothing, unless it asks for them and they were given."""
    from sessions.record.exchange.base import ExchangeError

    if arguments.units and not hasattr(form, "UNITS"):
        raise ExchangeError(f"{arguments.format} needs no --units. Leave it out.")
    return {"units": arguments.units} if arguments.units else {}


def _bring(
    work: Work,
    workspace: Workspace,
    known: Fitting,
    arriving: Iterator[Arriving],
    total: int,
    job: Job,
) -> int:
    from dagger_gui.commandline._formats import in_words
    from sessions.record.exchange.arriving import store

    stored = store(workspace, arriving, total, job, known.check)
    text = f"Brought in {in_words(stored.counts)}, and read them again."
    if not stored.episodes:
        text = "Nothing new came in."
    passed = f" {_here(stored.here_already)}" if stored.here_already else ""
    return _exchange.ended(work, text + passed, stored.unreadable, str(workspace.root))


def _look(
    work: Work,
    workspace: Workspace,
    known: Fitting,
    arriving: Iterator[Arriving],
    total: int,
    job: Job,
) -> int:
    """Reads everything that would come but its pictures, and writes nothing."""
    from dagger_gui.commandline._formats import in_words
    from sessions.record import layout
    from sessions.record.exchange.arriving import readable
    from sessions.record.exchange.base import Counts, ExchangeError

    here = _identities(workspace)
    episodes = ticks = passed = 0
    unreadable: list[str] = []
    for done, episode in enumerate(readable(arriving, unreadable)):
        job.check()
        job.report(done, total, f"episode {done + 1} of {total}")
        if layout.identity(episode.meta) in here:
            passed += 1
            continue
        known.check(episode)
        episodes, ticks = episodes + 1, ticks + len(episode.steps)
    if unreadable and not (episodes or passed):
        raise ExchangeError(unreadable[0])
    for difference in known.found:
        work.found(f"{difference} One policy cannot learn from both.", "differs")
    text = f"Would bring in {in_words(Counts(episodes, ticks))}."
    return _exchange.ended(work, f"{text} {_here(passed)}" if passed else text, unreadable)


def _here(count: int) -> str:
    return f"{_work.count(count, 'episode')} {'is' if count == 1 else 'are'} here already."


def _identities(workspace: Workspace) -> set[str]:
    from sessions.record import layout
    from sessions.record.catalogue import Catalogue

    catalogue = Catalogue(workspace)
    return {layout.identity(entry.meta) for entry in catalogue.entries()}


class Fitting:
    """Whether what arrives was recorded with the joints and at the rate of a workspace.

    Args:
        workspace: what it must fit; without episodes of its own only the rate is known.
        despite: what does not fit is listed in ``found`` and let through.

    Attributes:
        found: each difference once, in words.
    """

    def __init__(self, workspace: Workspace, *, despite: bool) -> None:
        from sessions.record.catalogue import Catalogue

        entries = Catalogue(workspace).entries()
        self._joints = entries[-1].meta.joint_names if entries else ()
        self._rate_hz = workspace.station.rate_hz
        self._despite = despite
        self.found: list[str] = []

    def check(self, episode: Arriving) -> None:
        """Looks at an episode before it is written.

        Raises:
            ExchangeError: it does not fit; those before it are in already.
        """
        from sessions.record.exchange.base import ExchangeError

        differences = self._differences(episode)
        if differences and not self._despite:
            raise ExchangeError(
                f"{' '.join(differences)} One policy cannot learn from both. Choose another "
                f"workspace, or give {DESPITE} to bring it in all the same."
            )
        self.found += [d for d in differences if d not in self.found]

    def _differences(self, episode: Arriving) -> list[str]:
        meta, found = episode.meta, []
        if self._joints and tuple(meta.joint_names) != tuple(self._joints):
            found.append(
                f"The joints differ: there {', '.join(meta.joint_names)}; here "
                f"{', '.join(self._joints)}."
            )
        if abs(meta.rate_hz - self._rate_hz) > 0.5:
            found.append(f"The rates differ: there {meta.rate_hz:g} Hz, here {self._rate_hz:g} Hz.")
        return found
