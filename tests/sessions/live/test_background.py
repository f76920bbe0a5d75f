"""Slow work beside the loop: what breaks does not pass for done."""

from __future__ import annotations

import time

import pytest

from sessions.live.background import Job, inline, threaded


def test_work_that_breaks_off_is_done_with_an_error_and_the_fault_is_not_hidden() -> None:
    job = Job(lambda: [][0])
    with pytest.raises(IndexError):
        job.run()
    assert job.done
    assert job.error is not None
    assert "log" in job.error.remedy


def test_work_that_goes_well_has_no_error() -> None:
    assert inline(lambda: None).error is None
    job = threaded(lambda: None)
    while not job.done:
        time.sleep(0.001)
    assert job.error is None
