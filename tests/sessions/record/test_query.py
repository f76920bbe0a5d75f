"""One line of text finds episodes and interventions."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.messages import EpisodeSummary, Intervention
from sessions.record.query import FIELDS, QueryError, choose, parse


def episode(number: int, **facts: Any) -> EpisodeSummary:
    usual: dict[str, Any] = {
        "round": 1,
        "demo": False,
        "outcome": "success",
        "duration_s": 10.0,
        "ticks": 500,
        "human_s": 2.0,
        "interventions": 1,
        "operator": "gello",
        "object": "red cube",
        "started_wall": "2026-11-20T10:00:00.000+00:00",
    }
    return EpisodeSummary(number, **{**usual, **facts})


def intervention(number: int, start: int, **facts: Any) -> Intervention:
    usual: dict[str, Any] = {
        "t": 1.0,
        "duration_s": 2.0,
        "doubt": 0.4,
        "category": "grasp",
        "note": "",
        "running": False,
        "recovered": True,
    }
    return Intervention(number, start, **{**usual, **facts})


EPISODES = [
    episode(1, demo=True, interventions=0, round=-1),
    episode(2),
    episode(3, outcome="failure", operator="keyboard", object="blue cube", round=2),
    episode(4, round=3, started_wall="2026-12-01T10:00:00.000+00:00"),
]
INTERVENTIONS = [
    intervention(2, 30),
    intervention(3, 10, category="", doubt=float("nan"), duration_s=1.0),
    intervention(3, 90, category="placement", doubt=0.9, recovered=False, duration_s=5.0),
    intervention(4, 20, discarded=True),
]


def found(text: str) -> tuple[list[int], list[tuple[int, int]]]:
    selection = choose(EPISODES, INTERVENTIONS, parse(text))
    return (
        [e.episode for e in selection.episodes],
        [(i.episode, i.start) for i in selection.interventions],
    )


def test_nothing_asked_finds_everything() -> None:
    assert found("") == ([1, 2, 3, 4], [(2, 30), (3, 10), (3, 90), (4, 20)])


@pytest.mark.parametrize(
    ("text", "episodes"),
    [
        ("round>=2", [3, 4]),
        ("outcome=failure", [3]),
        ("outcome!=failure,discarded demo=no", [2, 4]),
        ("operator=keyboard,gello demo=no round<3", [2, 3]),
        ('object~"blue C"', [3]),
        ("date>=2026-12-01", [4]),
        ("episode=2,4", [2, 4]),
        ("demo=yes", [1]),
    ],
)
def test_terms_about_episodes_choose_episodes(text: str, episodes: list[int]) -> None:
    assert found(text)[0] == episodes


@pytest.mark.parametrize(
    ("text", "episodes", "interventions"),
    [
        ("category=placement", [1, 3], [(3, 90)]),
        ("category=none", [1, 3], [(3, 10)]),
        ("doubt>0.5 demo=no", [3], [(3, 90)]),
        ("doubt<=0.5", [1, 2, 4], [(2, 30), (4, 20)]),
        ("recovered=yes discarded=no", [1, 2, 3], [(2, 30), (3, 10)]),
        ("length>=5 round=2", [3], [(3, 90)]),
    ],
)
def test_terms_about_interventions_leave_demonstrations_alone(
    text: str, episodes: list[int], interventions: list[tuple[int, int]]
) -> None:
    assert found(text) == (episodes, interventions)


@pytest.mark.parametrize(
    ("text", "episodes"),
    [
        ("note~evening", [2]),
        ("note~slipped", [3]),
        ("note~slipped,evening", [2, 3]),
        ("note!=''", [2, 3]),
        ("note=''", [1, 4]),
        ("remark~slipped", [3]),
    ],
)
def test_a_note_is_found_whether_it_is_of_the_attempt_or_of_a_correction(
    text: str, episodes: list[int]
) -> None:
    attempts = [
        msgspec.structs.replace(e, note="evening light" if e.episode == 2 else "") for e in EPISODES
    ]
    corrections = [
        msgspec.structs.replace(i, note="it slipped" if i.episode == 3 else "")
        for i in INTERVENTIONS
    ]
    selection = choose(attempts, corrections, parse(text))
    assert [e.episode for e in selection.episodes] == episodes
    assert {i.episode for i in selection.interventions} == {
        i.episode for i in INTERVENTIONS if i.episode in episodes
    }


def test_shares_are_of_the_time() -> None:
    selection = choose(EPISODES, INTERVENTIONS, parse("round>=2 discarded=no"))
    assert [(g.name, g.count, g.seconds) for g in selection.by_category()] == [
        ("placement", 1, 5.0),
        ("none", 1, 1.0),
    ]
    assert sum(g.share for g in selection.by_category()) == pytest.approx(1.0)
    assert [g.name for g in choose(EPISODES, [], parse("")).by("operator")] == [
        "gello",
        "keyboard",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour=red", "episode, round, demo"),
        ("grasp", "no sign"),
        ("round=two", "is none"),
        ("operator>gello", "no order"),
        ('object="red', "quotation"),
        ("outcome=Success", "success or failure or discarded"),
        ("discarded!=true", "yes or no"),
    ],
)
def test_what_is_no_query_is_refused_with_the_choices(text: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        parse(text)


@given(st.text(max_size=40))
def test_any_text_is_a_query_or_a_sentence(text: str) -> None:
    try:
        query = parse(text)
    except QueryError:
        return
    assert all(term.field in FIELDS for term in query.terms)
    choose(EPISODES, INTERVENTIONS, query)
