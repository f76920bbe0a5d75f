"""One edit, and what all edits in force say together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from sessions.record.marks import SPLIT, Facts, Shape

K = TypeVar("K")
V = TypeVar("V")

OUTCOMES = ("success", "failure", "discarded")
MOST = 1 << 53
"""No row and no identity is larger: what says otherwise was damaged or made up."""

SHAPES = ("edges", "split", "merge")
KINDS = (
    *("tag", "note", "outcome", "discard"),
    *SHAPES,
    *("boundary", "context", "score", "label"),
    *("undo", "redo"),
)


class Edit(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the file.

    Attributes:
        id: counts up from 1.
        kind: tag, note, outcome, discard; edges, split, merge of an intervention's rows; boundary
            between recovery and correction; context, the length of the segment before it; score of
            a stage; label of an episode; or undo, redo, whose ``target`` is an edit's id.
        round: the round it belongs to; undo goes back within one round.
        episode: which episode it is about.
        start: identity of the intervention (``marks.Mark``), -1 for the whole episode.
        value: category, text or outcome; ``"1"`` or ``""`` for a discard; JSON of ``marks.Shape``
            for a shape; a row, seconds, ``stage=score`` or ``name=text``; ``""`` takes back.
        target: for undo and redo.
        wall: ISO 8601 time, UTC.
    """

    id: int
    kind: str
    round: int
    episode: int = 0
    start: int = -1
    value: str = ""
    target: int = 0
    wall: str = ""


@dataclass(frozen=True)
class Labels:
    """What the edits in force say.

    Attributes:
        category: by (episode, identity), failure categories.
        note: by (episode, identity), free text; by (episode, -1), of the whole episode.
        discarded: the (episode, identity) of interventions to leave out.
        outcome: by episode, in place of the recorded one.
        shapes: by episode, number of each edit of a shape and what it made, in order.
        boundary: by episode and identity, the row at which recovery ends.
        context_s: by episode and identity, the length of the segment before [s].
        score: by episode and stage, 0 to 3.
        label: by episode and name (operator, session, environment, object), in place of the
            recorded one.
    """

    category: dict[tuple[int, int], str] = field(default_factory=dict)
    note: dict[tuple[int, int], str] = field(default_factory=dict)
    discarded: set[tuple[int, int]] = field(default_factory=set)
    outcome: dict[int, str] = field(default_factory=dict)
    shapes: dict[int, list[tuple[int, Shape]]] = field(default_factory=dict)
    boundary: dict[int, dict[int, int]] = field(default_factory=dict)
    context_s: dict[int, dict[int, float]] = field(default_factory=dict)
    score: dict[int, dict[str, int]] = field(default_factory=dict)
    label: dict[int, dict[str, str]] = field(default_factory=dict)


_WORDS = {
    "tag": "the category",
    "note": "the note",
    "outcome": "the outcome",
    "discard": "the discarding",
    "edges": "the moved edges",
    "split": "the split",
    "merge": "the merging",
    "boundary": "the boundary",
    "context": "the context's length",
    "score": "the score",
    "label": "the label",
}


def in_words(edit: Edit | None) -> str:
    """What an edit changed, such as ``the category grasp of a correction of attempt 14``."""
    if edit is None:
        return ""
    what = "a correction of attempt" if edit.start >= 0 else "attempt"
    said = f" {edit.value}" if edit.kind in ("tag", "outcome") and edit.value else ""
    return f"{_WORDS[edit.kind]}{said} of {what} {edit.episode}"


def renamed(edit: Edit, called: dict[int, int]) -> str:
    """An edit's value with the parts of splits called otherwise."""
    if edit.kind not in SHAPES:
        return edit.value
    shape = msgspec.json.decode(edit.value, type=Shape)
    return msgspec.json.encode({called.get(i, i): held for i, held in shape.items()}).decode()


def meaningful(edit: Edit) -> bool:
    """Whether the value can be read as its kind says, so that ``apply`` never fails."""
    if edit.kind in ("undo", "redo"):
        return True
    if not (edit.kind in KINDS and -1 <= edit.start <= MOST):
        return False
    try:
        apply(edit, Labels())
    except (ValueError, msgspec.DecodeError):
        return False
    return True


def apply(edit: Edit, labels: Labels) -> None:
    """Adds what an edit says to ``labels``, the later one winning."""
    key = (edit.episode, edit.start)
    match edit.kind:
        case "tag":
            labels.category[key] = edit.value
        case "note":
            labels.note[key] = edit.value
        case "outcome":
            _set_outcome(labels, edit)
        case "discard" if edit.value:
            labels.discarded.add(key)
        case "discard":
            labels.discarded.discard(key)
        case "boundary":
            _set(labels.boundary, edit.episode, edit.start, edit.value, int)
        case "context":
            _set(labels.context_s, edit.episode, edit.start, edit.value, _seconds)
        case "score":
            stage, _, score = edit.value.rpartition("=")
            _set(labels.score, edit.episode, stage, score, int)
        case "label":
            name, _, text = edit.value.partition("=")
            _set(labels.label, edit.episode, name, text, str)
        case _:
            shape = msgspec.json.decode(edit.value, type=Shape)
            if not all(_sound(identity, held) for identity, held in shape.items()):
                raise ValueError(f"{edit.value} is no shape of an intervention")
            labels.shapes.setdefault(edit.episode, []).append((edit.id, shape))
            if edit.kind == "split":
                _inherit(edit, shape, labels)
            elif edit.kind == "merge":
                _unite(edit, shape, labels)


def _inherit(edit: Edit, shape: Shape, labels: Labels) -> None:
    """Both halves of a split are called what the whole was; each has the boundary inside it."""
    child = SPLIT + edit.id
    whole, part, held = (edit.episode, edit.start), (edit.episode, child), shape.get(child)
    if whole in labels.category:
        labels.category[part] = labels.category[whole]
    if whole in labels.discarded:
        labels.discarded.add(part)
    boundary = labels.boundary.get(edit.episode, {})
    if held is not None and held.first < boundary.get(edit.start, -1) < held.stop:
        boundary[child] = boundary.pop(edit.start)


def _unite(edit: Edit, shape: Shape, labels: Labels) -> None:
    """What was said of only one of two that are merged is said of both."""
    for gone in (i for i, held in shape.items() if held is None):
        whole, part = (edit.episode, edit.start), (edit.episode, gone)
        labels.category[whole] = labels.category.get(whole) or labels.category.get(part, "")
        boundary = labels.boundary.get(edit.episode, {})
        if gone in boundary:
            boundary.setdefault(edit.start, boundary[gone])


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.0 <= seconds < math.inf:
        raise ValueError(f"{text} s is no length")
    return seconds


def _set_outcome(labels: Labels, edit: Edit) -> None:
    if edit.value and edit.value not in OUTCOMES:
        raise ValueError(f"{edit.value!r} is no outcome")
    if edit.value:
        labels.outcome[edit.episode] = edit.value
    else:
        labels.outcome.pop(edit.episode, None)


def _sound(identity: int, held: Facts | None) -> bool:
    """Whether the rows can be rows, so that nothing that counts with them fails."""
    rows = held is None or 0 <= held.first < held.stop <= MOST
    return 0 <= identity <= MOST and rows


def _set(
    table: dict[int, dict[K, V]], episode: int, key: K, text: str, kind: Callable[[str], V]
) -> None:
    if text:
        table.setdefault(episode, {})[key] = kind(text)
    else:
        table.get(episode, {}).pop(key, None)
