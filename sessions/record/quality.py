"""Quality triage: what is measured of every episode when it is saved, and when it is worth a look.

Measures are plain numbers with the row of their worst moment and are kept in the index; flags are
made of them each time they are shown, because some limits are what is usual in the workspace.
Nothing is ever left out because of a flag: a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.base import openings
from sessions.messages import Flag
from sessions.record.reader import EpisodeData
from sessions.types import Controller

_DRIVEN = (Controller.POLICY, Controller.HUMAN, Controller.HANDOVER, Controller.DEMO)
_PEERS = 5  # with fewer episodes nothing is "usual"
_SMOOTH_S = 0.1  # a moving average, so that encoder noise is not taken for jerk
_STILL = 0.01  # a joint that moves less is still [rad, gripper 0..1]
_EDGE = 0.01  # this near to a limit is at it [rad, gripper 0..1]
_LOOKS_HZ = 25.0  # stillness is looked for so often
_RAD = {"rad": 1.0, "deg": np.pi / 180, "degree": np.pi / 180, "degrees": np.pi / 180}
"""What a joint's unit is in rad. Joints of another measure are not held to limits in rad."""
_CLIPPED = 0.2  # commands that far from what was sent were cut [rad, gripper 0..1]


class Measure(msgspec.Struct, frozen=True):
    """One number about an episode.

    Attributes:
        value: in the unit of its rule.
        row: its worst moment; -1 where there is none.
        t: that moment since the episode began [s].
    """

    value: float
    row: int = -1
    t: float = 0.0


Measures = dict[str, Measure]


@dataclass(frozen=True)
class Rule:
    """When a measure is worth a look.

    Attributes:
        limit: above it there is a flag; below it where ``below``.
        words: the sentence, with ``{value}``, ``{limit}`` and for relative ones ``{usual}``.
        relative: the limit is so many times what is usual in the workspace.
        deviation: the limit is the part by which it may differ from what is usual.
        below: too small is what is wrong.
        unusual: only where the workspace's other episodes are not like that as well.
    """

    limit: float
    words: str
    relative: bool = False
    deviation: bool = False
    below: bool = False
    unusual: bool = False


RULES: dict[str, Rule] = {
    "jerk": Rule(
        3.0,
        "The motion jerks: {value:.0f} rad/s³ where {usual:.0f} is usual. Look for a loose joint, "
        "a nervous hand, or a policy that changes its mind.",
        relative=True,
    ),
    "stillness": Rule(
        3.0,
        "Nothing moved for {value:.1f} s (limit {limit:g} s). A policy that learns it stops there.",
    ),
    "clipped": Rule(
        0.2,
        "{value:.0%} of the commands were cut by the limits (limit {limit:.0%}). Drive slower, or "
        "raise the limits on the Station page.",
    ),
    "tracking": Rule(
        0.2,
        "The arm lags its command by {value:.2f} rad (limit {limit:g}). Look for a load, a weak "
        "servo or a collision.",
    ),
    "offset": Rule(
        50.0,
        "Pictures are {value:.0f} ms older than the ticks that use them (limit {limit:g} ms). "
        "Check the camera's rate and latency.",
    ),
    "bad_frames": Rule(
        0.02, "{value:.0%} of the pictures are black or frozen (limit {limit:.0%}). Check cables."
    ),
    "duplicates": Rule(
        0.1, "{value:.0%} of the pictures repeat the one before (limit {limit:.0%})."
    ),
    "lost_frames": Rule(
        0.1, "{value:.0%} of the pictures are missing (limit {limit:.0%}). Check the USB bandwidth."
    ),
    "gripper_range": Rule(
        0.05,
        "The gripper hardly moved ({value:.2f} of its range). If it should have, check its "
        "calibration.",
        below=True,
        unusual=True,
    ),
    "gripper_outside": Rule(
        0.05,
        "The gripper was measured {value:.2f} outside of 0 to 1 (limit {limit:g}). Calibrate it.",
    ),
    "gripper_polarity": Rule(
        0.0,
        "The gripper opens where it is told to close (correlation {value:.2f}). Its direction is "
        "wrong in the calibration.",
        below=True,
    ),
    "at_limit": Rule(
        0.2,
        "A joint stood at its limit for {value:.0%} of the time (limit {limit:.0%}). The arm is "
        "placed badly, or its homing is off.",
    ),
    "rate": Rule(
        0.05,
        "Ticks came at {value:.1f} Hz where {usual:.1f} Hz is usual here. What is learned at one "
        "rate is wrong at another.",
        deviation=True,
    ),
    "late": Rule(
        0.01, "{value:.1%} of the ticks were more than a period late (limit {limit:.0%})."
    ),
}


def measure(data: EpisodeData) -> Measures:
    """Everything that is measured of an episode; what cannot be is absent."""
    steps, found = data.steps, Measures()
    if len(steps) < 10 or not data.meta.rate_hz > 0.0:
        return found
    found |= _motion(data)
    found |= _gripper(data)
    found |= _timing(data)
    for camera in data.frames:
        _worst(found, _frames(data, camera))
    since = steps["t"] - steps["t"][0]
    return {
        name: Measure(held.value, held.row, float(since[held.row]) if held.row >= 0 else 0.0)
        for name, held in found.items()
    }


def usual(all_measures: Iterable[Measures]) -> dict[str, float]:
    """The median of each measure over a workspace; absent where fewer than five have it."""
    values: dict[str, list[float]] = {}
    for measures in all_measures:
        for name, held in measures.items():
            if np.isfinite(held.value):
                values.setdefault(name, []).append(held.value)
    return {n: float(np.median(v)) for n, v in values.items() if len(v) >= _PEERS}


def flags(measures: Measures, peers: dict[str, float]) -> list[Flag]:
    """What is worth a look about an episode.

    Args:
        measures: of the episode.
        peers: what is usual in the workspace.
    """
    found = []
    for name, held in measures.items():
        rule, common = RULES.get(name), peers.get(name)
        if rule is None or not _beyond(rule, held.value, common):
            continue
        text = rule.words.format(value=held.value, limit=rule.limit, usual=common or 0.0)
        found.append(Flag(name, held.row, held.t, text))
    return found


def _beyond(rule: Rule, value: float, common: float | None) -> bool:
    if rule.relative:
        return common is not None and 0.0 < rule.limit * common < value
    if rule.deviation:
        return common is not None and 0.0 < rule.limit * common < abs(value - common)
    if rule.unusual and common is not None and common < rule.limit:
        return False
    return value < rule.limit if rule.below else value > rule.limit


def _worst(found: Measures, more: Measures) -> None:
    """Of several cameras or grippers the worst is what is told."""
    for name, held in more.items():
        known = found.get(name)
        sign = -1.0 if RULES[name].below else 1.0
        if known is None or sign * held.value > sign * known.value:
            found[name] = held


def _driven(steps: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(np.isin(steps["controller"], _DRIVEN))


def _motion(data: EpisodeData) -> Measures:
    steps, rate = data.steps, data.meta.rate_hz
    driven, found = _driven(steps), Measures()
    joints = ~openings(data.meta.joint_names)
    if not driven.any() or not joints.any():
        return found
    jerk = _jerk(steps["position"][:, joints], rate)
    if len(jerk):
        found["jerk"] = Measure(float(np.sqrt(np.mean(jerk**2))), int(np.argmax(jerk)))
    scale = _RAD.get(data.meta.unit.lower())
    if scale is None:
        return found  # what nobody knows the measure of is neither much nor little
    found["stillness"] = _stillness(steps, driven, np.where(joints, scale, 1.0), rate)
    wanted = np.where(
        np.isin(steps["controller"], (Controller.HUMAN, Controller.DEMO))[:, None],
        steps["human_action"],
        steps["policy_action"],
    )
    # A gripper is told open or shut and goes there in its own time; a handover blends on purpose.
    asked = driven & (steps["controller"] != Controller.HANDOVER)
    cut = scale * np.nan_to_num(np.abs(wanted - steps["sent_action"]))[:, joints].max(axis=1)
    if asked.any():
        share = float((cut[asked] > _CLIPPED).mean())
        found["clipped"] = Measure(share, int(np.argmax(cut * asked)))
    lag = np.nan_to_num(np.abs(steps["position"] - steps["sent_action"]))[:, joints].max(axis=1)
    lag = scale * lag
    found["tracking"] = Measure(float(np.percentile(lag[driven], 95)), int(np.argmax(lag * driven)))
    if len(data.meta.lower) == len(data.meta.upper) == len(joints):
        position, edge = steps["position"], _EDGE / scale
        lower, upper = np.array(data.meta.lower), np.array(data.meta.upper)
        near = (position < lower + edge) | (position > upper - edge)
        movable = joints & (upper - lower > 10 * edge)
        at = np.asarray(near[:, movable].any(axis=1))
        row = int(np.argmax(at & driven)) if (at & driven).any() else -1
        found["at_limit"] = Measure(float(at[driven].mean()), row)
    return found


def _jerk(position: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Norm of the third derivative of the smoothed positions, shape (T - k,) [rad/s^3]."""
    width = max(1, round(_SMOOTH_S * rate))
    if len(position) < width + 4:
        return np.zeros(0)
    total = np.cumsum(np.vstack([np.zeros(position.shape[1]), position]), axis=0)
    smooth = (total[width:] - total[:-width]) / width
    # Over a window of its own width, because neighbours of a moving average share their noise.
    for _ in range(3):
        if len(smooth) <= width:
            return np.zeros(0)
        smooth = (smooth[width:] - smooth[:-width]) * rate / width
    norm: NDArray[np.float64] = np.linalg.norm(smooth, axis=1)
    return norm


def _stillness(
    steps: NDArray[Any], driven: NDArray[np.bool_], scale: NDArray[np.float64], rate: float
) -> Measure:
    """The longest time in which somebody drove and nothing moved [s]."""
    position, t = steps["position"] * scale, steps["t"]
    longest, worst, start = 0.0, -1, 0
    anchor = position[0]
    # A long attempt at a high rate is looked at often enough, not at every tick: it is being saved.
    for row in range(0, len(steps), max(1, round(rate / _LOOKS_HZ))):
        if not driven[row] or np.abs(position[row] - anchor).max() > _STILL:
            start, anchor = row, position[row]
        elif t[row] - t[start] > longest:
            longest, worst = float(t[row] - t[start]), start
    return Measure(longest, worst)


def _gripper(data: EpisodeData) -> Measures:
    found = Measures()
    for column in np.flatnonzero(openings(data.meta.joint_names)).tolist():
        sent = data.steps["sent_action"][:, column]
        measured = data.steps["position"][:, column]
        known = np.isfinite(sent) & np.isfinite(measured)
        if known.sum() < 10:
            continue
        sent, measured = sent[known], measured[known]
        outside = np.maximum(measured - 1.0, -measured)
        row = int(np.flatnonzero(known)[np.argmax(outside)])
        mine = Measures(
            gripper_range=Measure(float(np.ptp(sent))),
            gripper_outside=Measure(float(max(outside.max(), 0.0)), row),
        )
        if np.ptp(sent) > 0.2 and np.ptp(measured) > 0.05:
            mine["gripper_polarity"] = Measure(float(np.corrcoef(sent, measured)[0, 1]))
        _worst(found, mine)
    return found


def _timing(data: EpisodeData) -> Measures:
    t = data.steps["t"]
    gaps = np.diff(t)
    lateness = t - data.steps["deadline"]
    found = Measures(rate=Measure(float(1.0 / np.median(gaps)) if np.median(gaps) > 0 else 0.0))
    late = lateness > 1.0 / data.meta.rate_hz
    found["late"] = Measure(float(late.mean()), int(np.argmax(lateness)))
    return found


def _frames(data: EpisodeData, camera: str) -> Measures:
    index, found = data.frames[camera], Measures()
    if len(index.t) < 2:
        return found
    column = data.meta.camera_names.index(camera)
    age = (data.steps["t"] - data.steps["frame_t"][:, column]) * 1000.0
    if np.isfinite(age).any():
        found["offset"] = Measure(float(np.nanmedian(age)), int(np.nanargmax(age)))
    bad = index.flags > 0
    found["bad_frames"] = Measure(float(bad.mean()), _row_of(data, index.t, bad))
    again = np.concatenate([[False], np.diff(index.t) <= 0])
    if index.sequence.any():  # a camera that does not count has zeros
        again[1:] |= np.diff(index.sequence) == 0
    found["duplicates"] = Measure(float(again.mean()), _row_of(data, index.t, again))
    gaps = np.concatenate([[0], np.maximum(np.diff(index.sequence) - 1, 0)])
    share = float(gaps.sum() / (gaps.sum() + len(gaps)))
    found["lost_frames"] = Measure(share, _row_of(data, index.t, gaps == gaps.max()))
    return found


def _row_of(data: EpisodeData, t: NDArray[np.float64], where: NDArray[np.bool_]) -> int:
    """The tick at the first frame that ``where`` marks; -1 for none."""
    if not where.any():
        return -1
    row = int(np.searchsorted(data.steps["t"], t[int(np.argmax(where))]))
    return min(row, len(data.steps) - 1)
