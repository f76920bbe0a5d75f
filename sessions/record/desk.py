"""Where labels are given: commands and pedal tags become edits, or a refusal that says why."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from sessions import taxonomy
from sessions.messages import (
    Accepted,
    DiscardIntervention,
    Intervention,
    Message,
    Note,
    OperatorTagged,
    Redo,
    Refused,
    SetOutcome,
    SetTaxonomy,
    Tag,
    Undo,
)
from sessions.record.catalogue import Catalogue, CatalogueError
from sessions.record.edits import Edit, EditError, EditLog
from sessions.record.intake import Intake
from sessions.record.labels import in_words
from sessions.record.reviewing import Reviewing
from sessions.taxonomy import Taxonomy, TaxonomyError

_OUTCOMES = ("success", "failure", "discarded")
_SHOWN_S = 10.0  # how long a pedal's tag that could not be kept is spoken of
_LATE_S = 2.0  # a pedal's tag waits this long for the tick it is about


class Desk:
    """Labels on finished episodes and on the one that runs.

    Args:
        catalogue: the finished episodes.
        log: the writable log of edits, the catalogue's own.
        categories: those to choose from.
        root: the workspace's folder, where its own taxonomy is kept.
        round_index: asked for the round that runs, within which undo goes back.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        log: EditLog,
        categories: Taxonomy,
        root: Path,
        round_index: Callable[[], int],
    ) -> None:
        self._catalogue = catalogue
        self._log = log
        self._taxonomy, self._root = categories, root
        self._round = round_index
        self._reviewing = Reviewing(catalogue, log, round_index)
        self._tags: list[tuple[OperatorTagged, float]] = []
        self._said_at = float("-inf")
        self.problem = ""

    def taxonomy_version(self) -> str:
        """Changes with the categories."""
        known = taxonomy.to_toml(self._taxonomy.title, self._taxonomy.categories)
        return hashlib.sha256(known.encode()).hexdigest()[:12]

    def can_undo(self) -> bool:
        """Whether an edit of the running round can be taken back."""
        return self._log.newest(self._round()) is not None

    def can_redo(self) -> bool:
        """Whether an undone edit of the running round can be made again."""
        return self._log.newest_undone(self._round()) is not None

    def undo_text(self) -> str:
        """What an undo everywhere would take back, in words; empty if there is nothing."""
        return in_words(self._log.newest())

    def redo_text(self) -> str:
        """What a redo everywhere would put in force again, in words; empty if nothing."""
        return in_words(self._log.newest_undone())

    def interventions(self, intake: Intake | None) -> list[Intervention]:
        """Those of the running round in time order, the running attempt's last."""
        found = self._catalogue.interventions(self._round())
        if intake is not None and intake.running is not None:
            live = intake.running.interventions()
            found += [self._catalogue.labelled(i) for i in live]
        return found

    def handle(self, command: Message, intake: Intake | None) -> Accepted | Refused | None:
        """Carries out a labelling command; None if the command is another's.

        A Tag's category may be a name or a key of the taxonomy.
        """
        try:
            reviewed = self._reviewing.handle(command)
            if reviewed is not None:
                return reviewed
            match command:
                case Tag(episode, start, category):
                    return self._tag(episode, start, category, intake)
                case Note(episode, start, text):
                    return self._edit("note", episode, start, text.strip(), intake)
                case DiscardIntervention(episode, start, discarded):
                    value = "1" if discarded else ""
                    return self._edit("discard", episode, start, value, intake)
                case SetTaxonomy(text):
                    return self._set_taxonomy(text)
                case SetOutcome(episode, outcome):
                    return self._set_outcome(episode, outcome)
                case Undo(everywhere):
                    done = self._log.undo(None if everywhere else self._round())
                    return self._moved(done, "There is no edit to undo.", everywhere)
                case Redo(everywhere):
                    done = self._log.redo(None if everywhere else self._round())
                    return self._moved(done, "There is no undone edit to redo.", everywhere)
        except (EditError, TaxonomyError) as error:
            return Refused(str(error))
        return None

    def tagged(self, message: OperatorTagged, now: float) -> None:
        """Takes a tag given on an operator's device; its ticks may not have come yet."""
        self._tags.append((message, now))

    def settle(self, intake: Intake | None, now: float) -> bool:
        """Turns the tags whose ticks have come into edits; whether any did."""
        if now - self._said_at >= _SHOWN_S:
            self.problem = ""
        waiting = []
        for message, since in self._tags:
            running = intake is not None and intake.recording == message.episode
            reached = running and intake is not None and intake.last_tick >= message.tick
            closed = self._is_finished(message.episode)
            if reached or closed or now - since >= _LATE_S:
                self._place(message, intake)
                self._said_at = now
            else:
                waiting.append((message, since))
        changed = len(waiting) != len(self._tags)
        self._tags = waiting
        return changed

    def _place(self, message: OperatorTagged, intake: Intake | None) -> None:
        where = self._target(message, intake)
        if where is None:
            self.problem = "A tag came before any intervention of this round; it was not kept."
            return
        reply = self.handle(Tag(*where, message.category), intake)
        self.problem = f"{reply.why} {reply.remedy}".strip() if isinstance(reply, Refused) else ""

    def _target(self, message: OperatorTagged, intake: Intake | None) -> tuple[int, int] | None:
        """The intervention under way at the tag's tick, or the latest one before it."""
        for attempt in (intake.running, intake.previous) if intake is not None else ():
            if attempt is not None and attempt.episode == message.episode:
                start = attempt.at_tick(message.tick)
                if start is not None:
                    return message.episode, start
        earlier = [
            (i.episode, i.start)
            for i in self._catalogue.interventions(self._round())
            if i.episode <= message.episode
        ]
        return earlier[-1] if earlier else None

    def _is_finished(self, episode: int) -> bool:
        try:
            self._catalogue.marks(episode)
        except CatalogueError:
            return False
        return True

    def _tag(
        self, episode: int, start: int, category: str, intake: Intake | None
    ) -> Accepted | Refused:
        found = self._taxonomy.find(category)
        if category and found is None:
            known = ", ".join(f"{c.key} {c.name}" for c in self._taxonomy.categories)
            return Refused(f"There is no category {category!r}.", f"Choose one of: {known}.")
        return self._edit("tag", episode, start, found.name if found else "", intake)

    def _set_taxonomy(self, text: str) -> Accepted:
        """Categories that have tags must still be known by some name."""
        path = taxonomy.own_path(self._taxonomy.name, self._root)
        wanted = taxonomy.parsed(path, text)
        used = {self._taxonomy.canonical(c) for c in self._catalogue.labels.category.values() if c}
        lost = sorted(name for name in used if wanted.find(name) is None)
        if lost:
            raise TaxonomyError(
                f"Interventions are tagged {', '.join(lost)}, which would have no category. "
                "Merge it into another one instead of removing it."
            )
        taxonomy.write(wanted, self._root)
        self._taxonomy = self._catalogue.taxonomy = wanted
        return Accepted()

    def _edit(
        self, kind: str, episode: int, start: int, value: str, intake: Intake | None
    ) -> Accepted | Refused:
        known: set[int] = set()
        if intake is not None and intake.running is not None and intake.recording == episode:
            known = {i.start for i in intake.running.interventions()}
        elif self._is_finished(episode):
            known = {mark.identity for mark in self._catalogue.marks(episode)}
        if start not in known:
            return Refused(
                f"Episode {episode} has no intervention that begins at row {start}.",
                "Choose one from the list.",
            )
        self._log.add(kind, self._round(), episode, start, value)
        self._catalogue.relabel()
        return Accepted()

    def _set_outcome(self, episode: int, outcome: str) -> Accepted | Refused:
        if outcome not in _OUTCOMES:
            return Refused(f"{outcome!r} is no outcome.", f"Choose one of: {', '.join(_OUTCOMES)}.")
        if not self._is_finished(episode):
            return Refused(
                f"Episode {episode} is not finished.", "End it, or salvage it if it is a leftover."
            )
        self._log.add("outcome", self._round(), episode, -1, outcome)
        self._catalogue.relabel()
        return Accepted()

    def _moved(self, edit: Edit | None, otherwise: str, everywhere: bool) -> Accepted | Refused:
        if edit is None:
            rest = "" if everywhere else "Those of earlier rounds are undone on the Review page."
            return Refused(otherwise, rest)
        self._catalogue.relabel()
        return Accepted()
