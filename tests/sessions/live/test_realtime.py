"""What processes ask the system for, where it has it to give."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCHED = Path("/proc/self/sched")
TOLD = """
import os, sys
from pathlib import Path
from sessions.live import realtime
os.nice({niceness})
print(realtime.give_way())
print(Path("/proc/self/sched").read_text())
"""


def slice_ns(niceness):
    """The slice of a process that gave way; None where the system knows no such thing."""
    script = TOLD.format(niceness=niceness)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    found = re.search(r"se\.slice\s*:\s*(\d+)", run.stdout)
    return int(found[1]) if found and run.stdout.startswith("True") else None


@pytest.mark.skipif(not SCHED.exists(), reason="the system does not tell how it schedules")
def test_a_process_gives_way_and_a_nice_one_gives_way_to_it_as_well():
    usual, nice = slice_ns(0), slice_ns(10)
    if usual is None or tuple(map(int, os.uname().release.split(".")[:2])) < (6, 12):
        pytest.skip("this system has no slices of a process' own (Linux 6.12)")
    own = int(re.search(r"se\.slice\s*:\s*(\d+)", SCHED.read_text())[1])
    assert own < usual < nice
