"""Seeded seasons: nothing is wrong in them, and bugs that take months to show are found."""

import pytest

from fedretail.testing.season_bugs import SEASON_BUGS
from fedretail.testing.season_runs import run_seasons


def test_nothing_is_wrong_after_some_seasons() -> None:
    assert run_seasons(1) == []


@pytest.mark.parametrize(
    ("bug", "seed", "oracle"),
    [
        ("purge above the floor", 1, "rows"),
        ("tombstone dropped on later heads alone", 3, "folds"),
        ("stale log's deletions hidden", 4, "revived"),
        ("deletions that have left are not remembered", 4, "revived"),
    ],
)
def test_a_bug_that_takes_months_is_found(bug: str, seed: int, oracle: str) -> None:
    (found,) = run_seasons(seed, bugs=[bug])
    assert found.oracle == oracle


def test_every_bug_is_tried() -> None:
    assert len(SEASON_BUGS) == 4
