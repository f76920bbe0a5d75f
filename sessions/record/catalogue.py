"""Everything recorded in a workspace, with the operator's edits applied."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from pathlib import Path

import msgspec

from sessions.messages import EpisodeSummary, Flag, Intervention
from sessions.record import index, layout
from sessions.record.edits import Edit, EditLog, Labels
from sessions.record.index import Entry, Takeover
from sessions.record.layout import EpisodeMeta
from sessions.record.marks import Mark, resolve
from sessions.record.quality import flags, usual
from sessions.record.reader import EpisodeData, read_episode, read_meta
from sessions.record.salvage import next_episode
from sessions.taxonomy import Taxonomy, TaxonomyError, load
from sessions.types import Outcome, SessionError
from sessions.workspace import Workspace


class CatalogueError(SessionError):
    """There is no such episode."""


class Catalogue:
    """The finished episodes of one workspace; ``.part`` files are no part of it.

    Reading only: any process may open one beside the recorder. ``refresh`` takes in what was
    finished or edited since.

    Args:
        workspace: where the episodes lie.
        log: the recorder's own log of edits; None reads the file.
        taxonomy: what categories are called today; None reads the workspace's, if it is whole.
        remember: keep what was read for the next opening; not in somebody else's folder.
        progress: told how many files were looked at, of how many, before each.

    Raises:
        EditError: the file of edits is torn before its last line.
    """

    def __init__(
        self,
        workspace: Workspace,
        log: EditLog | None = None,
        taxonomy: Taxonomy | None = None,
        *,
        remember: bool = True,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._taxonomy = taxonomy or _taxonomy_of(workspace)
        self.folder = workspace.episodes
        self.problems: tuple[str, ...] = ()
        self.labels = Labels()
        self._log = log or EditLog(self.folder)
        self._entries: dict[str, Entry] = {}
        self._remembered = index.read(self.folder)
        self._remember = remember
        self._progress = progress
        self._flags: dict[str, tuple[Flag, ...]] = {}
        self._told: tuple[EpisodeSummary, ...] | None = None  # made when asked for, see _forget
        self._found: dict[int, tuple[Intervention, ...]] | None = None
        self.refresh()

    @property
    def taxonomy(self) -> Taxonomy | None:
        """What categories are called today; None while nobody can say."""
        return self._taxonomy

    @taxonomy.setter
    def taxonomy(self, known: Taxonomy | None) -> None:
        self._taxonomy = known
        self._forget()

    def refresh(self) -> None:
        """Takes in files that are new or changed, and new edits."""
        entries: dict[str, Entry] = {}
        paths = sorted(self.folder.glob(f"*{layout.SUFFIX}"))
        for done, path in enumerate(paths):
            if self._progress is not None:
                self._progress(done, len(paths))
            number = layout.episode_number(path)
            with contextlib.suppress(FileNotFoundError):  # removed by hand since it was listed
                if number:
                    entries[path.name] = self._entry(path, number)
        if entries != self._remembered:
            if self._remember:
                index.write(self.folder, entries)
            self._remembered = entries
        self._entries = entries
        peers = usual(entry.measures for entry in entries.values())
        self._flags = {n: tuple(flags(e.measures, peers)) for n, e in entries.items()}
        self.problems = tuple(e.problem for e in entries.values() if e.problem)
        self.relabel()

    def relabel(self) -> None:
        """Takes in new edits only: much faster than ``refresh`` among thousands of files."""
        self._log.refresh()
        self.labels = self._log.labels()
        self._forget()

    def _forget(self) -> None:
        self._told = self._found = None

    def episodes(self) -> list[EpisodeSummary]:
        """Every readable episode by number, outcomes as edited."""
        if self._told is None:
            self._told = tuple(self._summary(entry) for entry in self._readable())
        return list(self._told)

    def interventions(self, round_index: int | None = None) -> list[Intervention]:
        """The interventions in time order, labels as edited.

        Those of a discarded episode count as discarded. Where no stage was judged, an intervention
        recovered if its episode succeeded.

        Args:
            round_index: only those of this round; None for all.
        """
        if self._found is None:
            rounds: dict[int, list[Intervention]] = {}
            for entry in self._readable():
                made = [self._intervention(entry, mark) for mark in self._marks(entry)]
                rounds.setdefault(entry.meta.round, []).extend(made)
            self._found = {n: tuple(found) for n, found in rounds.items()}
        if round_index is not None:
            return list(self._found.get(round_index, ()))
        return sorted(itertools.chain(*self._found.values()), key=_in_time)

    def entries(self) -> list[Entry]:
        """What the index keeps of every readable episode, by number."""
        return self._readable()

    def marks(self, episode: int) -> list[Mark]:
        """The interventions of one episode with their rows as edited, discarded ones too.

        Raises:
            CatalogueError: there is none of this number.
        """
        entry = self._entries.get(layout.file_name(episode))
        if entry is None or entry.problem:
            raise CatalogueError(f"There is no finished episode {episode} in {self.folder}.")
        return self._marks(entry)

    def edits(self, episode: int) -> list[Edit]:
        """The edits of one episode that are in force, in the order of making."""
        return self._log.of(episode)

    def category(self, key: tuple[int, int]) -> str:
        """The category of (episode, identity) as it is called today; empty if untagged."""
        found = self.labels.category.get(key, "")
        return self._taxonomy.canonical(found) if self._taxonomy is not None else found

    def labelled(self, intervention: Intervention) -> Intervention:
        """A live intervention with the labels that the edits in force give it."""
        key = (intervention.episode, intervention.start)
        return msgspec.structs.replace(
            intervention,
            category=self.category(key),
            note=self.labels.note.get(key, ""),
            discarded=key in self.labels.discarded,
        )

    def doubts(self, before_round: int | None = None) -> list[float]:
        """The doubt at each takeover that was not discarded, in time order: what tau is made of.

        A takeover is when the human took over: moving an edge or splitting what followed does not
        make another one.

        Args:
            before_round: only those of earlier rounds; None for all.
        """
        return [
            takeover.facts.doubt
            for entry in self._readable()
            if self._outcome(entry) != "discarded"
            and (before_round is None or entry.meta.round < before_round)
            for takeover in entry.takeovers
            if takeover.facts.doubt is not None and not self._is_discarded(entry, takeover)
        ]

    def path(self, episode: int) -> Path:
        """The file of an episode.

        Raises:
            CatalogueError: there is none of this number.
        """
        path = self.folder / layout.file_name(episode)
        if not path.exists():
            raise CatalogueError(f"There is no finished episode {episode} in {self.folder}.")
        return path

    def meta(self, episode: int) -> EpisodeMeta:
        """What an episode says about itself.

        Raises:
            CatalogueError: there is none of this number.
            EpisodeError: its file is torn.
        """
        return read_meta(self.path(episode))

    def read(self, episode: int) -> EpisodeData:
        """An episode's ticks, its outcome as edited.

        Raises:
            CatalogueError: there is none of this number.
            EpisodeError: its file is torn.
        """
        data = read_episode(self.path(episode))
        edited = self.labels.outcome.get(episode)
        if edited is None:
            return data
        return EpisodeData(
            data.path, data.meta, data.steps, Outcome[edited.upper()], data.frames, data.note
        )

    def next_episode(self) -> int:
        """A number that no episode, leftover or edit ever had."""
        return max(next_episode(self.folder), max(self._log.episodes(), default=0) + 1)

    def _is_discarded(self, entry: Entry, takeover: Takeover) -> bool:
        """Whether the intervention it began, or was merged into, is left out."""
        row, marks = takeover.facts.first, self._marks(entry)
        mine = [m.identity for m in marks if m.identity == row]
        mine = mine or [m.identity for m in marks if m.facts.first <= row < m.facts.stop]
        return any((entry.meta.episode, i) in self.labels.discarded for i in mine)

    def _entry(self, path: Path, number: int) -> Entry:
        if path.name != layout.file_name(number):  # a copy made by hand would be learned from twice
            twin = f"{path} is no episode's name: move it away, or import it."
            return Entry(0, 0, EpisodeMeta(number), problem=twin)
        known = self._entries.get(path.name) or self._remembered.get(path.name)
        facts = path.stat()
        if known is not None and (known.size, known.modified) == (facts.st_size, facts.st_mtime_ns):
            return known
        return index.examine(path, number)

    def _readable(self) -> list[Entry]:
        return [entry for entry in self._entries.values() if not entry.problem]

    def _outcome(self, entry: Entry) -> str:
        return self.labels.outcome.get(entry.meta.episode, Outcome(entry.outcome).name.lower())

    def _summary(self, entry: Entry) -> EpisodeSummary:
        meta, labels = entry.meta, self.labels
        told = labels.label.get(meta.episode, {})
        return EpisodeSummary(
            episode=meta.episode,
            round=meta.round,
            demo=meta.demo,
            outcome=self._outcome(entry),
            duration_s=entry.duration_s,
            ticks=entry.ticks,
            human_s=entry.human_s,
            interventions=len(self._marks(entry)),
            operator=told.get("operator", meta.operator),
            session=told.get("session", meta.session),
            environment=told.get("environment", meta.environment),
            object=told.get("object", meta.object),
            started_wall=meta.started_wall,
            note=labels.note.get((meta.episode, -1), ""),
            scores=dict(labels.score.get(meta.episode, {})),
            flags=self._flags[layout.file_name(meta.episode)],
        )

    def _marks(self, entry: Entry) -> list[Mark]:
        number, labels = entry.meta.episode, self.labels
        return resolve(
            {takeover.facts.first: takeover.facts for takeover in entry.takeovers},
            labels.shapes.get(number, ()),
            labels.boundary.get(number, {}),
            labels.context_s.get(number, {}),
        )

    def _intervention(self, entry: Entry, mark: Mark) -> Intervention:
        held, outcome = mark.facts, self._outcome(entry)
        key = (entry.meta.episode, mark.identity)
        at_takeover = {t.facts.first: t.facts.doubt for t in entry.takeovers}
        doubt = at_takeover.get(mark.identity, held.doubt)
        known = [t for t in entry.takeovers if t.facts.first <= held.first]
        mine = [t for t in entry.takeovers if t.facts.first == mark.identity] or known[-1:]
        return Intervention(
            episode=entry.meta.episode,
            start=mark.identity,
            t=held.t,
            duration_s=held.duration_s,
            doubt=float("nan") if doubt is None else doubt,
            category=self.category(key),
            note=self.labels.note.get(key, ""),
            running=False,
            recovered=held.recovered if held.staged else outcome == "success",
            discarded=key in self.labels.discarded or outcome == "discarded",
            thumbnail=mine[0].thumbnail if mine else b"",
            first=held.first,
            stop=held.stop,
            boundary=mark.boundary,
            context_s=mark.context_s,
        )


def _in_time(intervention: Intervention) -> tuple[int, int]:
    return intervention.episode, intervention.first


def _taxonomy_of(workspace: Workspace) -> Taxonomy | None:
    """The workspace's taxonomy; None if it is torn: data is read under the names it has then."""
    with contextlib.suppress(TaxonomyError):
        return load(workspace.task.taxonomy, workspace.root)
    return None
