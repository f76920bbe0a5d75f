"""The recorder process, fed through real rings and sockets."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from sessions.messages import (
    Accepted,
    AttemptEnded,
    AttemptStarted,
    DiscardIntervention,
    Note,
    OperatorTagged,
    RecorderReady,
    RecorderState,
    Redo,
    Refused,
    Salvage,
    SetOutcome,
    Shutdown,
    Tag,
    Undo,
)
from sessions.record import jpeg, storage
from sessions.record.catalogue import Catalogue
from sessions.record.stream import Rules
from sessions.types import Controller, Outcome
from sessions.workspace import Workspace
from tests.fakes.session_processes import control_state
from tests.sessions.record.bench import Bench, RecorderProcess


@pytest.fixture
def recorder(space: Workspace, bench: Bench) -> Iterator[RecorderProcess]:
    process = RecorderProcess(space)
    yield process
    process.close()


def recorded(bench: Bench, recorder: RecorderProcess, episode: int, outcome: str) -> None:
    """One attempt with one intervention that brings the stage on."""
    bench.begin(episode)
    bench.drive(30, episode)
    bench.drive(20, episode, Controller.HUMAN, doubt=0.5)
    bench.drive(15, episode, stage=1)
    bench.end(episode, outcome)
    recorder.until(lambda s: any(e.episode == episode for e in s.episodes), "the episode's file")


def _longer_than_messages_are_waited_for(recorder: RecorderProcess) -> None:
    until = time.monotonic() + 1.5 * Rules().grace_s
    recorder.until(lambda s: time.monotonic() > until, "the end of the waiting")


def test_an_attempt_is_recorded_tick_by_tick_and_frame_by_frame(
    space: Workspace, bench: Bench, recorder: RecorderProcess
) -> None:
    bench.drive(10, 0, Controller.HOLD)
    before = bench.frames["top"][-1]
    bench.begin(1, environment="bench", object="red cube")
    bench.drive(1, 1, frames=False)  # its frame is from before the attempt
    bench.drive(60, 1)
    recorder.until(lambda s: s.recording == 1, "the recording")
    bench.drive(20, 1)
    bench.end(1, "success")
    state = recorder.until(lambda s: s.saved == 1, "the file")
    assert (state.recording, state.started, state.next_episode) == (0, 1, 2)
    assert (state.lost_ticks, state.lost_frames) == (0, 0)
    data = storage.read_episode(space.episodes / "000001.h5")
    assert data.steps.tobytes() == bench.ticks(1).tobytes()
    assert data.outcome is Outcome.SUCCESS
    assert (data.meta.round, data.meta.policy, data.meta.seed) == (2, "round-002", 3)
    assert (data.meta.environment, data.meta.object) == ("bench", "red cube")
    for camera in ("top", "wrist"):
        known = bench.frames[camera].index(data.frames[camera].t[0])
        assert data.frames["top"].t[0] == before
        assert data.frames[camera].t.tolist() == bench.frames[camera][known : known + 41]
        rows = data.frame_rows(camera)
        assert np.array_equal(
            data.frames[camera].t[rows], data.steps["frame_t"][:, ("top", "wrist").index(camera)]
        )
    shown = storage.read_frame(data.path, "top", 5)
    number = int(data.frames["top"].sequence[5])
    assert abs(float(shown[..., 0].mean()) - float(shown[..., 1].mean()) - number) < 3


def test_the_control_process_is_told_the_number_and_the_refusal_in_a_few_bytes(
    space: Workspace, bench: Bench, recorder: RecorderProcess
) -> None:
    def told(process: RecorderProcess, next_episode: int) -> RecorderReady:
        found: list[RecorderReady] = []

        def heard(state: RecorderState) -> bool:
            found.extend(process.ready.drain())
            return any(ready.next_episode == next_episode for ready in found)

        process.until(heard, "what the control process needs")
        assert all(len(msgspec.msgpack.encode(ready)) < 400 for ready in found)
        return found[-1]

    assert told(recorder, 1).refusal == ""
    recorded(bench, recorder, 1, "success")
    assert told(recorder, 2).refusal == ""
    recorder.close()
    full = RecorderProcess(space, "--refuse-below", str(10**15))
    try:
        assert told(full, 2).refusal == full.state().refusal != ""
    finally:
        full.close()


def test_a_running_intervention_is_shown_and_can_be_tagged_at_once(
    bench: Bench, recorder: RecorderProcess
) -> None:
    bench.begin(1)
    bench.drive(30, 1)
    bench.drive(10, 1, Controller.HUMAN, doubt=0.5)
    state = recorder.until(
        lambda s: s.interventions and s.interventions[0].thumbnail, "the intervention"
    )
    (live,) = state.interventions
    assert (live.episode, live.start, live.running, live.doubt) == (1, 30, True, 0.5)
    assert jpeg.decode(live.thumbnail).shape[2] == 3
    assert recorder.window.ask(Tag(1, 30, "grasp")) == Accepted()
    bench.drive(10, 1, Controller.HUMAN)
    bench.drive(5, 1, stage=1)
    bench.end(1, "failure")
    state = recorder.until(lambda s: s.saved == 1, "the file")
    (kept,) = state.interventions
    assert (kept.category, kept.running, kept.recovered) == ("grasp", False, True)
    assert kept.duration_s > live.duration_s
    assert kept.thumbnail


def test_labels_are_given_changed_undone_and_redone(
    bench: Bench, recorder: RecorderProcess
) -> None:
    recorded(bench, recorder, 1, "failure")
    ask = recorder.window.ask
    assert ask(Tag(1, 30, "1")) == Accepted()
    assert ask(Note(1, 30, "slipped twice")) == Accepted()
    assert ask(DiscardIntervention(1, 30)) == Accepted()
    assert ask(SetOutcome(1, "success")) == Accepted()
    state = recorder.state()
    (one,) = state.interventions
    assert (one.category, one.note, one.discarded) == ("approach", "slipped twice", True)
    assert state.episodes[0].outcome == "success"
    for _ in range(4):
        assert ask(Undo()) == Accepted()
    state = recorder.state()
    assert (state.can_undo, state.can_redo) == (False, True)
    assert (state.interventions[0].category, state.episodes[0].outcome) == ("", "failure")
    assert isinstance(ask(Undo()), Refused)
    assert ask(Redo()) == Accepted()
    assert recorder.state().interventions[0].category == "approach"


def test_what_cannot_be_labelled_is_refused_with_the_choices(
    bench: Bench, recorder: RecorderProcess
) -> None:
    recorded(bench, recorder, 1, "failure")
    ask = recorder.window.ask
    assert "Choose one of: 1 approach" in ask(Tag(1, 30, "nonsense")).remedy
    assert "row 31" in ask(Tag(1, 31, "grasp")).why
    assert "no outcome" in ask(SetOutcome(1, "running")).why
    assert "not finished" in ask(SetOutcome(2, "success")).why
    assert "no leftover" in ask(Salvage("/etc/passwd")).why


def test_a_pedals_tag_lands_on_the_intervention_under_way(
    bench: Bench, recorder: RecorderProcess
) -> None:
    bench.begin(1)
    bench.drive(30, 1)
    bench.drive(10, 1, Controller.HUMAN)
    bench.say(OperatorTagged(1, bench.tick + 2, "placement"))  # arrives before its ticks
    bench.drive(10, 1, Controller.HUMAN)
    state = recorder.until(lambda s: s.interventions and s.interventions[0].category, "the tag")
    assert state.interventions[0].category == "placement"
    bench.drive(5, 1)
    bench.drive(5, 1, Controller.HUMAN)
    bench.say(OperatorTagged(1, bench.tick - 1, "2"))
    bench.end(1, "success")
    state = recorder.until(lambda s: s.saved == 1, "the file")
    recorder.until(
        lambda s: [i.category for i in s.interventions] == ["placement", "grasp"], "both tags"
    )


def test_a_killed_recorder_goes_on_with_the_running_attempt(
    space: Workspace, bench: Bench, recorder: RecorderProcess
) -> None:
    recorded(bench, recorder, 1, "failure")  # the ring holds more than the running attempt
    bench.begin(2, seed=99)
    bench.drive(50, 2)
    recorder.until(lambda s: s.recording == 2, "the recording")
    recorder.kill()
    bench.drive(40, 2)
    with contextlib.closing(RecorderProcess(space)) as second:
        state = second.until(lambda s: s.recording == 2, "the recording goes on")
        assert state.leftovers == ()
        _longer_than_messages_are_waited_for(second)
        assert second.state().recording == 2
        bench.drive(20, 2)
        bench.end(2, "success")
        state = second.until(lambda s: s.saved == 2, "the file")
        assert (state.lost_ticks, state.lost_frames) == (0, 0)
    data = storage.read_episode(space.episodes / "000002.h5")
    assert data.steps.tobytes() == bench.ticks(2).tobytes()
    assert data.meta.seed == 99
    assert data.frames["top"].t[-1] == bench.frames["top"][-1]


def test_a_recorder_killed_before_its_first_flush_begins_the_attempt_anew(
    space: Workspace, bench: Bench, recorder: RecorderProcess
) -> None:
    bench.drive(10, 0, Controller.HOLD)
    bench.begin(1, seed=99, environment="bench")
    bench.drive(50, 1)
    recorder.until(lambda s: s.recording == 1, "the recording")
    recorder.kill()
    part = space.episodes / "000001.h5.part"
    with part.open("r+b") as file:
        file.truncate(96)  # what a kill within the file's creation leaves
    told = AttemptStarted(1, 10, 2, "round-002", False, 99, "keyboard", environment="bench")
    with contextlib.closing(RecorderProcess(space)) as second:

        def recording(state: RecorderState) -> bool:
            bench.say(control_state(attempt=1, started=told))
            return state.recording == 1

        second.until(recording, "the recording")
        bench.drive(20, 1)
        bench.end(1, "success")
        second.until(lambda s: s.saved == 1, "the file")
    data = storage.read_episode(space.episodes / "000001.h5")
    assert data.steps.tobytes() == bench.ticks(1).tobytes()
    assert (data.meta.seed, data.meta.environment) == (99, "bench")
    assert (space.episodes / "aside" / "000001.h5.part").exists()


def test_an_attempt_that_ended_while_the_recorder_was_dead_is_a_whole_leftover(
    space: Workspace, bench: Bench, recorder: RecorderProcess
) -> None:
    bench.begin(1)
    bench.drive(50, 1)
    recorder.until(lambda s: s.recording == 1, "the recording")
    recorder.kill()
    bench.drive(40, 1)
    bench.end(1, "failure")  # nobody hears it
    with contextlib.closing(RecorderProcess(space)) as second:
        state = second.until(lambda s: s.leftovers, "the leftover")
        assert (state.leftovers[0].ticks, state.leftovers[0].episode) == (90, 1)
        assert "never told" in state.leftovers[0].problem
        assert state.next_episode == 2
        reply = second.window.ask(Salvage(state.leftovers[0].path, outcome="failure"))
        assert reply == Accepted()
        state = second.state()
        assert state.episodes[0].outcome == "failure"
        assert state.leftovers == ()
    assert storage.read_episode(space.episodes / "000001.h5").steps.tobytes() == (
        bench.ticks(1).tobytes()
    )


def test_an_outcome_that_was_told_while_the_recorder_was_dead_is_heard_afterwards(
    space: Workspace, bench: Bench, recorder: RecorderProcess
) -> None:
    bench.begin(1)
    bench.drive(50, 1)
    recorder.until(lambda s: s.recording == 1, "the recording")
    recorder.kill()
    bench.drive(40, 1)
    bench.end(1, "failure")  # nobody hears it
    ended = AttemptEnded(1, bench.tick - 2, "failure")
    with contextlib.closing(RecorderProcess(space)) as second:

        def finished(state: RecorderState) -> bool:
            bench.say(control_state(ended=ended))  # as control does four times a second
            return state.saved == 1

        state = second.until(finished, "the file")
        assert state.leftovers == ()
        assert state.episodes[0].outcome == "failure"
        assert state.lost_ticks == 0
        bench.begin(2)
        bench.drive(20, 2)
        bench.say(control_state(ended=ended))  # said again, it is about the former one only
        second.until(lambda s: s.recording == 2, "the next recording")
        bench.end(2, "success")
        second.until(lambda s: s.saved == 2, "the next file")
    assert storage.read_episode(space.episodes / "000001.h5").steps.tobytes() == (
        bench.ticks(1).tobytes()
    )


def test_when_control_restarts_the_attempt_is_left_over_and_its_number_not_used_again(
    space: Workspace, bench: Bench, recorder: RecorderProcess
) -> None:
    bench.begin(1)
    bench.drive(50, 1)
    recorder.until(lambda s: s.recording == 1, "the recording")
    bench.restart_control()
    state = recorder.until(lambda s: s.leftovers, "the leftover")
    assert state.recording == 0
    assert state.leftovers[0].ticks == 50
    assert "control process ended" in state.leftovers[0].problem
    assert state.next_episode == 2
    assert recorder.window.ask(Salvage(state.leftovers[0].path, keep=False)) == Accepted()
    assert recorder.state().next_episode == 2
    assert (space.episodes / "aside" / "000001.h5.part").exists()
    recorded(bench, recorder, 2, "success")
    assert storage.read_episode(space.episodes / "000002.h5").steps["tick"][0] == 0


def test_an_attempt_whose_start_was_not_heard_is_recorded_all_the_same(
    space: Workspace, bench: Bench, recorder: RecorderProcess
) -> None:
    bench.drive(30, 1)
    recorder.until(lambda s: s.recording == 1, "the recording")
    bench.drive(30, 1)
    bench.end(1, "success")
    recorder.until(lambda s: s.saved == 1, "the file")
    data = storage.read_episode(space.episodes / "000001.h5")
    assert data.steps.tobytes() == bench.ticks(1).tobytes()
    assert len(data.frames["top"].t) == 30


def test_attempts_without_a_pause_between_them_stay_apart(
    space: Workspace, bench: Bench, recorder: RecorderProcess
) -> None:
    for episode in (1, 2, 3):
        bench.begin(episode)
        bench.drive(20, episode)
        bench.end(episode, "success")
    recorder.until(lambda s: s.saved == 3, "three files")
    for episode in (1, 2, 3):
        data = storage.read_episode(space.episodes / f"{episode:06d}.h5")
        assert data.steps.tobytes() == bench.ticks(episode).tobytes()


def test_rings_that_come_later_are_waited_for(space: Workspace) -> None:
    recorder = RecorderProcess(space)
    assert recorder.state().recording == 0
    bench = Bench(space)
    bench.begin(1)  # may come before the recorder listens; the ticks tell it all the same
    bench.drive(30, 1)
    recorder.until(lambda s: s.recording == 1, "the recording")
    bench.drive(30, 1)
    bench.end(1, "success")
    recorder.until(lambda s: s.saved == 1, "the file")
    data = storage.read_episode(space.episodes / "000001.h5")
    assert data.steps.tobytes() == bench.ticks(1).tobytes()
    assert recorder.close() == 0
    bench.close()


def test_overwritten_ticks_are_counted(space: Workspace) -> None:
    bench = Bench(space, slots=16)
    recorder = RecorderProcess(space)
    bench.begin(1)
    bench.drive(5, 1)
    recorder.until(lambda s: s.recording == 1, "the recording")
    bench.drive(800, 1, frames=False)
    bench.end(1, "success")
    state = recorder.until(lambda s: s.saved == 1, "the file")
    kept = len(storage.read_episode(space.episodes / "000001.h5").steps)
    assert kept + state.lost_ticks == 805
    assert recorder.close() == 0
    bench.close()


def test_frames_overwritten_while_the_recorder_was_dead_are_counted(
    space: Workspace, bench: Bench, recorder: RecorderProcess
) -> None:
    bench.begin(1)
    bench.drive(50, 1)
    part = space.episodes / "000001.h5.part"
    recorder.until(lambda s: s.recording and storage.counts(part)[0] == 50, "the flush")
    recorder.kill()
    bench.drive(300, 1)
    with contextlib.closing(RecorderProcess(space)) as second:
        second.until(lambda s: s.recording == 1, "the recording goes on")
        bench.drive(20, 1)
        bench.end(1, "success")
        state = second.until(lambda s: s.saved == 1, "the file")
    data = storage.read_episode(space.episodes / "000001.h5")
    assert len(data.steps) == 370
    kept = sum(len(frames.t) for frames in data.frames.values())
    assert state.lost_frames > 100
    assert kept + state.lost_frames == sum(len(times) for times in bench.frames.values())


def test_a_leftover_waits_until_nothing_is_recorded(
    bench: Bench, recorder: RecorderProcess
) -> None:
    bench.begin(1)
    bench.drive(20, 1)
    bench.drive(1, 0, Controller.HOLD, frames=False)  # it ends, and nobody says how
    state = recorder.until(lambda s: s.leftovers, "the leftover")
    assert "never told" in state.leftovers[0].problem
    bench.begin(2)
    bench.drive(20, 2)
    recorder.until(lambda s: s.recording == 2, "the next attempt")
    refused = recorder.window.ask(Salvage(state.leftovers[0].path))
    assert refused == Refused("An attempt is being recorded.", "End it first, then salvage.")
    bench.end(2, "success")
    recorder.until(lambda s: s.recording == 0, "its end")
    assert recorder.window.ask(Salvage(state.leftovers[0].path)) == Accepted()
    assert [e.outcome for e in recorder.state().episodes] == ["discarded", "success"]


def test_a_shutdown_during_an_attempt_leaves_it_whole(
    space: Workspace, bench: Bench, recorder: RecorderProcess
) -> None:
    bench.begin(1)
    bench.drive(50, 1)
    recorder.until(lambda s: s.recording == 1, "the recording")
    assert recorder.window.ask(Shutdown()) == Accepted()
    assert recorder.process.wait(20) == 0
    (left,) = storage.leftovers(space.episodes)
    assert left.ticks == 50
    assert "recorder was closed" in left.problem


def test_a_second_recorder_is_refused_with_the_first_ones_number(
    space: Workspace, recorder: RecorderProcess
) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "sessions.record.recorder", str(space.root)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.returncode == 1
    assert f"recorded into by process {recorder.process.pid}" in second.stderr


def test_a_catalogue_beside_the_recorder_sees_what_it_finished(
    space: Workspace, bench: Bench, recorder: RecorderProcess
) -> None:
    catalogue = Catalogue(space)
    assert catalogue.episodes() == []
    recorded(bench, recorder, 1, "success")
    recorder.window.ask(Tag(1, 30, "grasp"))
    catalogue.refresh()
    assert [i.category for i in catalogue.interventions(2)] == ["grasp"]
    assert catalogue.doubts() == [0.5]


def test_a_torn_leftover_that_cannot_be_moved_is_a_sentence_and_the_recorder_lives(
    space: Workspace, bench: Bench, recorder: RecorderProcess
) -> None:
    (space.episodes / "aside").write_text("a file where a folder should be")
    (space.episodes / "000001.h5.part").write_bytes(b"torn")
    bench.begin(1)
    bench.drive(30, 1)
    state = recorder.until(lambda s: "Attempt 1" in s.problem, "the sentence")
    assert "cannot be moved aside" in state.problem
    bench.end(1, "success")
    bench.begin(2)
    bench.drive(20, 2)
    bench.end(2, "success")
    recorder.until(lambda s: s.saved == 1, "the next file")
