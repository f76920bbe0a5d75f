"""How long from the command to a live policy in the window: the first launch, and later ones.

``python benchmarks/launch.py`` starts the real program on an empty folder, as a newcomer does, and
waits until the control process holds a policy and hears the window; then closes it and starts it
again on the same folder. The baseline is a bare interpreter that only imports what the program is
made of. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _display import on_a_display

from sessions import workspace as workspaces
from sessions.bus import Requester, Subscriber
from sessions.messages import ControlState, Shutdown, SupervisorState
from sessions.workspace import Workspace, WorkspaceError

IMPORTS = "import torch, PySide6.QtWidgets, pyqtgraph, mujoco, cv2, h5py, zmq"
FIRST_LIMIT_S, LATER_LIMIT_S = 120.0, 10.0
PATIENCE_S = 900.0


def bare_s() -> float:
    """How long a bare interpreter takes to import the same libraries [s]."""
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)
    return time.monotonic() - started


def launch_s(folder: Path) -> float:
    """Starts the program on ``folder``, waits for the live policy, closes it again [s].

    Raises:
        TimeoutError: there was no live policy within fifteen minutes.
    """
    command = [sys.executable, "-m", "dagger_gui.start", "--workspace", str(folder)]
    started = time.monotonic()
    with on_a_display(command) as window:
        space = _opened(folder, window)
        took = _until_live(space, window) - started
        _close(space, window)
    return took


def _opened(folder: Path, window: subprocess.Popen[bytes]) -> Workspace:
    while window.poll() is None:
        try:
            return workspaces.open_workspace(folder)
        except WorkspaceError:
            time.sleep(0.05)
    raise SystemExit(f"The program ended by itself, status {window.returncode}.")


def _until_live(space: Workspace, window: subprocess.Popen[bytes]) -> float:
    """When the first state came in which a policy was loaded and a window was heard."""
    events = Subscriber(space.runtime(), "control")
    try:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and window.poll() is None:
            for event in events.drain():
                if isinstance(event, ControlState) and event.policy:
                    return time.monotonic()
            time.sleep(0.02)
    finally:
        events.close()
    raise TimeoutError(f"No live policy within {PATIENCE_S:g} s, or the window was closed.")


def _close(space: Workspace, window: subprocess.Popen[bytes]) -> None:
    supervisor = Requester(space.runtime(), "supervisor")
    state = supervisor.ask(Shutdown(), 10.0)
    assert not isinstance(state, SupervisorState)
    supervisor.close()
    time.sleep(2.0)
    window.terminate()
    window.wait(20)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--later", type=int, default=3, help="later launches measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "workspace"
        bare = statistics.median(bare_s() for _ in range(3))
        first = launch_s(folder)
        later = statistics.median(launch_s(folder) for _ in range(options.later))
        shutil.rmtree(workspaces.open_workspace(folder).runtime(), ignore_errors=True)
    for name, seconds, limit in (("first", first, FIRST_LIMIT_S), ("later", later, LATER_LIMIT_S)):
        print(f"{name:<8}{seconds:8.1f} s   limit {limit:5.0f} s   {seconds / bare:6.1f} x imports")
    print(f"{'imports':<8}{bare:8.1f} s")
    reached = first <= FIRST_LIMIT_S and later <= LATER_LIMIT_S
    print(
        json.dumps(
            {
                "first_s": first,
                "later_s": later,
                "imports_s": bare,
                "first_ratio": first / bare,
                "later_ratio": later / bare,
                "reached": reached,
            }
        )
    )


if __name__ == "__main__":
    main()
