"""A computer that has lost its time: what is hidden by it is not said to be missing."""

import pytest

from fedretail.clock import SystemClock

DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def late(shop, monkeypatch: pytest.MonkeyPatch):
    """The shop on a computer whose clock went back by 400 days."""
    right = SystemClock.now_ms
    monkeypatch.setattr(SystemClock, "now_ms", lambda self: right(self) - 400 * DAY_MS)
    return shop


@pytest.mark.parametrize(
    "words",
    [
        ("offer", "set", "M1", "--price", "1"),
        ("offer", "add", "--name", "Bread", "--price", "1"),
        ("search", "milk"),
        ("show", "M1"),
        ("site", "list"),
        ("site", "list", "--json"),
        ("site", "add", "--name", "Brook Farm", "--at", "48.5216,9.0576"),
    ],
    ids=" ".join,
)
def test_the_clock_is_named_and_nothing_is_made_twice(late, words, monkeypatch) -> None:
    done = late(*words)
    assert done.code == 1
    assert "This computer's clock says " in done.err
    assert "this shop's own entries are later." in done.err
    assert "Set the clock right first." in done.err
    assert "import" not in done.err
    assert "site add" not in done.err
    monkeypatch.undo()
    assert len(late("site", "list", "--json").object["sites"]) == 1


def test_status_says_it_without_a_daemon(late) -> None:
    done = late("status")
    assert "This computer's clock says " in done.err
    assert "`fedretail --data-dir " in done.err
    assert "There are no offers here" not in done.err


def test_a_clock_that_is_a_little_early_is_right_enough(shop, monkeypatch) -> None:
    right = SystemClock.now_ms
    monkeypatch.setattr(SystemClock, "now_ms", lambda self: right(self) - 300_000)
    assert "Raw milk" in shop("search", "milk").out
    assert "clock" not in shop("status").err
