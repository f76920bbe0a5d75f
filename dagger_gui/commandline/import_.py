"""``dagger-gui import FORMAT SRC DST``: episodes from elsewhere, into a workspace."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dagger_gui.commandline import _work
from dagger_gui.commandline._work import Work
from sessions.types import CancelledError

if TYPE_CHECKING:
    from sessions.record.exchange.arriving import Arriving
    from sessions.record.exchange.base import Job
    from sessions.workspace import Workspace

_GOES_ON = (
    "What came in whole stays. Give the same command again, and it goes on where it was: what is "
    "here already is passed over."
)
_TORN = "Let dagger-gui verify --repair move it aside, or restore it from a copy; then go on."
DESPITE = "--despite-differences"


def add(commands: Any) -> None:
    """Adds the subcommand to the command line's."""
    line = commands.add_parser(
        "import",
        help="bring episodes of another format, or another workspace, into a workspace",
        description="Brings episodes into a workspace, each whole or not at all; those that are "
        "there already, known by their identity, are passed over. FORMAT workspace merges two.",
    )
    line.add_argument("format", metavar="FORMAT", help="such as robomimic; a wrong one lists all")
    line.add_argument("source", metavar="SRC", type=Path, help="file, folder or workspace")
    line.add_argument("destination", metavar="DST", type=Path, help="a workspace")
    line.add_argument(
        "--dry-run", action="store_true", help="write nothing; say what would come and differ"
    )
    line.add_argument(
        DESPITE, action="store_true", help="bring in what has other joints or another rate as well"
    )
    line.add_argument(
        "--units",
        metavar="UNITS",
        default="",
        help="what joints are measured in where files do not say it: rad or degrees (lerobot)",
    )
    _work.option(line)
    line.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Imports; 0 when everything is in.

    Raises:
        SessionError: why nothing, or not everything, came in.
    """
    from dagger_gui.commandline._formats import named
    from sessions.record.exchange.base import ExchangeError, Job
    from sessions.record.layout import EpisodeError
    from sessions.workspace import WorkspaceError, open_workspace

    work = Work(arguments.progress)
    form = named(arguments.format, "incoming")
    try:
        workspace = open_workspace(arguments.destination)
    except WorkspaceError as error:
        raise ExchangeError(
            f"{error} Name a workspace to bring them into, or make one by opening "
            "the window on it (dagger-gui --workspace)."
        ) from error
    source: Path = arguments.source
    job = Job(work.report, work.cancelled)
    known = Fitting(workspace, despite=arguments.despite_differences or arguments.dry_run)
    try:
        with work.stoppable():
            said = _units(form, arguments)
            conflicts = getattr(form, "conflicts", None)
            for conflict in conflicts(workspace, source, **said) if conflicts else ():
                work.found(conflict)
            total, arriving = form.incoming(source, **said)
            if arguments.dry_run:
                _look(work, workspace, known, arriving, total, job)
            else:
                _bring(work, workspace, known.checked(arriving), total, job)
    except (CancelledError, KeyboardInterrupt):
        work.ended(f"Cancelled. {'Nothing was written.' if arguments.dry_run else _GOES_ON}")
        return _work.STOPPED
    except EpisodeError as error:
        raise ExchangeError(f"{error} {_TORN}") from error
    return 0


def _units(form: ModuleType, arguments: argparse.Namespace) -> dict[str, str]:
    """What a format is told of units: nothing, unless it asks for them and they were given."""
    from sessions.record.exchange.base import ExchangeError

    if arguments.units and not hasattr(form, "UNITS"):
        raise ExchangeError(f"{arguments.format} needs no --units. Leave it out.")
    return {"units": arguments.units} if arguments.units else {}


def _bring(
    work: Work, workspace: Workspace, arriving: Iterator[Arriving], total: int, job: Job
) -> None:
    from dagger_gui.commandline._formats import in_words
    from sessions.record.exchange.arriving import store

    stored = store(workspace, arriving, total, job)
    text = f"Brought in {in_words(stored.counts)}, and read them again."
    if not stored.episodes:
        text = "Nothing new came in."
    passed = f" {_here(stored.here_already)}" if stored.here_already else ""
    work.ended(text + passed, str(workspace.root))


def _look(
    work: Work,
    workspace: Workspace,
    known: Fitting,
    arriving: Iterator[Arriving],
    total: int,
    job: Job,
) -> None:
    """Reads everything that would come, and writes nothing."""
    from dagger_gui.commandline._formats import in_words
    from sessions.record import layout
    from sessions.record.exchange.base import Counts

    here = _identities(workspace)
    episodes = ticks = passed = 0
    for done, episode in enumerate(known.checked(arriving)):
        job.check()
        job.report(done, total, f"episode {done + 1} of {total}")
        if layout.identity(episode.meta) in here:
            passed += 1
            continue
        episodes, ticks = episodes + 1, ticks + len(episode.steps)
    for difference in known.found:
        work.found(f"{difference} One policy cannot learn from both.", "bad")
    text = f"Would bring in {in_words(Counts(episodes, ticks))}."
    work.ended(f"{text} {_here(passed)}" if passed else text)


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

    def checked(self, arriving: Iterator[Arriving]) -> Iterator[Arriving]:
        """The same episodes, each looked at before it is written.

        Raises:
            ExchangeError: one does not fit; those before it are in already.
        """
        from sessions.record.exchange.base import ExchangeError

        for episode in arriving:
            differences = self._differences(episode)
            if differences and not self._despite:
                raise ExchangeError(
                    f"{' '.join(differences)} One policy cannot learn from both. Choose another "
                    f"workspace, or give {DESPITE} to bring it in all the same."
                )
            self.found += [d for d in differences if d not in self.found]
            yield episode

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
