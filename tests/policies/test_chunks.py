import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from policies.base import ActionChunk
from policies.chunks import Blend, ChunkSchedule

JOINTS = 2


def chunk(tick: int, epoch: int = 0, length: int = 8, doubt: float = 0.0) -> ActionChunk:
    """Its action for tick k is (k, own tick), so that the origin of every action can be read."""
    actions = np.stack([np.arange(tick, tick + length), np.full(length, tick)], axis=1)
    return ActionChunk(epoch, tick, actions.astype(float), doubt)


chunks = st.lists(
    st.builds(
        chunk,
        tick=st.integers(0, 60),
        epoch=st.integers(0, 3),
        length=st.integers(1, 12),
        doubt=st.floats(0, 10),
    ),
    max_size=20,
)


@given(chunks, st.integers(0, 70), st.one_of(st.none(), st.integers(0, 15)))
def test_the_newest_chunk_that_covers_the_tick_decides(given_chunks, tick, max_age):
    schedule = ChunkSchedule(max_age=max_age)
    for one in given_chunks:
        schedule.push(one)
    # Of two answers about the same tick the later one counts, unless it is of an earlier epoch.
    latest = {c.tick: c for c in sorted(given_chunks, key=lambda c: c.epoch)}
    life = {
        t: len(c.actions) if max_age is None else min(len(c.actions), max_age + 1)
        for t, c in latest.items()
    }
    covering = [t for t in latest if t <= tick < t + life[t]]
    action, doubt = schedule.due(tick)
    if not covering:
        assert action is None
        assert math.isnan(doubt)
    else:
        np.testing.assert_array_equal(action, [tick, max(covering)])
        assert doubt == latest[max(covering)].doubt


@given(chunks, chunks, st.integers(0, 4), st.integers(0, 70), st.booleans())
def test_after_a_flush_nothing_of_an_earlier_epoch_is_ever_due(
    before, after, epoch, tick, ensembling
):
    schedule = ChunkSchedule(ensembling=ensembling)
    for one in before:
        schedule.push(one)
    schedule.flush(epoch)
    for one in after:
        schedule.push(one)
    only = ChunkSchedule(ensembling=ensembling)
    for one in before + after:
        if one.epoch >= epoch:
            only.push(one)
    action, doubt = schedule.due(tick)
    expected, expected_doubt = only.due(tick)
    np.testing.assert_equal(action, expected)
    np.testing.assert_equal(doubt, expected_doubt)


@given(chunks, st.lists(st.integers(0, 70), max_size=10).map(sorted))
def test_asking_tick_by_tick_gives_the_same_as_asking_once(given_chunks, ticks):
    for ensembling in (False, True):
        stepped = ChunkSchedule(ensembling=ensembling)
        for one in given_chunks:
            stepped.push(one)
        for tick in ticks:
            fresh = ChunkSchedule(ensembling=ensembling)
            for one in given_chunks:
                fresh.push(one)
            np.testing.assert_equal(stepped.due(tick), fresh.due(tick))


def test_ensembling_weights_the_oldest_most():
    schedule = ChunkSchedule(ensembling=True)
    for tick in (4, 0, 2):
        schedule.push(chunk(tick))
    action, _ = schedule.due(5)
    weights = np.exp(-0.01 * np.arange(3))
    np.testing.assert_allclose(action, [5.0, weights @ [0, 2, 4] / weights.sum()])


@given(chunks, st.integers(0, 70))
def test_ensembling_stays_within_what_the_chunks_propose(given_chunks, tick):
    schedule = ChunkSchedule(ensembling=True)
    for one in given_chunks:
        schedule.push(one)
    action, _ = schedule.due(tick)
    covering = [c.tick for c in given_chunks if c.tick <= tick < c.tick + 12]
    if action is not None:
        assert min(covering) - 1e-9 <= action[1] <= max(covering) + 1e-9


def test_a_server_that_falls_silent_is_noticed_at_the_age_given():
    schedule = ChunkSchedule(max_age=3)
    schedule.push(chunk(10, length=20))
    assert [schedule.due(t)[0] is not None for t in range(9, 16)] == [
        False, True, True, True, True, False, False,
    ]  # fmt: skip


def test_an_action_handed_out_is_the_callers_own():
    schedule = ChunkSchedule()
    schedule.push(chunk(0))
    first, _ = schedule.due(1)
    first += 100.0
    np.testing.assert_array_equal(schedule.due(1)[0], [1.0, 0.0])


poses = st.lists(st.floats(-3, 3), min_size=JOINTS, max_size=JOINTS).map(np.array)


@given(poses, poses, st.integers(0, 50))
def test_a_blend_moves_from_start_to_the_action_without_a_jump(start, action, ticks):
    blend = Blend(start, ticks)
    previous = start
    # The steepest point of 3 w^2 - 2 w^3 has slope 3/2.
    largest = np.abs(action - start) * 1.5 / max(ticks, 1) + 1e-9
    for _ in range(ticks):
        assert not blend.done
        now = blend.apply(action)
        assert (np.abs(now - previous) <= largest).all()
        assert (np.abs(action - now) <= np.abs(action - previous) + 1e-9).all()
        previous = now
    assert blend.done
    np.testing.assert_array_equal(blend.apply(action), action)
    if ticks:
        np.testing.assert_allclose(previous, action, atol=1e-9)
