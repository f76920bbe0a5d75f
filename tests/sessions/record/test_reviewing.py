"""A reviewer's commands, as edits on a real workspace of recorded files."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessions import taxonomy
from sessions.messages import (
    Accepted,
    DiscardIntervention,
    MergeInterventions,
    Note,
    Redo,
    Refused,
    SetBoundary,
    SetContext,
    SetEdges,
    SetLabel,
    SetScore,
    SetTaxonomy,
    SplitIntervention,
    Tag,
    Undo,
)
from sessions.record.catalogue import Catalogue
from sessions.record.desk import Desk
from sessions.record.edits import EditLog
from sessions.record.query import parse, select
from sessions.record.storage import EpisodeWriter
from sessions.types import Controller, Outcome
from sessions.workspace import Workspace
from tests.sessions.record.parts import DTYPE, made_workspace, meta, steps

HOLD = """
[categories.hold]
label = "Hold"
colour = "#112233"
aliases = ["grasp"]
"""


class Reviewer:
    """A desk on a workspace with one attempt: policy, human from row 30 and from row 80."""

    def __init__(self, space: Workspace) -> None:
        self.space = space
        self.round = 2
        self.open()

    def open(self) -> None:
        log = EditLog(self.space.episodes, writable=True)
        self.catalogue = Catalogue(self.space, log)
        self.desk = Desk(
            self.catalogue, log, taxonomy.load("manipulation"), self.space.root, lambda: self.round
        )

    def do(self, command: object) -> None:
        reply = self.desk.handle(command, None)  # type: ignore[arg-type]
        assert reply == Accepted(), reply

    def refused(self, command: object) -> str:
        reply = self.desk.handle(command, None)  # type: ignore[arg-type]
        assert isinstance(reply, Refused)
        return f"{reply.why} {reply.remedy}"

    def rows(self) -> list[tuple[int, int]]:
        return [(i.first, i.stop) for i in self.catalogue.interventions()]


@pytest.fixture
def reviewer(tmp_path: Path) -> Iterator[Reviewer]:
    space = made_workspace(tmp_path / "w")
    made = steps(0, 120)
    for first, stop in ((30, 50), (80, 100)):
        made["controller"][first:stop] = Controller.HUMAN
    writer = EpisodeWriter(space.episodes, meta(), DTYPE)
    writer.append(made)
    writer.finish(Outcome.FAILURE)
    return Reviewer(space)


def test_edges_are_moved_within_the_attempt_and_never_into_a_neighbour(reviewer: Reviewer) -> None:
    reviewer.do(SetEdges(1, 30, 25, 60))
    assert reviewer.rows() == [(25, 60), (80, 100)]
    (first, _) = reviewer.catalogue.interventions()
    assert first.start == 30
    assert first.t == pytest.approx(0.5)
    assert first.duration_s == pytest.approx(34 / 50)
    assert "frame 81" in reviewer.refused(SetEdges(1, 30, 25, 81))
    assert "attempt's 120" in reviewer.refused(SetEdges(1, 80, 80, 121))
    assert "attempt's 120" in reviewer.refused(SetEdges(1, 80, 90, 90))
    assert "no correction 31" in reviewer.refused(SetEdges(1, 31, 25, 40))
    assert "episode 9" in reviewer.refused(SetEdges(9, 30, 25, 40))


def test_edges_need_a_tick_that_the_human_drove(reviewer: Reviewer) -> None:
    words = reviewer.refused(SetEdges(1, 30, 10, 30))
    assert "Frames 11 to 30 are none that the human drove" in words
    assert "discard it" in words
    reviewer.do(SetEdges(1, 30, 10, 31))
    assert "Frames 11 to 20 are none" in reviewer.refused(SplitIntervention(1, 30, 20))
    assert reviewer.rows() == [(10, 31), (80, 100)]


def test_a_split_keeps_the_tag_and_the_discarding_on_both_halves(reviewer: Reviewer) -> None:
    reviewer.do(Tag(1, 80, "grasp"))
    reviewer.do(DiscardIntervention(1, 80, True))
    reviewer.do(SplitIntervention(1, 80, 90))
    _, former, later = reviewer.catalogue.interventions()
    assert (former.category, later.category) == ("grasp", "grasp")
    assert former.discarded
    assert later.discarded
    reviewer.do(Tag(1, 80, "approach"))
    assert reviewer.catalogue.interventions()[2].category == "grasp"


def test_a_boundary_goes_with_the_half_that_it_is_in_and_a_merge_brings_it_back(
    reviewer: Reviewer,
) -> None:
    for boundary, halves in ((95, (-1, 95)), (85, (85, -1)), (90, (-1, -1))):
        reviewer.do(SetBoundary(1, 80, boundary))
        reviewer.do(SplitIntervention(1, 80, 90))
        _, former, later = reviewer.catalogue.interventions()
        assert (former.boundary, later.boundary) == halves
        reviewer.do(MergeInterventions(1, 80, later.start))
        assert reviewer.catalogue.interventions()[1].boundary == boundary


def test_a_merge_keeps_what_was_said_of_either_half(reviewer: Reviewer) -> None:
    reviewer.do(Tag(1, 80, "placement"))
    reviewer.do(SetBoundary(1, 80, 85))
    reviewer.do(MergeInterventions(1, 30, 80))
    (whole,) = reviewer.catalogue.interventions()
    assert (whole.start, whole.category, whole.boundary) == (30, "placement", 85)
    reviewer.do(Undo(everywhere=True))
    assert [i.category for i in reviewer.catalogue.interventions()] == ["", "placement"]


def test_a_split_makes_two_with_labels_of_their_own_and_a_merge_one_again(
    reviewer: Reviewer,
) -> None:
    reviewer.do(Tag(1, 80, "grasp"))
    reviewer.do(SplitIntervention(1, 80, 90))
    assert reviewer.rows() == [(30, 50), (80, 90), (90, 100)]
    later = reviewer.catalogue.interventions()[2]
    reviewer.do(Tag(1, later.start, "placement"))
    categories = [i.category for i in reviewer.catalogue.interventions()]
    assert categories == ["", "grasp", "placement"]
    assert "does not part" in reviewer.refused(SplitIntervention(1, 80, 95))
    assert "between" in reviewer.refused(MergeInterventions(1, later.start, 30))
    reviewer.do(MergeInterventions(1, later.start, 80))
    assert reviewer.rows() == [(30, 50), (80, 100)]
    assert [i.category for i in reviewer.catalogue.interventions()] == ["", "grasp"]


def test_everything_is_undone_to_the_first_edit_even_after_a_restart_and_a_new_round(
    reviewer: Reviewer,
) -> None:
    reviewer.do(SplitIntervention(1, 80, 90))
    reviewer.do(SetBoundary(1, 30, 40))
    reviewer.round = 3
    reviewer.do(SetContext(1, 30, 0.4))
    reviewer.do(SetScore(1, "grasp", 2))
    reviewer.do(SetLabel(1, "object", "blue cube"))
    reviewer.do(Note(1, -1, "The light was off."))
    reviewer.open()
    (summary,) = reviewer.catalogue.episodes()
    assert summary.scores == {"grasp": 2}
    assert (summary.object, summary.note) == ("blue cube", "The light was off.")
    first = reviewer.catalogue.interventions()[0]
    assert (first.boundary, first.context_s) == (40, 0.4)
    assert reviewer.desk.undo_text() == "the note of attempt 1"
    for _ in range(6):
        reviewer.do(Undo(everywhere=True))
    reviewer.refused(Undo(everywhere=True))
    assert reviewer.rows() == [(30, 50), (80, 100)]
    (summary,) = reviewer.catalogue.episodes()
    assert (summary.scores, summary.object, summary.note) == ({}, "cube", "")
    assert reviewer.catalogue.interventions()[0].boundary == -1
    reviewer.open()
    for _ in range(6):
        reviewer.do(Redo(everywhere=True))
    assert reviewer.rows() == [(30, 50), (80, 90), (90, 100)]


def test_an_undo_of_this_round_leaves_earlier_rounds_alone_and_says_where_they_are_undone(
    reviewer: Reviewer,
) -> None:
    reviewer.do(Tag(1, 30, "grasp"))
    reviewer.round = 3
    assert "Review page" in reviewer.refused(Undo())


def test_what_makes_no_sense_is_refused_with_what_would(reviewer: Reviewer) -> None:
    assert "frames 31 to 50" in reviewer.refused(SetBoundary(1, 30, 50))
    assert "approach, grasp" in reviewer.refused(SetScore(1, "flying", 1))
    assert "0 (not begun) to 3" in reviewer.refused(SetScore(1, "grasp", 4))
    assert "60 s" in reviewer.refused(SetContext(1, 30, 61.0))
    assert "operator, session" in reviewer.refused(SetLabel(1, "weather", "rain"))


def test_tau_is_of_takeovers_and_not_of_how_they_were_cut(reviewer: Reviewer) -> None:
    before = reviewer.catalogue.doubts()
    assert len(before) == 2
    reviewer.do(SplitIntervention(1, 80, 90))
    reviewer.do(SetEdges(1, 30, 25, 60))
    assert reviewer.catalogue.doubts() == before
    reviewer.do(DiscardIntervention(1, 30))
    assert reviewer.catalogue.doubts() == before[1:]


def test_a_takeover_merged_into_a_discarded_intervention_is_no_takeover_to_learn_tau_from(
    reviewer: Reviewer,
) -> None:
    before = reviewer.catalogue.doubts()
    reviewer.do(MergeInterventions(1, 30, 80))
    assert reviewer.catalogue.doubts() == before
    reviewer.do(DiscardIntervention(1, 30))
    assert reviewer.catalogue.doubts() == []


def test_every_edit_shows_at_once_and_so_does_its_undoing(reviewer: Reviewer) -> None:
    catalogue = reviewer.catalogue
    for shown, command in (
        ("grasp", Tag(1, 30, "grasp")),
        ("", Undo()),
        ("grasp", Redo()),
        ("hold", SetTaxonomy(HOLD)),
    ):
        catalogue.interventions()
        reviewer.do(command)
        assert catalogue.interventions()[0].category == shown
        assert catalogue.interventions(2)[0].category == shown


def test_what_is_shown_every_second_is_made_only_when_it_changed(reviewer: Reviewer) -> None:
    catalogue = reviewer.catalogue
    (shown,) = catalogue.episodes()
    assert catalogue.episodes()[0] is shown
    assert catalogue.interventions()[0] is catalogue.interventions(2)[0]
    reviewer.do(SetLabel(1, "object", "ball"))
    assert catalogue.episodes()[0].object == "ball"


def test_a_copy_beside_an_attempt_is_told_and_not_learned_from_twice(reviewer: Reviewer) -> None:
    folder = reviewer.space.episodes
    shutil.copy(folder / "000001.h5", folder / "000001.copy.h5")
    reviewer.catalogue.refresh()
    assert [e.episode for e in reviewer.catalogue.episodes()] == [1]
    assert "000001.copy.h5 is no episode's name" in reviewer.catalogue.problems[0]


def test_a_reader_of_anothers_workspace_leaves_nothing_there(reviewer: Reviewer) -> None:
    (reviewer.space.episodes / "index.msgpack").unlink()
    assert len(Catalogue(reviewer.space, remember=False).episodes()) == 1
    assert not (reviewer.space.episodes / "index.msgpack").exists()


def test_a_query_finds_what_was_tagged_under_an_earlier_name(reviewer: Reviewer) -> None:
    reviewer.do(Tag(1, 30, "grasp"))
    reviewer.do(SetTaxonomy(HOLD))
    for text in ("category=grasp", "category=hold"):
        assert select(reviewer.catalogue, parse(text)).identities == {(1, 30)}
