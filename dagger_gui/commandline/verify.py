"""``dagger-gui verify WORKSPACE``: re-reads everything, says what is wrong, mends what it can."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from dagger_gui.commandline import _work
from dagger_gui.commandline._work import Work
from sessions.types import CancelledError


def add(commands: Any) -> None:
    """Adds the subcommand to the command line's."""
    line = commands.add_parser(
        "verify",
        help="re-read everything in a workspace",
        description="Reads every file of a workspace again and compares checksums. Exit status 0: "
        "everything is whole; 1: something is damaged; 2: it could not be read at all.",
    )
    line.add_argument("workspace_folder", metavar="WORKSPACE", type=Path, help="its folder")
    line.add_argument(
        "--repair",
        action="store_true",
        help="mend what can be mended; nobody may be recording. Nothing recorded is removed",
    )
    _work.option(line)
    line.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Verifies; 1 when something is damaged and stays so.

    Raises:
        SessionError: the folder is no workspace, or a repair is asked for while one records.
    """
    from sessions.verify import Verification
    from sessions.workspace import open_workspace

    work = Work(arguments.progress)
    workspace = open_workspace(arguments.workspace_folder)
    try:
        with work.stoppable():
            outcome = Verification(
                workspace,
                repair=arguments.repair,
                report=work.report,
                cancelled=work.cancelled,
            ).run()
    except (CancelledError, KeyboardInterrupt):
        work.ended("Cancelled. Nothing was lost. Give the same command again to verify anew.")
        return _work.STOPPED
    for found in outcome.worth_saying:
        text = f"{found.path.name}: {found.text} {found.remedy}".strip()
        work.found(text, found.level, str(found.path))
    read = ", ".join(
        _work.count(number, word)
        for number, word in (
            (outcome.episodes, "episode"),
            (outcome.ticks, "tick"),
            (outcome.frames, "picture"),
        )
    )
    bad = len(outcome.bad)
    verdict = "Everything is whole." if not bad else f"{_work.count(bad, 'file')} damaged."
    work.ended(f"Read {read}. {verdict}")
    return _work.BAD if bad else 0
