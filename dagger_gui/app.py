"""Puts the window together: workspace, supervisor, model, pages; and takes it apart in order."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, QTimer, Signal
from PySide6.QtWidgets import QApplication

from dagger_gui import splash, supervisor_process, theme
from dagger_gui.first_launch import WHAT_TO_DO_FIRST
from dagger_gui.key_groups import first_key
from dagger_gui.leaving import Leaving
from dagger_gui.pages.calibrate import CalibrateView
from dagger_gui.pages.categories import CategoriesView
from dagger_gui.pages.check import CheckView
from dagger_gui.pages.check_first import FirstCheckPage, due
from dagger_gui.pages.data import DataView
from dagger_gui.session_model import SessionModel
from dagger_gui.sounds import Sounds, available
from dagger_gui.station_twin import Twin, twin
from dagger_gui.window import Window
from dagger_gui.window_lock import WindowLock, why_read_only
from drivers import bindings, registry
from drivers.base import DriverError
from drivers.registry import DeviceContext
from sessions import runtime_folder, stations
from sessions.config import Station
from sessions.headless.operators import demonstrator
from sessions.live.held import sentence
from sessions.messages import Pause, Shutdown
from sessions.types import SessionError
from sessions.workspace import Workspace, create, open_workspace

_PATIENCE_MS = 15000
_SHUTDOWN_S = 60.0  # an arm may go to rest first; the supervisor gives up long before
_STOPPING = "Stopping: the arm holds. What was recorded of an attempt is kept."
_RESTING = (
    "Stopping: the arm goes to its rest pose, slowly. Close again to let go of it at once: "
    "support it then. What was recorded of an attempt is kept."
)
_NO_POLICY = (
    "There is no policy yet. Arm, record a dozen demonstrations with Ctrl+D, then press Ctrl+R."
)
_POLL_MS = 50
_LOOK_MS = 500  # how soon a window that only looks notices that it could take over


def main(workspace: Path, station: str = "") -> int:
    """Opens the window on a workspace, making it first if there is none.

    Args:
        workspace: its folder.
        station: a packaged station's name, or the path of a station file; empty for the
            workspace's own, or ``simulated`` in a new one.

    Returns:
        the exit status of the process.

    Raises:
        SessionError: the workspace cannot be made or read, or there is no display.
    """
    prepare_environment()
    application = QApplication.instance() or QApplication([*sys.argv[:1]])
    assert isinstance(application, QApplication)
    application.setApplicationName("dagger-gui")
    opened = open_or_create(workspace, station)
    settings = QSettings(str(opened.root / "window.ini"), QSettings.Format.IniFormat)
    screen = splash.shown(application, opened)
    theme.apply(application, "light" if settings.value("theme") == "light" else "dark")
    splash.read_recordings(opened, lambda text: splash.say(screen, opened, text, application))
    other = twin(opened, station)
    if other is not None:
        sys.stderr.write(f"{other.sentence()}\n")
    session = Session(opened, settings, other)
    session.finished.connect(application.quit)
    session.start()
    screen.finish(session.window)
    interrupt = _let_interrupts_through(session)
    status = application.exec()
    interrupt.stop()
    session.close()
    if session.left:
        sys.stderr.write(f"{sentence(session.left)}\n")
    return int(status)


def prepare_environment() -> None:
    """Sets what has to be set before Qt and SDL come up, here and in the children.

    Raises:
        SessionError: there is no display to open a window on.
    """
    # Importing cv2 sets these to its own, incomplete Qt.
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        if "cv2" in os.environ.get(name, ""):
            os.environ.pop(name)
    # Qt paints in slices of microseconds by threads that it wakes thousands of times a second. It
    # gains nothing by that, and where the kernel schedules by groups of processes it starves those
    # outside the window's: the threads that hand on what comes over a serial line waited 150 ms.
    os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")
    os.environ.setdefault("SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", "1")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    if sys.platform == "linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise SessionError(
            "There is no display (DISPLAY and WAYLAND_DISPLAY are empty). "
            "Start it on a desktop, or run dagger-gui simulate, which needs none."
        )


def open_or_create(folder: Path, station: str) -> Workspace:
    """The workspace in ``folder``; a new one is made for ``station`` if there is none.

    Raises:
        SessionError: it cannot be made or read, it is another station's, or there is no such
            station (lists the choices).
        DriverError: a simulated station describes a world that there cannot be.
    """
    if not (folder / "workspace.json").exists():
        station = station or "simulated"
        chosen = stations.load(station)
        if chosen.simulated:
            _check_world(chosen)
        made = create(folder, chosen, stations.task(station))
        # As it was written: what its comments say is for whoever edits this copy.
        shutil.copyfile(stations.path(station), folder / "station.toml")
        return made
    opened = open_workspace(folder)
    if station and stations.load(station).name != opened.station.name:
        raise SessionError(
            f"{folder} belongs to the station {opened.station.name!r}, not to {station!r}. "
            "Leave --station out to open it, or name a new folder by --workspace."
        )
    return opened


def _check_world(station: Station) -> None:
    """Asks once what the world looks like: one that cannot be made is not worth a workspace."""
    with tempfile.TemporaryDirectory() as runtime:
        context = DeviceContext(runtime=Path(runtime), rate_hz=station.rate_hz)
        registry.create("robots", "robot", station.robot, context)


class Session(QObject):
    """The window with everything behind it.

    Where another window works on the workspace already this one only looks: it hears everything,
    starts and stops nothing, and takes over when the other has gone and the operator says so.

    Args:
        workspace: what the window is opened on.
        settings: where geometry, theme and layouts are remembered.
        twin: the station file that was named, where the workspace's own copy differs from it.

    Attributes:
        left: the devices whose motors hold after everything has stopped.
    """

    finished = Signal()

    def __init__(self, workspace: Workspace, settings: QSettings, twin: Twin | None = None) -> None:
        super().__init__()
        self.workspace = workspace
        self._twin = twin
        own = workspace.root / "bindings.toml"
        sound = settings.value("sounds", available(), type=bool)
        self.sounds = Sounds(on=bool(sound))
        self._settings = settings
        self.lock = WindowLock(workspace.runtime())
        self.model = SessionModel(workspace)
        keys = bindings.load(own)
        self.window = Window(self.model, keys, settings, self.sounds)
        self.leaving = Leaving(
            self.window.notices,
            first_key(keys, "release"),
            self._close_window,
            lambda: self.model.control,
            lambda command: self.model.send("control", command),
        )
        self.left: tuple[str, ...] = ()
        self._may_wait = True  # for somebody who reads what stays held
        self.check, self.calibrate = CheckView(self.model), CalibrateView(self.model)
        self.window.station.add_view("Check", self.check)
        self.window.station.add_view("Calibrate", self.calibrate)
        self.first_check: FirstCheckPage | None = None
        self.data = DataView(self.model)
        self.window.station.add_view("Data", self.data)
        self.categories = CategoriesView(self.model)
        self.window.station.add_view("Failure categories", self.categories)
        self._closing_t = 0.0
        self._closing = QTimer(self)
        self._closing.setInterval(_POLL_MS)
        self._closing.timeout.connect(self._wait_closed)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._look_for_supervisor)
        self._looking = QTimer(self)
        self._looking.setInterval(_LOOK_MS)
        self._looking.timeout.connect(self._look_only)
        self.window.read_only.takeOverRequested.connect(self._take_over)
        self.window.closing.connect(self._begin_closing)
        self.model.control_changed.connect(self._go_on_closing)
        self.window.first_launch.finished.connect(self._first_launch_done)

    def start(self) -> None:
        """Shows the window, and brings the station up behind it if nobody else works here."""
        self.lock.take()
        if not self.lock.held:
            self._look_only()
            self._looking.start()
        self.window.show()
        self.model.start()
        if self.lock.held:
            self._bring_up()
            if self._twin is not None:
                self._offer(self._twin)

    def _offer(self, twin: Twin) -> None:
        """Says which station file is in force, and takes the other one over if somebody wants."""
        acts = [("Use it from the next start on", lambda: self._take(twin))] if twin.fits else []
        self.window.notices.say(twin.headline(), "hold", acts, stays=True)

    def _take(self, twin: Twin) -> None:
        try:
            before = twin.take()
        except SessionError as error:
            self.window.notices.say(str(error), "fault", stays=True)
            return
        said = f"Taken over: close this window and start it again. The former copy is {before}."
        self.window.notices.say(said, "good", stays=True)

    def _bring_up(self) -> None:
        station = self.workspace.station
        shown = station.simulated and bool(demonstrator(station))
        if self.workspace.running_round() < 0 and shown:
            self.window.show_first_launch()
            self.window.first_launch.start()
        elif due(self.workspace) and not supervisor_process.running(self.workspace):
            self.first_check = FirstCheckPage(self.model)
            self.first_check.finished.connect(self._first_check_done)
            self.window.show_first_check(self.first_check)
        else:
            QTimer.singleShot(0, self._start_station)
            self._say_no_policy()

    def close(self) -> None:
        """Closes sockets, rings and sounds; calling it twice is harmless."""
        self._closing.stop()
        self._patience.stop()
        self.window.first_launch.stop()
        self.window.desk.close()
        self.data.close_work()
        self._close_checks()
        self._looking.stop()
        if self.lock.held:
            self._settings.setValue("sounds", self.sounds.on)
        self.model.close()
        self.sounds.close()
        self.lock.close()
        # Unless the station runs on, or another window works here.
        runtime_folder.leave(self.workspace)

    # -- only looking

    def _look_only(self) -> None:
        """Says who works here, or that nobody does any more."""
        other = self.lock.other()
        self.model.set_read_only(why_read_only(other))
        self.window.show_read_only(free=not other)

    def _take_over(self) -> None:
        """Works here from now on, unless somebody else was faster."""
        if not self.lock.take():
            self._look_only()
            return
        self._looking.stop()
        self.model.set_read_only("")
        self.window.show_read_only(free=False)
        self._bring_up()

    # -- coming up

    def _first_launch_done(self) -> None:
        self.window.show_station()
        self._start_station()
        ready = f"The base policy is ready. {WHAT_TO_DO_FIRST}"
        notice = self.window.notices.say(
            *(ready, "good"),
            stays=True,
            over=lambda: self.check.running() or self.calibrate.running(),  # Enter means otherwise
        )
        self.model.attempt_started.connect(lambda _event: self.window.notices.withdraw(notice))

    def _first_check_done(self) -> None:
        self.window.show_station()
        self._start_station()
        self._say_no_policy()

    def _say_no_policy(self) -> None:
        if self.workspace.running_round() < 0:
            self.window.notices.say(
                _NO_POLICY, "hold", stays=True, over=lambda: self.workspace.running_round() >= 0
            )

    def _start_station(self) -> None:
        """Reattaches to the supervisor that runs, or starts one."""
        station, runtime = self.workspace.station, self.workspace.runtime()
        try:
            if not supervisor_process.running(self.workspace):
                registry.processes(station.robot, runtime, station.rate_hz)  # what it does first
                supervisor_process.start(self.workspace)
        except DriverError as error:
            self.model.not_started = str(error)
            return
        except SessionError as error:
            self.window.notices.say(str(error), "fault", stays=True)
            return
        self._patience.start()

    def _look_for_supervisor(self) -> None:
        """Says so, with what it wrote, if the station has not come up."""
        if self._closing.isActive() or supervisor_process.running(self.workspace):
            return
        details = supervisor_process.last_words(self.workspace)
        last = details.rsplit("\n", 1)[-1] or "It said nothing."
        self.window.notices.say(
            f"The station did not start: its supervisor has ended. {last}",
            "fault",
            [("Copy details", lambda: QApplication.clipboard().setText(details))],
            stays=True,
        )

    # -- going down

    def _begin_closing(self) -> None:
        """The arm holds first; then the supervisor stops everything in its order.

        An attempt without an outcome is asked for it before, and what the motors would go on
        holding is said: closing again leaves both as they are. Asked once more, the supervisor is
        told so, and an arm on its way to rest is let go.
        """
        if not self.lock.held:  # what another window has started goes on
            self._finish()
            return
        if self._closing.isActive():
            self.model.send("supervisor", Shutdown())
            return
        self._close_checks()
        if self.model.there("control"):
            self.model.send("control", Pause())
        if not supervisor_process.running(self.workspace):
            self._finish()
            return
        if self._may_wait and self.model.there("control") and self.leaving.waits():
            self.leaving.ask()
            return
        self.leaving.done()
        self.model.set_closing()
        self.model.send("supervisor", Shutdown())
        state = self.model.control
        rests = state is not None and state.armed and bool(state.engaged) and state.can_rest
        self.window.notices.say(_RESTING if rests else _STOPPING, "hold", stays=True)
        self._closing_t = self.model.clock()
        self._closing.start()

    def _go_on_closing(self, _state: object) -> None:
        if self.leaving.look():
            self._close_window()

    def _close_window(self) -> None:
        self.window.close()

    def leave(self) -> None:
        """Closes the window for whoever ends the process from outside, and reads no window."""
        self._may_wait = False
        self.window.close()

    def _close_checks(self) -> None:
        """Ends a check or calibration that has devices."""
        for view in (self.check, self.calibrate):
            view.close_process()
        if self.first_check is not None:
            self.first_check.stop()

    def _wait_closed(self) -> None:
        closing_s = self.model.clock() - self._closing_t
        gone = not supervisor_process.running(self.workspace)
        if not gone and closing_s < _SHUTDOWN_S:
            return
        # Its last word on it: an arm may not have reached its rest pose.
        fresh = self.model.age_s("control") < closing_s
        self.left = self.leaving.held() if fresh else ()
        if self._may_wait and self.left and self.leaving.news():
            self._closing.stop()
            self.leaving.after()
            return
        self._finish()

    def _finish(self) -> None:
        self._closing.stop()
        self.window.finish_closing()
        self.finished.emit()


def _let_interrupts_through(session: Session) -> QTimer:
    """Ctrl+C and SIGTERM close the window in order: Python needs a turn of its own for that."""

    def stop(_signal: int, _frame: object) -> None:
        session.leave()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    timer = QTimer()
    timer.timeout.connect(lambda: None)
    timer.start(200)
    return timer
