"""Writes one value into a station file that somebody wrote by hand, and leaves their words alone.

The line is changed in the text. Whatever way of writing TOML that does not cope with is noticed by
reading the result: then the file is written anew, and the old one kept beside it.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from sessions.config import ConfigError
from sessions.workspace import write_atomically

_HEADER = re.compile(r"^\s*\[(?P<name>[^\[\]]+)\]\s*(#.*)?$")
_VALUE = r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s#\[{\"']+)(?P<rest>\s*(?:#.*)?)$"


def set_value(file: Path, table: tuple[str, ...], key: str, value: str | int) -> Path | None:
    """Sets one value, whole or not at all.

    Args:
        file: a station file.
        table: where, such as ``("operators", "leader")``.
        key: which.
        value: to what.

    Returns:
        where the old file is kept if its comments could not be; None if nothing was lost.

    Raises:
        ConfigError: the file is no TOML, or cannot be written.
    """
    try:
        text = file.read_text(encoding="utf-8")
        wanted = _with(tomllib.loads(text), table, key, value)
        new = edited(text, table, key, value)
        if _parsed(new) == wanted:
            write_atomically(file, new.encode())
            return None
        backup = file.with_suffix(".toml.bak")
        write_atomically(backup, text.encode())
        write_atomically(file, tomli_w.dumps(wanted).encode())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file} cannot be changed: {error}.") from error
    return backup


def edited(text: str, table: tuple[str, ...], key: str, value: str | int) -> str:
    """The text with one value set; comments, order and everything else as they were. Pure.

    To be checked by reading it: of TOML's many ways only the usual ones are understood.
    """
    lines = text.split("\n")
    begin = next((i for i, line in enumerate(lines) if _names(line) == table), None)
    written = json.dumps(value, ensure_ascii=False)
    if begin is None:
        name = ".".join(part if part.isidentifier() else json.dumps(part) for part in table)
        return f"{text.rstrip()}\n\n[{name}]\n{key} = {written}\n"
    end = next((i for i in range(begin + 1, len(lines)) if _names(lines[i])), len(lines))
    pattern = re.compile(rf"^(?P<before>\s*{re.escape(key)}\s*=\s*){_VALUE}")
    for i in range(begin + 1, end):
        found = pattern.match(lines[i])
        if found:
            comment = found["rest"].strip()
            lines[i] = f"{found['before']}{written}{'  ' if comment else ''}{comment}"
            return "\n".join(lines)
    first = next((i for i in range(begin + 1, end) if lines[i].lstrip().startswith("type")), begin)
    lines.insert(first + 1, f"{key} = {written}")
    return "\n".join(lines)


def _names(line: str) -> tuple[str, ...]:
    """The table that a line heads; empty if it heads none."""
    found = _HEADER.match(line)
    if not found:
        return ()
    inner = _parsed(f"[{found['name']}]")
    path: list[str] = []
    while inner:
        (part, inner) = next(iter(inner.items()))
        path.append(part)
    return tuple(path)


def _with(plain: dict[str, Any], table: tuple[str, ...], key: str, value: Any) -> dict[str, Any]:
    whole = copy.deepcopy(plain)
    place = whole
    for part in table:
        place = place.setdefault(part, {})
    place[key] = value
    return whole


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
