"""Interventions as edited: resolved from what was recorded and from edits, never from a guess."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sessions.record.marks import SPLIT, Facts, Kind, Mark, facts, kinds, resolve, stretches
from sessions.types import Controller
from tests.sessions.record.parts import RATE, steps

P, H, X, B = Controller.POLICY, Controller.HUMAN, Controller.HOLD, Controller.HANDOVER


def ticks(*runs: tuple[Controller, int]) -> np.ndarray:
    made = steps(0, sum(n for _, n in runs))
    made["controller"] = [c for c, n in runs for _ in range(n)]
    return made


def rows(first: int, stop: int) -> Facts:
    return Facts(first, stop, first / RATE, (stop - 1 - first) / RATE)


def spans(found: list[Mark]) -> list[tuple[int, int, int]]:
    return [(m.identity, m.facts.first, m.facts.stop) for m in found]


RECORDED = {10: rows(10, 20), 40: rows(40, 60)}


def test_without_edits_the_interventions_are_those_recorded() -> None:
    assert spans(resolve(RECORDED, [], {}, {})) == [(10, 10, 20), (40, 40, 60)]


def test_a_split_part_can_be_moved_and_merged_back() -> None:
    child = SPLIT + 1
    split = (1, {40: rows(40, 50), child: rows(50, 60)})
    moved = (2, {child: rows(52, 60)})
    merged = (3, {40: rows(40, 60), child: None})
    assert spans(resolve(RECORDED, [split], {}, {}))[1:] == [(40, 40, 50), (child, 50, 60)]
    assert spans(resolve(RECORDED, [split, moved], {}, {}))[2] == (child, 52, 60)
    assert spans(resolve(RECORDED, [split, moved, merged], {}, {})) == spans(
        resolve(RECORDED, [], {}, {})
    )


def test_an_edit_of_a_part_whose_split_was_undone_changes_nothing() -> None:
    moved = (2, {SPLIT + 1: rows(52, 60)})
    gone = (3, {40: rows(40, 60), SPLIT + 1: None})
    assert spans(resolve(RECORDED, [moved, gone], {}, {})) == spans(resolve(RECORDED, [], {}, {}))


def test_a_boundary_counts_only_inside_its_intervention() -> None:
    found = resolve(RECORDED, [], {10: 15, 40: 60}, {40: 0.5})
    assert [(m.boundary, m.context_s) for m in found] == [(15, None), (-1, 0.5)]


def test_every_tick_is_told_what_it_is() -> None:
    made = ticks((P, 100), (H, 30), (B, 5), (P, 40), (H, 10), (X, 5))
    found = resolve({100: rows(100, 130), 175: rows(175, 185)}, [], {100: 110}, {175: 0.2})
    seen = [(s.kind, s.first, s.stop, s.identity) for s in stretches(made, found, 1.0)]
    assert seen == [
        (Kind.POLICY, 0, 50, -1),
        (Kind.CONTEXT, 50, 100, 100),
        (Kind.RECOVERY, 100, 110, 100),
        (Kind.CORRECTION, 110, 130, 100),
        (Kind.HANDOVER, 130, 135, -1),
        (Kind.POLICY, 135, 165, -1),
        (Kind.CONTEXT, 165, 175, 175),
        (Kind.INTERVENTION, 175, 185, 175),
        (Kind.HOLD, 185, 190, -1),
    ]


def test_what_was_trimmed_off_is_human_but_no_intervention() -> None:
    made = ticks((P, 20), (H, 30))
    trimmed = resolve({20: rows(20, 50)}, [(1, {20: rows(30, 50)})], {}, {})
    seen = [(s.kind, s.first, s.stop) for s in stretches(made, trimmed, 1.0)]
    assert seen == [(Kind.CONTEXT, 0, 20), (Kind.HUMAN, 20, 30), (Kind.INTERVENTION, 30, 50)]


def test_a_start_that_was_moved_later_keeps_what_led_to_the_takeover() -> None:
    made = ticks((P, 100), (H, 30))
    moved = resolve({100: rows(100, 130)}, [(1, {100: rows(104, 130)})], {}, {})
    seen = [(s.kind, s.first, s.stop) for s in stretches(made, moved, 1.0)]
    assert seen[1:] == [
        (Kind.CONTEXT, 50, 100),
        (Kind.HUMAN, 100, 104),
        (Kind.INTERVENTION, 104, 130),
    ]


def test_a_context_never_reaches_into_what_a_human_did() -> None:
    made = ticks((H, 30), (P, 10), (H, 10))
    found = resolve({0: rows(0, 30), 40: rows(40, 50)}, [], {}, {})
    seen = [(s.kind, s.first, s.stop) for s in stretches(made, found, 5.0)]
    assert seen[1] == (Kind.CONTEXT, 30, 40)


@given(
    st.lists(st.tuples(st.sampled_from(list(Controller)), st.integers(1, 20)), max_size=8),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=4),
    st.floats(0, 3),
)
def test_stretches_cover_every_tick_once(
    runs: list[tuple[Controller, int]], places: list[tuple[int, int]], context_s: float
) -> None:
    made = ticks(*runs)
    marks = [Mark(i, rows(first, first + n)) for i, (first, n) in enumerate(sorted(places))]
    found = stretches(made, marks, context_s)
    covered = [row for s in found for row in range(s.first, s.stop)]
    assert covered == list(range(len(made)))
    kind, owner = kinds(made, marks, context_s)
    assert len(kind) == len(owner) == len(made)


def test_facts_are_the_ticks_own() -> None:
    made = ticks((P, 50), (H, 25))
    made["doubt"][:] = np.nan
    made["doubt"][45] = 0.7
    made["stage"][:] = -1
    found = facts(made, 50, 75, RATE)
    assert (found.t, round(found.duration_s, 6)) == (made["t"][50] - made["t"][0], 24 / RATE)
    assert found.doubt is not None
    assert abs(found.doubt - 0.7) < 1e-6
    assert not found.staged
    made["doubt"][:] = np.nan
    assert facts(made, 50, 75, RATE).doubt is None


def test_interventions_never_share_a_row_whatever_was_undone() -> None:
    shrunk = (1, {40: rows(50, 60)})
    grown = (2, {10: rows(10, 45)})
    assert spans(resolve(RECORDED, [shrunk, grown], {}, {})) == [(10, 10, 45), (40, 50, 60)]
    assert spans(resolve(RECORDED, [grown], {}, {})) == [(10, 10, 20), (40, 40, 60)]


def test_ticks_of_a_controller_that_nobody_knows_are_a_hold() -> None:
    made = ticks((P, 10))
    made["controller"][4] = 200
    assert [s.kind for s in stretches(made, [], 1.0)] == [Kind.POLICY, Kind.HOLD, Kind.POLICY]


def test_edges_over_the_policy_s_ticks_make_context_of_them_and_never_a_correction() -> None:
    made = ticks((P, 100), (H, 30), (B, 5), (P, 40))
    (mark,) = resolve({100: rows(80, 150)}, [], {}, {100: 0.2})
    assert [(s.kind, s.first, s.stop, s.identity) for s in stretches(made, [mark], 1.0)] == [
        (Kind.POLICY, 0, 70, -1),
        (Kind.CONTEXT, 70, 100, 100),
        (Kind.INTERVENTION, 100, 130, 100),
        (Kind.HANDOVER, 130, 135, 100),
        (Kind.POLICY, 135, 150, 100),
        (Kind.POLICY, 150, 175, -1),
    ]


def test_what_the_policy_brought_on_is_no_success_of_a_correction_whose_edge_was_moved() -> None:
    made = ticks((P, 100), (H, 30), (P, 40))
    made["stage"] = 1
    made["stage"][90:] = 2  # before the human took over
    made["stage"][140:] = 3  # after they gave back
    assert not facts(made, 100, 130, RATE).recovered
    assert not facts(made, 80, 150, RATE).recovered
    made["stage"][120:] = 3
    assert facts(made, 80, 150, RATE).recovered
