"""A display for the benchmarks that open the real window."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator


def display_prefix() -> list[str]:
    """What to put before a command so that it finds a display: nothing, or Xvfb at 1280x800."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return []
    if shutil.which("xvfb-run") is None:
        raise SystemExit("There is no display and no Xvfb. Install xvfb, then try again.")
    return ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24"]


@contextlib.contextmanager
def on_a_display(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a command with a display; ends it, and all it started in its group, at the end."""
    with subprocess.Popen([*display_prefix(), *command], start_new_session=True) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)
