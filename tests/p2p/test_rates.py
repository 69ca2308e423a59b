"""Token buckets: a burst at once, then so much a second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.p2p.rates import Buckets, TokenBucket


def test_a_burst_is_free_and_what_follows_waits() -> None:
    bucket = TokenBucket(rate=10, burst=5)
    assert bucket.take(5, 0) == 0
    assert bucket.take(1, 0) == pytest.approx(0.1)
    assert bucket.take(1, 0) == pytest.approx(0.2)
    assert bucket.take(1, 300) == pytest.approx(0)
    assert bucket.take(5, 60_000) == 0
    assert bucket.take(1, 60_000) > 0


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(rate=10, burst=5)
    assert bucket.take(5, 10_000) == 0
    assert bucket.take(1, 0) == pytest.approx(0.1)
    assert bucket.take(0, 100) == pytest.approx(0)


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 500)), max_size=40))
def test_who_waits_as_told_takes_no_more_than_the_rate(steps: list[tuple[float, int]]) -> None:
    bucket = TokenBucket(rate=10, burst=5)
    now_ms, taken = 0.0, 0.0
    for tokens, pause_ms in steps:
        now_ms += pause_ms
        taken += tokens
        now_ms += bucket.take(tokens, int(now_ms)) * 1000
        assert taken <= 5 + 10 * (now_ms + len(steps)) / 1000 + 1e-6


def test_what_is_not_there_is_not_taken() -> None:
    bucket = TokenBucket(rate=10, burst=5)
    assert [bucket.take_if_there(2, 0) for _ in range(4)] == [True, True, False, False]
    assert bucket.take_if_there(2, 100)
    assert bucket.take(1, 100) == pytest.approx(0.1)


def test_who_would_wait_too_long_takes_nothing() -> None:
    bucket = TokenBucket(rate=2, burst=3)
    assert [bucket.take_soon(2, 0, 1.5) for _ in range(4)] == [0, 0.5, 1.5, None]
    assert bucket.take_soon(2, 500, 1.5) is None
    assert bucket.take_soon(1, 500, 1.5) == 1.5


def test_each_name_has_its_own_and_the_last_ones_are_remembered() -> None:
    buckets = Buckets(rate=1, burst=1, most=2)
    assert buckets.of("a").take_if_there(1, 0)
    assert buckets.of("b").take_if_there(1, 0)
    assert not buckets.of("a").take_if_there(1, 0)
    assert buckets.of("c").take_if_there(1, 0)
    assert not buckets.of("a").take_if_there(1, 0)
    assert buckets.of("b").take_if_there(1, 0)
