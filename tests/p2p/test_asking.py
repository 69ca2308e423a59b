"""What a node concludes from what neighbours know of its own logs."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.p2p.asking import (
    ENOUGH,
    PATIENCE_MS,
    WAIT_MS,
    Finding,
    finding,
    is_answered,
    is_due,
)

_small = st.integers(0, 5)


@given(_small, _small, st.none() | st.integers(0, 2 * WAIT_MS))
def test_how_long_neighbours_are_asked(answered: int, known: int, met_ms: int | None) -> None:
    is_long = met_ms is not None and met_ms >= WAIT_MS
    enough = answered >= ENOUGH or answered >= known or is_long
    assert is_answered(answered, known, met_ms) is enough


def test_who_knows_nobody_asks_nobody() -> None:
    assert is_answered(0, 0, 0)
    assert not is_answered(0, 1, WAIT_MS - 1)
    assert is_answered(0, 9, WAIT_MS)


def test_who_meets_nobody_waits() -> None:
    assert not is_answered(0, 1, None)


@given(st.tuples(_small, _small), st.integers(0, 5), _small, st.booleans())
def test_what_a_head_of_an_own_log_means(
    shown: tuple[int, int], mine: int, seen_seq: int, has_exposed: bool
) -> None:
    found = finding(shown, mine, seen_seq=seen_seq, has_exposed=has_exposed)
    is_news = shown[0] > mine or (shown[0] == mine and shown[1] > seen_seq)
    assert (found in (Finding.LOST, Finding.CLONE)) is is_news
    # Never told apart by anything but what this start has shown already.
    if is_news:
        assert (found is Finding.CLONE) is has_exposed
    assert (found is Finding.OLDER) is (shown[0] < mine)


def test_what_does_not_come_is_not_waited_for_without_end() -> None:
    assert is_due(0, 0)
    assert not is_due(1, PATIENCE_MS - 1)
    assert is_due(1, PATIENCE_MS)
