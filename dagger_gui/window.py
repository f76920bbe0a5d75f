"""The window: banner on top, rail at the left, one page, figures and notices at the foot."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.alerts import Alerts
from dagger_gui.banner_words import banner
from dagger_gui.commands import Commands, human_drives, last_attempt, may_move
from dagger_gui.first_launch import FirstLaunchPage
from dagger_gui.key_groups import first_key, key_groups, keyboard_axes
from dagger_gui.keys import KeyRouter
from dagger_gui.notices import Notices
from dagger_gui.pages.check_first import FirstCheckPage
from dagger_gui.pages.review import ReviewPage
from dagger_gui.pages.rounds import RoundsPage
from dagger_gui.pages.run import RunPage
from dagger_gui.pages.station import StationPage
from dagger_gui.rail import Rail
from dagger_gui.round_desk import RoundDesk
from dagger_gui.session_model import SessionModel
from dagger_gui.sounds import Sounds
from dagger_gui.status import status
from dagger_gui.widgets.key_sheet import KeySheet
from dagger_gui.widgets.read_only_strip import ReadOnlyStrip
from dagger_gui.widgets.state_banner import StateBanner
from dagger_gui.widgets.status_line import StatusLine
from drivers.bindings import Bindings

USUAL = (1280, 800)  # px; how small it can be its layouts say
_SLOW_TICKS = 6  # the figures follow at a sixth of the display rate
_PAGES = (
    ("Run", "page_run"),
    ("Review", "page_review"),
    ("Rounds", "page_rounds"),
    ("Station", "page_station"),
)
_OF_REVIEW = ("next_untagged", "find")  # keys that lead to the Review page from anywhere


class Window(QWidget):
    """Everything the operator sees.

    Args:
        model: the mirror of the session.
        keys: the workspace's bindings.
        settings: where geometry, theme and layouts are remembered.
        sounds: tones; silent if the operator wants or for want of a device.

    Attributes:
        first_launch: the page shown while there is no base policy.
    """

    closing = Signal()

    def __init__(
        self, model: SessionModel, keys: Bindings, settings: QSettings, sounds: Sounds
    ) -> None:
        super().__init__()
        self.model, self._keys, self._settings = model, keys, settings
        self._may_close = False
        self._first_check: FirstCheckPage | None = None
        self._tick = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # where keys go while no field has them
        workspace = model.workspace
        self.commands = Commands(model, self)
        self.desk = RoundDesk(model, self.commands, self)
        self.banner = StateBanner()
        self.read_only = ReadOnlyStrip()
        self.rail = Rail([(name, first_key(keys, action)) for name, action in _PAGES])
        self.first_launch = FirstLaunchPage(workspace.root)
        self.run = RunPage(model, self.commands, self.desk, keys)
        self.review = ReviewPage(model, self.desk, keys)
        self.rounds = RoundsPage(model, self.commands, self.desk, keys)
        self.station = StationPage(model, workspace.root / "bindings.toml", sounds)
        self._pages = {
            "Run": self.run,
            "Review": self.review,
            "Rounds": self.rounds,
            "Station": self.station,
        }
        self.status = StatusLine()
        self.notices = Notices(self.status)
        self._lay_out()
        self.key_sheet = KeySheet(self._body)  # the banner stays in sight and in reach
        self.key_sheet.setGroups(key_groups(keys, keyboard_axes(workspace.station)))
        self.router = KeyRouter(keys.window, keys.keyboard, self)
        self.alerts = Alerts(
            model,
            self.commands,
            self.desk,
            self.notices,
            self.rail,
            sounds,
            self._show_untagged,
            self,
        )
        self._connect()
        self._restore()
        self._follow_control()
        self.show_page("Run")

    # -- pages

    def show_page(self, name: str) -> None:
        """Brings a page up; whatever runs goes on."""
        self._stack.setCurrentWidget(self._pages[name])
        self.rail.show_page(name)
        self.setFocus()
        self.refresh(self.model.clock())

    def page(self) -> str:
        """Name of the page on screen."""
        shown = self._stack.currentWidget()
        return next(name for name, page in self._pages.items() if page is shown)

    def show_first_launch(self) -> None:
        """Shows the preparation alone: there is nothing to run yet."""
        self._outer.setCurrentWidget(self.first_launch)

    def show_first_check(self, page: FirstCheckPage) -> None:
        """Shows a page that comes before the station; ``show_station`` goes on from it."""
        self._first_check = page
        self._outer.addWidget(page)
        self._outer.setCurrentWidget(page)

    def show_station(self) -> None:
        """Shows banner, rail and pages."""
        self._outer.setCurrentWidget(self._working)

    def show_read_only(self, *, free: bool) -> None:
        """Says under the banner and in the title whether this window only looks.

        Args:
            free: whether it could take over now.
        """
        self.read_only.setValue(self.model.read_only, free=free)
        title = f"{self.model.workspace.task.name} – {self.model.workspace.station.name}"
        self.setWindowTitle(f"{title} (read-only)" if self.model.read_only else title)

    def refresh(self, now: float) -> None:
        """One turn of the display timer."""
        if self._outer.currentWidget() is not self._working:
            return
        state = self.model.control
        refusal, not_started = self.model.refusal("control"), self.model.not_started
        known = bool(refusal or not_started) or state is None
        self.banner.setConnected(known or self.model.there("control"))
        self.banner.setValue(
            banner(
                state,
                now,
                self._keys,
                self.model.workspace.task,
                holding=self.commands.holding(),
                last=last_attempt(self.model),
                suspended=self.model.suspended("control"),
                refusal=refusal,
                not_started=not_started,
                stopped=self.model.closing and not self.model.there("control"),
            )
        )
        self._tick += 1
        if self._tick % _SLOW_TICKS == 0:
            self.status.setValue(status(self.model))
            self.status.setAge(self.model.age_s("control"))
        if self._stack.currentWidget() is self.run:
            self.run.refresh(now)

    def set_theme(self, name: str) -> None:
        """Dresses the application and remembers it."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            dressed = application.styleSheet() and theme.current().name == name
            if not dressed:
                theme.apply(application, "light" if name == "light" else "dark")
        self.station.show_theme(theme.current().name)
        self._settings.setValue("theme", theme.current().name)

    # -- acts

    def act(self, action: str, t: float) -> None:
        """Does what a key means, from any page."""
        if self._outer.currentWidget() is self.first_launch:
            if action == "next":
                self.first_launch.start()
            return
        if self._first_check is not None and self._outer.currentWidget() is self._first_check:
            self._first_check.act(action)
            return
        if action.startswith("page_"):
            name = {page_action: name for name, page_action in _PAGES}.get(action)
            if name is not None:
                self.show_page(name)
        elif action in _OF_REVIEW and self.page() != "Review":
            self.show_page("Review")
            self.review.act(action)
        elif self.page() == "Review" and self.review.act(action):
            pass
        elif action.startswith("tag_"):
            self.run.side.tag_number(int(action.removeprefix("tag_")))
        elif action == "next":
            self._next()
        elif action == "keys":
            self.key_sheet.toggle()
        elif action == "theme":
            self.set_theme("light" if theme.current().name == "dark" else "dark")
        elif action == "retrain":
            self.desk.retrain()
        elif action == "discard_correction":
            self.run.side.tagging.discardSelected()
        elif action == "note":
            self.show_page("Run")
            self.run.side.tagging.focusNote()
        else:
            self.commands.press(action, t)

    def _next(self) -> None:
        """Enter acts where the cameras are seen: from another page it first comes back here.

        Unless the page takes it: hands are on the arm while it is calibrated.
        """
        if self.page() == "Station" and self.station.act("next"):
            return
        if self.page() != "Run":
            self.show_page("Run")
            return
        self.run.refresh_slowly(self.model.clock())
        self.run.controls.trigger()

    def _show_untagged(self) -> None:
        self.show_page("Review")
        self.review.next_untagged()

    def escape(self) -> None:
        """Closes what lies on top: the key sheet, a notice, an enlarged camera, a focus."""
        focus = QApplication.focusWidget()
        if not self.key_sheet.isHidden():
            self.key_sheet.closeSheet()
        elif self.notices.dismiss() or (self.page() == "Review" and self.review.escape()):
            pass
        elif self.run.cameras.enlarged():
            self.run.cameras.toggle(self.run.cameras.enlarged())
        elif focus is not None:
            self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, while they do not move the arm, move what the page on screen is about."""
        if self.page() == "Review" and self.review.press(event):
            return
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None or self.page() != "Run":
            super().keyPressEvent(event)
        else:
            self.run.side.tagging.step(step)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """A frame key that was held on the Review page steps no further."""
        self.review.player.release()
        super().keyReleaseEvent(event)

    # -- closing

    def closeEvent(self, event: QCloseEvent) -> None:
        """Never blocks: the arm holds, everything is stopped in order, then the window goes."""
        if self._may_close:
            if not self.model.read_only:  # what the other window remembers stays
                self._save()
            event.accept()
            return
        event.ignore()
        self.router.release_all()
        self.closing.emit()

    def finish_closing(self) -> None:
        """Everything has stopped: the window may go."""
        self._may_close = True
        self.review.close_files()
        self.close()

    # -- inside

    def _lay_out(self) -> None:
        workspace = self.model.workspace
        self.setWindowTitle(f"{workspace.task.name} – {workspace.station.name}")
        gap = theme.grid(2)
        self._stack = QStackedWidget()
        for page in self._pages.values():
            self._stack.addWidget(page)
        self._body = QWidget()
        body = QHBoxLayout(self._body)
        body.setContentsMargins(0, 0, gap, 0)
        body.setSpacing(gap)
        body.addWidget(self.rail)
        body.addWidget(self._stack, 1)
        self._working = QWidget()
        working = QVBoxLayout(self._working)
        working.setContentsMargins(0, 0, 0, gap)
        working.setSpacing(gap)
        working.addWidget(self.banner)
        working.addWidget(self.read_only)
        working.addWidget(self._body, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(gap, 0, gap, 0)
        foot.addWidget(self.notices)
        working.addLayout(foot)
        self._outer = QStackedWidget()
        self._outer.addWidget(self._working)
        self._outer.addWidget(self.first_launch)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._outer)

    def _connect(self) -> None:
        self.banner.setStopKey(first_key(self._keys, "stop"))
        self.banner.softStopRequested.connect(self.commands.soft_stop)
        self.rail.chosen.connect(self.show_page)
        self.router.pressed.connect(self.act)
        self.router.released.connect(self.commands.release)
        self.router.escaped.connect(self.escape)
        self.router.motion_changed.connect(self.model.hold_motion_keys)
        self.review.said.connect(self.notices.say)
        self.station.theme_requested.connect(self.set_theme)
        self.station.key_sheet_requested.connect(self.key_sheet.toggle)
        self.model.control_changed.connect(self._follow_control)
        self.model.launch_changed.connect(self.first_launch.show_progress)
        self.model.presence_changed.connect(self._follow_control)
        self.model.ticked.connect(self.refresh)

    def _follow_control(self, *_news: object) -> None:
        state = self.model.control
        # Without a control process nothing moves, and a filter needs its spaces; one that fell
        # silent while the arm was live may still move it.
        unknown = state is None and self.model.there("supervisor")
        self.router.space_types = not (unknown or may_move(state))
        self.router.driving = human_drives(state)
        self.desk.refresh()

    def _restore(self) -> None:
        self.set_theme(str(self._settings.value("theme", "dark")))
        self.resize(*USUAL)
        geometry = self._settings.value("geometry")
        if not (isinstance(geometry, QByteArray) and self.restoreGeometry(geometry)):
            self._fit_screen()
        joints = self._settings.value("joints")
        if isinstance(joints, dict):
            self.run.joints.setValue(joints)
        names = self._settings.value("crosshairs", [])
        self.run.cameras.set_crosshairs(names if isinstance(names, list) else [str(names)])

    def _fit_screen(self) -> None:
        """Fills a screen that has no room for the window and its frame beside."""
        screen = self.screen()
        free = screen.availableGeometry() if screen is not None else None
        if free is not None and (
            free.width() <= USUAL[0] or free.height() < USUAL[1] + theme.grid(12)
        ):
            self.setWindowState(self.windowState() | Qt.WindowState.WindowMaximized)

    def _save(self) -> None:
        self._settings.setValue("geometry", self.saveGeometry())
        self._settings.setValue("joints", self.run.joints.value())
        self._settings.setValue("crosshairs", self.run.cameras.crosshairs())
        self._settings.sync()
