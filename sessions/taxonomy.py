"""Failure categories, read from a TOML file; a workspace may hold its own."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from sessions.types import SessionError

_PACKAGED = Path(__file__).parent / "taxonomies"
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_KEYS = ("key", "label", "colour", "description", "parent", "aliases")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


class TaxonomyError(SessionError):
    """A taxonomy file is absent or wrong; the message names file, key and expectation."""


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of failure.

    Attributes:
        label: what is shown.
        colour: ``#RRGGBB``.
        key: digit 1 to 9 that tags with it; 0 for none.
        description: when to choose it, one sentence.
        parent: name of the wider category it belongs to; empty at the top.
        aliases: names it had before, and those of categories merged into it: data tagged with them
            is read as this category.
        name: what is written into the data; the name of its table.
    """

    label: str
    colour: str
    key: int = 0
    description: str = ""
    parent: str = ""
    aliases: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Taxonomy:
    """The categories of one task, in the order of the file.

    Attributes:
        name: the file's name without its ending.
        title: what is shown.
        categories: at least one.
    """

    name: str
    title: str
    categories: tuple[Category, ...]

    def find(self, text: str) -> Category | None:
        """The category of this name, or on this key (``"1"`` to ``"9"``); None if there is none."""
        for category in self.categories:
            if text in (category.name, *category.aliases):
                return category
            if category.key and text == str(category.key):
                return category
        return None

    def canonical(self, name: str) -> str:
        """What a category found in the data is called today; an unknown one keeps its name."""
        found = next((c for c in self.categories if name in (c.name, *c.aliases)), None)
        return found.name if found is not None else name

    def renamed(self, old: str, new: str) -> Taxonomy:
        """The same with a category called otherwise; data tagged with the old name stays its own.

        Raises:
            TaxonomyError: no such category, or the new name is taken or none.
        """
        category = self._named(old)
        if old == new:
            return self
        aliases = tuple(a for a in (*category.aliases, old) if a != new)
        renamed = msgspec.structs.replace(category, name=new, aliases=aliases)
        children = {
            c.name: msgspec.structs.replace(c, parent=new)
            for c in self.categories
            if c.parent == old
        }
        return self.with_categories(
            renamed if c is category else children.get(c.name, c) for c in self.categories
        )

    def merged(self, gone: str, into: str) -> Taxonomy:
        """The same with one category become part of another; data tagged with it is the other's.

        Raises:
            TaxonomyError: no such category, or both are one.
        """
        lost, kept = self._named(gone), self._named(into)
        if lost is kept:
            raise TaxonomyError(f"{gone} cannot be merged into itself. Choose another category.")
        whole = msgspec.structs.replace(
            kept,
            aliases=(*kept.aliases, gone, *lost.aliases),
            parent="" if kept.parent == gone else kept.parent,
        )
        rest = (whole if c is kept else c for c in self.categories if c is not lost)
        return self.with_categories(
            msgspec.structs.replace(c, parent=into) if c.parent == gone and c is not whole else c
            for c in rest
        )

    def with_categories(self, categories: Iterable[Category]) -> Taxonomy:
        """The same with these categories, checked as a file's are.

        Raises:
            TaxonomyError: a value out of range, a name or key twice, an unknown parent.
        """
        found = tuple(categories)
        path = Path(f"{self.name}.toml")
        _distinct(path, found)  # a table cannot hold two of one name
        return parsed(path, to_toml(self.title, found))

    def _named(self, name: str) -> Category:
        found = next((c for c in self.categories if c.name == name), None)
        if found is None:
            known = ", ".join(c.name for c in self.categories)
            raise TaxonomyError(f"There is no category {name!r}. Choose one of: {known}.")
        return found


def load(name: str, workspace: Path | None = None) -> Taxonomy:
    """Reads the taxonomy ``name``: the workspace's own if it has one, else the packaged one.

    Args:
        name: file name without ``.toml``.
        workspace: the workspace's folder.

    Raises:
        TaxonomyError: absent, not TOML, unknown key, or a value out of range.
    """
    own = [own_path(name, workspace)] if workspace is not None else []
    for path in (*own, _PACKAGED / f"{name}.toml"):
        if path.is_file():
            return read(path)
    packaged = ", ".join(sorted(p.stem for p in _PACKAGED.glob("*.toml")))
    place = f" in {workspace} or" if workspace is not None else ""
    raise TaxonomyError(
        f"There is no taxonomy {name}.toml{place} among the packaged ones. Choose one of: "
        f"{packaged}."
    )


def read(path: Path) -> Taxonomy:
    """Reads one taxonomy file.

    Raises:
        TaxonomyError: cannot be read, not TOML, unknown key, or a value out of range.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TaxonomyError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise TaxonomyError(f"{path} is not valid TOML: {error}.") from error
    return parsed(path, text)


def parsed(path: Path, text: str) -> Taxonomy:
    """Reads the text of a taxonomy file.

    Args:
        path: of the file, for its name and for messages.
        text: TOML.

    Raises:
        TaxonomyError: not TOML, unknown key, or a value out of range.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TaxonomyError(f"{path} is not valid TOML: {error}.") from error
    unknown = sorted(set(table) - {"title", "categories"})
    if unknown:
        raise TaxonomyError(f"{path}: unknown key {unknown[0]!r}. Known: title, categories.")
    title = table.get("title", path.stem)
    if not isinstance(title, str):
        raise TaxonomyError(f"{path}: title is {title!r}; it must be text.")
    tables = table.get("categories")
    if not isinstance(tables, dict) or not tables:
        raise TaxonomyError(f"{path}: categories is absent or empty. Add [categories.<name>].")
    found = tuple(_category(path, name, values) for name, values in tables.items())
    _distinct(path, found)
    _rooted(path, found)
    return Taxonomy(path.stem, title, found)


def _category(path: Path, name: str, values: Any) -> Category:
    place = f"{path}: categories.{name}"
    if not _NAME.fullmatch(name):
        raise TaxonomyError(
            f"{place}: the name must begin with a letter and hold only a-z, 0-9, - and _."
        )
    if isinstance(values, dict) and "name" in values:
        raise TaxonomyError(f"{place}.name: the table's own name is the name. Remove the key.")
    try:
        category = msgspec.convert(values, Category)
    except msgspec.ValidationError as error:
        raise TaxonomyError(f"{place}: {error}. Known: {', '.join(_KEYS)}.") from error
    if not 0 <= category.key <= 9:
        raise TaxonomyError(f"{place}.key is {category.key}; it must be from 1 to 9, 0 for none.")
    if not category.label.strip():
        raise TaxonomyError(f"{place}.label is empty; it is what the operator reads.")
    if not _COLOUR.fullmatch(category.colour):
        raise TaxonomyError(f"{place}.colour is {category.colour!r}; write it like #E69F00.")
    return msgspec.structs.replace(category, name=name)


def _distinct(path: Path, categories: tuple[Category, ...]) -> None:
    owner: dict[int, str] = {}
    called: dict[str, str] = {}
    for category in categories:
        for name in (category.name, *category.aliases):
            if name in called:
                raise TaxonomyError(
                    f"{path}: {name} means both {called[name]} and {category.name}. Take it out of "
                    "one's aliases."
                )
            called[name] = category.name
        if category.key == 0:
            continue
        if category.key in owner:
            raise TaxonomyError(
                f"{path}: categories.{category.name}.key is {category.key}, which "
                f"{owner[category.key]} has already. Give it a free digit."
            )
        owner[category.key] = category.name


def _rooted(path: Path, categories: tuple[Category, ...]) -> None:
    parents = {c.name: c.parent for c in categories}
    for name, parent in parents.items():
        seen = {name}
        while parent:
            if parent not in parents:
                raise TaxonomyError(
                    f"{path}: categories.{name}.parent is {parent!r}, which is no category. "
                    f"Choose one of: {', '.join(parents)}."
                )
            if parent in seen:
                raise TaxonomyError(
                    f"{path}: categories.{name} is its own parent by way of {parent}."
                )
            seen.add(parent)
            parent = parents[parent]


def to_toml(title: str, categories: Iterable[Category]) -> str:
    """The text of a taxonomy file."""
    tables = {}
    for category in categories:
        values = msgspec.to_builtins(category)
        del values["name"]
        tables[category.name] = {k: v for k, v in values.items() if v not in ("", 0, (), [])}
    return tomli_w.dumps({"title": title, "categories": tables})


def own_path(name: str, workspace: Path) -> Path:
    """Where a workspace keeps a taxonomy of its own."""
    return workspace / f"{name}.toml"


def write(taxonomy: Taxonomy, workspace: Path) -> Path:
    """Keeps a taxonomy in a workspace; the one it replaces stays beside it as ``*.toml.before``.

    Raises:
        TaxonomyError: the file cannot be written; the old one stays.
    """
    path = own_path(taxonomy.name, workspace)
    text = to_toml(taxonomy.title, taxonomy.categories)
    parsed(path, text)
    new = path.with_suffix(".toml.new")
    try:
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copyfile(path, path.with_suffix(".toml.before"))
        new.replace(path)
    except OSError as error:
        raise TaxonomyError(f"{path} cannot be written ({error.strerror}).") from error
    return path
