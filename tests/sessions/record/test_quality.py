"""What is wrong with an episode is told with the moment; what is right is not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import msgspec
import numpy as np
import pytest
from msgspec.structs import replace as replace_meta

from sessions.record.catalogue import Catalogue
from sessions.record.quality import RULES, Measure, Measures, flags, measure, usual
from sessions.record.query import parse, select
from sessions.record.reader import EpisodeData, FrameIndex
from sessions.record.storage import EpisodeWriter
from sessions.types import Controller, Outcome
from tests.sessions.record.parts import CAMERAS, DTYPE, JOINTS, RATE, made_workspace, meta, steps

TICKS = 400
Change = Callable[[EpisodeData], None]


def good() -> EpisodeData:
    """A smooth reach with an opening gripper, and pictures that are 20 ms old."""
    made = steps(0, TICKS)
    t = np.arange(TICKS) / RATE
    made["position"] = np.sin(0.5 * t)[:, None] * np.linspace(0.5, 1.0, len(JOINTS))
    made["position"][:, -1] = 0.5 + 0.4 * np.sin(t)
    for name in ("sent_action", "policy_action", "human_action"):
        made[name] = made["position"]
    made["deadline"] = made["t"]
    shown = np.floor((made["t"] - 0.005) * 30) / 30
    made["frame_t"] = shown[:, None]
    times = np.unique(shown)
    index = FrameIndex(
        t=times,
        received_t=times,
        sequence=np.arange(len(times)),
        flags=np.zeros(len(times), np.uint8),
    )
    facts = meta(lower=(-3.0,) * len(JOINTS), upper=(3.0,) * len(JOINTS))
    frames = {c: FrameIndex(*(v.copy() for v in vars(index).values())) for c in CAMERAS}
    return EpisodeData(Path("x.h5"), facts, made, Outcome.SUCCESS, frames)


def kinds(data: EpisodeData, peers: dict[str, float]) -> dict[str, int]:
    return {f.kind: f.row for f in flags(measure(data), peers)}


PEERS = usual([measure(good())] * 5)


def test_a_good_episode_has_no_flag_and_every_rule_has_a_measure() -> None:
    assert kinds(good(), PEERS) == {}
    assert set(measure(good())) == set(RULES)


def shake(data: EpisodeData) -> None:
    data.steps["position"][200:260, 1] += 0.3 * np.sin(np.arange(60) * 0.6)


def stand(data: EpisodeData) -> None:
    for name in ("position", "sent_action", "policy_action"):
        data.steps[name][100:300] = data.steps[name][100]


def cut(data: EpisodeData) -> None:
    data.steps["policy_action"][100:300, 2] += 1.0


def lag(data: EpisodeData) -> None:
    data.steps["position"][:200, 0] -= 0.4


def old_pictures(data: EpisodeData) -> None:
    data.steps["frame_t"][:, 1] -= 0.1


def freeze(data: EpisodeData) -> None:
    data.frames["top"].flags[60:100] = 2


def repeat(data: EpisodeData) -> None:
    data.frames["wrist"].sequence[50:90] = 50


def lose(data: EpisodeData) -> None:
    data.frames["top"].sequence[60:] += 60


def hold_gripper(data: EpisodeData) -> None:
    data.steps["sent_action"][:, -1] = data.steps["position"][:, -1] = 0.5


def shift_gripper(data: EpisodeData) -> None:
    data.steps["position"][:, -1] += 0.3
    data.steps["sent_action"][:, -1] += 0.3


def turn_gripper(data: EpisodeData) -> None:
    data.steps["position"][:, -1] = 1.0 - data.steps["sent_action"][:, -1]


def touch_limit(data: EpisodeData) -> None:
    for name in ("position", "sent_action", "policy_action"):
        data.steps[name][:200, 3] = 3.0


def slow(data: EpisodeData) -> None:
    for name in ("t", "deadline"):
        data.steps[name] = data.steps[name][0] + np.arange(TICKS) / 40.0


def late(data: EpisodeData) -> None:
    data.steps["t"][300:310] += 0.05


@pytest.mark.parametrize(
    ("change", "kind", "moment"),
    [
        (shake, "jerk", range(180, 270)),
        (stand, "stillness", range(95, 105)),
        (cut, "clipped", range(100, 300)),
        (lag, "tracking", range(200)),
        (old_pictures, "offset", range(TICKS)),
        (freeze, "bad_frames", range(90, 110)),
        (repeat, "duplicates", range(75, 95)),
        (lose, "lost_frames", range(90, 110)),
        (hold_gripper, "gripper_range", range(-1, 0)),
        (shift_gripper, "gripper_outside", range(TICKS)),
        (turn_gripper, "gripper_polarity", range(-1, 0)),
        (touch_limit, "at_limit", range(5)),
        (slow, "rate", range(-1, 0)),
        (late, "late", range(300, 310)),
    ],
    ids=lambda v: getattr(v, "__name__", None),
)
def test_what_is_wrong_is_flagged_at_its_moment(change: Change, kind: str, moment: range) -> None:
    data = good()
    change(data)
    found = kinds(data, PEERS)
    assert kind in found
    assert found[kind] in moment


def test_what_is_usual_needs_five_episodes() -> None:
    assert usual([measure(good())] * 4) == {}
    data = good()
    shake(data)
    assert "jerk" not in kinds(data, {})


def test_an_episode_too_short_to_measure_has_nothing_to_say() -> None:
    data = good()
    short = EpisodeData(data.path, data.meta, data.steps[:5], data.outcome)
    assert measure(short) == Measures()


def test_flags_are_in_the_catalogue_with_their_time_and_can_be_asked_for(tmp_path: Path) -> None:
    space = made_workspace(tmp_path / "w")
    for number, change in ((1, None), (2, stand)):
        data = good()
        if change is not None:
            change(data)
        writer = EpisodeWriter(space.episodes, meta(number), DTYPE)
        writer.append(data.steps)
        writer.finish(Outcome.SUCCESS)
    catalogue = Catalogue(space)
    fine, flagged = catalogue.episodes()
    assert fine.flags == ()
    (flag,) = flagged.flags
    assert (flag.kind, round(flag.t, 1)) == ("stillness", 2.0)
    assert "Nothing moved for 4.0 s" in flag.text
    assert select(catalogue, parse("flag=stillness")).numbers == {2}
    assert select(catalogue, parse("flag=none")).numbers == {1}


def in_unit(unit: str, scale: float) -> EpisodeData:
    """The good episode in another unit, its commands 1.5 of them ahead."""
    data = good()
    for name in ("position", "sent_action", "policy_action", "human_action"):
        data.steps[name][:, :-1] *= scale
    data.steps["policy_action"][:, :-1] += 1.5
    data.steps["sent_action"][:, :-1] += 1.5
    limits = dict.fromkeys(("lower", "upper"), ())
    return replace(data, meta=replace_meta(data.meta, unit=unit, **limits))


@pytest.mark.parametrize("unit", ["deg", "degrees", "", "mm"])
def test_limits_in_rad_are_not_held_against_joints_of_another_measure(unit: str) -> None:
    assert kinds(in_unit(unit, 180 / np.pi), {}) == {}


def test_what_is_wrong_in_degrees_is_flagged_as_it_would_be_in_rad() -> None:
    data = in_unit("deg", 180 / np.pi)
    data.steps["position"][:200, 0] -= 30.0
    assert "tracking" in kinds(data, {})


def snap_gripper(data: EpisodeData) -> None:
    data.steps["policy_action"][:, -1] = np.arange(TICKS) % 100 < 50


def blend(data: EpisodeData) -> None:
    data.steps["controller"][100:300] = Controller.HANDOVER
    data.steps["policy_action"][100:300] += 1.0


def uncounted(data: EpisodeData) -> None:
    for index in data.frames.values():
        index.sequence[:] = 0


def fixed_joint(data: EpisodeData) -> None:
    for name in ("position", "sent_action", "policy_action"):
        data.steps[name][:, 3] = data.meta.upper[3]


@pytest.mark.parametrize("change", [snap_gripper, blend, uncounted])
def test_what_is_ordinary_is_no_flag(change: Change) -> None:
    data = good()
    change(data)
    assert kinds(data, PEERS) == {}


def test_a_joint_that_cannot_move_is_not_at_its_limit() -> None:
    data = good()
    lower = tuple(3.0 if i == 3 else v for i, v in enumerate(data.meta.lower))
    data = replace(data, meta=replace_meta(data.meta, lower=lower))
    fixed_joint(data)
    assert "at_limit" not in kinds(data, PEERS)


def test_a_gripper_that_no_task_here_uses_is_no_flag() -> None:
    data = good()
    hold_gripper(data)
    assert "gripper_range" in kinds(data, {})
    assert "gripper_range" not in kinds(data, usual([measure(data)] * 5))


def test_of_two_grippers_the_worse_is_told() -> None:
    data = good()
    names = (*JOINTS[:-2], "left_gripper", "right_gripper")
    data = replace(data, meta=replace_meta(data.meta, joint_names=names))
    for name in ("sent_action", "position"):
        data.steps[name][:, -2] = 0.5
    assert measure(data)["gripper_range"].value == 0.0


def test_where_nothing_ever_moves_a_twitch_is_not_compared_with_nothing() -> None:
    assert "jerk" not in kinds(good(), {"jerk": 0.0, "rate": 0.0})
    spoiled = {"jerk": Measure(float("nan"))}
    assert usual([spoiled, *[{"jerk": Measure(1.0)}] * 5]) == {"jerk": 1.0}


def test_an_episode_whose_values_make_no_sense_hides_no_other(tmp_path: Path) -> None:
    space = made_workspace(tmp_path / "w")
    for number in (1, 2):
        writer = EpisodeWriter(space.episodes, meta(number), DTYPE)
        writer.append(good().steps)
        path = writer.finish(Outcome.SUCCESS)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1)  # its own entry is not believed then
    with h5py.File(path, "r+") as file:
        file["controller"][5] = 99
    catalogue = Catalogue(space)
    assert [e.episode for e in catalogue.episodes()] == [1]
    assert "000002.h5: It is torn at controller (row 5 is 99" in catalogue.problems[0]
    with h5py.File(path, "r+") as file:
        file["controller"][5] = 1
        file.attrs["metadata"] = msgspec.json.encode(meta(2, rate_hz=0.0)).decode()
    catalogue.refresh()
    assert [e.episode for e in catalogue.episodes()] == [1, 2]
