"""Words of a view: what it hides is neither known nor meant, as if it were not there."""

import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.names import site_id
from fedretail.domain.kind import RecordId
from fedretail.index.answering.viewed import of_view
from fedretail.index.memory import memory
from fedretail.index.query import Page, Query
from fedretail.index.search import Index
from fedretail.index.views import View
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords

OWN, OTHER = b"o" * 16, b"p" * 16
OWNERS = (OWN, OTHER)
# Slips, parts and beginnings of each other.
WORDS = ["wine", "vine", "pine", "breakfast", "bread", "butter", "batter", "dish", "washer"]
WORDS += ["dishwasher"]
TYPED = [*WORDS, "braed", "brea", "buttr", "winr", "washr", "dishbread", "vines", "xx"]
CATEGORIES = ["Food", "Tools"]

offers = st.lists(
    st.tuples(
        st.sampled_from(OWNERS),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True).map(" ".join),
        st.sampled_from(CATEGORIES),
        st.sampled_from(["some", "none", "unknown"]),
    ),
    max_size=8,
)
views = st.sampled_from(
    [
        View(own="only", owner=OWN),
        View(hidden_retailers=frozenset([OTHER.hex()])),
        View(retailers=frozenset([OTHER.hex()])),
        View(categories=("food",)),
        View(hidden_categories=("food",), own="first", owner=OWN),
        View(in_stock=True),
        View(own="first", owner=OWN),
    ]
)
queries = st.tuples(
    st.lists(st.sampled_from(TYPED), min_size=1, max_size=2, unique=True).map(" ".join),
    st.booleans(),
    st.sampled_from(["best", "cheapest"]),
)

Offer = tuple[bytes, str, str, str]


def indexed(folder: Path, listed: list[tuple[int, Offer]]) -> Index:
    """An index of these offers, each with its number; both shops are there in any case."""
    store, clock = MemoryRecords(), ManualClock()
    for owner in OWNERS:
        site = site_id(owner, b"n")
        place = RecordId(owner, f"site/{site}", "site", site)
        fields: dict[str, Any] = {"name": "Shop", "nonce": b"n", "lat_e7": 0, "lon_e7": 0}
        store.put(place, fields, stamp=clock.now_ms())
    for number, (owner, name, category, stock) in listed:
        place = RecordId(owner, f"site/{site_id(owner, b'n')}", "offer", f"k{number}")
        store.put(place, {"name": name, "category": category, "stock": stock}, stamp=clock.now_ms())
    folder.mkdir()
    index = Index.open(folder / "index.db", store, clock=clock)
    index.follow()
    return index


def is_shown(offer: Offer, view: View) -> bool:
    owner, _, category, stock = offer
    return all((
        view.own != "only" or owner == view.owner,
        view.retailers is None or owner.hex() in view.retailers,
        owner.hex() not in view.hidden_retailers,
        not view.categories or category.lower() in view.categories,
        category.lower() not in view.hidden_categories,
        not view.in_stock or stock != "none",
    ))  # fmt: skip


def told(page: Page) -> Any:
    found = {one.offer for one in page.results}
    return found, page.total, page.full, {(one.typed, frozenset(one.shown)) for one in page.instead}


# Whether the columns are loaded: always, and never here.
@given(offers, views, queries, st.sampled_from([0, memory.LOAD_FROM_ROWS]))
def test_in_a_view_it_is_as_if_nothing_else_were_there(
    listed: list[Offer], view: View, asked: tuple[str, bool, Any], columns: int
) -> None:
    words, begun, sort = asked
    numbered = list(enumerate(listed))
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(memory, "LOAD_FROM_ROWS", columns),
        patch.object(memory, "USE_FROM_ROWS", columns),
        indexed(Path(folder, "all"), numbered) as all_of_it,
        indexed(Path(folder, "part"), [x for x in numbered if is_shown(x[1], view)]) as part,
    ):
        query = Query(words=words, begun=begun, sort=sort, limit=100, currency="EUR")
        alone = part.search(query)
        viewed = all_of_it.search(Query(**{**fields_of(query), "view": view}))
        assert told(viewed) == told(alone)


def fields_of(query: Query) -> dict[str, Any]:
    return {name: getattr(query, name) for name in ("words", "begun", "sort", "limit", "currency")}


def test_a_word_that_others_have_hides_no_own_one(tmp_path: Path) -> None:
    # As many of the others as would fill all places of what may be meant.
    foreign = ("wire", "wide", "wise", "vine", "wines", "wife")
    listed: list[tuple[int, Offer]] = [(0, (OWN, "pine", "Food", "some"))]
    listed += [(n + 1, (OTHER, name, "Food", "some")) for n, name in enumerate(foreign)]
    own = View(own="only", owner=OWN)
    with indexed(tmp_path / "shop", listed) as index:
        page = index.search(Query(words="vine", view=own))
        assert [one.name for one in page.results] == ["pine"]
        assert page.instead == [("vine", ("pine",))]
        # Typed as it stands in what is hidden, nothing else is meant, and nothing is there.
        assert index.search(Query(words="vine", view=own, as_typed=True)).total == 0
        assert index.search(Query(words="vine")).instead == []


@pytest.mark.parametrize("view", [None, View(), View(own="first", owner=OWN, title="All")])
def test_a_view_that_hides_nothing_asks_nothing(view: View | None) -> None:
    assert of_view(Query(words="x", view=view)) is None
