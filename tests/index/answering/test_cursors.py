"""Cursors from strangers: any text is a page of this search, or refused."""

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.geo import Position
from fedretail.errors import UsageError
from fedretail.index.answering.cursors import (
    LASTS_MS,
    Cursor,
    fits,
    moment_of,
    read_cursor,
    write_cursor,
)
from fedretail.index.query import Query
from fedretail.index.rules.orders import Sort
from fedretail.index.views import View

QUERY = Query(words="milk", near=Position(1, 2), retailers=frozenset("abcdef"))
CURSOR = Cursor((False, False, -0.1 - 0.2, "site/key é"), 5, ())
parts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)


def text_of(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_what_is_written_is_read_back() -> None:
    text = write_cursor(QUERY, CURSOR)
    assert read_cursor(replace(QUERY, cursor=text, limit=3, facets=True)) == CURSOR


@pytest.mark.parametrize(
    "other", [{"words": "bread"}, {"near": None}, {"group": True}, {"view": View(own="first")}]
)
def test_another_search_has_other_pages(other: dict[str, object]) -> None:
    text = write_cursor(QUERY, CURSOR)
    with pytest.raises(UsageError, match="another search"):
        read_cursor(replace(QUERY, cursor=text, **other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sort", "units"), [("cheapest-unit", ()), ("best", ("kg", "l", "m", "piece"))]
)
def test_ranks_of_units_come_with_the_order_that_needs_them(
    sort: Sort, units: tuple[str, ...]
) -> None:
    query = replace(QUERY, sort=sort)
    text = write_cursor(query, CURSOR._replace(units=units))
    with pytest.raises(UsageError):
        read_cursor(replace(query, cursor=text))


@given(st.text() | parts.map(text_of) | st.lists(parts, min_size=4, max_size=4).map(text_of))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_cursor(replace(QUERY, cursor=text))


@given(st.lists(parts, max_size=5), parts, parts)
def test_an_order_that_fits_compares(order: list[object], at_ms: object, units: object) -> None:
    mark = json.loads(base64.urlsafe_b64decode(write_cursor(QUERY, CURSOR) + "==="))[0]
    try:
        cursor = read_cursor(replace(QUERY, cursor=text_of([mark, order, at_ms, units])))
    except UsageError:
        return
    assert cursor is not None
    if fits(cursor, CURSOR.order):
        assert (cursor.order > CURSOR.order) in (True, False)


def test_a_page_shows_the_moment_of_the_first_for_an_hour() -> None:
    assert moment_of(QUERY, None, 9) == 9
    assert moment_of(QUERY, CURSOR, 5 + LASTS_MS) == 5
    assert moment_of(QUERY, CURSOR, 6 + LASTS_MS) == 6 + LASTS_MS
    assert moment_of(QUERY, CURSOR, 4) == 4
    assert moment_of(replace(QUERY, at_ms=7), CURSOR, 9) == 7
