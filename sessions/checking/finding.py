"""Which port is which arm, and which camera is which: asked of the hardware, told by a person."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.base import DeviceLostError, DriverError
from drivers.cameras import opencv
from drivers.cameras.opencv import FoundCamera
from drivers.dynamixel import ports
from drivers.dynamixel.ports import Moved, Pose, SerialPort
from drivers.dynamixel.tables import model_name
from drivers.registry import DeviceContext
from sessions.checking.arms import ArmSite

_SETTLE_FRAMES = 10
_PICTURE_S = 8.0


class Finder:
    """Looks at every serial port, again and again, and writes nothing to any servo.

    Args:
        runtime: folder of emulated arms; None for hardware only.

    Attributes:
        ports: what is plugged in.
        poses: what was seen there last.
    """

    def __init__(self, runtime: Path | None) -> None:
        self.ports: tuple[SerialPort, ...] = tuple(ports.ports(runtime))
        self.poses: tuple[Pose, ...] = ()

    def look(self) -> Iterator[str]:
        """Looks who is there, about 2 s a port; a sentence for each."""
        poses = []
        for port in self.ports:
            poses.append(ports.look(port.stable, path=port.path))
            yield described(poses[-1], port)
        self.poses = tuple(poses)

    def moved(self) -> Moved:
        """Which arm was moved since the last look; from then on, since this one."""
        paths = {port.stable: port.path for port in self.ports}
        after = tuple(ports.look_again(pose, paths[pose.port]) for pose in self.poses)
        found = ports.find_moved(self.poses, after)
        if found.port:
            self.poses = tuple(
                new if new.ticks else old for old, new in zip(self.poses, after, strict=True)
            )
        return found

    def pose(self, port: str) -> Pose:
        """What was seen on a port last."""
        return next(pose for pose in self.poses if pose.port == port)


def described(pose: Pose, port: SerialPort) -> str:
    """What was found on a port, in a sentence."""
    if not pose.models:
        return pose.problem or f"{port.stable} ({port.description}): nobody answers."
    counts: dict[str, int] = {}
    for number in pose.models.values():
        counts[model_name(number)] = counts.get(model_name(number), 0) + 1
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    holds = " Its motors hold it: switch its power off and on." if pose.holding else ""
    return f"{port.stable}: {len(pose.models)} servos ({kinds}) at {pose.baud} baud.{holds}"


def misfit(site: ArmSite, pose: Pose) -> str:
    """Why the arm that moved can hardly be this one; empty if it can."""
    wanted, there = set(site.description.ids), set(pose.models)
    if wanted <= there:
        return ""
    return (
        f"That arm has {len(there)} servos ({_numbers(there)}); a {site.description.kind} has "
        f"{len(wanted)} ({_numbers(wanted)})."
    )


def cameras() -> tuple[FoundCamera, ...]:
    """The cameras that are plugged in, with names that stay."""
    return opencv.find()


def snapshot(source: str, folder: Path) -> Path:
    """Takes one picture by a camera and saves it, named after the camera.

    Args:
        source: as a station file says it.
        folder: where to; made if need be.

    Raises:
        DriverError: it cannot be opened, or gives no picture.
        OSError: the picture cannot be written.
    """
    # OpenCV comes with it, which nobody needs who only looks for arms.
    from sessions.record.jpeg import encode

    with _opened(source) as camera:
        image, left = None, _SETTLE_FRAMES
        deadline = time.monotonic() + _PICTURE_S
        # The first pictures are dark: it looks for its exposure.
        while left and time.monotonic() < deadline:
            try:
                frame = camera.read(0.5)
            except DeviceLostError:
                if image is None:
                    raise
                break
            if frame is not None:
                image, left = frame.image, left - 1
    if image is None:
        raise DriverError("camera", f"{source} gives no picture.", "Plug it in again.")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', source).strip('-')}.jpg"
    file.write_bytes(encode(image))
    return file


@contextmanager
def _opened(source: str) -> Iterator[opencv.OpenCVCamera]:
    camera = opencv.create("camera", opencv.Config(source=source), DeviceContext())
    camera.connect()
    try:
        yield camera
    finally:
        camera.disconnect()


def _numbers(ids: set[int]) -> str:
    return ", ".join(str(servo) for servo in sorted(ids))
