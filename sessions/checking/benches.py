"""What a command line calls a station, as the file that is read and the workspace it belongs to."""

from __future__ import annotations

import fcntl
import shlex
from dataclasses import dataclass
from pathlib import Path

from sessions import stations
from sessions.config import ConfigError, Station, read_station
from sessions.runtime_folder import SUPERVISOR_LOCK
from sessions.workspace import Workspace, open_workspace

STATION_FILE = "station.toml"


@dataclass(frozen=True)
class Bench:
    """A station, as somebody named it.

    Attributes:
        named: what was typed.
        file: the station file in force.
        root: folder of its workspace; need not exist yet.
        own: whether ``file`` is the lab's own and may be written to; a packaged one is not.
        apart: whether its workspace was named beside it, which remedies that are commands repeat.
    """

    named: str
    file: Path
    root: Path
    own: bool
    apart: bool = False

    @property
    def command(self) -> str:
        """What commands are given to mean this station, for a shell: ``viperx --workspace W``."""
        return f"{shlex.quote(self.named)}{self._beside}"

    @property
    def opening(self) -> str:
        """The command that opens the window on it."""
        if self.file.parent == self.root and self.named not in stations.names():
            return f"dagger-gui --workspace {shlex.quote(str(self.root))}"
        return f"dagger-gui --station {shlex.quote(self.named)}{self._beside}"

    @property
    def _beside(self) -> str:
        return f" --workspace {shlex.quote(str(self.root))}" if self.apart else ""

    @property
    def calibrations(self) -> Path:
        """Folder of its arms' calibrations."""
        return self.root / "calibration"

    @property
    def exists(self) -> bool:
        """Whether its workspace was made."""
        return (self.root / "workspace.json").exists()

    def station(self) -> Station:
        """Reads the station file.

        Raises:
            ConfigError: it is wrong; names file, key and expectation.
        """
        return read_station(self.file)

    def workspace(self) -> Workspace | None:
        """Its workspace; None if there is none yet.

        Raises:
            SessionError: it is there and cannot be read.
        """
        return open_workspace(self.root) if self.exists else None

    def session(self) -> int:
        """Process id of the supervisor that runs on its workspace; 0 if none does.

        Raises:
            SessionError: the workspace cannot be read.
        """
        space = self.workspace()
        return 0 if space is None else supervisor(space)

    def twin(self) -> Path | None:
        """The workspace's own station file, where another one was named and the two differ."""
        theirs = self.root / STATION_FILE
        if not theirs.exists() or theirs.resolve() == self.file.resolve():
            return None
        return theirs if theirs.read_bytes() != self.file.read_bytes() else None


def bench(named: str, workspace: Path, *, apart: bool = False) -> Bench:
    """Finds a station.

    Args:
        named: a packaged station, a station file, or a workspace's folder.
        workspace: where its workspace lies unless ``named`` lies in one.
        apart: whether somebody named it, who did not leave it to be guessed from ``named``.

    Raises:
        ConfigError: there is no such station, file or workspace.
    """
    if named in stations.names():
        theirs = workspace / STATION_FILE
        if theirs.exists():
            return Bench(named, theirs, workspace, own=True, apart=apart)
        return Bench(named, stations.path(named), workspace, own=False, apart=apart)
    path = Path(named).expanduser()
    if path.is_dir():
        if not (path / STATION_FILE).is_file():
            raise ConfigError(f"{path} is no workspace: it has no {STATION_FILE}.")
        return Bench(named, path / STATION_FILE, path, own=True)
    file = stations.path(named)
    if (file.parent / "workspace.json").exists():
        return Bench(named, file, file.parent, own=True)
    return Bench(named, file, workspace, own=True, apart=apart)


def supervisor(space: Workspace) -> int:
    """Process id of the supervisor that runs on a workspace; 0 if none does.

    A living supervisor holds the lock on its file, and the kernel frees a dead one's.
    """
    try:
        with (space.runtime_path() / SUPERVISOR_LOCK).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return int(file.read().strip() or 0)
    except (OSError, ValueError):
        return 0
    return 0
