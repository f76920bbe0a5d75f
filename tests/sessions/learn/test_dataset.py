from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sessions.learn.dataset import (
    Samples,
    Span,
    chunked,
    correction_spans,
    demonstration_spans,
    held_out,
    joined,
)
from sessions.types import Controller, SessionError, step_dtype

P, H, B, D, X = (
    Controller.POLICY,
    Controller.HUMAN,
    Controller.HANDOVER,
    Controller.DEMO,
    Controller.HOLD,
)


def episode(*runs: tuple[Controller, int, int]) -> NDArray[Any]:
    """Ticks of runs (controller, ticks, stage); sent actions count the rows."""
    total = sum(ticks for _, ticks, _ in runs)
    steps = np.zeros(total, step_dtype(7, 3, 2))
    steps["controller"] = [c for c, ticks, _ in runs for _ in range(ticks)]
    steps["stage"] = [stage for _, ticks, stage in runs for _ in range(ticks)]
    steps["t"] = np.arange(total) * 0.02
    steps["sent_action"] = np.arange(total)[:, None] + np.arange(7) / 10
    steps["human_action"] = np.nan
    steps["position"] = -np.arange(total)[:, None].astype(float)
    return steps


def test_of_an_attempt_only_what_the_human_did_is_learned() -> None:
    steps = episode((P, 10, 0), (H, 6, 0), (B, 3, 1), (P, 5, 1))
    assert correction_spans(steps, 4, [(10, 16)]) == [Span(4, 10, 16, correction=True)]


def test_a_demonstration_is_learned_to_its_last_tick_but_not_its_holds() -> None:
    steps = episode((D, 8, 0), (X, 4, 0), (D, 5, 1))
    assert [(s.start, s.stop) for s in demonstration_spans(steps, 1)] == [(0, 8), (12, 17)]


def test_moved_edges_teach_only_what_a_human_commanded_between_them() -> None:
    steps = episode((P, 5, 0), (H, 5, 0), (P, 5, 1), (H, 5, 1), (P, 5, 2))
    spans = correction_spans(steps, 1, [(2, 8), (8, 17)])
    assert [(s.start, s.stop) for s in spans] == [(5, 8), (8, 10), (15, 17)]


def test_without_interventions_to_learn_from_an_attempt_teaches_nothing() -> None:
    steps = episode((P, 5, 0), (H, 5, 0), (P, 5, 1))
    assert correction_spans(steps, 1, []) == []


@given(st.integers(1, 40), st.integers(1, 20), st.integers(0, 30), st.integers(0, 10))
def test_a_chunk_holds_what_was_sent_and_never_reaches_over_its_segment(
    rows: int, horizon: int, start: int, after: int
) -> None:
    steps = episode((D, start + rows + after, 0))
    made = chunked(steps, Span(2, start, start + rows, correction=False), horizon)
    assert made.actions.shape == (rows, horizon, 7)
    for i in range(rows):
        left = min(horizon, rows - i)
        assert made.valid[i].sum() == left
        assert made.valid[i, :left].all()
        assert made.actions[i, :left, 0] == pytest.approx(np.arange(start + i, start + i + left))
        assert (made.actions[i, left:, 0] == start + rows - 1).all()
    assert (made.row == np.arange(start, start + rows)).all()
    assert made.position[:, 0] == pytest.approx(-made.row)


def test_what_the_human_commanded_is_learned_and_what_was_sent_only_where_that_is_unknown() -> None:
    steps = episode((D, 4, 0))
    steps["human_action"][1:3] = 100.0
    made = chunked(steps, Span(1, 0, 4, correction=False), 1)
    assert made.actions[:, 0, 0].tolist() == [0.0, 100.0, 100.0, 3.0]


def test_actions_that_are_not_finite_are_refused_by_episode() -> None:
    steps = episode((D, 8, 0))
    steps["sent_action"][3, 2] = np.nan
    with pytest.raises(SessionError, match="Episode 9"):
        chunked(steps, Span(9, 0, 8, correction=False), 4)


@pytest.mark.parametrize("name", ["position", "velocity", "environment_state"])
def test_observations_that_are_not_finite_are_refused_by_episode(name: str) -> None:
    steps = episode((D, 8, 0))
    steps[name][3, 1] = np.nan
    with pytest.raises(SessionError, match=rf"Episode 4 has {name} that are not finite"):
        chunked(steps, Span(4, 0, 8, correction=False), 2)


def test_rows_outside_the_episode_are_refused() -> None:
    with pytest.raises(SessionError, match="8 ticks"):
        chunked(episode((D, 8, 0)), Span(1, 4, 9, correction=False), 4)


def test_nothing_to_learn_from_is_said_in_words() -> None:
    with pytest.raises(SessionError, match="Record a demonstration first"):
        joined([])


def test_joining_keeps_every_tick_with_its_own_image() -> None:
    steps = episode((D, 6, 0))
    parts = []
    for number in (1, 2):
        part = chunked(steps, Span(number, 0, 6, correction=False), 2)
        pool = (
            np.full((3, 2, 2, 3), number * 10, np.uint8)
            + np.arange(3, dtype=np.uint8)[:, None, None, None]
        )
        part.images["top"] = pool
        part.frame["top"] = np.array([0, 0, 1, 1, 2, 2])
        parts.append(part)
    whole = joined(parts)
    seen = whole.images["top"][whole.frame["top"]][:, 0, 0, 0]
    assert seen.tolist() == [10, 10, 11, 11, 12, 12, 20, 20, 21, 21, 22, 22]
    second = whole.where(whole.episode == 2)
    assert len(second) == 6
    assert second.images["top"][second.frame["top"]][0, 0, 0, 0] == 20


def _numbered(numbers: list[int]) -> Samples:
    steps = episode((D, 4, 0))
    return joined([chunked(steps, Span(n, 0, 4, correction=False), 2) for n in numbers])


def test_held_out_episodes_stay_the_same_as_rounds_are_added() -> None:
    first, later = _numbered(list(range(1, 13))), _numbered(list(range(1, 41)))
    early = set(first.episode[held_out(first)].tolist())
    late = set(later.episode[held_out(later)].tolist())
    assert early == {10}
    assert late == {10, 20, 30, 40}


def test_few_episodes_are_all_learned_from() -> None:
    assert not held_out(_numbered([1, 10, 20])).any()
