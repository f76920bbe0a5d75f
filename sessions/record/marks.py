"""Interventions as the operator left them: edges moved, split, merged, bounded, with their context.

An intervention is known by its identity: the row it began at as recorded, or for the later part of
a split a number that no row has. Its rows are facts of their own and may be edited; the ticks never
are. Every edit of a shape carries the whole facts of the marks it made, so that reading the edits
needs no episode file, and an edit whose mark is not there any more changes nothing.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from sessions.types import Controller, brought_on

SPLIT = 1_000_000_000
"""The later part of a split is called this plus the number of the edit that split it."""

DOUBT_S = 0.5
"""A doubt older than this says nothing about the takeover [s]."""


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one intervention's rows.

    Attributes:
        first: first row.
        stop: one past the last row.
        t: of the first row, since the episode began [s].
        duration_s: from the first to the last row [s].
        doubt: the policy's doubt at the first row, None without one.
        staged: whether the stage was judged, so that ``recovered`` is known without the outcome.
        recovered: the human brought the stage on, or the attempt to success.
    """

    first: int
    stop: int
    t: float
    duration_s: float
    doubt: float | None = None
    staged: bool = False
    recovered: bool = True


Shape = dict[int, Facts | None]
"""By identity, what an edit made of marks; None for one that was merged into another."""


@dataclass(frozen=True)
class Mark:
    """One intervention as edited.

    Attributes:
        identity: its first row as recorded, or ``SPLIT`` plus an edit's number.
        facts: its rows.
        boundary: row at which recovery ends and correction begins; -1 while nobody said.
        context_s: length of its own pre-intervention segment; None takes the workspace's [s].
    """

    identity: int
    facts: Facts
    boundary: int = -1
    context_s: float | None = None


class Kind(enum.StrEnum):
    """What a stretch of an episode is."""

    POLICY = "policy"
    CONTEXT = "pre-intervention"
    INTERVENTION = "intervention"
    RECOVERY = "recovery"
    CORRECTION = "correction"
    HUMAN = "human"  # under human control, but trimmed off every intervention
    HANDOVER = "handover"
    HOLD = "hold"
    DEMO = "demo"


_OF_CONTROLLER = {
    Controller.HOLD: Kind.HOLD,
    Controller.POLICY: Kind.POLICY,
    Controller.HUMAN: Kind.HUMAN,
    Controller.HANDOVER: Kind.HANDOVER,
    Controller.DEMO: Kind.DEMO,
}
_KINDS = tuple(Kind)
_UNDER_POLICY = (Controller.POLICY, Controller.HANDOVER)


@dataclass(frozen=True)
class Stretch:
    """A run of ticks of one kind.

    Attributes:
        kind: what it is.
        first: first row.
        stop: one past the last row.
        identity: of the intervention it belongs to (its context too); -1 for none.
    """

    kind: Kind
    first: int
    stop: int
    identity: int = -1


def facts(steps: NDArray[Any], first: int, stop: int, rate_hz: float) -> Facts:
    """What the ticks say of the rows from ``first`` up to ``stop``.

    Whether they recovered is judged by what the human drove of them: an edge that was moved out
    over the policy's ticks makes nobody's success the human's.

    Args:
        steps: the episode's ticks, shape (T,).
        first: first row.
        stop: one past the last row.
        rate_hz: control rate [Hz].
    """
    t = steps["t"]
    recent = steps["doubt"][max(0, first - round(rate_hz * DOUBT_S)) : first + 1]
    known = recent[np.isfinite(recent)]
    driven = driven_rows(steps, first, stop)
    begin, end = (int(driven[0]), int(driven[-1]) + 1) if len(driven) else (first, stop)
    return Facts(
        first=first,
        stop=stop,
        t=float(t[first] - t[0]),
        duration_s=float(t[stop - 1] - t[first]),
        doubt=float(known[-1]) if len(known) else None,
        staged=bool(steps["stage"][begin] >= 0),
        recovered=brought_on(steps, begin, end),
    )


def driven_rows(steps: NDArray[Any], first: int, stop: int) -> NDArray[np.int64]:
    """Which of the rows from ``first`` up to ``stop`` the human drove, shape (N,)."""
    return first + np.flatnonzero(steps["controller"][first:stop] == Controller.HUMAN)


def resolve(
    recorded: Mapping[int, Facts],
    shapes: Iterable[tuple[int, Shape]],
    boundaries: Mapping[int, int],
    contexts: Mapping[int, float],
) -> list[Mark]:
    """The interventions of one episode with the edits in force, in time order.

    Args:
        recorded: by first row, as recorded.
        shapes: number of each edit of a shape and what it made, in the order of making.
        boundaries: by identity, the row of the boundary.
        contexts: by identity, the length of the context [s].
    """
    known: dict[int, Facts] = dict(recorded)
    for number, shape in shapes:
        if any(i not in known and i != SPLIT + number for i in shape):
            continue  # what it was about was undone or merged
        if any(
            _meet(held, known[i]) for i in known.keys() - shape.keys() for held in shape.values()
        ):
            continue  # what made room for it was undone
        for identity, changed in shape.items():
            if changed is None:
                known.pop(identity, None)
            else:
                known[identity] = changed
    found = []
    for identity, held in known.items():
        boundary = boundaries.get(identity, -1)
        inside = held.first < boundary < held.stop
        found.append(Mark(identity, held, boundary if inside else -1, contexts.get(identity)))
    return sorted(found, key=lambda mark: (mark.facts.first, mark.identity))


def _meet(one: Facts | None, other: Facts | None) -> bool:
    if one is None or other is None:
        return False
    return one.first < other.stop and other.first < one.stop


def kinds(
    steps: NDArray[Any], marks: Iterable[Mark], context_s: float
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """What every tick is, and which intervention it belongs to.

    Who drove is a fact that no edge changes: inside of an intervention only the human's ticks are
    recovery or correction. The policy's ticks up to the human's last one are what the human took
    over from, so they are context; all others stay what they are.

    Args:
        steps: the episode's ticks, shape (T,).
        marks: its interventions, in time order.
        context_s: length of a pre-intervention segment that has none of its own [s].

    Returns:
        (index into ``tuple(Kind)``, shape (T,); identity or -1, shape (T,)).
    """
    table = np.full(256, _KINDS.index(Kind.HOLD), np.uint8)  # a damaged file may say anything
    for controller, kind in _OF_CONTROLLER.items():
        table[controller] = _KINDS.index(kind)
    found = table[steps["controller"]]
    owner = np.full(len(steps), -1, np.int64)
    policy = np.isin(steps["controller"], _UNDER_POLICY)
    human = np.zeros(len(steps), dtype=bool)
    human[driven_rows(steps, 0, len(steps))] = True
    t = steps["t"]
    for mark in marks:
        first, stop = mark.facts.first, min(mark.facts.stop, len(steps))
        if first >= stop:
            continue
        length = context_s if mark.context_s is None else mark.context_s
        # A start that was moved later leaves the human's first ticks out, and not what led there.
        taken = first
        while taken > 0 and human[taken - 1] and owner[taken - 1] < 0:
            taken -= 1
        begin = int(np.searchsorted(t[:taken], t[taken] - length, side="left"))
        before = np.arange(begin, taken)
        # Only what the policy did by itself, and only since the last time somebody helped.
        other = np.flatnonzero(~policy[begin:taken])
        before = before[other[-1] + 1 :] if len(other) else before
        before = before[owner[before] < 0]
        found[before], owner[before] = _KINDS.index(Kind.CONTEXT), mark.identity
        owner[first:stop] = mark.identity
        driven = driven_rows(steps, first, stop)
        until = int(driven[-1]) if len(driven) else first
        found[first:until][policy[first:until]] = _KINDS.index(Kind.CONTEXT)
        inside = Kind.INTERVENTION if mark.boundary < 0 else Kind.CORRECTION
        found[driven] = _KINDS.index(inside)
        found[driven[driven < mark.boundary]] = _KINDS.index(Kind.RECOVERY)
    return found, owner


def stretches(steps: NDArray[Any], marks: Iterable[Mark], context_s: float) -> list[Stretch]:
    """The whole episode as runs of one kind, in order; arguments as of ``kinds``."""
    if len(steps) == 0:
        return []
    kind, owner = kinds(steps, marks, context_s)
    edges = np.flatnonzero((np.diff(kind.astype(np.int16)) != 0) | (np.diff(owner) != 0)) + 1
    bounds = [0, *edges.tolist(), len(steps)]
    return [
        Stretch(_KINDS[kind[first]], first, stop, int(owner[first]))
        for first, stop in itertools.pairwise(bounds)
    ]
