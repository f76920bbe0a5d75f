"""Every message between processes, as typed structs.

Commands go up (window -> control, recorder, supervisor) and are answered by Accepted or Refused;
events come down (PUB). A new subscriber asks for a full snapshot first: ``Snapshot`` is answered
with the process's whole public state.
"""

from __future__ import annotations

import msgspec


class Message(msgspec.Struct, tag=True, forbid_unknown_fields=True):
    """The root of all messages; the class's name travels as its type."""


# Replies


class Accepted(Message):
    """The command was carried out, or is being carried out."""


class Refused(Message):
    """The command was not carried out; both sentences are shown to the operator as they are."""

    why: str
    remedy: str = ""


# Commands to any process


class Snapshot(Message):
    """Answered by the process's full state: ControlState, RecorderState or SupervisorState."""


class Shutdown(Message):
    """Stop gracefully: hold, finish files, exit."""


# Commands to control


class Heartbeat(Message):
    """The window lives; sent at least four times a second."""


class ClearFault(Message):
    """First of the three acts after a stop: reset. FAULT -> HOLD, disarmed."""


class Arm(Message):
    """Second act: allow motion. A robot with motors to switch puts its torque on."""


class Disarm(Message):
    """No motion until armed again; a running attempt holds."""


class StartAttempt(Message):
    """Third act: reset the scene where software can, begin recording, let the policy drive.

    ``demo`` records a demonstration: the human drives from the first tick. ``seed`` draws the start
    pose in simulation; None takes the next one.
    """

    demo: bool = False
    seed: int | None = None
    environment: str = ""
    object: str = ""


class EndAttempt(Message):
    """Ends the running attempt; ``outcome`` is success, failure or discarded."""

    outcome: str


class ResetScene(Message):
    """Puts the simulated scene back without starting an attempt."""

    seed: int | None = None


class SoftStop(Message):
    """Stop all motion and latch. Not an emergency stop."""


class TakeOver(Message):
    """The human takes control now. ``input_t`` is when the key went down, monotonic [s]."""

    device: str = "keyboard"
    input_t: float = 0.0


class GiveBack(Message):
    """The human gives control back to the policy.

    ``device`` is the one whose gate was let go: if another hand drives by then, nothing changes.
    Empty gives back whoever drives.
    """

    input_t: float = 0.0
    device: str = ""


class Pause(Message):
    """Hold until Resume; the attempt goes on recording."""


class Resume(Message):
    """The policy drives on, if nothing else holds."""


class Keys(Message):
    """Which motion keys of the keyboard teleoperator are held, by action name, all of them.

    Sent on each change and repeated with the heartbeat while any is held; an empty tuple when the
    window loses focus.
    """

    held: tuple[str, ...] = ()


class SelectOperator(Message):
    """Which teleoperator of the station corrects: its name in station.toml."""

    name: str


class Reconnect(Message):
    """Tries now to reach what is lost, instead of at the next second.

    ``name`` is the robot or an operator's device as the station calls it; empty for all.
    """

    name: str = ""


class Rest(Message):
    """Outside attempts: the armed arm goes slowly to its rest pose, then its torque is put off.

    Sent again while it goes, it lets go at once. A robot whose rest pose nobody told is let go
    where it is, as by ``Release``.
    """


class Release(Message):
    """Torque off where the arm is. Refused the first time: it drops; the second time it is done."""


class LoadPolicy(Message):
    """The arm holds, the policy server loads ``path``, its spec is checked, the round changes."""

    path: str
    round: int


class SetDoubts(Message):
    """Doubts at takeovers of all rounds so far, in time order: what tau is computed from."""

    doubts: tuple[float, ...]


# Commands to the recorder


class Tag(Message):
    """Gives an intervention a failure category (an edit beside the ticks; can be undone).

    ``start`` is the segment's first row in its episode. An empty category removes the tag.
    """

    episode: int
    start: int
    category: str


class Note(Message):
    """Free text on an intervention, or with ``start`` -1 on the whole episode."""

    episode: int
    start: int
    text: str


class SetOutcome(Message):
    """Changes a finished episode's outcome (also discards and restores it)."""

    episode: int
    outcome: str


class DiscardIntervention(Message):
    """Leaves one intervention out of training, or takes it back in."""

    episode: int
    start: int
    discarded: bool = True


class SetEdges(Message):
    """Moves the edges of an intervention to the rows from ``first`` up to ``stop``."""

    episode: int
    start: int
    first: int
    stop: int


class SplitIntervention(Message):
    """Makes two of an intervention; the second begins at ``row``."""

    episode: int
    start: int
    row: int


class MergeInterventions(Message):
    """Makes one of two interventions with none between them; the earlier one's labels stay."""

    episode: int
    start: int
    other: int


class SetBoundary(Message):
    """Says at which row recovery ends and correction begins; -1 takes it back."""

    episode: int
    start: int
    row: int


class SetContext(Message):
    """Length of the pre-intervention segment of one intervention [s]; None: the workspace's."""

    episode: int
    start: int
    seconds: float | None = None


class SetScore(Message):
    """Scores a stage of an episode from 0 to 3; None takes the score back."""

    episode: int
    stage: str
    score: int | None = None


class SetLabel(Message):
    """Changes an episode's operator, session, environment or object; empty: as recorded."""

    episode: int
    name: str
    text: str


class Undo(Message):
    """Undoes the last edit of this round that is not yet undone; ``everywhere``: of all rounds."""

    everywhere: bool = False


class Redo(Message):
    """Redoes the edit undone last, of this round or of all."""

    everywhere: bool = False


class SetTaxonomy(Message):
    """Replaces the workspace's failure categories by those of a TOML text."""

    text: str


class Salvage(Message):
    """Finishes a leftover ``.part`` file (``keep``) or moves it aside.

    ``outcome`` is what the operator says of it; empty takes what was told before the writing
    ended, or success if the last tick was judged one, and discarded otherwise.
    """

    path: str
    keep: bool = True
    outcome: str = ""


# Commands to the supervisor


class StartTraining(Message):
    """Runs the trainer on everything so far; on success the new policy is loaded.

    ``share`` is the part of the training mass that corrections get, None for their natural share;
    ``recovered_only`` leaves out those that did not bring the attempt on. What is None is the task
    file's to say. ``query`` chooses what is learned from (``sessions.record.query``).
    """

    share: float | None = None
    warm_start: bool | None = None
    recovered_only: bool | None = None
    kind: str = ""
    query: str = ""


class CancelTraining(Message):
    """Stops the trainer; nothing it wrote is used."""


class Activate(Message):
    """Makes an existing policy the running one (roll-back, or forward again)."""

    round: int


class RestartProcess(Message):
    """Starts a process again that died, stalled or was suspended."""

    name: str


class Suspend(Message):
    """Ends a process in order and leaves it so until RestartProcess.

    For calibrations and checks, which need the ports to themselves, and for imports and repairs,
    which need the workspace to themselves. Sent again while the process ends, it hurries it: the
    control process lets go of the arm at once.
    """

    name: str


# State and events


class ControlInput(Message):
    """One control of an operator's device; see ``drivers.base.Control``."""

    name: str
    label: str
    value: float
    action: str = ""
    does: str = ""


class DeviceState(Message):
    """One device as the control or camera process sees it.

    ``text`` is what is wrong with it. ``inputs`` are the controls of an operator's device that can
    be pictured, as they are now. ``figures``, ``warnings`` (the gravest first), ``lost``,
    ``corrupt`` and ``bus_p99_ms`` are what it says of itself, see ``drivers.base.Health``; they
    are empty for a device that says nothing.
    """

    name: str
    kind: str
    ok: bool
    text: str = ""
    inputs: tuple[ControlInput, ...] = ()
    figures: str = ""
    warnings: tuple[str, ...] = ()
    lost: int = 0
    corrupt: int = 0
    bus_p99_ms: float = float("nan")


class AttemptEnded(Message):
    """An attempt's last tick is ``tick``."""

    episode: int
    tick: int
    outcome: str


class ControlState(Message):
    """Everything the control process knows; published on change and four times a second.

    ``load_problem`` says why the newest LoadPolicy failed; empty after a good one. ``started`` and
    ``ended`` are how the newest attempt began and the newest finished one ended, for a recorder
    that was not there to hear it. ``policy_ms`` is what the loop waited for the newest chunk, in
    whole ticks. ``engaged`` is whether the motors hold the arm up, None where they cannot be
    switched from here; ``can_rest`` whether its rest pose is known. ``bus_p99_ms`` is what a tick
    spent on talking to robot and operators' devices, 99th percentile. ``refusals`` counts what a
    device's own button asked for in vain; ``refused`` and ``refused_remedy`` say why, the last
    time.
    """

    sequence: int
    t: float
    gate: str
    controller: str
    armed: bool
    reason: str
    reason_text: str
    remedy: str
    attempt: int
    attempt_demo: bool
    attempt_started_t: float
    round: int
    policy: str
    operator: str
    operators: tuple[str, ...]
    doubt: float
    tau: float
    rate_hz: float
    measured_hz: float
    late_ticks: int
    ticks: int
    period_p99_ms: float
    policy_ms: float
    seed: int
    stage: int
    success: bool
    devices: tuple[DeviceState, ...] = ()
    load_problem: str = ""
    started: AttemptStarted | None = None
    ended: AttemptEnded | None = None
    engaged: bool | None = None
    can_rest: bool = False
    bus_p99_ms: float = float("nan")
    refusals: int = 0
    refused: str = ""
    refused_remedy: str = ""


class AttemptStarted(Message):
    """An attempt begins at ``tick``; the recorder opens its file."""

    episode: int
    tick: int
    round: int
    policy: str
    demo: bool
    seed: int
    operator: str
    environment: str = ""
    object: str = ""


class OperatorTagged(Message):
    """An operator's device tagged the intervention under way, or the latest one."""

    episode: int
    tick: int
    category: str


class Intervention(Message):
    """A human segment, live or finished, with its labels.

    ``start`` is its identity: the row it began at as recorded, or for the later part of a split a
    number beyond all rows. ``first`` up to ``stop`` are its rows as edited, ``boundary`` the row
    at which recovery ends and correction begins (-1 while nobody said), ``context_s`` the length
    of its own pre-intervention segment (None takes the workspace's).
    """

    episode: int
    start: int
    t: float
    duration_s: float
    doubt: float
    category: str
    note: str
    running: bool
    recovered: bool
    discarded: bool = False
    thumbnail: bytes = b""
    first: int = -1
    stop: int = -1
    boundary: int = -1
    context_s: float | None = None


class Flag(Message):
    """Something about an episode's quality that is worth a look; nothing is left out for it.

    ``kind`` is a name of ``sessions.record.quality.RULES``, ``row`` its worst moment (-1: the
    whole episode), ``t`` that moment since the episode began [s].
    """

    kind: str
    row: int
    t: float
    text: str


class EpisodeSummary(Message):
    """A finished episode of the workspace, its labels as edited.

    ``scores`` holds 0 to 3 by name of the stage, for those that were scored.
    """

    episode: int
    round: int
    demo: bool
    outcome: str
    duration_s: float
    ticks: int
    human_s: float
    interventions: int
    operator: str = ""
    session: str = ""
    environment: str = ""
    object: str = ""
    started_wall: str = ""
    note: str = ""
    scores: dict[str, int] = {}
    flags: tuple[Flag, ...] = ()


class Leftover(Message):
    """A ``.part`` file found at start."""

    path: str
    episode: int
    ticks: int
    problem: str = ""


class RecorderState(Message):
    """Everything the recorder knows; published on change and once a second.

    ``refusal`` says why no attempt could be recorded now (disk full); empty if one can: control
    starts none while it is there. ``problem`` is what the operator should read, refusal or not.
    ``taxonomy`` changes with the failure categories: whoever shows them reads them again then.
    ``disk_minutes`` is how long can still be recorded, negative if not known.
    ``can_undo`` is about the running round; ``undo_text`` says in words what an undo everywhere
    would take back, empty if nothing.
    """

    sequence: int
    recording: int
    saved: int
    started: int
    lost_ticks: int
    lost_frames: int
    disk_free_bytes: int
    interventions: tuple[Intervention, ...] = ()
    episodes: tuple[EpisodeSummary, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    can_undo: bool = False
    can_redo: bool = False
    undo_text: str = ""
    redo_text: str = ""
    taxonomy: str = ""
    problem: str = ""
    next_episode: int = 1
    refusal: str = ""
    disk_minutes: float = -1.0


class CameraState(Message):
    """One camera, measured.

    ``requested`` and ``given`` are its format in words (``640x480 MJPG, 30 fps``). ``late`` counts
    pictures that were older than the station's limit when they came, ``losses`` how often the
    camera went away since the process began. ``problem`` is what forbids motion, ``notice`` what
    is worth knowing all the same.
    """

    name: str
    fps: float
    age_s: float
    latency_s: float
    dropped: int
    problem: str = ""
    requested: str = ""
    given: str = ""
    late: int = 0
    losses: int = 0
    notice: str = ""


class CamerasState(Message):
    """Published twice a second by the camera process."""

    cameras: tuple[CameraState, ...]


class ProcessState(Message):
    """One process as the supervisor sees it."""

    name: str
    running: bool
    pid: int
    exit_code: int | None
    restarts: int
    text: str = ""
    suspended: bool = False


class SupervisorState(Message):
    """Published on change and once a second."""

    sequence: int
    processes: tuple[ProcessState, ...]
    training: bool
    round: int
    problem: str = ""


class TrainingProgress(Message):
    """Published by the trainer at each report.

    ``stage`` is data, training, saving, done, cancelled or failed.
    """

    stage: str
    step: int
    steps: int
    loss: float
    validation: float
    elapsed_s: float
    eta_s: float
    round: int
    text: str = ""


Command = (
    Snapshot
    | Shutdown
    | Heartbeat
    | ClearFault
    | Arm
    | Disarm
    | StartAttempt
    | EndAttempt
    | ResetScene
    | SoftStop
    | TakeOver
    | GiveBack
    | Pause
    | Resume
    | Keys
    | SelectOperator
    | Reconnect
    | Rest
    | Release
    | LoadPolicy
    | SetDoubts
    | Tag
    | Note
    | SetOutcome
    | DiscardIntervention
    | SetEdges
    | SplitIntervention
    | MergeInterventions
    | SetBoundary
    | SetContext
    | SetScore
    | SetLabel
    | Undo
    | Redo
    | SetTaxonomy
    | Salvage
    | StartTraining
    | CancelTraining
    | Activate
    | RestartProcess
    | Suspend
)
Event = (
    Accepted
    | Refused
    | ControlState
    | AttemptStarted
    | AttemptEnded
    | OperatorTagged
    | RecorderState
    | CamerasState
    | SupervisorState
    | TrainingProgress
)
