"""What a daemon says when something begins or ends, each of it once."""

from fedretail.node.happenings import Happenings

QUIET = {"stopped": None, "restores": 0, "restoring": False}
STOPPED = {**QUIET, "stopped": "neighbours have met both"}


def test_nothing_new_is_no_line() -> None:
    happenings = Happenings()
    assert happenings.lines(QUIET) == happenings.lines(QUIET) == []


def test_that_nothing_is_written_any_more_is_told_once() -> None:
    happenings = Happenings()
    happenings.lines(QUIET)
    (line,) = happenings.lines(STOPPED)
    assert "Nothing is written here any more" in line
    assert "neighbours have met both" in line
    assert happenings.lines(STOPPED) == []


def test_what_is_fetched_is_told_at_its_beginning_and_its_end() -> None:
    happenings = Happenings()
    restoring = {**QUIET, "restores": 1, "restoring": True}
    (begun,) = happenings.lines(restoring)
    assert "older copy" in begun
    assert happenings.lines({**restoring, "restores": 2}) == []
    (ended,) = happenings.lines({**restoring, "restores": 2, "restoring": False})
    assert "is here" in ended
    assert happenings.lines({**QUIET, "restores": 2}) == []


def test_what_was_over_before_anybody_looked_is_told_too() -> None:
    begun, ended = Happenings().lines({**QUIET, "restores": 1})
    assert "older copy" in begun
    assert "is here" in ended
