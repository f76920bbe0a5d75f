"""Has the recorder step aside while something else writes into the workspace.

Only one process writes a workspace, and during a session that is the recorder. Between attempts the
supervisor can suspend it; meanwhile the control process begins no attempt, and says why.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from dagger_gui.session_model import SessionModel
from dagger_gui.suspension import Suspension
from sessions.messages import RestartProcess

_PATIENCE_MS = 15000  # a recorder may be closing a file
_BACK_MS = 5000  # so long a recorder that was called back may take


class RecorderLeave(QObject):
    """Asks for the workspace and gives it back.

    Args:
        model: the session.
        parent: Qt owner.

    Signals:
        granted: nobody records now.
        denied: why not, one sentence.
    """

    granted = Signal()
    denied = Signal(str)

    def __init__(self, model: SessionModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._suspension = Suspension(model, self)
        self._suspension.ready.connect(self._ready)
        self._suspension.refused.connect(self._refused)
        self._back = QTimer(self)
        self._back.setSingleShot(True)
        self._back.setInterval(_BACK_MS)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._lose_patience)

    def why_not(self) -> str:
        """Why the recorder cannot step aside now; empty if it can."""
        state = self._model.control
        if self._model.read_only:
            return self._model.read_only
        if state is not None and self._model.there("control") and state.attempt:
            return f"Attempt {state.attempt} is being recorded. End it first."
        return ""

    def ask(self) -> None:
        """Asks for the workspace; ``granted`` or ``denied`` answers."""
        why = self.why_not()
        if why:
            self.denied.emit(why)
            return
        self._patience.start()
        self._suspension.begin(("recorder",))

    def give_back(self) -> None:
        """The recorder works again; nothing if it was never sent away from here."""
        self._patience.stop()
        if self._suspension.active:
            self._back.start()
            self._suspension.end()

    def resume(self) -> None:
        """Starts a suspended recorder, whoever suspended it."""
        self._back.start()
        self._model.send("supervisor", RestartProcess("recorder"))

    def forgotten(self) -> bool:
        """Whether the recorder is suspended though nothing here needs it: a window was killed."""
        waits = self._suspension.active or self._back.isActive()
        return self._model.suspended("recorder") and not waits

    def _ready(self) -> None:
        self._patience.stop()
        self.granted.emit()

    def _refused(self, why: str) -> None:
        self._patience.stop()
        self.denied.emit(why)

    def _lose_patience(self) -> None:
        self.give_back()
        self.denied.emit("The recorder does not stop. Try again.")
