"""Words that are corrected, and told so; beginnings before corrections; searching as typed."""

from pathlib import Path

import pytest

from fedretail.crdt.names import site_id
from fedretail.domain.kind import RecordId
from fedretail.index.query import Page, Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords

OWNER = b"o" * 16
SITE = site_id(OWNER, b"n")


def indexed(folder: Path, offers: list[dict[str, object]]) -> Index:
    """One shop with these offers, keys k0, k1 ..., and its index."""
    store, clock = MemoryRecords(), ManualClock()
    record = RecordId(OWNER, f"site/{SITE}", "site", SITE)
    fields = {"name": "Shop", "nonce": b"n", "lat_e7": 485_000_000, "lon_e7": 90_500_000}
    store.put(record, fields, stamp=clock.now_ms())
    for number, offer in enumerate(offers):
        place = record._replace(kind="offer", key=f"k{number}")
        store.put(place, offer, stamp=clock.now_ms())
    index = Index.open(folder / "index.db", store, clock=clock)
    index.follow()
    return index


def names(page: Page) -> list[str]:
    return [one.name for one in page.results]


SHELF = ["Rye bread", "Bathroom vanities", "Breakfast tea", "Top load washer", "Hand sash"]


@pytest.mark.parametrize(
    ("typed", "found", "told"),
    [
        ("braed", "Rye bread", [("braed", ("bread",))]),
        ("vanitty", "Bathroom vanities", [("vanitty", ("vanities",))]),
        ("BREAKF", "Breakfast tea", [("breakf", ("breakfast",))]),  # begins so: no correction
        ("washing", "Top load washer", [("washing", ("washer",))]),
        ("bread", "Rye bread", []),
    ],
)
def test_what_is_shown_instead_is_told(
    tmp_path: Path, typed: str, found: str, told: list[object]
) -> None:
    page = indexed(tmp_path, [{"name": name} for name in SHELF]).search(Query(words=typed))
    assert names(page) == [found]
    assert page.instead == told


def test_as_typed_nothing_is_corrected(tmp_path: Path) -> None:
    index = indexed(tmp_path, [{"name": name} for name in SHELF])
    for typed in ("braed", "breakf", "ryebread"):
        page = index.search(Query(words=typed, as_typed=True))
        assert (page.total, page.instead) == (0, [])
    assert names(index.search(Query(words="rye braed", as_typed=True))) == ["Rye bread"]


def test_a_beginning_means_the_commonest_words_first(tmp_path: Path) -> None:
    offers = [{"name": "Breakfast"}, {"name": "Bread"}, {"name": "Rye bread"}, {"name": "Brook"}]
    page = indexed(tmp_path, offers).search(Query(words="brea"))
    assert names(page)[0] == "Bread"
    assert set(names(page)) == {"Bread", "Rye bread", "Breakfast"}


def test_words_written_as_one_find_either_where_none_has_both(tmp_path: Path) -> None:
    index = indexed(tmp_path, [{"name": "Crushed tomatoes"}, {"name": "Garlic"}, {"name": "Salt"}])
    assert set(names(index.search(Query(words="crushedgarlic")))) == {"Crushed tomatoes", "Garlic"}


def test_brands_that_are_there_are_left_alone(tmp_path: Path) -> None:
    offers = [{"name": "Drill", "brand": "Dewlane"}, {"name": "Dewline drill"}]
    page = indexed(tmp_path, offers).search(Query(words="dewlane drill"))
    assert names(page)[0] == "Drill"
    assert page.instead == []


@pytest.mark.parametrize(
    ("said", "name", "typed"),
    [
        ("", "Dish washer, stainless", "dishwashers"),
        ("", "Wireless Doorbell Kit", "door bells"),
        ("", "10 ft. 12/2 Residential Wire", "12/2 wire"),
        ("", "10 ft. 12-2 Residential Wire", "12/2 wire"),
        ("", "Shelves", "shelf"),
        ("en", "Knives", "knife"),
        ("de", "Gartenstühle aus Holz", "gartenstuhl"),
        ("", "Gartenschläuche und Düsen", "gartenschlauch"),
        ("", "Vollmilchschokolade mit Nüssen", "schokolade"),
        ("fr", "Pommes de terre nouvelles", "pomme de terre nouvelle"),
        ("", "Yaourts natures au lait entier", "yaourt nature"),
        ("", "Свежие яблоки", "яблоко"),
        ("", "Ελληνικό γιαούρτι", "γιαουρτι"),
        ("", "有機牛乳 1L", "牛乳"),
        ("", "서울우유", "우유"),
        ("", "نعناع طازج", "نعناع"),
    ],
)
def test_federations_of_many_languages_find_other_forms(
    tmp_path: Path, said: str, name: str, typed: str
) -> None:
    others = ["Oat milk", "Milch", "Lait entier", "Хлеб", "Ψωμί", "米", "Brot mit Käse"]
    offers: list[dict[str, object]] = [{"name": one} for one in others]
    offers.append({"name": name, "language": said} if said else {"name": name})
    page = indexed(tmp_path, offers).search(Query(words=typed))
    assert names(page)[0] == name


def test_fresh_prices_come_before_old_ones(tmp_path: Path) -> None:
    now = ManualClock().now_ms()
    year = 365 * 86_400_000
    store_offers = [
        {"name": "Oat milk", "checked_at": now - year},
        {"name": "Oat milk", "checked_at": now - 86_400_000},
    ]
    index = indexed(tmp_path, store_offers)
    page = index.search(Query(words="milk", explain=True))
    assert [one.offer[-2:] for one in page.results] == ["k1", "k0"]
    assert [why["freshness"] for why in page.reasons] == [1.0, 0.8]
