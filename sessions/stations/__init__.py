"""The packaged stations, one file each: ``viperx.toml`` is ``--station viperx``.

Beside a station there may lie its task, ``viperx.task.toml``. A lab copies the file that comes
nearest to its bench, edits it and names its path; the path is then used in place of the name.
"""

from __future__ import annotations

from pathlib import Path

from sessions.config import ConfigError, Station, Task, read_station, read_task

_PACKAGED = Path(__file__).parent
_STATION, _TASK = ".toml", ".task.toml"


def names() -> tuple[str, ...]:
    """The packaged stations, sorted."""
    files = (path.name for path in _PACKAGED.glob(f"*{_STATION}"))
    return tuple(sorted(name.removesuffix(_STATION) for name in files if not name.endswith(_TASK)))


def path(name_or_path: str | Path) -> Path:
    """The file of a station.

    Args:
        name_or_path: a packaged name such as ``viperx-emulated``, or the path of a TOML file.

    Raises:
        ConfigError: neither; lists the packaged names.
    """
    if str(name_or_path) in names():
        return _PACKAGED / f"{name_or_path}{_STATION}"
    file = Path(name_or_path).expanduser()
    if file.is_file():
        return file
    raise ConfigError(
        f"There is no station {str(name_or_path)!r}, and no such file. "
        f"Choose one of {', '.join(names())}, or name a station file."
    )


def load(name_or_path: str | Path) -> Station:
    """Reads a station.

    Raises:
        ConfigError: there is none of this name, or its file is wrong.
    """
    return read_station(path(name_or_path))


def task(name_or_path: str | Path) -> Task:
    """The task that lies beside a station; one without stages, named after it, if none does.

    Raises:
        ConfigError: there is no such station, or a file is wrong.
    """
    station = path(name_or_path)
    beside = station.with_name(station.name.removesuffix(_STATION) + _TASK)
    if beside.is_file():
        return read_task(beside)
    return Task(name=read_station(station).name, stages=())


def simulated_station() -> Station:
    """The simulated ViperX 300 S with two cameras and every operator that needs no hardware."""
    return load("simulated")


def pick_place_task() -> Task:
    """The simulated station's task: pick the cube and place it in the tray."""
    return task("simulated")
