"""What rows say at a moment is what reading them at that moment says, and is read seldom."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.catalog import Offer
from fedretail.domain.prices import Price
from fedretail.domain.stock import Stock
from fedretail.index.layout.cells import UNIT_BASES
from fedretail.index.memory import moments
from fedretail.index.memory.moments import Moments
from fedretail.index.rules.timed import Timed, timed_at

ends = st.none() | st.integers(-2, 12)
prices = st.builds(
    Price,
    st.integers(0, 9),
    ends,
    ends,
    st.sampled_from([1, 2]),
    st.sampled_from(["all", "members"]),
)
offers = st.builds(
    Offer,
    name=st.just("Milk"),
    stock=st.just(Stock()),
    prices=st.lists(prices, max_size=3).map(tuple),
    valid_from=ends,
    valid_until=ends,
)
worlds = st.dictionaries(st.integers(0, 99), offers, min_size=1, max_size=6)
asked = st.lists(st.tuples(st.integers(0, 10), st.booleans()), max_size=8)


def told(found: np.void) -> tuple[bool, int | None, tuple[int, str] | None]:
    unit = (int(found["unit"]), UNIT_BASES[found["base"]]) if found["unit"] >= 0 else None
    return bool(found["shown"]), None if found["amount"] < 0 else int(found["amount"]), unit


@pytest.mark.parametrize("most", [3, 100])
@given(worlds, asked)
def test_rows_say_what_reading_them_says(
    most: int, world: dict[int, Offer], queries: list[tuple[int, bool]]
) -> None:
    kept, rows = Moments(), np.array(sorted(world), np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moments, "_MOST_KEPT", most)
        for at_ms, is_half in queries:

            def read(some: list[int], at_ms: int = at_ms) -> list[Timed]:
                return [timed_at(world[row], at_ms, member=True) for row in some]

            some = rows[::2] if is_half else rows
            found = kept.at(some, at_ms, read)
            for row, said in zip(some.tolist(), found, strict=True):
                one = timed_at(world[row], at_ms, member=True)
                unit = one.unit and (one.unit.amount_minor, one.unit.per)
                assert told(said) == (one.is_shown, one.amount, unit)


def test_what_is_known_is_read_again_when_it_ends_or_changes() -> None:
    kept, reads = Moments(), list[list[int]]()

    def read(rows: list[int]) -> list[Timed]:
        reads.append(rows)
        return [Timed(10, 20, is_shown=True) for _ in rows]

    rows = np.array([1, 64, 65, 200], np.int64)
    for at_ms in (10, 19, 20):
        kept.at(rows, at_ms, read)
    assert reads == [rows.tolist()] * 2
    kept.at(rows, 15, read)
    kept.forget(np.array([64]), 64)
    kept.at(rows, 15, read)
    assert reads[2:] == [[64, 65]]
