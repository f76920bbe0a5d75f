"""Failure categories, read from a TOML file; a workspace may hold its own."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from sessions.types import SessionError

_PACKAGED = Path(__file__).parent / "taxonomies"
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


class TaxonomyError(SessionError):
    """A taxonomy file is absent or wrong; the message names file, key and expectation."""


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of failure.

    Attributes:
        key: digit 1 to 9 that tags with it.
        label: what is shown.
        colour: ``#RRGGBB``.
        description: when to choose it, one sentence.
        name: what is written into the data; the name of its table.
    """

    key: int
    label: str
    colour: str
    description: str = ""
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
            if text in (category.name, str(category.key)):
                return category
        return None


def load(name: str, workspace: Path | None = None) -> Taxonomy:
    """Reads the taxonomy ``name``: the workspace's own if it has one, else the packaged one.

    Args:
        name: file name without ``.toml``.
        workspace: the workspace's folder.

    Raises:
        TaxonomyError: absent, not TOML, unknown key, or a value out of range.
    """
    own = [workspace / f"{name}.toml"] if workspace is not None else []
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
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TaxonomyError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
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
        raise TaxonomyError(f"{place}: {error}. Known: key, label, colour, description.") from error
    if not 1 <= category.key <= 9:
        raise TaxonomyError(f"{place}.key is {category.key}; it must be from 1 to 9.")
    if not category.label.strip():
        raise TaxonomyError(f"{place}.label is empty; it is what the operator reads.")
    if not _COLOUR.fullmatch(category.colour):
        raise TaxonomyError(f"{place}.colour is {category.colour!r}; write it like #E69F00.")
    return msgspec.structs.replace(category, name=name)


def _distinct(path: Path, categories: tuple[Category, ...]) -> None:
    owner: dict[int, str] = {}
    for category in categories:
        if category.key in owner:
            raise TaxonomyError(
                f"{path}: categories.{category.name}.key is {category.key}, which "
                f"{owner[category.key]} has already. Give it a free digit."
            )
        owner[category.key] = category.name
