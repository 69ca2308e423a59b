"""What the command tells of streets and seasons, and how to see a failure again."""

import pytest

pytest.importorskip("apsw", reason="needs the extra fedretail[testing]")

from fedretail.testing.sim import runner
from fedretail.testing.sim.runner import main


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "0")


def test_a_failing_seed_prints_the_command_that_replays_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--seeds", "1-1", "--bug", "born ignored"]) == 1
    told = capsys.readouterr().out
    assert "replay: python -m fedretail.testing.sim --seed 1 --bug 'born ignored'" in told


def test_so_does_a_failing_season(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seasons", "2-2", "--bug", "purge above the floor"]) == 1
    told = capsys.readouterr().out
    assert "FAILED rows on day " in told
    assert "fedretail.testing.sim --seasons 2-2 --bug 'purge above the floor'" in told
    assert "1 seeds of seasons, 1 failed" in told


def test_seasons_in_which_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seasons", "1"]) == 0
    assert "     1  ok" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["--seasons", "1", "--bug", "born ignored"], ["--bug", "purge above the floor"]]
)
def test_a_bug_of_the_other_mode_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "is a bug of " in capsys.readouterr().err


def test_the_table_counts_bugs_of_both_modes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_ALL_BUGS", ["born ignored", "purge above the floor"])
    assert main(["--bugs-table", "--seeds", "1"]) == 0
    table = capsys.readouterr().out
    assert "| born ignored | 1 | 1 | accused 1 |" in table
    assert "| purge above the floor | 1 | 1 | rows 1 |" in table
