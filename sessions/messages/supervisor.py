"""Commands to the supervisor, and what it, the cameras and the trainer tell."""

from __future__ import annotations

from sessions.messages.base import Message


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
    """One process as the supervisor sees it.

    ``refusal`` is why it cannot run with the files as they are, in its own words; empty once it
    does.
    """

    name: str
    running: bool
    pid: int
    exit_code: int | None
    restarts: int
    text: str = ""
    suspended: bool = False
    refusal: str = ""


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
