"""What one sees, one can overwrite."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.stamp import MATURITY_MS, is_in_force, next_stamp

TIMES = st.integers(0, 1 << 45)


@given(TIMES, TIMES, TIMES)
def test_later_than_own_and_seen_and_never_before_the_clock(now: int, own: int, seen: int) -> None:
    stamp = next_stamp(now, own, seen)
    assert stamp > own
    assert stamp > seen
    assert stamp >= now
    assert stamp in {now, own + 1, seen + 1}


@given(TIMES, TIMES)
def test_an_edit_beats_all_that_is_in_force_and_is_in_force_soon(now: int, seen: int) -> None:
    if is_in_force(seen, now):
        assert is_in_force(next_stamp(now, 0, seen), now + 1)


def test_a_stamp_from_the_future_waits() -> None:
    assert is_in_force(100 + MATURITY_MS, 100)
    assert not is_in_force(101 + MATURITY_MS, 100)
