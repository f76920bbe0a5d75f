"""What a reviewer may change of an attempt's interventions and labels, as edits that can be undone.

Every command is checked against the episode's ticks first: an edge outside the episode or inside
another intervention, rows of which the human drove none, a boundary outside its intervention and a
stage that the task does not have are refused with what would be right.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sessions.messages import (
    Accepted,
    MergeInterventions,
    Message,
    Note,
    Refused,
    SetBoundary,
    SetContext,
    SetEdges,
    SetLabel,
    SetScore,
    SplitIntervention,
)
from sessions.record.catalogue import Catalogue, CatalogueError
from sessions.record.edits import EditLog
from sessions.record.layout import EpisodeError
from sessions.record.marks import SPLIT, Facts, Mark, Shape, driven_rows, facts

LABELS = ("operator", "session", "environment", "object")
MOST_CONTEXT_S = 60.0
_SCORES = range(4)


class Reviewing:
    """Carries out a reviewer's commands on finished episodes.

    Args:
        catalogue: the finished episodes.
        log: the writable log of edits, the catalogue's own.
        round_index: asked for the round that runs.
    """

    def __init__(self, catalogue: Catalogue, log: EditLog, round_index: Callable[[], int]) -> None:
        self._catalogue, self._log, self._round = catalogue, log, round_index

    def handle(self, command: Message) -> Accepted | Refused | None:
        """Carries out one command; None if it is another's.

        Raises:
            EditError: the file of edits cannot be written; nothing was changed.
        """
        try:
            return self._handle(command)
        except (CatalogueError, EpisodeError) as error:
            return Refused(str(error), "Choose a finished episode.")

    def _handle(self, command: Message) -> Accepted | Refused | None:
        match command:
            case SetEdges(episode, start, first, stop):
                return self._edges(episode, start, first, stop)
            case SplitIntervention(episode, start, row):
                return self._split(episode, start, row)
            case MergeInterventions(episode, start, other):
                return self._merge(episode, start, other)
            case SetBoundary(episode, start, row):
                return self._boundary(episode, start, row)
            case SetContext(episode, start, seconds):
                return self._context(episode, start, seconds)
            case SetScore(episode, stage, score):
                return self._score(episode, stage, score)
            case SetLabel(episode, name, text):
                return self._label(episode, name, text)
            case Note(episode, -1, text):
                self._catalogue.marks(episode)  # refuses an episode that is not there
                return self._add("note", episode, -1, text.strip())
        return None

    def _edges(self, episode: int, start: int, first: int, stop: int) -> Accepted | Refused:
        mark, others = self._mark(episode, start)
        if mark is None:
            return _no_such(episode, start)
        steps = self._catalogue.read(episode).steps
        ticks = len(steps)
        if not 0 <= first < stop <= ticks:
            return Refused(
                f"{_frames(first, stop)} are not within the attempt's {ticks}.",
                "Put the first edge before the last, both within the attempt.",
            )
        for other in others:
            if first < other.facts.stop and other.facts.first < stop:
                return Refused(
                    f"{_frames(first, stop)} reach into the correction that begins at frame "
                    f"{other.facts.first + 1}.",
                    "Stop before it, or merge both.",
                )
        if not len(driven_rows(steps, first, stop)):
            return _nothing_driven(first, stop)
        return self._reshape("edges", episode, start, {start: (first, stop)})

    def _split(self, episode: int, start: int, row: int) -> Accepted | Refused:
        mark, _ = self._mark(episode, start)
        if mark is None:
            return _no_such(episode, start)
        first, stop = mark.facts.first, mark.facts.stop
        if not first < row < stop:
            return Refused(
                f"Frame {row + 1} does not part the correction, frames {first + 1} to {stop}.",
                "Put the cursor inside it, then split.",
            )
        steps = self._catalogue.read(episode).steps
        for half in ((first, row), (row, stop)):
            if not len(driven_rows(steps, *half)):
                return _nothing_driven(*half)
        child = SPLIT + self._log.next_id
        return self._reshape("split", episode, start, {start: (first, row), child: (row, stop)})

    def _merge(self, episode: int, start: int, other: int) -> Accepted | Refused:
        mark, others = self._mark(episode, start)
        second = next((o for o in others if o.identity == other), None)
        if mark is None or second is None:
            return _no_such(episode, start if mark is None else other)
        first = min(mark.facts.first, second.facts.first)
        stop = max(mark.facts.stop, second.facts.stop)
        between = [o for o in others if o is not second and first < o.facts.first < stop]
        if between:
            return Refused(
                f"The correction at frame {between[0].facts.first + 1} lies between them.",
                "Merge neighbours first.",
            )
        kept, gone = (start, other) if mark.facts.first < second.facts.first else (other, start)
        return self._reshape("merge", episode, kept, {kept: (first, stop), gone: None})

    def _boundary(self, episode: int, start: int, row: int) -> Accepted | Refused:
        mark, _ = self._mark(episode, start)
        if mark is None:
            return _no_such(episode, start)
        if row >= 0 and not mark.facts.first < row < mark.facts.stop:
            return Refused(
                f"Frame {row + 1} does not part the correction, frames {mark.facts.first + 1} to "
                f"{mark.facts.stop}.",
                "Put the cursor where recovery ends and correction begins.",
            )
        return self._add("boundary", episode, start, "" if row < 0 else str(row))

    def _context(self, episode: int, start: int, seconds: float | None) -> Accepted | Refused:
        mark, _ = self._mark(episode, start)
        if mark is None:
            return _no_such(episode, start)
        if seconds is not None and not 0.0 <= seconds <= MOST_CONTEXT_S:
            return Refused(
                f"{seconds:g} s is no length of a context.", f"Give 0 to {MOST_CONTEXT_S:g} s."
            )
        return self._add("context", episode, start, "" if seconds is None else repr(seconds))

    def _score(self, episode: int, stage: str, score: int | None) -> Accepted | Refused:
        stages = self._catalogue.meta(episode).stages
        if stage not in stages:
            known = ", ".join(stages) or "none"
            return Refused(f"There is no stage {stage!r}.", f"The task's stages: {known}.")
        if score is not None and score not in _SCORES:
            return Refused(f"{score} is no score.", "Give 0 (not begun) to 3 (done well).")
        return self._add("score", episode, -1, f"{stage}={'' if score is None else score}")

    def _label(self, episode: int, name: str, text: str) -> Accepted | Refused:
        if name not in LABELS:
            return Refused(f"There is no label {name!r}.", f"Choose one of: {', '.join(LABELS)}.")
        self._catalogue.marks(episode)
        return self._add("label", episode, -1, f"{name}={text.strip()}")

    def _mark(self, episode: int, identity: int) -> tuple[Mark | None, list[Mark]]:
        """The intervention and the others of its episode."""
        marks = self._catalogue.marks(episode)
        found = next((m for m in marks if m.identity == identity), None)
        return found, [m for m in marks if m is not found]

    def _reshape(
        self, kind: str, episode: int, start: int, rows: dict[int, tuple[int, int] | None]
    ) -> Accepted:
        data = self._catalogue.read(episode)
        shape: Shape = {}
        for identity, span in rows.items():
            held: Facts | None = None
            if span is not None:
                held = facts(data.steps, *span, data.meta.rate_hz)
            shape[identity] = held
        return self._add(kind, episode, start, msgspec.json.encode(shape).decode())

    def _add(self, kind: str, episode: int, start: int, value: str) -> Accepted:
        self._log.add(kind, self._round(), episode, start, value)
        self._catalogue.relabel()
        return Accepted()


def _nothing_driven(first: int, stop: int) -> Refused:
    return Refused(
        f"{_frames(first, stop)} are none that the human drove: nothing could be learned of them.",
        "Keep a frame that the human drove inside. To leave a correction out, discard it.",
    )


def _frames(first: int, stop: int) -> str:
    """Rows as the window counts them, from 1 and the last one with them."""
    return f"Frames {first + 1} to {stop}"


def _no_such(episode: int, start: int) -> Refused:
    return Refused(f"Attempt {episode} has no correction {start}.", "Choose one from the list.")
