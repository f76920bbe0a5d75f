"""Formats by name, for the subcommands that bring data out and in."""

from __future__ import annotations

from types import ModuleType
from typing import Literal

from sessions.record.exchange.base import Counts, ExchangeError, formats

Direction = Literal["export", "incoming"]
_WORDS = {"export": "exported", "incoming": "imported"}


def names(direction: Direction) -> list[str]:
    """The formats of one direction."""
    return [name for name, module in formats().items() if hasattr(module, direction)]


def named(name: str, direction: Direction) -> ModuleType:
    """A format that goes in this direction.

    Raises:
        ExchangeError: there is none of this name, or it goes the other way only (lists those that
            there are).
    """
    found = formats().get(name)
    if found is not None and hasattr(found, direction):
        return found
    why = f"There is no format {name!r}." if found is None else f"{name} cannot be "
    if found is not None:
        why += f"{_WORDS[direction]}."
    raise ExchangeError(f"{why} Choose one of: {', '.join(names(direction))}.")


def in_words(counts: Counts) -> str:
    """``3 episodes, 270 ticks, 4 interventions, 180 pictures``; what there is none of is left out.

    Episodes are said in any case.
    """
    pairs = [
        (counts.episodes, "episode"),
        (counts.ticks, "tick"),
        (counts.interventions, "intervention"),
        (sum(counts.frames.values()), "picture"),
    ]
    said = [f"{n:,} {word}{'' if n == 1 else 's'}" for n, word in pairs if n or word == "episode"]
    return ", ".join(said)


def about(direction: Direction) -> dict[str, str]:
    """The formats of one direction, and a line about each."""
    return {n: (formats()[n].__doc__ or n).strip().splitlines()[0] for n in names(direction)}


def suffix(name: str) -> str:
    """How the name of an exported file ends; empty where a folder is written."""
    return str(getattr(formats()[name], "SUFFIX", ""))


def units() -> dict[str, tuple[str, ...]]:
    """By format that has to be told what joints are measured in, what it may be."""
    return {n: tuple(m.UNITS) for n, m in formats().items() if hasattr(m, "UNITS")}
