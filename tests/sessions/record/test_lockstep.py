"""The lockstep recorder and the catalogue of what it made."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drivers.base import Frame
from sessions.messages import (
    Accepted,
    AttemptEnded,
    AttemptStarted,
    DiscardIntervention,
    OperatorTagged,
    Refused,
    SetOutcome,
    SoftStop,
    Tag,
)
from sessions.record import index, jpeg, storage
from sessions.record.catalogue import Catalogue, CatalogueError
from sessions.record.disk import RecordingError
from sessions.record.lockstep import LockstepRecorder
from sessions.types import Controller, Outcome, segments
from sessions.workspace import Workspace
from tests.sessions.record.parts import CAMERAS, DTYPE, ENVIRONMENT, JOINTS, image, steps


@pytest.fixture
def recorder(space: Workspace) -> Iterator[LockstepRecorder]:
    with opened(space) as made:
        yield made


def opened(space: Workspace) -> LockstepRecorder:
    return LockstepRecorder(
        space, joint_names=JOINTS, environment_names=ENVIRONMENT, camera_names=CAMERAS
    )


class Loop:
    """Calls the recorder as the loop does, filling one record again and again."""

    def __init__(self, recorder: LockstepRecorder) -> None:
        self.recorder = recorder
        self.step = np.zeros((), DTYPE)
        self.tick = 0

    def drive(self, count: int, attempt: int, controller: Controller, **fields: Any) -> None:
        for _ in range(count):
            self.step[...] = steps(self.tick, 1, attempt, t0=0.0)[0]
            self.step["controller"] = controller
            for name, value in fields.items():
                self.step[name] = value
            self.recorder.sink(self.step)
            self.tick += 1

    def attempt(self, outcome: str, *, demo: bool = False, stage: int = 0, **facts: Any) -> int:
        """30 ticks of policy, 20 human, 10 policy with the stage one further."""
        number = self.recorder.next_episode()
        told = {"round": 2, "policy": "round-002", "seed": 1, "operator": "scripted", **facts}
        self.recorder.emit(AttemptStarted(number, self.tick, demo=demo, **told))
        if demo:
            self.drive(60, number, Controller.DEMO, stage=stage)
        else:
            self.drive(30, number, Controller.POLICY, stage=stage, doubt=0.25)
            self.drive(20, number, Controller.HUMAN, stage=stage, doubt=np.nan)
            self.recorder.emit(OperatorTagged(number, self.tick - 1, "grasp"))
            self.drive(10, number, Controller.POLICY, stage=stage + (stage >= 0))
        self.recorder.emit(AttemptEnded(number, self.tick - 1, outcome))
        self.drive(3, 0, Controller.HOLD)
        return number


def test_every_tick_given_is_in_the_file_although_the_loop_reuses_its_record(
    space: Workspace, recorder: LockstepRecorder
) -> None:
    loop = Loop(recorder)
    loop.drive(5, 0, Controller.HOLD)
    assert loop.attempt("failure") == 1
    data = storage.read_episode(space.episodes / "000001.h5")
    assert data.steps["tick"].tolist() == list(range(5, 65))
    assert data.outcome is Outcome.FAILURE
    assert data.meta.source == "lockstep"
    assert data.meta.stages == space.task.stages
    assert [s.controller for s in segments(data.steps, 1)] == [
        Controller.POLICY,
        Controller.HUMAN,
        Controller.POLICY,
    ]


def test_the_outcome_may_be_told_before_the_last_tick(
    space: Workspace, recorder: LockstepRecorder
) -> None:
    loop = Loop(recorder)
    recorder.emit(AttemptStarted(1, 0, 2, "", False, 1, ""))
    loop.drive(20, 1, Controller.POLICY)
    recorder.emit(AttemptEnded(1, 24, "success"))
    loop.drive(5, 1, Controller.POLICY)
    assert len(storage.read_episode(space.episodes / "000001.h5").steps) == 25


def test_the_frame_known_at_the_first_tick_is_kept(
    space: Workspace, recorder: LockstepRecorder
) -> None:
    loop = Loop(recorder)
    for camera in CAMERAS:
        recorder.frame(camera, Frame(-0.2, 0, image(1)))
        recorder.frame(camera, Frame(-0.1, 1, image(2)))
    recorder.emit(AttemptStarted(1, 0, 2, "", False, 1, ""))
    loop.drive(5, 1, Controller.POLICY, frame_t=-0.1)
    recorder.frame("top", Frame(0.05, 2, image(90)))
    loop.drive(5, 1, Controller.HUMAN, frame_t=0.05)
    recorder.emit(AttemptEnded(1, loop.tick - 1, "success"))
    data = recorder.catalogue.read(1)
    assert data.frames["top"].t.tolist() == [-0.1, 0.05]
    assert data.frames["wrist"].sequence.tolist() == [1]
    (intervention,) = recorder.catalogue.interventions()
    seen = jpeg.decode(intervention.thumbnail)[..., 0].mean() - image(0)[..., 0].mean()
    assert abs(seen - 90) < 5  # the picture of the takeover, not an older one


def test_the_catalogue_tells_what_happened_in_which_round(
    space: Workspace, recorder: LockstepRecorder
) -> None:
    loop = Loop(recorder)
    loop.attempt("success", demo=True, round=-1)
    loop.attempt("failure", round=1)
    loop.attempt("success")
    catalogue = Catalogue(space)
    told = [(e.episode, e.round, e.demo, e.outcome, e.ticks) for e in catalogue.episodes()]
    assert told == [
        (1, -1, True, "success", 60),
        (2, 1, False, "failure", 60),
        (3, 2, False, "success", 60),
    ]
    demo, _, attempt = catalogue.episodes()
    assert demo.human_s == pytest.approx(demo.duration_s)
    assert attempt.human_s == pytest.approx(attempt.duration_s / 3)
    assert (demo.interventions, attempt.interventions) == (0, 1)
    (one,) = catalogue.interventions(2)
    assert (one.episode, one.start, one.category, one.recovered) == (3, 30, "grasp", True)
    assert one.t == pytest.approx(0.6)
    assert one.duration_s == pytest.approx(0.38)
    assert len(catalogue.interventions()) == 2
    assert catalogue.next_episode() == 4
    assert catalogue.meta(2).operator == "scripted"
    with pytest.raises(CatalogueError, match="no finished episode 9"):
        catalogue.path(9)


def test_the_doubt_of_a_takeover_is_the_one_the_human_acted_on(
    space: Workspace, recorder: LockstepRecorder
) -> None:
    Loop(recorder).attempt("success")  # the policy is not asked while the human drives
    assert recorder.catalogue.doubts() == [0.25]
    assert recorder.catalogue.doubts(before_round=2) == []


def test_without_a_judged_stage_the_outcome_decides_what_recovered(
    recorder: LockstepRecorder,
) -> None:
    loop = Loop(recorder)
    loop.attempt("failure", stage=-1)
    loop.attempt("success", stage=-1)
    assert [i.recovered for i in recorder.catalogue.interventions()] == [False, True]
    recorder.handle(SetOutcome(1, "success"))
    assert [i.recovered for i in recorder.catalogue.interventions()] == [True, True]


def test_a_discarded_episode_takes_its_interventions_along_and_gives_them_back(
    space: Workspace, recorder: LockstepRecorder
) -> None:
    Loop(recorder).attempt("success")
    before = (space.episodes / "000001.h5").read_bytes()
    assert recorder.handle(SetOutcome(1, "discarded")) == Accepted()
    assert recorder.catalogue.interventions()[0].discarded
    assert recorder.catalogue.doubts() == []
    assert recorder.catalogue.read(1).outcome is Outcome.DISCARDED
    assert recorder.handle(SetOutcome(1, "success")) == Accepted()
    assert not recorder.catalogue.interventions()[0].discarded
    recorder.handle(DiscardIntervention(1, 30))
    assert recorder.catalogue.doubts() == []
    assert (space.episodes / "000001.h5").read_bytes() == before


def test_labels_are_the_same_as_the_process_gives(recorder: LockstepRecorder) -> None:
    Loop(recorder).attempt("success")
    assert recorder.handle(Tag(1, 30, "3")) == Accepted()
    assert recorder.catalogue.interventions()[0].category == "transport"
    assert isinstance(recorder.handle(Tag(1, 30, "nonsense")), Refused)
    assert recorder.handle(Tag(1, 30, "")) == Accepted()
    assert recorder.catalogue.interventions()[0].category == ""
    assert isinstance(recorder.handle(SoftStop()), Refused)


def test_what_is_shown_while_it_runs_is_what_the_file_says_later(
    recorder: LockstepRecorder,
) -> None:
    loop = Loop(recorder)
    recorder.emit(AttemptStarted(1, 0, 2, "", False, 1, ""))
    rng = np.random.default_rng(0)
    stage = 0
    for _ in range(25):
        controller = rng.choice([Controller.POLICY, Controller.HUMAN, Controller.HANDOVER])
        stage += int(rng.integers(0, 2))
        doubt = rng.choice([0.1, 0.7, np.nan])
        loop.drive(int(rng.integers(1, 9)), 1, controller, stage=stage % 4, doubt=doubt)
    loop.drive(1, 1, Controller.POLICY)
    live = recorder.desk.interventions(recorder.intake)
    recorder.emit(AttemptEnded(1, loop.tick - 1, "failure"))
    kept = recorder.catalogue.interventions(2)
    assert len(kept) > 3
    assert [repr(i) for i in kept] == [repr(i) for i in live]  # repr, since NaN is not NaN


def test_an_unfinished_attempt_stays_a_leftover(space: Workspace) -> None:
    with opened(space) as recorder:
        loop = Loop(recorder)
        recorder.emit(AttemptStarted(1, 0, 2, "", False, 1, ""))
        loop.drive(10, 1, Controller.POLICY)
    (left,) = storage.leftovers(space.episodes)
    assert left.ticks == 10
    with opened(space) as recorder:
        assert recorder.next_episode() == 2


def test_an_attempt_that_cannot_be_recorded_is_an_error_not_a_gap(space: Workspace) -> None:
    (space.episodes / "000001.h5").write_bytes(b"somebody's file")
    with opened(space) as recorder:
        assert "000001.h5" in recorder.catalogue.problems[0]
        assert recorder.next_episode() == 2
        recorder.emit(AttemptStarted(1, 0, 2, "", False, 1, ""))
        with pytest.raises(RecordingError, match=r"Attempt 1 is not recorded\. The file exists"):
            Loop(recorder).drive(1, 1, Controller.POLICY)
    assert (space.episodes / "000001.h5").read_bytes() == b"somebody's file"


def test_two_recorders_cannot_share_a_workspace(space: Workspace) -> None:
    with opened(space), pytest.raises(RecordingError, match="recorded into by process"):
        opened(space)
    opened(space).close()


def test_opening_a_catalogue_again_reads_no_file_again(
    space: Workspace, recorder: LockstepRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = Loop(recorder)
    for _ in range(3):
        loop.attempt("success")
    expected = [repr(i) for i in Catalogue(space).interventions()]

    def refuse(path: Path, number: int) -> index.Entry:
        raise AssertionError(f"{path} was read again")

    monkeypatch.setattr(index, "examine", refuse)
    assert [repr(i) for i in Catalogue(space).interventions()] == expected


def test_a_torn_or_absent_index_is_made_again(space: Workspace, recorder: LockstepRecorder) -> None:
    Loop(recorder).attempt("success")
    expected = [repr(i) for i in Catalogue(space).interventions()]
    for spoil in (b"", b"\x00\xff scribble"):
        (space.episodes / index.FILE).write_bytes(spoil)
        assert [repr(i) for i in Catalogue(space).interventions()] == expected
    (space.episodes / index.FILE).unlink()
    assert [repr(i) for i in Catalogue(space).interventions()] == expected


def test_leftovers_are_no_part_of_the_catalogue(space: Workspace) -> None:
    with opened(space) as recorder:
        loop = Loop(recorder)
        loop.attempt("success")
        recorder.emit(AttemptStarted(2, loop.tick, 2, "", False, 1, ""))
        loop.drive(10, 2, Controller.POLICY)
        recorder.intake.end("test")
        assert [e.episode for e in Catalogue(space).episodes()] == [1]
