"""Re-reads everything in a workspace, says what is wrong, and mends what it can.

Nothing that was recorded is ever removed: a file that cannot be read is moved to
``episodes/aside`` only on request, and an episode whose bytes have changed since it was saved is
named, not mended, because nobody can say which of both is right.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from policies.base import PolicyError
from policies.registry import load
from sessions import taxonomy
from sessions.learn import rounds
from sessions.record import checksums, index, jpeg, layout, salvage
from sessions.record.disk import WorkspaceLock
from sessions.record.edits import EditError, EditLog
from sessions.record.layout import EpisodeError
from sessions.record.reader import FrameReader, counts, read_episode
from sessions.types import CancelledError, SessionError
from sessions.workspace import Workspace

_UPDATE = "Update the program."  # what is said of a file of a newer layout
Level = Literal["good", "repaired", "notice", "bad"]


@dataclass(frozen=True)
class Finding:
    """What was found about one file.

    Attributes:
        level: good; repaired; notice, worth knowing; bad, something is lost or unreadable.
        path: the file or folder.
        text: what is the matter, empty where all is good.
        remedy: what to do about it.
    """

    level: Level
    path: Path
    text: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Outcome:
    """The result of a whole verification.

    Attributes:
        findings: one or more for each file, in order.
        episodes: finished episodes that were read.
        ticks: ticks in them.
        frames: pictures in them.
    """

    findings: tuple[Finding, ...]
    episodes: int
    ticks: int
    frames: int

    @property
    def bad(self) -> tuple[Finding, ...]:
        """What is lost or unreadable."""
        return tuple(f for f in self.findings if f.level == "bad")

    @property
    def worth_saying(self) -> tuple[Finding, ...]:
        """Everything but what is simply good."""
        return tuple(f for f in self.findings if f.level != "good")


class Verification:
    """One run over a workspace.

    Args:
        workspace: what is verified.
        repair: mend what can be mended; nobody may be recording then.
        report: called with (files done, files in all, name of the next).
        cancelled: asked within each file.

    Raises:
        RecordingError: ``repair`` was asked for while a recorder is at work.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        repair: bool = False,
        report: Callable[[int, int, str], None] = lambda done, total, name: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._space, self._repair = workspace, repair
        self._report, self._cancelled = report, cancelled
        self._lock = WorkspaceLock(workspace.episodes) if repair else contextlib.nullcontext()
        self._known = checksums.read(workspace.episodes)
        self._counted = [0, 0, 0]

    def run(self) -> Outcome:
        """Reads everything.

        Raises:
            CancelledError: ``cancelled`` said so; what was repaired stays repaired.
        """
        episodes = sorted(self._space.episodes.glob(f"*{layout.SUFFIX}"))
        findings: list[Finding] = []
        try:
            for done, path in enumerate(episodes):
                self._report(done, len(episodes), path.name)
                findings += self._episode(path)
            findings += [*self._leftovers(), *self._edits(), *self._index()]
            findings += [*self._taxonomy(), *self._rounds(), *self._policies(), *self._scraps()]
        finally:
            if isinstance(self._lock, WorkspaceLock):
                self._lock.close()
        self._report(len(episodes), len(episodes), "")
        return Outcome(tuple(findings), *self._counted)

    def _episode(self, path: Path) -> Iterator[Finding]:
        value, known = "", self._known.get(path.name)
        try:
            value = checksums.digest(path, self._cancelled)
            self._stop_if_asked()
            ticks, frames = self._read(path, thoroughly=known != value)
        except EpisodeError as error:
            yield self._unreadable(path, error, known is not None and known == value)
            return
        except OSError as error:
            yield Finding("bad", path, f"It cannot be read ({error.strerror}).", "Check the disk.")
            return
        self._counted[0] += 1
        self._counted[1] += ticks
        self._counted[2] += frames
        if known == value:
            yield Finding("good", path)
        elif known is not None:
            yield Finding(
                "bad",
                path,
                "It can be read, but its bytes are not those that were saved.",
                "Restore it from a copy, or look at it on the Review page before learning from it.",
            )
        elif self._repair:
            checksums.add(path, value)
            yield Finding("repaired", path, "It had no checksum; it has one now.")
        else:
            yield Finding("notice", path, "It has no checksum.", "Run verify with --repair.")

    def _read(self, path: Path, *, thoroughly: bool) -> tuple[int, int]:
        """Counts of ticks and frames; with ``thoroughly`` every picture is decoded as well."""
        ticks, frames = counts(path)
        read_episode(path)
        if thoroughly:
            with FrameReader(path) as reader:
                for camera, count in frames.items():
                    for i in range(count):
                        self._stop_if_asked()
                        _decoded(path, camera, i, reader.jpeg(camera, i))
        return ticks, sum(frames.values())

    def _unreadable(self, path: Path, error: EpisodeError, as_saved: bool) -> Finding:
        if as_saved or error.remedy == _UPDATE:  # it is not the file that is wrong
            remedy = error.remedy or "Its bytes are as they were saved: update the program, retry."
            return Finding("bad", path, error.problem, remedy)
        if not self._repair:
            return Finding(
                "bad", path, error.problem, "Restore it from a copy; --repair moves it aside."
            )
        try:
            moved = salvage.aside(path)
        except OSError as failed:
            text = f"{error.problem} It cannot be moved aside ({failed.strerror})."
            return Finding("bad", path, text, "Check the disk.")
        return Finding("repaired", path, f"{error.problem} It was moved to {moved}.")

    def _leftovers(self) -> Iterator[Finding]:
        for left in salvage.leftovers(self._space.episodes):
            yield Finding(
                "notice",
                Path(left.path),
                f"An unfinished attempt of {left.ticks} ticks: {left.problem}",
                "Keep it or move it aside in the window, where it is offered at the next start.",
            )

    def _edits(self) -> Iterator[Finding]:
        path = self._space.episodes / "edits.jsonl"
        try:
            before = path.stat().st_size if path.exists() else 0
            log = EditLog(self._space.episodes, writable=self._repair)
            whole = path.stat().st_size if path.exists() else 0
        except (EditError, OSError) as error:
            yield Finding("bad", path, str(error))
            return
        if whole != before:
            yield Finding("repaired", path, "A line that a crash tore was cut off.")
        elif log.torn:
            yield Finding(
                "notice",
                path,
                "Its last line was torn by a crash and is passed over.",
                "Run verify with --repair.",
            )
        else:
            yield Finding("good", path)

    def _index(self) -> Iterator[Finding]:
        """The cache is made anew from the files."""
        path = self._space.episodes / index.FILE
        if self._repair:
            path.unlink(missing_ok=True)
        yield Finding("good", path)

    def _taxonomy(self) -> Iterator[Finding]:
        name = self._space.task.taxonomy
        path = taxonomy.own_path(name, self._space.root)
        try:
            taxonomy.load(name, self._space.root)
        except SessionError as error:
            yield Finding("bad", path, str(error))

    def _rounds(self) -> Iterator[Finding]:
        for path in sorted(self._space.rounds.glob("*.json")):
            try:
                record = rounds.read(self._space, int(path.stem))
            except (SessionError, ValueError) as error:
                yield Finding("bad", path, str(error), "Train the round again.")
                continue
            absent = [
                n
                for n in record.episodes
                if not (self._space.episodes / layout.file_name(n)).exists()
            ]
            if absent:
                yield Finding(
                    "notice",
                    path,
                    f"Round {record.index} learned from {len(absent)} episodes that are not here "
                    f"any more, the first of them {absent[0]}.",
                )

    def _policies(self) -> Iterator[Finding]:
        for folder in sorted(self._space.policies.glob("round-[0-9]*")):
            if folder.suffix == ".part":
                continue
            self._stop_if_asked()
            try:
                load(folder)
                yield Finding("good", folder)
            except PolicyError as error:
                yield Finding("bad", folder, str(error), "Train the round again.")

    def _scraps(self) -> Iterator[Finding]:
        """What a crash left half written and nothing refers to."""
        scraps = [
            *self._space.root.glob("workspace.json.new"),
            *self._space.root.glob("*.toml.new"),
            *self._space.rounds.glob("[0-9]*.json.new"),
            *self._space.episodes.glob(f"{index.FILE}.*new"),
        ]
        for path in scraps:
            if self._repair:
                path.unlink(missing_ok=True)
                yield Finding("repaired", path, "A half-written copy was removed.")
            else:
                yield Finding("notice", path, "A half-written copy.", "Run verify with --repair.")

    def _stop_if_asked(self) -> None:
        if self._cancelled():
            raise CancelledError("The verification was cancelled. Nothing was lost.")


def _decoded(path: Path, camera: str, number: int, data: bytes) -> None:
    try:
        jpeg.decode(data)
    except ValueError as error:
        raise EpisodeError(path, f"Picture {number} of {camera} is torn ({error}).") from error


def in_words(outcome: Outcome) -> str:
    """The result as lines of text: what is worth saying, then the sum."""
    lines = []
    for finding in outcome.worth_saying:
        lines.append(f"{finding.level:<9}{finding.path.name}: {finding.text} {finding.remedy}")
    bad = len(outcome.bad)
    verdict = "Everything is whole." if not bad else f"{bad} of them damaged."
    lines.append(
        f"{outcome.episodes} episodes, {outcome.ticks} ticks and {outcome.frames} pictures were "
        f"read. {verdict}"
    )
    return "\n".join(line.rstrip() for line in lines)
