"""What processes ask of the system, where it has it to give."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from drivers import scheduling

SCHED = Path("/proc/self/sched")
SLICE = r"se\.slice\s*:\s*(\d+)"
TELL = """
import os
from pathlib import Path
from drivers import scheduling
scheduling.give_way(7)
print(os.getpriority(os.PRIO_PROCESS, 0), scheduling.AUTOGROUP.read_text())
print(Path("/proc/self/sched").read_text())
"""

by_sessions = pytest.mark.skipif(
    not scheduling.AUTOGROUP.exists(), reason="this system does not schedule by sessions"
)
alone = pytest.mark.skipif(
    not hasattr(os, "sched_getparam"), reason="this system has no real-time scheduling"
)


def told(*, leads):
    """What a process that gave way says of itself: its niceness, its session's, all else.

    Args:
        leads: it leads its session; else it is one of another process' session.
    """
    command = [sys.executable, "-c", TELL]
    if not leads:
        command = ["sh", "-c", '"$@"; exit $?', "sh", *command]
    run = subprocess.run(command, start_new_session=True, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    first, _, rest = run.stdout.partition("\n")
    own, session = re.fullmatch(r"(\d+) .* nice (-?\d+)", first).groups()
    return int(own), int(session), rest


def turns_of_its_own():
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (6, 12)


@by_sessions
def test_a_process_that_leads_a_session_makes_all_of_it_nice():
    before = os.getpriority(os.PRIO_PROCESS, 0)
    own, session, _ = told(leads=True)
    assert own == session == max(before, 7)


@by_sessions
def test_nobody_makes_a_session_nice_that_is_shared_with_others():
    own, session, _ = told(leads=False)
    assert own == max(os.getpriority(os.PRIO_PROCESS, 0), 7)
    assert session == 0


@by_sessions
def test_who_gives_way_takes_longer_turns_than_others():
    if not turns_of_its_own():
        pytest.skip("this system has no turns of a process' own (Linux 6.12)")
    assert int(re.search(SLICE, told(leads=True)[2])[1]) == 30_000_000
    assert int(re.search(SLICE, SCHED.read_text())[1]) < 30_000_000


def priorities(start):
    """The priority of a thread and of one made ``beside`` it, started as a test says."""
    found = []

    def work():
        start()
        found.append(os.sched_getparam(0).sched_priority)
        other = scheduling.beside(lambda: found.append(os.sched_getparam(0).sched_priority), "by")
        other.start()
        other.join()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found


@alone
def test_a_thread_beside_one_that_comes_first_comes_right_after_it():
    granted = []
    interval = sys.getswitchinterval()
    try:
        found = priorities(lambda: granted.append(scheduling.come_first(8)))
    finally:
        sys.setswitchinterval(interval)
    if granted == [False]:
        pytest.skip("real-time scheduling is not permitted here")
    assert found == [8, 7]


@alone
def test_a_thread_beside_an_ordinary_one_is_ordinary():
    assert priorities(lambda: None) == [0, 0]


@alone
def test_threads_that_carry_little_come_before_the_ordinary_or_take_the_shortest_turns():
    done = threading.Event()
    carrier = threading.Thread(target=done.wait)
    carrier.start()
    try:
        task = Path(f"/proc/self/task/{carrier.native_id}")
        (task / "comm").write_text("Carrier/0")
        scheduling.hasten("Carrier")
        first = os.sched_getparam(carrier.native_id).sched_priority == 1
        text = (task / "sched").read_text()
    finally:
        done.set()
        carrier.join()
    if not first and not turns_of_its_own():
        pytest.skip("this system grants neither")
    assert first or int(re.search(SLICE, text)[1]) == 100_000
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
