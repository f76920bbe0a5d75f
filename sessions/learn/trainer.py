"""The trainer process: ``python -m sessions.learn.trainer WORKSPACE --round N``.

It runs beside a live session, so it takes the lowest priority and a single thread. It talks by
files and by publishing ``TrainingProgress``; SIGTERM cancels it and leaves nothing behind.

Exit status: 0 the policy is there; 2 it could not be trained, the reason was published and written
to the error stream; 3 it was cancelled.
"""

from __future__ import annotations

import argparse
import math
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import torch

from drivers import scheduling
from policies.base import PolicyError
from sessions.bus import Publisher
from sessions.learn.plan import plan_from
from sessions.learn.training import train
from sessions.messages import TrainingProgress
from sessions.types import CancelledError, SessionError
from sessions.workspace import Workspace, open_workspace

FAILED = 2
CANCELLED = 3


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser(prog="python -m sessions.learn.trainer", description=__doc__)
    line.add_argument("workspace", type=Path)
    line.add_argument("--round", type=int, required=True, help="number of the round to make")
    line.add_argument("--share", type=float, default=None, help="part of the mass corrections get")
    line.add_argument("--warm-start", type=int, choices=(0, 1), default=None)
    line.add_argument("--recovered-only", type=int, choices=(0, 1), default=None)
    line.add_argument("--kind", default="", help="policy file; the task's without it")
    line.add_argument("--query", default="", help="what to learn from; everything without it")
    line.add_argument("--seed", type=int, default=0)
    return line


def run(workspace: Workspace, arguments: argparse.Namespace, cancel: threading.Event) -> int:
    """Trains, publishing as process ``trainer``; returns the exit status."""
    publisher = Publisher(workspace.runtime(), "trainer")
    try:
        plan = plan_from(
            workspace,
            arguments.round,
            share=arguments.share,
            warm_start=None if arguments.warm_start is None else bool(arguments.warm_start),
            recovered_only=(
                None if arguments.recovered_only is None else bool(arguments.recovered_only)
            ),
            kind=arguments.kind,
            query=arguments.query,
            seed=arguments.seed,
        )
        train(workspace, plan, publisher.send, cancel.is_set)
    except CancelledError as error:
        publisher.send(_ended("cancelled", arguments.round, str(error)))
        return CANCELLED
    except (SessionError, PolicyError, OSError) as error:
        publisher.send(_ended("failed", arguments.round, str(error)))
        sys.stderr.write(f"{error}\n")
        return FAILED
    finally:
        publisher.close()
    return 0


def _ended(stage: str, round_index: int, text: str) -> TrainingProgress:
    return TrainingProgress(
        stage=stage,
        step=0,
        steps=0,
        loss=math.nan,
        validation=math.nan,
        elapsed_s=0.0,
        eta_s=math.nan,
        round=round_index,
        text=text,
    )


def main(argv: list[str] | None = None) -> int:
    """Entry of the process."""
    arguments = parser().parse_args(argv)
    cancel = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        cancel.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    scheduling.give_way(10)
    torch.set_num_threads(1)
    try:
        workspace = open_workspace(arguments.workspace)
    except SessionError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    return run(workspace, arguments, cancel)


if __name__ == "__main__":
    raise SystemExit(main())
