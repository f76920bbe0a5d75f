"""What every format gets and gives: episodes with their edits applied, counts, losses, progress.

``Outgoing`` reads through the catalogue, so that labels, moved edges and discards are in what is
written, and every written file is read again and counted before an export is called done. What
arrives is in ``arriving``.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType

import msgspec
import numpy as np
from numpy.typing import NDArray

from sessions.messages import EpisodeSummary, Intervention
from sessions.record import layout
from sessions.record.catalogue import Catalogue, CatalogueError
from sessions.record.labels import Edit
from sessions.record.layout import EpisodeError
from sessions.record.marks import Kind, kinds
from sessions.record.query import Selection
from sessions.record.reader import EpisodeData, FrameReader, counts
from sessions.types import CancelledError, SessionError
from sessions.workspace import Workspace

KINDS = tuple(Kind)
"""What the numbers of ``Leaving.kind`` mean."""

_NO_FORMATS = ("base", "arriving")
_ASSISTED = (Kind.INTERVENTION, Kind.RECOVERY, Kind.CORRECTION)


class ExchangeError(SessionError):
    """An export or import cannot be done; the message names file, value and remedy."""


@dataclass(frozen=True)
class Counts:
    """What was written, or found on reading it again.

    Attributes:
        episodes: how many.
        ticks: in all.
        frames: pictures, by camera.
        interventions: how many.
    """

    episodes: int = 0
    ticks: int = 0
    frames: dict[str, int] = field(default_factory=dict)
    interventions: int = 0

    def differences(self, found: Counts) -> list[str]:
        """What reading again did not find as it was written, in words."""
        pairs = {
            "episodes": (self.episodes, found.episodes),
            "ticks": (self.ticks, found.ticks),
            "interventions": (self.interventions, found.interventions),
            **{f"pictures of {c}": (n, found.frames.get(c, 0)) for c, n in self.frames.items()},
        }
        return [f"{n[0]} {what}, read {n[1]}" for what, n in pairs.items() if n[0] != n[1]]


@dataclass(frozen=True)
class Job:
    """How a long piece of work tells how far it is, and is asked to stop.

    Attributes:
        report: called with (done, total, what comes next).
        cancelled: asked between episodes, and within long ones.
    """

    report: Callable[[int, int, str], None] = lambda done, total, text: None
    cancelled: Callable[[], bool] = lambda: False

    def check(self) -> None:
        """Stops where asked to.

        Raises:
            CancelledError: it was.
        """
        if self.cancelled():
            raise CancelledError("It was cancelled. What was written so far is kept.")


@dataclass(frozen=True)
class Leaving:
    """One episode on its way out, with the operator's edits.

    Attributes:
        summary: labels and outcome as edited.
        data: its ticks, T of them, and when its pictures were taken.
        interventions: not discarded, in time order.
        edits: everything that was edited of it, so that it can come back so.
        kind: shape (T,), what each tick is: an index into ``KINDS``.
        category: shape (T,), index into ``Outgoing.categories`` within interventions, else -1.
    """

    summary: EpisodeSummary
    data: EpisodeData
    interventions: tuple[Intervention, ...]
    edits: tuple[Edit, ...]
    kind: NDArray[np.uint8]
    category: NDArray[np.int64]

    @property
    def intervention(self) -> NDArray[np.bool_]:
        """Shape (T,), whether a human helped at the tick, as edited; demonstrations are none."""
        return np.asarray(np.isin(self.kind, [KINDS.index(k) for k in _ASSISTED]))

    @property
    def identity(self) -> str:
        """What the episode is known by wherever it goes."""
        return layout.identity(self.data.meta)


class Outgoing:
    """A selection of a workspace's episodes, read one by one.

    Args:
        workspace: where they lie.
        catalogue: of that workspace.
        selection: which of them; discarded episodes are left out whatever it says.

    Attributes:
        episodes: what leaves; those that turn out to be unreadable are taken off.
        unreadable: why each of those stays behind, in words.
        categories: names of the failure categories, by the numbers in ``Leaving.category``.
    """

    def __init__(self, workspace: Workspace, catalogue: Catalogue, selection: Selection) -> None:
        self.workspace, self.catalogue, self.selection = workspace, catalogue, selection
        self._chosen: dict[int, list[Intervention]] = {}
        for intervention in selection.interventions:
            if not intervention.discarded:
                self._chosen.setdefault(intervention.episode, []).append(intervention)
        self.episodes = tuple(e for e in selection.episodes if e.outcome != "discarded")
        self._asked = self.episodes
        self.unreadable: list[str] = []
        used = {i.category for i in selection.interventions if i.category}
        known = catalogue.taxonomy.categories if catalogue.taxonomy is not None else ()
        names = [c.name for c in known]
        self.categories: tuple[str, ...] = (*names, *sorted(used - set(names)))

    def __len__(self) -> int:
        """How many episodes leave."""
        return len(self.episodes)

    def __iter__(self) -> Iterator[Leaving]:
        """Each episode that can be read in order of number; the others are passed over."""
        for summary in self.episodes:
            leaving = None
            with self.passing_over(summary):
                leaving = self.read(summary)
            if leaving is not None:
                yield leaving

    def sift(self, job: Job) -> None:
        """Passes over those that are torn, by a look at each file.

        Raises:
            CancelledError: it was cancelled.
        """
        total = len(self)
        for done, summary in enumerate(self.episodes):
            job.check()
            job.report(done, total, f"looking at attempt {summary.episode}")
            with self.passing_over(summary):
                counts(self.catalogue.path(summary.episode))

    @contextlib.contextmanager
    def passing_over(self, summary: EpisodeSummary) -> Iterator[None]:
        """Within, an episode that cannot be read stays behind and is named; the others leave."""
        try:
            yield
        except (EpisodeError, CatalogueError) as error:
            self.unreadable.append(f"Attempt {summary.episode} cannot be read. {error}")
            self.episodes = tuple(e for e in self.episodes if e.episode != summary.episode)

    def check_any(self) -> None:
        """Makes sure that something leaves.

        Raises:
            ExchangeError: nothing does; says why.
        """
        if not self.episodes:
            why = self.unreadable[0] if self.unreadable else "There is nothing to export."
            raise ExchangeError(f"{why} Widen the query.")

    def read(self, summary: EpisodeSummary) -> Leaving:
        """One episode.

        Raises:
            EpisodeError: its file is torn.
        """
        number = summary.episode
        data = self.catalogue.read(number)
        chosen = {i.start: i for i in self._chosen.get(number, ())}
        marks = [m for m in self.catalogue.marks(number) if m.identity in chosen]
        kind, owner = kinds(data.steps, marks, self.workspace.task.context_s)
        inside = np.isin(kind, [KINDS.index(k) for k in _ASSISTED])
        category = np.full(len(data.steps), -1, np.int64)
        for identity, intervention in chosen.items():
            if intervention.category in self.categories:
                number_of = self.categories.index(intervention.category)
                category[inside & (owner == identity)] = number_of
        edits = tuple(self.catalogue.edits(number))
        return Leaving(summary, data, tuple(chosen.values()), edits, kind, category)

    @property
    def fingerprint(self) -> str:
        """The same for what would be written the same: a stopped export may go on then."""
        chosen = sorted(self.selection.identities), self.categories
        found = hashlib.sha256(msgspec.json.encode((chosen, self.workspace.task.context_s)))
        metas = {e.meta.episode: e.meta for e in self.catalogue.entries()}
        for summary in self._asked:
            found.update(layout.identity(metas[summary.episode]).encode())
            found.update(msgspec.json.encode(self.catalogue.edits(summary.episode)))
        return found.hexdigest()

    @property
    def counts(self) -> Counts:
        """Episodes, ticks and interventions that leave; pictures are counted by the format."""
        leaving = {e.episode for e in self.episodes}
        chosen = [i for i in self.selection.interventions if i.episode in leaving]
        return Counts(
            episodes=len(self.episodes),
            ticks=sum(e.ticks for e in self.episodes),
            interventions=sum(not i.discarded for i in chosen),
        )


def formats() -> dict[str, ModuleType]:
    """Every format by name."""
    package = importlib.import_module("sessions.record.exchange")
    names = [m.name for m in pkgutil.iter_modules(package.__path__) if not _is_part(m.name)]
    found = {n: importlib.import_module(f"{package.__name__}.{n}") for n in sorted(names)}
    return {n: m for n, m in found.items() if hasattr(m, "export") or hasattr(m, "incoming")}


def _is_part(name: str) -> bool:
    return name in _NO_FORMATS or name.startswith("_")


def pictures(leaving: Leaving, camera: str) -> Iterator[tuple[int, bytes]]:
    """Index and JPEG of each picture of one camera, in order.

    Raises:
        EpisodeError: the file is torn there.
    """
    with FrameReader(leaving.data.path) as reader:
        for i in range(len(leaving.data.frames[camera].t)):
            yield i, reader.jpeg(camera, i)
