"""What can be done to a taxonomy in the editor, without a window: taxonomy in, taxonomy out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

import msgspec

from dagger_gui.widgets._swatches import PALETTE
from sessions.taxonomy import Category, Taxonomy

_NAME = re.compile(r"[a-z][a-z0-9_-]*")


def with_new(now: Taxonomy) -> Taxonomy:
    """One category more at the end, with a free key, colour and name."""
    have = now.categories
    names = {n for c in have for n in (c.name, *c.aliases)}
    keys, colours = {c.key for c in have}, {c.colour.upper() for c in have}
    number = 1
    while (name := "new" if number == 1 else f"new-{number}") in names:
        number += 1
    added = Category(
        label="New category",
        colour=next((c for c in PALETTE if c not in colours), "#888888"),
        key=next((k for k in range(1, 10) if k not in keys), 0),
        name=name,
    )
    return now.with_categories((*have, added))


def named_after(label: str, now: Taxonomy, row: int) -> str:
    """A free name for the category at ``row`` that says in the data what its label says.

    Args:
        label: what the operator reads.
        now: as edited so far.
        row: of the category.

    Returns:
        its letters and digits, in words joined by ``-``; a number behind them where that is taken;
        the name as it is where nothing of the label can be written.
    """
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    wanted = re.sub(r"[^a-z0-9]+", "-", plain).strip("-").lstrip("0123456789-")
    if not wanted:
        return now.categories[row].name
    others = (c for i, c in enumerate(now.categories) if i != row)
    taken = {n for c in others for n in (c.name, *c.aliases)}
    free = (wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3)))
    return next(n for n in free if n not in taken)


def moved(now: Taxonomy, row: int, to: int) -> Taxonomy:
    """The category at ``row`` stands at ``to``."""
    have = list(now.categories)
    have.insert(to, have.pop(row))
    return now.with_categories(have)


def without(now: Taxonomy, row: int) -> Taxonomy:
    """One category less; those that were part of it stand at the top."""
    gone = now.categories[row]
    return now.with_categories(
        msgspec.structs.replace(c, parent="") if c.parent == gone.name else c
        for c in now.categories
        if c is not gone
    )


def errors(now: Taxonomy, row: int, wanted: Category) -> dict[str, str]:
    """What is wrong with a category that is to stand at ``row``, by field of the form."""
    found = {}
    if not wanted.label:
        found["Label"] = "It is what the operator reads: write a word or two."
    if not _NAME.fullmatch(wanted.name):
        found["Name"] = "It must begin with a letter and hold only a-z, 0-9, - and _."
    for i, other in enumerate(now.categories):
        if i != row and wanted.name in (other.name, *other.aliases):
            found["Name"] = f"{wanted.name} means {other.label} already. Merge them instead."
    return found


def changed(now: Taxonomy, row: int, wanted: Category, saved: Taxonomy) -> Taxonomy:
    """The category at ``row`` is as wanted; data tagged with a name it had stays its own.

    Args:
        now: as edited so far.
        row: of the category.
        wanted: what it is to be; its aliases are left as they are.
        saved: the taxonomy in force: only its names can be in the data.

    Raises:
        TaxonomyError: a category would be its own parent.
    """
    chosen = now.categories[row]
    if wanted.name != chosen.name and saved.find(chosen.name) is not None:
        now = now.renamed(chosen.name, wanted.name)
    aliases = tuple(a for a in now.categories[row].aliases if a != wanted.name)
    new = [
        msgspec.structs.replace(wanted, aliases=aliases) if i == row else _child(c, chosen, wanted)
        for i, c in enumerate(now.categories)
    ]
    return now.with_categories(new)


def counts(now: Taxonomy, used: Mapping[str, int]) -> dict[str, int]:
    """How many interventions have each category, by its name today.

    Args:
        now: the taxonomy.
        used: how many are tagged with each name, as it was written.
    """
    found: dict[str, int] = {}
    for raw, number in used.items():
        name = now.canonical(raw)
        found[name] = found.get(name, 0) + number
    return found


def _child(category: Category, chosen: Category, wanted: Category) -> Category:
    if category.parent != chosen.name:
        return category
    return msgspec.structs.replace(category, parent=wanted.name)
