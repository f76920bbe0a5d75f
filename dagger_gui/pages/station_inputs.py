"""The Station page's card of who corrects: the operators, and a live picture of their controls."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QScrollArea

from dagger_gui import theme
from dagger_gui.pages.operator_words import manual
from dagger_gui.pieces import Card, Words
from dagger_gui.widgets.pad_view import PadControl, PadPicture, PadView
from sessions.config import Station
from sessions.messages import ControlState, DeviceState

PEDAL = "pedal"
_HUMAN = ("human", "demo", "handover")


class OperatorCard(Card):
    """Buttons to choose the operator, the chosen one's controls as they are held, and pedals.

    Args:
        station: its operators, pedals among them.
        key: what is held to correct, as printed on it.
    """

    selected = Signal(str)

    def __init__(self, station: Station, key: str = "") -> None:
        super().__init__("Who corrects")
        pedals = {n for n, table in station.operators.items() if table.get("type") == PEDAL}
        self._names = [name for name in station.operators if name not in pedals]
        self._manuals = {n: manual(n, station.operators[n], key) for n in self._names}
        self._buttons = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(theme.grid(1))
        for i, name in enumerate(self._names):
            button = QPushButton(name)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._buttons.addButton(button, i)
            row.addWidget(button)
        row.addStretch()
        self.body.addLayout(row)
        self.pad = PadView()
        self.manual = Words("", "small", "muted", wrap=True)
        self.body.addWidget(self.pad)
        self.body.addWidget(self.manual)
        self.pedals = {name: PadView() for name in sorted(pedals)}
        for view in self.pedals.values():
            self.body.addWidget(view)
        self.body.addStretch()
        self.pad.hide()
        self._buttons.idClicked.connect(lambda i: self.selected.emit(self._names[i]))

    def show_state(self, state: ControlState) -> None:
        """Marks the operator in use and shows what is held."""
        for i, name in enumerate(self._names):
            button = self._buttons.button(i)
            button.setChecked(name == state.operator)
            button.setEnabled(name in state.operators)
        devices = {device.name: device for device in state.devices}
        driving = state.controller in _HUMAN
        chosen = devices.get(state.operator)
        picture = None if chosen is None else pad_picture(chosen, driving=driving)
        drawn = picture is not None and bool(picture.controls or picture.problem)
        self.pad.setVisible(drawn)
        self.manual.setVisible(not drawn)
        self.manual.setText(self._manuals.get(state.operator, ""))
        if picture is not None:
            self.pad.setValue(picture)
        for name, view in self.pedals.items():
            if name in devices:
                view.setValue(pad_picture(devices[name], driving=driving))


def pad_picture(device: DeviceState, *, driving: bool) -> PadPicture:
    """The picture of a device's controls; of an absent device, why it is absent.

    Args:
        device: as the control process sees it.
        driving: whether a human drives now.
    """
    title = f"{device.name}: {device.figures}" if device.figures else device.name
    controls = tuple(PadControl(c.name, c.label, c.value, c.action, c.does) for c in device.inputs)
    return PadPicture(title, controls, driving, "" if device.ok else device.text)


def scrolled(card: Card) -> QScrollArea:
    """The card in an area that scrolls where a small window has no room for all of it."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.viewport().setAutoFillBackground(False)
    card.setAutoFillBackground(False)
    area.setWidget(card)
    return area
