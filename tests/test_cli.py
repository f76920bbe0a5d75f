from __future__ import annotations

from pathlib import Path

import pytest

from dagger_gui import cli


def test_simulate_takes_what_the_issue_promises() -> None:
    line = "simulate --workspace w --rounds 3 --corrections 20 --trials 50 --seed 0 --report r.json"
    arguments = cli.parser().parse_args(line.split())
    assert arguments.workspace == Path("w")
    assert (arguments.rounds, arguments.corrections, arguments.trials) == (3, 20, 50)
    assert arguments.report == Path("r.json")


@pytest.mark.parametrize("line", [[], ["run"]])
def test_without_a_command_the_window_opens_on_the_users_workspace(
    line: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert cli.workspace_of(cli.parser().parse_args(line)) == tmp_path / "dagger" / "pick-place"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cli.default_workspace() == tmp_path / "dagger" / "pick-place"


@pytest.mark.parametrize("line", ["--workspace x", "run --workspace x", "--workspace x run"])
def test_a_workspace_can_be_named_before_or_after_the_command(line: str) -> None:
    assert cli.workspace_of(cli.parser().parse_args(line.split())) == Path("x")


def test_an_error_is_one_sentence_and_never_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    assert cli.main(["simulate", "--workspace", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "not empty" in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("rounds", ["0", "-1", "many"])
def test_a_count_that_makes_no_sense_is_refused(rounds: str) -> None:
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["simulate", "--workspace", "w", "--rounds", rounds])
