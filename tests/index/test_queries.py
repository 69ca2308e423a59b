"""All that can be asked, against a search that looks at every record: `testing.naive_search`."""

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.names import site_id
from fedretail.domain.boxes import Box
from fedretail.domain.geo import Position, to_e7
from fedretail.domain.kind import RecordId
from fedretail.index.answering import finding, named, ranked, rings, scores, ties
from fedretail.index.language.text import fold
from fedretail.index.memory import memory, names, spatial
from fedretail.index.query import Page, Query
from fedretail.index.rules.facets import Facets
from fedretail.index.search import Index
from fedretail.index.views import View
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords
from fedretail.testing.naive_search import naive_search

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = ManualClock.START_MS
OWNERS = [bytes([number]) * 16 for number in range(2)]
SITES = 4
PLACES = [
    Position(48.5, 9.05),
    Position(48.52, 9.0),
    Position(48.9, 9.3),
    Position(10.0, 180.0),
    Position(10.0, -179.99),
    Position(90.0, 0.0),
]
BOXES = [
    Box(48, 9, 48.6, 9.1),
    Box(-90, -180, 90, 180),
    Box(0, 179, 20, -179),
    Box(0, -180, 20, -170),
    Box(80, 10, 90, 20),
]
# Numbers that shops give out themselves: scales, goods of the house.
GIVEN_OUT, GIVEN_OUT_SHORT = "02000000000008", "00000020000004"
# Short and long, said first or last what they are, in several languages.
NAMES = [
    "Milk",
    "Oat milk 1 l",
    "Milk bread",
    "Haircut",
    "Milk with oats and bread, for one or two, from the farm at the end of the road",
    "Chocolat noir au lait",
    "Vollmilchschokolade mit Brot",
]
# A catalog of offers that are named alike: what was asked for stands side by side, apart or beside.
ALIKE = [
    *(f"Milk bread {number}" for number in range(3)),
    *(f"Bread {number} from the house of milk" for number in range(3)),
    *(f"Hof bread number {number} milks" for number in range(3)),
]
HOURS = ["24/7", "Mo-Fr 08:00-18:00", "off", None]


def site_of(number: int) -> tuple[bytes, str]:
    owner = OWNERS[number % 2]
    return owner, site_id(owner, bytes([number]))


def place_of(number: int, kind: str, key: str) -> RecordId:
    owner, site = site_of(number)
    return RecordId(owner, f"site/{site}", kind, site if kind == "site" else key)


MOMENTS = [START_MS + hours * HOUR_MS for hours in (-9000, -400, -2, 1, 2, 30, 5000)]
RETAILERS = [*(site_of(number)[1] for number in range(SITES)), OWNERS[0].hex()]


class Chance:
    """Offers, deeds and queries from a seed: many of each in the time that one draw would take."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self.one = self._random.choice
        self.names = self.one([NAMES, ALIKE])

    def rarely(self, *choices: Any, mostly: Any = None) -> Any:
        """Filters leave little to compare; most queries have one or two of them."""
        return self.one(choices) if self._random.random() < 0.12 else mostly

    def some(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Most of the fields."""
        return {name: value for name, value in fields.items() if self._random.random() < 0.7}

    def prices(self) -> list[list[Any]]:
        lasting = [self.one([0, 49, 50, 120, 250, 999])]
        timed = [self.one([40, 99, 200]), self.one([None, *MOMENTS]), None]
        of_members = [self.one([30, 60, 99]), None, None, 1, 1]
        return [price for price in (lasting, timed, of_members) if self.one([True, False])]

    def offer(self) -> dict[str, Any]:
        fields = {
            "prices": self.prices(),
            "currency": self.one(["EUR", "EUR", "CHF"]),
            "category": self.one(
                ["Food > Dairy", "food>dairy>Milk", "Food > Bread", "Dairy", "Beer", ""]
            ),
            "brand": self.one(["Hof", "HOF", "Ober"]),
            "gtin": self.one(["04001842100121", "00000096385074", GIVEN_OUT, GIVEN_OUT_SHORT]),
            "net": self.one([["500", "GRM"], ["1", "LTR"], ["2", "LTR"], ["2", "MTR"]]),
            "pack": self.one([1, 2, 3]),
            "type": self.one(["product", "service"]),
            "claims": self.one([["organic"], ["Organic", "fair trade"], ["vegan"]]),
            "stock": self.one(["none", "few", "some", "unknown"]),
            "made_to_order": self.one([True, False]),
            "min_age": self.one([0, 16]),
            "source": "till",
            "checked_at": self.one(MOMENTS),
            "regular": self.one([1, 100, 300]),
            "deposit": self.one([0, 25]),
        }
        rest = {
            "valid_from": self.rarely(*MOMENTS),
            "valid_until": self.rarely(*MOMENTS),
            "language": self.rarely("de", "fr", "ja"),
            "sku": self.rarely("AB-12", "milk"),
            "sold_by": self.rarely("weight"),
        }
        name = self.one(self.names)
        return {"name": self.rarely("", "Nougat", mostly=name), **self.some(fields), **rest}

    def deed(self) -> tuple[Any, ...]:
        number, key = self.one(range(SITES)), self.one("abcdefgh")
        place, hours = self.one(PLACES), self.one(HOURS)
        rare = self.one(
            [("wait", HOUR_MS), ("wait", 10 * HOUR_MS), ("wait", 8 * DAY_MS), ("rebuild",),
             ("twice", number), ("site", number, None, hours)]
        )  # fmt: skip
        offer = ("offer", number, key, self.offer())
        source = ("source", number, self.one(MOMENTS))
        rest = [("withdraw", number, key), ("site", number, place, hours), source, rare]
        return self.one([*[offer] * 20, *rest])

    def filters(self) -> dict[str, Any]:
        some_retailers = frozenset(self.one(RETAILERS) for _ in range(2))
        place = self.one(PLACES)
        return {
            "near": place,
            "within_m": self.rarely(0.0, 5_000.0, 60_000.0, 3e7),
            "box": self.rarely(*BOXES),
            "retailers": self.rarely(some_retailers, frozenset()),
            "in_stock": self.rarely(True, mostly=False),
            "open_now": self.rarely(True, mostly=False),
            "min_price_minor": self.rarely(0, 50, 60),
            "max_price_minor": self.rarely(60, 120, 999),
            "currency": self.one(["EUR", "EUR", "CHF"]),
            "type": self.rarely("product", "service"),
            "claims": self.rarely(("ORGANIC",), ("organic", "fair trade"), mostly=()),
            "newer_than_ms": self.rarely(0, HOUR_MS, 2 * HOUR_MS, 10 * DAY_MS),
            "for_age": self.rarely(0, 16, 18),
        }

    def view(self) -> View:
        if self.one([True, False]):
            return View(own=self.one(["all", "first", "only"]), owner=self.one(OWNERS))
        return View(
            own=self.one(["all", "first", "only"]),
            owner=self.one([*OWNERS, None]),
            categories=self.rarely(("dairy", "Beer"), ("Food > Bread",), mostly=()),
            hidden_categories=self.rarely(("Beer",), ("Food",), mostly=()),
            hidden_retailers=self.rarely(frozenset([self.one(RETAILERS)]), mostly=frozenset()),
            **self.filters(),
        )

    def query(self) -> Query:
        words = ["", "", "milk", "oat milk", "milk bread", "4-001842-100121", "haircut x", "?"]
        words += ["dairy", "da", "food", "food milk dairy", "beer bread", "hof mil"]
        words += ["mil", "milk oa", "bread with milk", "milk 100cl", "chocolat lait", "brot"]
        words += ["bread milk", "milks", "house milk bread", "bread 2", "milk hof dairy"]
        words += ["oatmilk", "milchschokolade", "milkbread", "farm milk bread oats end road"]
        words += ["milk bread from the house of hof dairy beer", "ab 12", "nougat", "lait"]
        words += ["mlik", "braed mlik", "chokolade", "hofbread", "nuogat or braed"]
        # What is near, and nothing else of it: answered ring by ring.
        is_plain = self.one([True, False, False])
        filters: dict[str, Any] = {"near": self.one(PLACES)} if is_plain else self.filters()
        if filters.get("within_m") is None and self.one([True, False, False]):
            filters["near"] = None
        sorts = ["best", "nearest", "cheapest", "cheapest-unit", "cheapest-unit"]
        sort = self.one(sorts)
        least, most = filters.get("min_price_minor"), filters.get("max_price_minor")
        if (least, most) == (None, None) and self.one([True, False, False]):
            filters["currency"] = None
        return Query(
            words=self.one(words),
            begun=self.one([True, False]),
            as_typed=self.one([True, False, False]),
            owner=self.one([*OWNERS, None]),
            sort="best" if filters["near"] is None and sort == "nearest" else sort,
            gtin=self.rarely("04001842100121", GIVEN_OUT),
            category=self.rarely("Food", "food > dairy", "dairy"),
            member=self.one([True, False]),
            at_ms=self.rarely(*MOMENTS),
            view=self.view() if self.one([True, False, False]) else None,
            limit=self.one([1, 3, 10]),
            explain=self.one([True, False, False, False]),
            group=not is_plain and self.one([True, False]),
            facets=not is_plain and self.one([True, False]),
            **filters,
        )


class World:
    """Records, a clock and an index on them."""

    def __init__(self, folder: Path) -> None:
        self.store, self.clock = MemoryRecords(), ManualClock()
        path = folder / "index.db"
        self.index = Index.open(path, self.store, clock=self.clock)
        # Another program's, which remembers nothing of what the first one read.
        self.other = Index.open(path, self.store, clock=self.clock)
        for number in range(SITES):
            self.do(("site", number, PLACES[number], "24/7"))

    def do(self, deed: tuple[Any, ...]) -> None:
        now_ms = self.clock.now_ms()
        match deed:
            case ("offer", number, key, fields):
                self.store.put(place_of(number, "offer", key), fields, stamp=now_ms)
            case ("withdraw", number, key):
                self.store.delete(place_of(number, "offer", key))
            case ("site", number, place, hours):
                lat_e7, lon_e7 = (None, None) if place is None else to_e7(place)
                fields = {"name": f"Shop {number}", "nonce": bytes([number]), "currency": "EUR"}
                fields |= {"lat_e7": lat_e7, "lon_e7": lon_e7, "hours": hours}
                self.store.put(place_of(number, "site", ""), fields, stamp=now_ms)
            case ("source", number, moment):
                place = place_of(number, "source", "till")
                self.store.put(place, {"checked_at": moment}, stamp=now_ms)
            case ("twice", number):
                owner, site = site_of(number)
                self.store.twice.add((owner, f"site/{site}"))
            case ("wait", ms):
                self.clock.advance(ms)
            case ("rebuild",):
                self.index.rebuild()

    def close(self) -> None:
        self.index.close()
        self.other.close()


def counted(facets: Facets) -> dict[str, Counter[Any]]:
    """The facets as the naive search counts them; those with the most hits stand first."""
    texts = ("categories", "brands", "retailers", "stock", "open")
    for choices in (getattr(facets, name) for name in texts):
        assert choices == tuple(sorted(choices, key=lambda one: (-one.count, one.value)))
    assert facets.shops == len(facets.retailers)
    counts: dict[str, Counter[Any]] = {
        name: Counter({fold(one.value): one.count for one in getattr(facets, name)})
        for name in texts
    }
    return {**counts, "prices": Counter({one.from_minor: one.count for one in facets.prices})}


def all_pages(world: World, query: Query) -> list[Page]:
    """Page after page, each by the cursor of the one before, the second by another program."""
    pages = [world.index.search(query)]
    while pages[-1].next is not None:
        assert len(pages) <= pages[0].total
        index = world.other if len(pages) == 1 else world.index
        pages.append(index.search(replace(query, cursor=pages[-1].next)))
    return pages


def agree(world: World, query: Query) -> None:
    wanted = naive_search(world.store, query, now_ms=world.clock.now_ms())
    pages = all_pages(world, query)
    first = pages[0]
    assert (first.total, first.full) == (len(wanted.offers), wanted.full)
    assert (first.facets is not None) == query.facets
    assert first.facets is None or first.facets.currency == query.currency
    assert first.facets is None or counted(first.facets) == wanted.facets
    listings = [one for page in pages for one in page.results]
    shown = [one.offer for one in listings]
    assert all(bool(page.reasons) == query.explain for page in pages if page.results)
    if query.explain and query.sort == "best":
        reasons = [one for page in pages for one in page.reasons]
        assert [one["score"] for one in reasons] == [round(one.score, 6) for one in listings]
    if query.group:
        groups = [group for page in pages for group in page.groups]
        listed = [[one.offer for one in group.listings] for group in groups]
        listings = [one for group in groups for one in group.listings]
        assert listed == wanted.products
        assert [group.total for group in groups] == [len(offers) for offers in wanted.products]
        assert first.products == len(wanted.products)
        assert shown == [offers[0] for offers in wanted.products]
    else:
        assert shown == wanted.offers
    for one in listings:
        told = wanted.told[one.offer]
        assert {name: getattr(one, name) for name in told} == told
    assert all(len(page.results) == query.limit for page in pages[:-1])
    agree_beyond(world, query, first)


def agree_beyond(world: World, query: Query, page: Page) -> None:
    """Where an area holds nothing, the nearest hit outside it is named."""
    if page.total or (query.within_m is None and query.box is None):
        assert page.further is None
        return
    near = query.box.middle if query.box and query.within_m is None else query.near
    anywhere = replace(query, near=near, within_m=None, box=None, sort="nearest")
    wanted = naive_search(world.store, anywhere, now_ms=world.clock.now_ms()).offers
    assert (page.further.offer if page.further else None) == (wanted[0] if wanted else None)


# From how many rows on the columns are loaded, and used: always, from few rows on, never here.
COLUMNS = [(0, 0), (3, 2), (memory.LOAD_FROM_ROWS, memory.USE_FROM_ROWS)]


@given(st.integers(0, 2**32), st.sampled_from(COLUMNS))
def test_answers_are_those_of_a_search_that_looks_at_everything(
    seed: int, columns: tuple[int, int]
) -> None:
    chance = Chance(seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(memory, "LOAD_FROM_ROWS", columns[0]),
        patch.object(memory, "USE_FROM_ROWS", columns[1]),
        patch.object(memory, "KEEP_FROM_ROWS", columns[1]),
        patch.object(memory, "FEW_QUERIES", columns[1] * 2),
        patch.object(finding, "RINGS_FROM_ROWS", columns[1]),
        patch.object(finding, "FACETS_FROM_ROWS", columns[1]),
        patch.object(rings, "_FIRST", 1 + columns[1]),
        patch.object(rings, "_NEAREST", 1 + columns[1]),
        patch.object(spatial, "GLOBE_FROM_PLACES", columns[1]),
        patch.object(ties, "MOST_READ", columns[1]),
        patch.object(ranked, "_READ_FIRST", columns[1]),
        patch.object(named, "_MANY_ROWS", columns[1]),
        patch.object(names, "MOST_ROWS", 5 + columns[1]),
        patch.object(scores, "MOST_ROWS", 5 + columns[1]),
    ):
        world = World(Path(folder))
        for _ in range(4):
            for _ in range(15):
                world.do(chance.deed())
            world.index.follow()
            for _ in range(12):
                agree(world, chance.query())
        world.close()
