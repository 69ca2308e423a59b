"""Stock: what the public learns of a count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.stock import LEVELS, Stock, derive_stock, may_have


@pytest.mark.parametrize(
    ("count", "level", "left"),
    [(-3, "none", None), (0, "none", None), (1, "few", 1), (5, "few", 5), (6, "some", 6),
     (9, "some", 9), (10, "some", None), (10**12, "some", None), (None, "unknown", None)],
)  # fmt: skip
def test_levels(count: int | None, level: str, left: int | None) -> None:
    assert derive_stock(count) == Stock(level, left)  # type: ignore[arg-type]


def test_a_bare_yes_or_no() -> None:
    assert derive_stock(None, in_stock=True) == Stock("some")
    assert derive_stock(None, in_stock=False) == Stock("none")
    assert derive_stock(4, in_stock=False) == Stock("none")
    assert derive_stock(0, in_stock=True) == Stock("none")


def test_settings_of_the_shop() -> None:
    assert derive_stock(3, show_left=False) == Stock("few")
    assert derive_stock(3, few_below=3) == Stock("some", 3)


def test_zero_is_not_unknown() -> None:
    assert derive_stock(0) != derive_stock(None)


def test_may_have() -> None:
    assert [may_have(Stock(level)) for level in LEVELS] == [False, True, True, False]
    assert may_have(Stock("none", made_to_order=True))


@given(st.none() | st.integers(), st.none() | st.booleans(), st.integers(1, 20), st.booleans())
def test_left_never_tells_more_than_nine(
    count: int | None, in_stock: bool | None, few_below: int, show_left: bool
) -> None:
    stock = derive_stock(count, in_stock=in_stock, few_below=few_below, show_left=show_left)
    assert stock.level in LEVELS
    assert stock.left is None or (show_left and 1 <= stock.left <= 9 and stock.left == count)
