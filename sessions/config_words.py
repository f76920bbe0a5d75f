"""What is wrong with a configuration file, in the words of somebody who wrote it."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

_AT = re.compile(r"^(?P<said>.*?)(?: - at `\$(?P<at>[^`]*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>.*)`")
_MISSING = re.compile(r"Object missing required field `(?P<key>.*)`")
_TYPE = re.compile(r"Expected `(?P<wanted>[^`]*)`(?P<more>.*?)(?:, got `.*`)?$")
_STEP = re.compile(r"\.(?P<key>\w+)|\[(?P<index>\d+|\.\.\.)\]")
_WORDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "text in quotes",
    "bool": "true or false",
    "object": "a table",
    "array": "a list",
}


def sentence(kind: type[msgspec.Struct], plain: Mapping[str, Any], error: str) -> str:
    """What msgspec found wrong, with the value that is there and what would do. Pure.

    Args:
        kind: what the file was to be.
        plain: the file as it was read.
        error: msgspec's own words, such as ``Expected `float`, got `str` - at `$.rate_hz```.
    """
    found = _AT.match(error)
    assert found is not None
    said, at = found["said"], found["at"] or ""
    table = at.removeprefix(".").partition(".")[0].partition("[")[0]
    names = _keys(kind, table)
    place = f"in [{table}]" if names and table else "at the top"
    names = names or _keys(kind, "")
    known = f"Known keys {place}: {', '.join(names)}."
    if unknown := _UNKNOWN.match(said):
        key = unknown["key"]
        return f"there is no key {key!r} {place}. {meant(key, names)}{known}"
    if missing := _MISSING.match(said):
        return f"the key {missing['key']!r} is missing {place}. {known}"
    if wrong := _TYPE.match(said):
        wanted = [_WORDS.get(word, word) for word in wrong["wanted"].split(" | ") if word != "null"]
        name, value = _at(plain, at, wrong["wanted"])
        return f"{name} is {_shown(value)}; it must be {' or '.join(wanted)}{wrong['more']}."
    return f"{said}{f', in [{table}]' if table else ''}."


def meant(key: str, names: Iterable[str]) -> str:
    """``Did you mean 'rate_hz'? `` where one of the names is near; empty otherwise. Pure."""
    near = difflib.get_close_matches(key, list(names), 1)
    return f"Did you mean {near[0]!r}? " if near else ""


def _keys(kind: type[msgspec.Struct], table: str) -> tuple[str, ...]:
    """The keys of a table that is a struct, or at the top; none of a table of devices."""
    if not table:
        return tuple(field.name for field in msgspec.structs.fields(kind))
    types = {field.name: field.type for field in msgspec.structs.fields(kind)}
    inner = types.get(table)
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        return _keys(inner, "")
    return ()


def _at(plain: Any, at: str, wanted: str) -> tuple[str, Any]:
    """Name and value of the place that msgspec means by ``.cameras[...]``."""
    names: list[str] = []
    for step in _STEP.finditer(at):
        key: Any = step["key"]
        if key is None and step["index"] != "...":
            key = int(step["index"])
        elif key is None:
            # Of a table's entries msgspec does not say which.
            key = next((k for k, v in plain.items() if not _is(v, wanted)), next(iter(plain)))
        plain = plain[key]
        names.append(f"[{key}]" if isinstance(key, int) else f".{key}")
    return "".join(names).removeprefix(".") or "the file", plain


def _is(value: Any, wanted: str) -> bool:
    kinds: dict[str, Any] = {"object": dict, "array": list, "str": str, "bool": bool}
    return isinstance(value, kinds.get(wanted, (int, float)))


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a table"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):  # a date
        text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
