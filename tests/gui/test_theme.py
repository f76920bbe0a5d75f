"""Colours, type and spacing."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtGui import QFont, QFontInfo

from dagger_gui import theme
from dagger_gui.widgets._base import ElidedLabel
from tests.gui.shown import shown

pytestmark = pytest.mark.usefixtures("dressed")


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("look", [theme.DARK, theme.LIGHT])
def test_everything_can_be_read(look):
    for ground in (look.window, look.surface, look.sunken, look.raised):
        assert contrast(look.text, ground) >= 7
        assert contrast(look.muted, ground) >= 4.5
    assert contrast(look.edge, look.surface) >= 3
    for role, fill in look.fills.items():
        assert contrast(look.ink, fill) >= 4.5, role
        assert contrast(look.strokes[role], look.sunken) >= 3, role
        assert contrast(look.strokes[role], look.surface) >= 3, role


def test_meanings_have_one_colour_in_both_lights():
    assert theme.DARK.fills == theme.LIGHT.fills
    assert len(set(theme.DARK.fills.values())) == len(theme.DARK.fills)


def test_an_unknown_theme_is_refused_with_the_choices(qapp):
    with pytest.raises(ValueError, match="dark, light"):
        theme.apply(qapp, "sepia")


def test_three_sizes_of_one_family_with_figures_of_one_width(qapp):
    from PySide6.QtGui import QFontMetricsF

    small, body, large = (theme.font(s) for s in ("small", "body", "large"))
    assert small.pointSizeF() < body.pointSizeF() < large.pointSizeF()
    assert len({QFontInfo(f).family() for f in (small, body, large)}) == 1
    metrics = QFontMetricsF(body)
    assert len({round(metrics.horizontalAdvance(d * 8), 2) for d in "0123456789"}) == 1


def test_the_grid_grows_with_the_font(qapp):
    before = QFont(qapp.font())
    assert theme.grid() == 4
    bigger = QFont(before)
    bigger.setPointSizeF(before.pointSizeF() * 2)
    try:
        qapp.setFont(bigger)
        assert theme.grid() in (8, 9)
    finally:
        qapp.setFont(before)


def test_long_words_are_cut_with_the_whole_in_the_tip(qtbot):
    label = shown(qtbot, ElidedLabel("A sentence that is too long for its place", lines=1), 80, 20)
    label.grab()
    assert label.toolTip() == label.text()
    label.resize(600, 20)
    label.grab()
    assert label.toolTip() == ""
