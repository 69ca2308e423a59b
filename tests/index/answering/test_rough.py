"""The first few hits without reading all rows are those of sorting everything."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.index.answering.rough import Hit, Rough, first
from fedretail.index.rules.goods import Goods, Where

GOODS = Goods("", Where(b"", "", "", None, None, None, None), None, None, 0)
# (lower bound, by how much the true value is above it, key)
worlds = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 2), st.text("abc", max_size=2)), max_size=30
)


@given(worlds, st.integers(0, 4), st.integers(0, 6))
def test_the_first_few_are_those_of_sorting_all(
    world: list[tuple[int, int, str]], offset: int, limit: int
) -> None:
    hits = [
        Hit((low + more, key, row), row, 0.0, GOODS) for row, (low, more, key) in enumerate(world)
    ]
    roughs = [
        Rough((low,), row, False, False, None, None, 0, 1.0)
        for row, (low, _, _) in enumerate(world)
    ]
    read: list[int] = []
    told: list[int] = []

    def settle(rough: Rough) -> Hit:
        assert rough.row in told
        read.append(rough.row)
        return hits[rough.row]

    found = first(
        sorted(roughs, key=lambda one: one.low), settle, offset, limit, expect=told.extend
    )
    wanted = sorted(hits)[offset : offset + limit] if limit else []
    assert found == wanted
    # Once there are enough, nothing is read whose bound is above the last of them.
    for place, row in enumerate(read[offset + limit :], start=offset + limit):
        worst = sorted(hits[one] for one in read[:place])[offset + limit - 1]
        assert world[row][0] <= worst.order[0]
