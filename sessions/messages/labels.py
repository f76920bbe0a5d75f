"""Commands to the recorder: what an operator or reviewer says of what was recorded."""

from __future__ import annotations

from sessions.messages.base import Message


class Tag(Message):
    """Gives an intervention a failure category (an edit beside the ticks; can be undone).

    ``start`` is the segment's first row in its episode. An empty category removes the tag.
    """

    episode: int
    start: int
    category: str


class Note(Message):
    """Free text on an intervention, or with ``start`` -1 on the whole episode."""

    episode: int
    start: int
    text: str


class SetOutcome(Message):
    """Changes a finished episode's outcome (also discards and restores it)."""

    episode: int
    outcome: str


class DiscardIntervention(Message):
    """Leaves one intervention out of training, or takes it back in."""

    episode: int
    start: int
    discarded: bool = True


class SetEdges(Message):
    """Moves the edges of an intervention to the rows from ``first`` up to ``stop``."""

    episode: int
    start: int
    first: int
    stop: int


class SplitIntervention(Message):
    """Makes two of an intervention; the second begins at ``row``."""

    episode: int
    start: int
    row: int


class MergeInterventions(Message):
    """Makes one of two interventions with none between them; the earlier one's labels stay."""

    episode: int
    start: int
    other: int


class SetBoundary(Message):
    """Says at which row recovery ends and correction begins; -1 takes it back."""

    episode: int
    start: int
    row: int


class SetContext(Message):
    """Length of the pre-intervention segment of one intervention [s]; None: the workspace's."""

    episode: int
    start: int
    seconds: float | None = None


class SetScore(Message):
    """Scores a stage of an episode from 0 to 3; None takes the score back."""

    episode: int
    stage: str
    score: int | None = None


class SetLabel(Message):
    """Changes an episode's operator, session, environment or object; empty: as recorded."""

    episode: int
    name: str
    text: str


class Undo(Message):
    """Undoes the last edit of this round that is not yet undone; ``everywhere``: of all rounds."""

    everywhere: bool = False


class Redo(Message):
    """Redoes the edit undone last, of this round or of all."""

    everywhere: bool = False


class SetTaxonomy(Message):
    """Replaces the workspace's failure categories by those of a TOML text."""

    text: str


class Salvage(Message):
    """Finishes a leftover ``.part`` file (``keep``) or moves it aside.

    ``outcome`` is what the operator says of it; empty takes what was told before the writing
    ended, or success if the last tick was judged one, and discarded otherwise.
    """

    path: str
    keep: bool = True
    outcome: str = ""
