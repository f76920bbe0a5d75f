"""Colours, type and spacing of the window: one palette, two lights, three sizes of one family.

Each Okabe-Ito colour has one meaning everywhere (banner, plots, timeline, lists, charts) and never
stands alone: a word or a shape says the same. Fusion with an explicit palette is used because
``styleHints().setColorScheme`` has no effect without a desktop portal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

Name = Literal["dark", "light"]
Role = Literal["policy", "human", "hold", "fault", "good", "training"]
Size = Literal["small", "body", "large"]

_FAMILIES = ("Inter", "Noto Sans", "DejaVu Sans")
_SCALE: dict[str, float] = {"small": 0.9, "body": 1.0, "large": 1.6}
_SMALLEST_BODY_PT = 10.0


@dataclass(frozen=True)
class Theme:
    """The colours of one light. All are ``#rrggbb``.

    Attributes:
        name: ``dark`` or ``light``.
        window: behind the panels.
        surface: panels.
        raised: buttons and rows that can be pressed.
        sunken: plot and picture grounds.
        line: edges and grids that only order things.
        edge: borders of things that can be pressed or typed in; 3:1 on ``surface``.
        text: what is read first.
        muted: what is read second; 4.5:1 on ``surface``.
        ink: text on any meaning's fill.
        fills: fill of each meaning, the same in both lights.
        strokes: the meaning as a thin line or small text: the fill, darkened in the light theme
            until it stands 3:1 off the ground.
        sent: the curve of sent actions (neutral: it has no meaning of its own).
    """

    name: Name
    window: str
    surface: str
    raised: str
    sunken: str
    line: str
    edge: str
    text: str
    muted: str
    ink: str
    fills: dict[Role, str]
    strokes: dict[Role, str]

    def fill(self, role: Role) -> QColor:
        """The colour of an area that carries ``role``'s meaning; write on it with ``ink``."""
        return QColor(self.fills[role])

    def stroke(self, role: Role) -> QColor:
        """The colour of a thin line or a word that carries ``role``'s meaning."""
        return QColor(self.strokes[role])

    def tint(self, role: Role, alpha: float = 0.2) -> QColor:
        """``role``'s fill, translucent, for spans behind curves. ``alpha`` from 0 to 1."""
        colour = QColor(self.fills[role])
        colour.setAlphaF(alpha)
        return colour


# Okabe & Ito (2008), "Color Universal Design"; grey is neutral by intent.
_FILLS: dict[Role, str] = {
    "policy": "#56B4E9",
    "human": "#E69F00",
    "hold": "#9AA1AA",
    "fault": "#D55E00",
    "good": "#009E73",
    "training": "#CC79A7",
}

DARK = Theme(
    name="dark",
    window="#111316",
    surface="#1A1D21",
    raised="#2A2F35",
    sunken="#0C0E10",
    line="#2E333A",
    edge="#6A727D",
    text="#ECEEF1",
    muted="#A3ABB6",
    ink="#0B0D0F",
    fills=_FILLS,
    strokes={**_FILLS, "fault": "#F0803C", "good": "#2BC197"},
)
LIGHT = Theme(
    name="light",
    window="#E4E7EA",
    surface="#F7F8F9",
    raised="#FFFFFF",
    sunken="#FFFFFF",
    line="#D3D8DD",
    edge="#7F8893",
    text="#14171A",
    muted="#545C66",
    ink="#0B0D0F",
    fills=_FILLS,
    strokes={
        "policy": "#1577B3",
        "human": "#9A6A00",
        "hold": "#6B737D",
        "fault": "#B34F00",
        "good": "#007A59",
        "training": "#A4477C",
    },
)
_THEMES: dict[str, Theme] = {"dark": DARK, "light": LIGHT}
_current: Theme = DARK


def current() -> Theme:
    """The theme in use."""
    return _current


def apply(app: QApplication, name: Name = "dark") -> Theme:
    """Dresses the whole application; may be called again at any time to switch.

    Raises:
        ValueError: no theme of that name; says which there are.
    """
    global _current
    if name not in _THEMES:
        raise ValueError(f"There is no theme {name!r}; choose one of {', '.join(_THEMES)}.")
    _current = _THEMES[name]
    app.setStyle(QStyleFactory.create("Fusion"))
    app.setFont(_base_font(app))
    app.setPalette(_palette(_current))
    app.setStyleSheet(_stylesheet(_current))
    return _current


def font(size: Size = "body", *, bold: bool = False) -> QFont:
    """The family in one of the three sizes, with tabular figures."""
    found = QFont(QApplication.font())
    found.setPointSizeF(found.pointSizeF() * _SCALE[size])
    if bold:
        found.setWeight(QFont.Weight.DemiBold)
    return found


def grid(steps: float = 1.0) -> int:
    """``steps`` of the 4 px grid in px, growing with the application's font."""
    height = QFontMetricsF(QApplication.font()).height()
    return max(1, round(steps * max(4.0, height / 4.0)))


def _base_font(app: QApplication) -> QFont:
    found = QFont(app.font())
    families = set(QFontDatabase.families())
    for family in _FAMILIES:
        if family in families:
            found.setFamily(family)
            break
    if 0 < found.pointSizeF() < _SMALLEST_BODY_PT:
        found.setPointSizeF(_SMALLEST_BODY_PT)
    # Figures of one width, so that no number jitters while it counts.
    found.setFeature(QFont.Tag("tnum"), 1)
    return found


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.sunken,
        QPalette.ColorRole.AlternateBase: theme.surface,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.Button: theme.raised,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.BrightText: theme.text,
        QPalette.ColorRole.ToolTipBase: theme.raised,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Highlight: theme.edge,
        QPalette.ColorRole.HighlightedText: theme.window if theme.name == "dark" else "#FFFFFF",
        QPalette.ColorRole.Link: theme.text,
        QPalette.ColorRole.Mid: theme.line,
        QPalette.ColorRole.Dark: theme.line,
        QPalette.ColorRole.Light: theme.raised,
        QPalette.ColorRole.Accent: theme.edge,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
    ):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.edge))
    return palette


def _stylesheet(theme: Theme) -> str:
    """Only what the palette cannot say: flat edges, focus rings, thin scroll bars."""
    u = grid()
    return f"""
QPushButton, QToolButton {{
  background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.edge};
  border-radius: {u}px; padding: {u}px {2 * u}px;
}}
QPushButton:hover, QToolButton:hover {{ border-color: {theme.text}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {theme.line}; }}
QPushButton:focus, QToolButton:focus {{
  border: 2px solid {theme.text}; padding: {u - 1}px {2 * u - 1}px;
}}
QPushButton:disabled, QToolButton:disabled {{
  background: transparent; color: {theme.edge}; border-color: {theme.line};
}}
QPushButton:checked, QToolButton:checked {{ background: {theme.text}; color: {theme.window}; }}
QLineEdit, QPlainTextEdit {{
  background: {theme.sunken}; color: {theme.text}; border: 1px solid {theme.edge};
  border-radius: {u}px; padding: {u // 2}px {u}px;
}}
QLineEdit:focus, QPlainTextEdit:focus {{
  border: 2px solid {theme.text}; padding: {u // 2 - 1}px {u - 1}px;
}}
QLineEdit:disabled {{ border-color: {theme.line}; background: transparent; }}
QToolTip {{
  background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.edge}; padding: {u}px;
}}
QScrollBar:vertical {{ background: transparent; width: {2 * u}px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: {2 * u}px; margin: 0; }}
QScrollBar::handle {{
  background: {theme.edge}; border-radius: {u - 1}px; margin: 1px;
  min-height: {6 * u}px; min-width: {6 * u}px;
}}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{ background: {theme.line}; border: none; border-radius: {u // 2}px; }}
QProgressBar::chunk {{ background: {_FILLS["training"]}; border-radius: {u // 2}px; }}
"""
