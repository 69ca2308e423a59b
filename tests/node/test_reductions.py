"""The lowest price of 30 days beside a reduction, against the days one by one."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fedretail.node.reductions import amount_now, is_repriced, with_lowest

DAY_MS = 24 * 3600 * 1000
NOW_MS = 1_000 * DAY_MS
amounts = st.integers(1, 500)


def groups(history: list[tuple[int, int]]) -> list[Any]:
    """Row versions, newest first, as the store gives them."""
    return [[(NOW_MS - day * DAY_MS, {"prices": [[amount]]})] for day, amount in sorted(history)]


@given(
    st.lists(st.tuples(st.integers(1, 60), amounts), min_size=1, unique_by=lambda one: one[0]),
    amounts,
    st.one_of(st.none(), amounts),
)
def test_a_reduction_names_the_lowest_of_its_30_days(
    history: list[tuple[int, int]], new: int, struck: int | None
) -> None:
    past = sorted(history)
    old = {"prices": [[past[0][1]]]}
    changed = {"prices": [[new]], **({"regular": struck} if struck else {})}
    told = with_lowest(old, changed, groups(history), now_ms=NOW_MS).get("lowest_30d")
    in_force = [
        next(amount for at, amount in past if at >= day) for day in range(1, 31)
        if any(at >= day for at, _ in past)
    ]  # fmt: skip
    is_reduced = new < past[0][1] or (struck is not None and new < struck)
    assert told == (min(in_force) if is_reduced else None)


def test_what_a_file_says_itself_is_kept() -> None:
    changed = {"prices": [[100]], "lowest_30d": 90}
    assert with_lowest({"prices": [[200]]}, changed, groups([(2, 200)]), now_ms=NOW_MS) == changed


def test_a_rise_clears_what_a_reduction_said() -> None:
    old = {"prices": [[100]], "lowest_30d": 200}
    told = with_lowest(old, {"prices": [[300]]}, groups([(2, 100)]), now_ms=NOW_MS)
    assert told["lowest_30d"] is None


def test_only_another_price_of_an_offer_that_is_there_counts() -> None:
    assert is_repriced({"name": "Bread"}, {"prices": [[1]]})
    assert not is_repriced({}, {"prices": [[1]]})
    assert not is_repriced({"name": "Bread"}, {"stock": "few"})


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_value_is_an_amount_or_none(value: Any) -> None:
    amount = amount_now({"prices": value}, NOW_MS)
    assert amount is None or amount >= 0
