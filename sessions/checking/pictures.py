"""The station's cameras, all at once as in a session: rate, age, format, and what is wrong."""

from __future__ import annotations

import math
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from drivers import registry
from drivers.registry import DeviceContext
from sessions.checking.results import Check
from sessions.config import Station
from sessions.live.cameras import UNTRIED, CameraThread
from sessions.messages import CameraState

_FIRST_S = 8.0
"""USB cameras take seconds to give their first picture."""

_ABSENT = "There is no camera"
_TRIES_S = 1.5
_LOOK_S = 0.05
_SLOW = 0.75
_YOUNG_S = 0.1
_JOIN_S = 3.0


def check_cameras(
    station: Station, runtime: Path, seconds: float, find: str = ""
) -> Iterator[Check]:
    """Opens every camera and measures it while all of them run.

    Args:
        station: the station file.
        runtime: folder of the rings that simulated cameras read.
        seconds: how long to measure after the first pictures came [s].
        find: what somebody does to choose a camera anew.
    """
    if not station.cameras:
        yield Check("cameras", "note", "There are none.", "Add [cameras.NAME] to the station file.")
        return
    stop = threading.Event()
    own = Path(tempfile.mkdtemp(prefix="dagger-check-"))
    context = DeviceContext(runtime=runtime)
    cameras = {
        name: registry.create("cameras", name, table, context)
        for name, table in station.cameras.items()
    }
    threads = [
        CameraThread(name, camera, own, stop, station.holds.camera_s)
        for name, camera in cameras.items()
    ]
    try:
        for thread in threads:
            thread.start()
        _wait_for_pictures(threads)
        time.sleep(seconds)
        now = time.monotonic()
        for thread in threads:
            yield _line(thread.state(now), cameras[thread.camera_name].fps, find)
    finally:
        stop.set()
        for thread in threads:
            thread.join(_JOIN_S)
        shutil.rmtree(own, ignore_errors=True)


def _wait_for_pictures(threads: list[CameraThread]) -> None:
    """Until each gives pictures, or has said why it does not."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < _FIRST_S:
        states = [thread.state(time.monotonic()) for thread in threads]
        giving = [not math.isnan(state.age_s) for state in states]
        failing = [state.problem != UNTRIED for state in states]
        if all(giving) or (
            waited > _TRIES_S and all(a or b for a, b in zip(giving, failing, strict=True))
        ):
            return
        time.sleep(_LOOK_S)


def _line(state: CameraState, wanted_fps: float, find: str) -> Check:
    name = f"camera {state.name}"
    formats = f"given {state.given}" if state.given else "no format given"
    details = (f"asked for {state.requested or 'nothing'}, {formats}",)
    if math.isnan(state.age_s):
        problem, _, remedy = state.problem.partition(". ")
        if find and problem.startswith(_ABSENT):
            remedy += f" Or choose one by: {find}"
        return Check(name, "bad", f"{problem}.".replace("..", "."), remedy, details)
    text = (
        f"{state.given or state.requested}: {state.fps:.1f} fps, "
        f"{state.latency_s * 1000:.0f} ms old when they come, {state.dropped} dropped."
    )
    if state.problem:
        problem, _, remedy = state.problem.partition(". ")
        return Check(name, "bad", f"{problem}. {text}", remedy, details)
    if state.notice:
        return Check(name, "note", f"{text} {state.notice}", "", details)
    if state.fps < _SLOW * wanted_fps:
        return Check(
            name,
            "note",
            f"{text} It should give {wanted_fps:.4g}.",
            "Give it more light, fix its exposure, or use another port.",
            details,
        )
    if state.latency_s > _YOUNG_S:
        return Check(name, "note", text, "Give it a port of its own or a smaller format.", details)
    return Check(name, "good", text, "", details)
