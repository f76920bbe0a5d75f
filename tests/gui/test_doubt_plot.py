"""The doubt against tau."""

from __future__ import annotations

import math
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest

from dagger_gui.widgets.doubt_plot import DoubtPlot
from tests.gui.shown import picture, shown

pytestmark = pytest.mark.usefixtures("dressed")


def doubt_data(doubt: float, n: int = 50):
    return np.linspace(-10, 0, n), np.full(n, doubt), np.ones(n, np.uint8)


def test_tau_lies_at_half_height_whatever_it_is(qtbot):
    plot = shown(qtbot, DoubtPlot(), 400, 120)
    for tau in (0.001, 0.3, 40.0):
        t, doubt, who = doubt_data(tau)
        plot.setData(t, doubt, tau, who)
        heights = plot.fraction(np.array([0.0, tau / 2, tau, tau * 10, tau * 1000]))
        assert heights == pytest.approx([0, 0.25, 0.5, 1, 1])


def test_the_words_say_which_side_of_tau(qtbot):
    plot = shown(qtbot, DoubtPlot(), 400, 120)
    assert plot.summary() == "appears when a policy runs"
    t, doubt, who = doubt_data(0.2)
    plot.setData(t, doubt, math.nan, who)
    assert plot.summary() == "learned from takeovers"
    plot.setData(t, doubt, 0.1, who)
    assert plot.summary() == "above tau: be ready"
    plot.setData(t, doubt, 0.3, who)
    assert plot.summary() == "below tau"
    assert not picture(plot).isNull()


def test_without_tau_the_axis_grows_by_steps_and_never_breathes(qtbot):
    plot = shown(qtbot, DoubtPlot(), 400, 120)
    t, doubt, who = doubt_data(0.2)
    plot.setData(t, doubt, math.nan, who)
    before = plot.fraction(np.array([0.2]))
    plot.setData(t, doubt / 2, math.nan, who)
    plot.setData(t, doubt * 1.2, math.nan, who)
    assert plot.fraction(np.array([0.2])) == before
    plot.clear()
    assert plot.summary() == "appears when a policy runs"
