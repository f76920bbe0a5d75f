"""A workspace: one task on one station, a folder on disk, and its private runtime folder."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sessions.config import Station, Task, read_station, read_task, write
from sessions.types import SessionError

LAYOUT = 1


class WorkspaceError(SessionError):
    """The folder is no workspace, is of a newer layout, or cannot be written."""


@dataclass(frozen=True)
class Workspace:
    """Where everything of one task on one station lies.

    ``station.toml``, ``task.toml``, ``workspace.json`` (layout and the running round),
    ``episodes/``, ``rounds/`` and ``policies/``.
    """

    root: Path
    station: Station
    task: Task

    @property
    def episodes(self) -> Path:
        """One HDF5 file an attempt: ``000042.h5``, and its edits beside it."""
        return self.root / "episodes"

    @property
    def policies(self) -> Path:
        """One folder a policy: ``round-003``."""
        return self.root / "policies"

    @property
    def rounds(self) -> Path:
        """One JSON file a round: ``003.json``."""
        return self.root / "rounds"

    def policy_folder(self, round_index: int) -> Path:
        """Checkpoint folder of a round's policy."""
        return self.policies / f"round-{round_index:03d}"

    def running_round(self) -> int:
        """Index of the round whose policy runs; -1 before the base policy exists."""
        return self._facts().get("round", -1)

    def set_running_round(self, index: int) -> None:
        """Records which round runs; survives a crash between two words."""
        facts = self._facts()
        facts["round"] = index
        write_atomically(self.root / "workspace.json", json.dumps(facts, indent=2).encode())

    def runtime(self) -> Path:
        """The private folder (0700) for rings and sockets, the same for every process; made here.

        Raises:
            WorkspaceError: it belongs to another user.
        """
        folder = self.runtime_path()
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise WorkspaceError(f"{folder} belongs to another user. Remove it and start again.")
        folder.chmod(0o700)
        return folder

    def runtime_path(self) -> Path:
        """Where the private folder is while somebody works here.

        Kept short: an ipc path may be about 100 bytes long.
        """
        base = os.environ.get("XDG_RUNTIME_DIR")
        parent = Path(base) if base and Path(base).is_dir() else Path(tempfile.gettempdir())
        key = hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:10]
        return parent / f"dagger-{os.getuid()}-{key}"

    def _facts(self) -> dict[str, int]:
        facts: dict[str, int] = json.loads((self.root / "workspace.json").read_text())
        return facts


def create(root: Path, station: Station, task: Task) -> Workspace:
    """Makes a new workspace, or opens the one that is there.

    Raises:
        WorkspaceError: the folder cannot be made or is of a newer layout.
    """
    if (root / "workspace.json").exists():
        return open_workspace(root)
    try:
        for folder in ("episodes", "rounds", "policies"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        write(root / "station.toml", station)
        write(root / "task.toml", task)
        facts = {"layout": LAYOUT, "round": -1}
        write_atomically(root / "workspace.json", json.dumps(facts, indent=2).encode())
    except OSError as error:
        raise WorkspaceError(
            f"{root} cannot be written ({error.strerror}). Choose another folder."
        ) from error
    return open_workspace(root)


def open_workspace(root: Path) -> Workspace:
    """Opens a workspace.

    Raises:
        WorkspaceError: the folder is no workspace or of a newer layout.
        ConfigError: a configuration file is wrong.
    """
    try:
        facts = json.loads((root / "workspace.json").read_text())
        layout = int(facts["layout"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(
            f"{root} is no workspace: workspace.json is absent or torn."
        ) from error
    if layout > LAYOUT:
        raise WorkspaceError(
            f"{root} has layout {layout}; this program reads up to {LAYOUT}. Update the program."
        )
    return Workspace(root, read_station(root / "station.toml"), read_task(root / "task.toml"))


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a small file so that a crash leaves either the old or the new one."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes a rename in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    with contextlib.suppress(OSError):
        os.fsync(descriptor)
    os.close(descriptor)
