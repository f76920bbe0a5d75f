"""Everything recorded, read beside the window: what the filter finds, and the attempt that is open.

One thread of low priority owns the catalogue. It is told of what is wanted, not given a queue of
work: of several filters typed in a row only the last one is looked for.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from dagger_gui.pages.review import attempt as attempts
from dagger_gui.pages.review.pictures import be_modest
from sessions.messages import EpisodeSummary, Intervention
from sessions.record.catalogue import Catalogue
from sessions.record.edits import FILE as EDITS
from sessions.record.query import EVERYTHING, UNTAGGED, Query, QueryError, Selection, parse, select
from sessions.taxonomy import Category
from sessions.types import SessionError
from sessions.workspace import Workspace

Key = tuple[int, int]


@dataclass(frozen=True)
class Found:
    """What is recorded and what the filter finds of it.

    Attributes:
        selection: what the filter finds.
        episodes: by number, everything.
        interventions: by episode, everything, in time order.
        discarded: (episode, identity) of those discarded themselves, not with their attempt.
        untagged: of the running round, those without a category, in time order.
        corrected: whether the running round has any correction.
        waiting: by episode, how many have no category.
        round: the one that runs.
        categories: the taxonomy, in its order.
        values: by field of the query language, what it can be.
        problems: files that cannot be read, a sentence each.
        only: what training is told to take and nothing else; None for everything.
    """

    selection: Selection
    episodes: dict[int, EpisodeSummary] = field(default_factory=dict)
    interventions: dict[int, list[Intervention]] = field(default_factory=dict)
    discarded: frozenset[Key] = frozenset()
    untagged: tuple[Intervention, ...] = ()
    corrected: bool = False
    waiting: dict[int, int] = field(default_factory=dict)
    round: int = -1
    categories: tuple[Category, ...] = ()
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    only: Selection | None = None


class Library(QObject):
    """Asks in, answers out by signals.

    Args:
        workspace: whose recordings.
        parent: Qt owner.
    """

    changed = Signal(object)  # Found
    opened = Signal(object)  # attempts.Attempt
    failed = Signal(int, str)  # an attempt (0: the workspace) cannot be read, a sentence
    refused = Signal(str)  # the filter is none, a sentence; empty when it is one again

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._wake = threading.Condition()
        self._text: str | None = None
        self._only_text: str | None = None
        self._number: int | None = None
        self._look = self._closed = False
        self._thread: threading.Thread | None = None
        # Of the thread alone:
        self._catalogue: Catalogue | None = None
        self._query: Query = EVERYTHING
        self._only: Query | None = None
        self._stamp: object = None

    def start(self) -> None:
        """Begins to read; again is harmless."""
        if self._thread is None and not self._closed:
            self._look = True
            self._thread = threading.Thread(target=self._run, name="review-library", daemon=True)
            self._thread.start()

    def refresh(self) -> None:
        """Looks whether anything was recorded or edited since."""
        self._tell(_look=True)

    def filter(self, text: str) -> None:
        """Looks for what a query finds from now on."""
        self._tell(_text=text)

    def learn_only(self, text: str) -> None:
        """Counts, beside the filter, what a query leaves to learn from; empty counts nothing."""
        self._tell(_only_text=text)

    def open(self, number: int) -> None:
        """Reads an attempt."""
        self._tell(_number=number)

    def close(self) -> None:
        """Ends the thread; calling it twice is harmless."""
        self._tell(_closed=True)
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _tell(self, **wanted: Any) -> None:
        with self._wake:
            for name, value in wanted.items():
                setattr(self, name, value)
            self._wake.notify()

    # -- in the thread

    def _run(self) -> None:
        be_modest()
        while True:
            with self._wake:
                self._wake.wait_for(self._wanted)
                if self._closed:
                    return
                look, text, only = self._look, self._text, self._only_text
                number, self._number = self._number, None
                self._look, self._text, self._only_text = False, None, None
            if number is not None and not self._read(number):  # first: somebody waits for it
                look, self._stamp = True, None  # the lists know of it what is not so any more
            try:
                again = self._parse(text, only)
                if look or again or self._catalogue is None:
                    self._find(again)
            except (SessionError, OSError) as error:
                self.failed.emit(0, str(error))

    def _wanted(self) -> bool:
        asked = (self._text, self._only_text, self._number)
        return self._closed or self._look or any(a is not None for a in asked)

    def _parse(self, text: str | None, only: str | None) -> bool:
        """Takes new queries; whether there are any to look for."""
        if only is not None:
            self._only = parse(only) if only else None
        if text is None:
            return only is not None
        try:
            self._query = parse(text)
        except QueryError as error:
            self.refused.emit(str(error))
            return only is not None
        self.refused.emit("")
        return True

    def _read(self, number: int) -> bool:
        try:
            self.opened.emit(attempts.load(self._open(), number))
        except (SessionError, OSError) as error:
            self.failed.emit(number, str(error))
            return False
        return True

    def _open(self) -> Catalogue:
        if self._catalogue is None:
            self._catalogue = Catalogue(self._workspace)
        return self._catalogue

    def _find(self, again: bool) -> None:
        stamp = _stamp(self._workspace)
        fresh = self._catalogue is None
        if stamp == self._stamp and not (again or fresh):
            return
        if stamp != self._stamp:
            if not fresh and _taxonomy_changed(self._stamp, stamp):
                self._catalogue = None  # categories are read with it
            self._open().refresh()
            # Of before: what came while it was read is looked for again.
            self._stamp = stamp
        running = self._workspace.running_round()
        self.changed.emit(_found(self._open(), self._query, self._only, running))


def _found(catalogue: Catalogue, query: Query, only: Query | None, running: int) -> Found:
    episodes, interventions = catalogue.episodes(), catalogue.interventions()
    rounds = {e.episode: e.round for e in episodes}
    by_episode: dict[int, list[Intervention]] = {}
    for intervention in interventions:
        by_episode.setdefault(intervention.episode, []).append(intervention)
    bare = [i for i in interventions if not (i.category or i.discarded)]
    taxonomy = catalogue.taxonomy
    categories = taxonomy.categories if taxonomy is not None else ()
    return Found(
        selection=select(catalogue, query),
        episodes={e.episode: e for e in episodes},
        interventions=by_episode,
        discarded=frozenset(catalogue.labels.discarded),
        untagged=tuple(i for i in bare if rounds[i.episode] == running),
        corrected=any(rounds[i.episode] == running for i in interventions),
        waiting=dict(Counter(i.episode for i in bare)),
        round=running,
        categories=categories,
        values=_values(episodes, categories),
        problems=catalogue.problems,
        only=None if only is None else select(catalogue, only),
    )


def _values(
    episodes: list[EpisodeSummary], categories: tuple[Category, ...]
) -> dict[str, tuple[str, ...]]:
    """What completion offers behind a field and its sign."""
    yes_no = ("yes", "no")
    found = {
        "outcome": ("success", "failure", "discarded"),
        "category": (*(c.name for c in categories), UNTAGGED),
        "flag": (*sorted({f.kind for e in episodes for f in e.flags}), UNTAGGED),
        **dict.fromkeys(("demo", "recovered", "discarded"), yes_no),
        "round": tuple(map(str, sorted({e.round for e in episodes}))),
        "date": tuple(sorted({e.started_wall[:10] for e in episodes}, reverse=True)),
    }
    for name in ("operator", "session", "environment", "object"):
        found[name] = tuple(sorted({str(getattr(e, name)) for e in episodes} - {""}))
    return found


def _stamp(workspace: Workspace) -> tuple[object, ...]:
    """Changes when anything was recorded, removed, edited or renamed."""
    folder, root = workspace.episodes, workspace.root
    paths = (folder, folder / EDITS, root / f"{workspace.task.taxonomy}.toml")
    return (workspace.running_round(), *map(_seen, paths))


def _taxonomy_changed(before: object, now: tuple[object, ...]) -> bool:
    return isinstance(before, tuple) and before[-1] != now[-1]


def _seen(path: Path) -> tuple[int, int]:
    try:
        facts = path.stat()
    except OSError:
        return (0, 0)
    return (facts.st_mtime_ns, facts.st_size)
