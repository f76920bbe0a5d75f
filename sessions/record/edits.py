"""Labels beside the ticks: an append-only file of edits, each of which can be undone.

``episodes/edits.jsonl`` holds one JSON object a line. An undo is itself a line, so history survives
a restart and nothing that was ever said is lost. A line counts once it is on the disk (fsync).
"""

from __future__ import annotations

import datetime
import errno
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from sessions.record.labels import KINDS, Edit, Labels, apply, meaningful, renamed
from sessions.record.marks import SPLIT
from sessions.types import SessionError

__all__ = ["Edit", "EditError", "EditLog", "Labels"]

FILE = "edits.jsonl"


class EditError(SessionError):
    """The file of edits cannot be read or written; the message names file and line."""


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
        self._undone: list[int] = []  # in the order of undoing
        self._in_force: list[int] = []  # in the order of making
        self._by_episode: dict[int, list[Edit]] | None = None  # those in force, once asked for
        if writable:
            self._repair()
        self.refresh()

    @property
    def next_id(self) -> int:
        """What the next edit will be called."""
        return self._next

    @property
    def torn(self) -> bool:
        """Whether the file ends in a line that is not whole: a crash tore it."""
        return self.path.exists() and self.path.stat().st_size > self._read

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

    def newest(self, round_index: int | None = None) -> Edit | None:
        """The edit that an undo would take back: the last in force.

        Args:
            round_index: of this round only; None for the last of all.
        """
        return self._last(self._in_force, round_index)

    def newest_undone(self, round_index: int | None = None) -> Edit | None:
        """The edit that a redo would put in force again; arguments as of ``newest``."""
        return self._last(self._undone, round_index)

    def undo(self, round_index: int | None = None) -> Edit | None:
        """Takes back the last edit in force; returns that edit, None if there is none.

        Args:
            round_index: of this round only; None for the last of all.

        Raises:
            EditError: the file cannot be written; nothing was undone.
        """
        target = self.newest(round_index)
        if target is not None:
            self._append(Edit(self._next, "undo", target.round, target=target.id))
        return target

    def redo(self, round_index: int | None = None) -> Edit | None:
        """Puts the edit undone last in force again; None if there is none.

        Args:
            round_index: of this round only; None for the last of all.

        Raises:
            EditError: the file cannot be written; nothing was redone.
        """
        target = self.newest_undone(round_index)
        if target is not None:
            self._append(Edit(self._next, "redo", target.round, target=target.id))
        return target

    def of(self, episode: int) -> list[Edit]:
        """The edits of one episode that are in force, in the order of making."""
        if self._by_episode is None:
            self._by_episode = {}
            for number in sorted(self._in_force):
                edit = self._edits[number]
                self._by_episode.setdefault(edit.episode, []).append(edit)
        return list(self._by_episode.get(episode, ()))

    def adopt(self, edits: Iterable[Edit], episode: int, round_index: int) -> None:
        """Makes edits of an episode that was copied here, in order; parts of splits keep together.

        Args:
            edits: as ``of`` gave them where the episode came from.
            episode: its number here.
            round_index: the round that runs.

        Raises:
            EditError: one cannot be read (none is made then), or the file cannot be written; those
                made so far count.
        """
        edits = tuple(edits)
        for edit in edits:
            if edit.kind in ("undo", "redo") or not meaningful(edit):
                raise EditError(f"Its edit {edit.id} ({edit.kind!r:.20}) cannot be read.")
        called: dict[int, int] = {}
        for edit in edits:
            if edit.kind == "split":
                called[SPLIT + edit.id] = SPLIT + self._next
            start = called.get(edit.start, edit.start)
            if start >= SPLIT and edit.start not in called:
                continue  # of a part whose split was undone: it would become another part's
            self.add(edit.kind, round_index, episode, start, renamed(edit, called))

    def labels(self) -> Labels:
        """What the edits in force say, the later one winning."""
        found = Labels()
        for number in sorted(self._in_force):
            apply(self._edits[number], found)
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
        self._by_episode = None
        self._next = max(self._next, edit.id + 1)
        if edit.kind == "undo":
            if edit.target in self._in_force:
                self._in_force.remove(edit.target)
                self._undone.append(edit.target)
        elif edit.kind == "redo":
            if edit.target in self._undone:
                self._undone.remove(edit.target)
                self._in_force.append(edit.target)
        else:
            self._edits[edit.id] = edit
            self._in_force.append(edit.id)
            # Made again beside what was done since, an edit of the same attempt would reach into
            # it or be hidden by it; one of another attempt and round is nobody's business here.
            self._undone = [n for n in self._undone if not _overtakes(edit, self._edits[n])]

    def _last(self, numbers: list[int], round_index: int | None) -> Edit | None:
        for number in reversed(numbers):
            if round_index is None or self._edits[number].round == round_index:
                return self._edits[number]
        return None

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
            with self.path.with_name(f"{FILE}.torn").open("ab") as kept:
                kept.write(tail + b"\n")  # nothing that was ever said is lost, torn or not
            os.truncate(self.path, len(data) - len(tail))
            return
        with self.path.open("ab") as file:
            file.write(b"\n")
            os.fsync(file.fileno())


def _overtakes(edit: Edit, undone: Edit) -> bool:
    return edit.round == undone.round or edit.episode == undone.episode


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
    if not meaningful(edit):
        number = path.read_bytes()[:offset].count(b"\n") + 1
        raise EditError(
            f"{path}, line {number}: {edit.value!r} is no value of {edit.kind}. Remove that line; "
            "all others stay valid."
        )
    return edit
