"""Finds and counts: one line of text that selects episodes and interventions.

``round>=2 category=grasp,placement outcome=failure doubt>0.3 object~"red cube"``: every term must
hold; a comma means any of these; ``~`` means contains. Terms about interventions (category, doubt,
length, recovered, discarded) choose among interventions, and an attempt none of whose interventions
is left is left out with them. Demonstrations have no interventions: such terms leave them alone,
``demo=no`` leaves them out. ``note`` is what was written about an attempt or any of its
interventions, and chooses attempts.

The same text is what the window filters by and what training and export take.
"""

from __future__ import annotations

import operator
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sessions.messages import EpisodeSummary, Intervention
from sessions.record.catalogue import Catalogue
from sessions.taxonomy import Taxonomy
from sessions.types import SessionError

UNTAGGED = "none"
"""The category of an intervention that has none."""


class QueryError(SessionError):
    """The text is no query; the message says which part and what would be."""


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
    "~": lambda value, part: str(part).lower() in str(value).lower(),
}
_ORDER = (">=", "<=", ">", "<")


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


_EPISODE: dict[str, Callable[[EpisodeSummary], Any]] = {
    "episode": lambda e: e.episode,
    "round": lambda e: e.round,
    "demo": lambda e: _yes(e.demo),
    "outcome": lambda e: e.outcome,
    "operator": lambda e: e.operator,
    "session": lambda e: e.session,
    "environment": lambda e: e.environment,
    "object": lambda e: e.object,
    "date": lambda e: e.started_wall[:10],
    "duration": lambda e: e.duration_s,
    "human": lambda e: e.human_s,
    "corrections": lambda e: e.interventions,
    "note": lambda e: e.note,
    "flag": lambda e: [f.kind for f in e.flags] or [UNTAGGED],
}
_INTERVENTION: dict[str, Callable[[Intervention], Any]] = {
    "category": lambda i: i.category or UNTAGGED,
    "doubt": lambda i: i.doubt,
    "length": lambda i: i.duration_s,
    "recovered": lambda i: _yes(i.recovered),
    "discarded": lambda i: _yes(i.discarded),
}
FIELDS = (*_EPISODE, *_INTERVENTION)
"""What a term may be about."""

_EARLIER = {"remark": "note"}  # what fields were called before, in queries that were kept

HELP = (
    "only what this finds, such as 'round>=2 category=grasp'. Every term must hold; signs are = != "
    "> >= < <= and ~ (contains); a comma means any of these. About attempts: "
    f"{', '.join(_EPISODE)}. About their corrections: {', '.join(_INTERVENTION)}; these leave "
    "demonstrations in, which have none: add demo=no to leave them out. note finds what was "
    "written about an attempt or any of its corrections"
)
"""The language in a few sentences, for a command line's help."""

_WORDS = {
    "outcome": ("success", "failure", "discarded"),
    **dict.fromkeys(("demo", "recovered", "discarded"), ("yes", "no")),
}
_NUMBERS = ("episode", "round", "duration", "human", "corrections", "doubt", "length")


@dataclass(frozen=True)
class Term:
    """One condition.

    Attributes:
        field: one of ``FIELDS``.
        sign: one of ``= != > >= < <= ~``.
        values: any of them fits; with ``!=`` none may.
    """

    field: str
    sign: str
    values: tuple[Any, ...]

    def holds(self, value: Any) -> bool:
        """Whether a value meets the condition; NaN (no doubt known) never does."""
        if isinstance(value, list):  # of which any may fit, and none may with !=
            return (all if self.sign == "!=" else any)(self.holds(v) for v in value)
        test = _OPERATORS[self.sign]
        if value != value:  # NaN
            return False
        if self.sign == "!=":
            return all(test(value, v) for v in self.values)
        return any(test(value, v) for v in self.values)


@dataclass(frozen=True)
class Query:
    """A parsed query.

    Attributes:
        text: as it was written.
        terms: all must hold; none selects everything.
    """

    text: str = ""
    terms: tuple[Term, ...] = ()

    @property
    def about_interventions(self) -> bool:
        """Whether it chooses among interventions."""
        return any(term.field in _INTERVENTION for term in self.terms)

    def takes_episode(self, episode: EpisodeSummary, notes: Sequence[str] = ()) -> bool:
        """Whether the terms about episodes hold.

        Args:
            episode: the episode.
            notes: what was written about its interventions.
        """
        written = [note for note in (episode.note, *notes) if note] or [""]
        return all(
            term.holds(written if term.field == "note" else _EPISODE[term.field](episode))
            for term in self.terms
            if term.field in _EPISODE
        )

    def takes_intervention(self, intervention: Intervention) -> bool:
        """Whether the terms about interventions hold."""
        return all(
            term.holds(_INTERVENTION[term.field](intervention))
            for term in self.terms
            if term.field in _INTERVENTION
        )


EVERYTHING = Query()
"""Selects everything."""


@dataclass(frozen=True)
class Group:
    """Interventions or episodes that share a value.

    Attributes:
        name: the value.
        count: how many.
        seconds: how long in all [s].
        share: part of all seconds, 0 without any.
    """

    name: str
    count: int
    seconds: float
    share: float


@dataclass(frozen=True)
class Selection:
    """What a query found, in order of number and time.

    Attributes:
        query: what was asked.
        episodes: demonstrations and attempts.
        interventions: of those attempts.
    """

    query: Query
    episodes: tuple[EpisodeSummary, ...]
    interventions: tuple[Intervention, ...]

    @property
    def numbers(self) -> frozenset[int]:
        """Numbers of the episodes."""
        return frozenset(e.episode for e in self.episodes)

    @property
    def identities(self) -> frozenset[tuple[int, int]]:
        """(episode, identity) of the interventions."""
        return frozenset((i.episode, i.start) for i in self.interventions)

    def by_category(self) -> list[Group]:
        """Interventions by category, the longest in all first."""
        return _grouped((i.category or UNTAGGED, i.duration_s) for i in self.interventions)

    def by(self, field: str) -> list[Group]:
        """Episodes by a field such as ``operator`` or ``outcome``, the longest in all first.

        Raises:
            QueryError: no such field of episodes.
        """
        if field not in _EPISODE:
            raise QueryError(f"Episodes have no {field!r}. Choose one of: {', '.join(_EPISODE)}.")
        return _grouped((str(_EPISODE[field](e)), e.duration_s) for e in self.episodes)


def parse(text: str) -> Query:
    """Reads a query; an empty text selects everything.

    Raises:
        QueryError: an unknown field, no sign, or a value that does not fit.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise QueryError(f"{text!r}: {error}. Close the quotation mark.") from error
    return Query(text.strip(), tuple(_term(word) for word in words))


def select(catalogue: Catalogue, query: Query) -> Selection:
    """What a query finds among everything recorded; categories may go by earlier names."""
    taxonomy = catalogue.taxonomy
    asked = query
    if taxonomy is not None:
        terms = tuple(_today(term, taxonomy) for term in query.terms)
        asked = Query(query.text, terms)
    found = choose(catalogue.episodes(), catalogue.interventions(), asked)
    return replace(found, query=query)


def choose(
    episodes: Sequence[EpisodeSummary], interventions: Sequence[Intervention], query: Query
) -> Selection:
    """What a query finds among these episodes and their interventions."""
    notes: dict[int, list[str]] = {}
    for i in interventions:
        notes.setdefault(i.episode, []).append(i.note)
    taken = {e.episode: e for e in episodes if query.takes_episode(e, notes.get(e.episode, ()))}
    chosen = tuple(i for i in interventions if i.episode in taken and query.takes_intervention(i))
    if query.about_interventions:
        left = {i.episode for i in chosen}
        taken = {n: e for n, e in taken.items() if e.demo or n in left}
    return Selection(query, tuple(taken.values()), chosen)


def _today(term: Term, taxonomy: Taxonomy) -> Term:
    if term.field != "category" or term.sign == "~":
        return term
    return replace(term, values=tuple(taxonomy.canonical(v) for v in term.values))


def _term(word: str) -> Term:
    places = [(word.find(sign), -len(sign), sign) for sign in _OPERATORS if sign in word]
    if not places:
        raise QueryError(
            f"{word!r} has no sign. Write field=value; signs are {' '.join(_OPERATORS)}."
        )
    place, _, sign = min(places)
    field, text = word[:place].strip().lower(), word[place + len(sign) :]
    field = _EARLIER.get(field, field)
    if field not in FIELDS:
        raise QueryError(f"There is no field {field!r}. Choose one of: {', '.join(FIELDS)}.")
    return Term(field, sign, tuple(_value(field, sign, part) for part in text.split(",")))


def _value(field: str, sign: str, text: str) -> Any:
    if field in _NUMBERS and sign != "~":
        try:
            return float(text)
        except ValueError:
            raise QueryError(f"{field} is a number; {text!r} is none.") from None
    if sign in _ORDER and field != "date":
        raise QueryError(f"{field} has no order. Use =, != or ~.")
    # A value that nothing can have would find nothing with =, and everything with !=.
    if field in _WORDS and sign != "~" and text not in _WORDS[field]:
        raise QueryError(f"{field} is {' or '.join(_WORDS[field])}; {text!r} is none.")
    return text


def _grouped(pairs: Iterable[tuple[str, float]]) -> list[Group]:
    lengths: dict[str, list[float]] = {}
    for name, length in pairs:
        lengths.setdefault(name, []).append(length)
    total = sum(map(sum, lengths.values()))
    groups = [
        Group(name, len(found), sum(found), sum(found) / total if total else 0.0)
        for name, found in lengths.items()
    ]
    return sorted(groups, key=lambda g: (-g.seconds, -g.count, g.name))
