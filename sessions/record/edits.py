"""Labels beside the ticks: an append-only file of edits, each of which can be undone.

``episodes/edits.jsonl`` holds one JSON object a line. An undo is itself a line, so history survives
a restart and nothing that was ever said is lost. A line counts once it is on the disk (fsync).
"""

from __future__ import annotations

import datetime
import errno
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from sessions.types import SessionError

FILE = "edits.jsonl"
KINDS = ("tag", "note", "outcome", "discard", "undo", "redo")


class EditError(SessionError):
    """The file of edits cannot be read or written; the message names file and line."""


class Edit(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the file.

    Attributes:
        id: counts up from 1.
        kind: tag, note, outcome, discard; or undo, redo, whose ``target`` is an edit's id.
        round: the round it belongs to; undo goes back within one round.
        episode: which episode it is about.
        start: first row of the intervention, -1 for the whole episode.
        value: category, text or outcome; ``"1"`` or ``""`` for a discard.
        target: for undo and redo.
        wall: ISO 8601 time, UTC.
    """

    id: int
    kind: str
    round: int
    episode: int = 0
    start: int = -1
    value: str = ""
    target: int = 0
    wall: str = ""


@dataclass(frozen=True)
class Labels:
    """What the edits in force say.

    Attributes:
        category: by (episode, start row), failure categories.
        note: by (episode, start row), free text.
        discarded: the (episode, start row) of interventions to leave out.
        outcome: by episode, in place of the recorded one.
    """

    category: dict[tuple[int, int], str] = field(default_factory=dict)
    note: dict[tuple[int, int], str] = field(default_factory=dict)
    discarded: set[tuple[int, int]] = field(default_factory=set)
    outcome: dict[int, str] = field(default_factory=dict)


class EditLog:
    """The edits of one workspace.

    Args:
        episodes: the workspace's ``episodes`` folder.
        writable: repair a torn last line and allow new edits; only the one recorder does.

    Raises:
        EditError: a line other than the last is no edit.
    """

    def __init__(self, episodes: Path, *, writable: bool = False) -> None:
        self.path = episodes / FILE
        self._writable = writable
        self._read = 0  # bytes of the file that were taken in
        self._next = 1
        self._edits: dict[int, Edit] = {}
        self._undone: dict[int, list[int]] = {}  # by round, in the order of undoing
        self._in_force: dict[int, list[int]] = {}  # by round, in the order of making
        if writable:
            self._repair()
        self.refresh()

    def refresh(self) -> bool:
        """Takes in lines appended since; whether there were any."""
        if not self.path.exists() or self.path.stat().st_size <= self._read:
            return False
        with self.path.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]  # the rest is still being written, or torn
        for line in whole.splitlines(keepends=True):
            self._take(_parsed(self.path, self._read, line))
            self._read += len(line)
        return bool(whole)

    def add(self, kind: str, round_index: int, episode: int, start: int, value: str) -> Edit:
        """Makes an edit; it is on the disk when this returns.

        Raises:
            EditError: the file cannot be written; the edit does not count.
        """
        return self._append(
            Edit(self._next, kind, round_index, episode=episode, start=start, value=value)
        )

    def can_undo(self, round_index: int) -> bool:
        """Whether an edit of this round is in force."""
        return bool(self._in_force.get(round_index))

    def can_redo(self, round_index: int) -> bool:
        """Whether an undone edit of this round has not been overtaken by a new one."""
        return bool(self._undone.get(round_index))

    def undo(self, round_index: int) -> Edit | None:
        """Takes back the round's last edit in force; returns that edit, None if there is none.

        Raises:
            EditError: the file cannot be written; nothing was undone.
        """
        if not self.can_undo(round_index):
            return None
        target = self._in_force[round_index][-1]
        self._append(Edit(self._next, "undo", round_index, target=target))
        return self._edits[target]

    def redo(self, round_index: int) -> Edit | None:
        """Puts the edit undone last in force again; None if there is none.

        Raises:
            EditError: the file cannot be written; nothing was redone.
        """
        if not self.can_redo(round_index):
            return None
        target = self._undone[round_index][-1]
        self._append(Edit(self._next, "redo", round_index, target=target))
        return self._edits[target]

    def labels(self) -> Labels:
        """What the edits in force say, the later one winning."""
        found = Labels()
        for number in sorted(n for numbers in self._in_force.values() for n in numbers):
            _apply(self._edits[number], found)
        return found

    def episodes(self) -> Iterable[int]:
        """Numbers of the episodes that were ever edited."""
        return {edit.episode for edit in self._edits.values()}

    def _append(self, edit: Edit) -> Edit:
        if not self._writable:
            raise EditError(f"{self.path} was opened to be read only.")
        wall = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        edit = msgspec.structs.replace(edit, wall=wall)
        line = msgspec.json.encode(edit) + b"\n"
        try:
            with self.path.open("ab", buffering=0) as file:
                size = self.path.stat().st_size
                try:
                    if file.write(line) != len(line):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    os.fsync(file.fileno())
                except OSError:
                    os.truncate(self.path, size)
                    raise
        except OSError as error:
            raise EditError(
                f"{self.path} cannot be written ({error.strerror}); the edit was not made. "
                "Free some space and try again."
            ) from error
        self._read += len(line)
        self._take(edit)
        return edit

    def _take(self, edit: Edit) -> None:
        self._next = max(self._next, edit.id + 1)
        done = self._in_force.setdefault(edit.round, [])
        undone = self._undone.setdefault(edit.round, [])
        if edit.kind == "undo":
            if edit.target in done:
                done.remove(edit.target)
                undone.append(edit.target)
        elif edit.kind == "redo":
            if edit.target in undone:
                undone.remove(edit.target)
                done.append(edit.target)
        else:
            self._edits[edit.id] = edit
            done.append(edit.id)
            undone.clear()

    def _repair(self) -> None:
        """Cuts a last line that a crash tore; completes one that only lacks its end."""
        if not self.path.exists():
            return
        data = self.path.read_bytes()
        tail = data[data.rfind(b"\n") + 1 :]
        if not tail:
            return
        try:
            _parsed(self.path, len(data) - len(tail), tail)
        except EditError:
            os.truncate(self.path, len(data) - len(tail))
            return
        with self.path.open("ab") as file:
            file.write(b"\n")
            os.fsync(file.fileno())


def _parsed(path: Path, offset: int, line: bytes) -> Edit:
    try:
        edit = msgspec.json.decode(line, type=Edit)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        number = path.read_bytes()[:offset].count(b"\n") + 1
        raise EditError(
            f"{path}, line {number}: this is no edit ({error}). Remove that line; "
            "all others stay valid."
        ) from error
    if edit.kind not in KINDS:
        number = path.read_bytes()[:offset].count(b"\n") + 1
        raise EditError(
            f"{path}, line {number}: kind is {edit.kind!r}; known are {', '.join(KINDS)}. "
            "Update the program."
        )
    return edit


def _apply(edit: Edit, labels: Labels) -> None:
    key = (edit.episode, edit.start)
    if edit.kind == "tag":
        labels.category[key] = edit.value
    elif edit.kind == "note":
        labels.note[key] = edit.value
    elif edit.kind == "outcome":
        labels.outcome[edit.episode] = edit.value
    elif edit.value:
        labels.discarded.add(key)
    else:
        labels.discarded.discard(key)
