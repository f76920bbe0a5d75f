"""Does correcting pay? Rounds of corrections against a control arm, over several seeds.

``python benchmarks/learning.py --seeds 0 1 2`` runs what ``dagger-gui simulate`` runs, for each
seed in a workspace of its own, and then trains the last round's data again under other settings
(share of corrections, warm start), because a default has to be better on the same data. Every
policy of a seed is measured from the same start poses. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from sessions.evaluation import SEED, trials
from sessions.headless.report import Report
from sessions.headless.rounds import Settings, simulate
from sessions.learn import plan as plans
from sessions.learn import rounds, training
from sessions.statistics import median, proportion
from sessions.workers import Workers
from sessions.workspace import open_workspace

VARIANTS: tuple[tuple[str, float | None, bool], ...] = (
    ("natural share, from scratch", None, False),
    ("half share, from scratch", 0.5, False),
    ("natural share, warm start", None, True),
    ("half share, warm start", 0.5, True),
)
BASE = (0.30, 0.60)
REACHED = 0.85


def variants(root: Path, settings: Settings) -> dict[str, tuple[int, int]]:
    """(successes, trials) of the last round's data trained under each setting.

    The warm start goes on from the policy before the last, as a live session would.
    """
    workspace = open_workspace(root)
    last = settings.rounds
    chosen = workspace.task.training
    found: dict[str, tuple[int, int]] = {}
    with Workers(settings.processes) as workers:
        for number, (name, share, warm) in enumerate(VARIANTS):
            index = last
            if (share, warm) != (chosen.share, chosen.warm_start):
                index = last + 1 + number
                if not workspace.policy_folder(index).exists():
                    plan = plans.plan_from(
                        workspace,
                        index,
                        share=share,
                        warm_start=warm,
                        seed=settings.first + last,
                    )
                    training.train(workspace, replace(plan, parent=last - 1, warm_start=warm))
            known = rounds.read(workspace, index).trials
            if known is None:
                known = trials(
                    workspace,
                    workspace.policy_folder(index),
                    settings.trials,
                    settings.first + SEED,
                    workers,
                )
                rounds.with_trials(workspace, index, known)
            found[name] = (known.success.k, known.success.n)
    return found


def rows(reports: Sequence[Report], tried: Sequence[dict[str, tuple[int, int]]]) -> dict[str, list]:
    """By policy, (successes, trials) of each seed."""
    table: dict[str, list] = {}
    for report in reports:
        for r in report.rounds:
            name = "base" if r.index == 0 else f"round {r.index}"
            table.setdefault(name, []).append((r.success.k, r.success.n))
        arm = report.control_arm.success
        table.setdefault("control arm", []).append((arm.k, arm.n))
    for found in tried:
        for name, counts in found.items():
            table.setdefault(f"last round: {name}", []).append(counts)
    return table


def show(table: dict[str, list], seeds: Sequence[int]) -> None:
    """Prints each policy's rate by seed, their median, and all trials together."""
    width = max(len(name) for name in table)
    print(f"{'':<{width}}" + "".join(f"{f'seed {s}':>10}" for s in seeds), end="")
    print(f"{'median':>10}   all trials, 95 % interval")
    for name, counts in table.items():
        cells = "".join(f"{f'{k}/{n}':>10}" for k, n in counts)
        pooled = proportion(sum(k for k, _ in counts), sum(n for _, n in counts))
        middle = 100 * median([k / n for k, n in counts])
        print(f"{name:<{width}}{cells}{middle:>8.0f} %   {pooled.text}")


def main() -> None:
    """Runs all seeds and prints."""
    line = argparse.ArgumentParser(description=__doc__)
    line.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    line.add_argument("--rounds", type=int, default=3)
    line.add_argument("--corrections", type=int, default=20)
    line.add_argument("--trials", type=int, default=50)
    line.add_argument("--processes", type=int, default=2)
    line.add_argument("--no-variants", action="store_true", help="rounds and control arm only")
    line.add_argument("--folder", type=Path, default=None, help="keep the workspaces here")
    arguments = line.parse_args()
    torch.set_num_threads(1)
    started = time.monotonic()
    reports, tried = [], []
    with tempfile.TemporaryDirectory() as temporary:
        for seed in arguments.seeds:
            settings = Settings(
                rounds=arguments.rounds,
                corrections=arguments.corrections,
                trials=arguments.trials,
                seed=seed,
                processes=arguments.processes,
            )
            root = (arguments.folder or Path(temporary)) / f"seed-{seed}"
            print(f"Seed {seed}", flush=True)
            reports.append(
                simulate(root, settings, say=lambda text: print("  " + text, flush=True))
            )
            if not arguments.no_variants:
                tried.append(variants(root, settings))
    table = rows(reports, tried)
    print()
    show(table, arguments.seeds)
    medians = {name: median([k / n for k, n in counts]) for name, counts in table.items()}
    last = medians[f"round {arguments.rounds}"]
    summary = {
        "benchmark": "learning",
        "seeds": arguments.seeds,
        "medians": {name: round(value, 4) for name, value in medians.items()},
        "counts": table,
        "human_s": [round(sum(r.human_s for r in report.rounds), 1) for report in reports],
        "control_arm_human_s": [report.control_arm.human_s for report in reports],
        "base_within_30_to_60": BASE[0] <= medians["base"] <= BASE[1],
        "last_round_at_least_85": last >= REACHED,
        "not_below_control_arm": last >= medians["control arm"],
        "seconds": round(time.monotonic() - started, 1),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
