"""Every answer of the index against a brute-force search over the same records."""

import tempfile
import threading
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.crdt.names import site_id
from fedretail.domain.geo import Position, distance_m, to_e7
from fedretail.domain.kind import RecordId
from fedretail.errors import MalformedInput
from fedretail.index.answering import candidates, finding, ties
from fedretail.index.answering.details import Details
from fedretail.index.layout.cells import cells_in
from fedretail.index.layout.rows import offer_words as offer_words_of
from fedretail.index.layout.schema import connect_for_writing, read_state
from fedretail.index.memory import memory, spatial
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords
from fedretail.testing.naive_search import naive_search

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = ManualClock.START_MS
OWNERS = [bytes([number]) * 16 for number in range(3)]
NONCE = b"nonce"


def site_of(number: int) -> tuple[bytes, str]:
    """(owner, site id); the last site claims an id that is another owner's."""
    owner = OWNERS[number % 3]
    nonce = NONCE + bytes([number])
    return (OWNERS[0] if number == 5 else owner), site_id(owner, nonce)


def site_fields(number: int, position: Position | None, **more: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": f"Shop {number}", "nonce": NONCE + bytes([number]), **more}
    if position is not None:
        fields["lat_e7"], fields["lon_e7"] = to_e7(position)
    return fields


def place(number: int, kind: str, key: str | None = None) -> RecordId:
    owner, site = site_of(number)
    return RecordId(owner, f"site/{site}", kind, site if key is None else key)


# --- the world ------------------------------------------------------------------------------

POSITIONS = [
    Position(48.5, 9.05),
    Position(48.5, 9.0500001),  # the same cell
    Position(48.52, 9.0),
    Position(48.9, 9.3),
    Position(10.0, 180.0),
    Position(10.0, -179.99),  # beyond the antimeridian, 1 km on
    Position(89.9, 0.0),
    Position(89.9, 179.0),  # beyond the pole
]
NAMES = ["Milk", "Milk 1,5 l", "oat milk barista", "Käse", "KASE alt", "牛乳 1L", "milk milk bread"]
moments = st.sampled_from([START_MS + hours * HOUR_MS for hours in (-900, -2, -1, 0, 1, 2, 900)])
prices = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 300)),
        st.tuples(st.integers(0, 300), st.none() | moments, st.none() | moments),
        st.tuples(st.integers(0, 300), st.none(), st.none(), st.integers(1, 3), st.integers(0, 1)),
    ).map(list),
    max_size=3,
)
junk = st.sampled_from([None, True, -1, 7, "x", b"\xff", [], [[1]], {"a": 1}, 1 << 60])
sound = st.fixed_dictionaries(
    {"name": st.sampled_from(NAMES)},
    optional={
        "brand": st.sampled_from(["Hof", "Milk & Co"]),
        "category": st.sampled_from(["Food > Dairy", "Food>Bread", "dairy", "Bücher", ""]),
        "gtin": st.sampled_from(["04001842100121", "00000096385074"]),
        "sku": st.sampled_from(["A-1", "milk"]),
        "currency": st.sampled_from(["EUR", "CHF", "no"]),
        "prices": prices | junk,
        "stock": st.sampled_from(["none", "few", "some", "unknown", "more"]),
        "made_to_order": st.booleans(),
        "valid_from": moments,
        "valid_until": moments,
    },
)
unsound = st.dictionaries(st.sampled_from(["name", "prices", "stock", "currency", "net"]), junk)
offers = st.one_of(sound, sound, sound, unsound)
# Few sites and keys, so that most deeds meet what an earlier one did.
numbers = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5])
keys = st.sampled_from([f"k{number}" for number in range(3)])
HOURS = ["24/7", "Mo 08:00-18:00", "off", "nonsense", None]


def rarely(strategy: st.SearchStrategy[Any], mostly: Any) -> st.SearchStrategy[Any]:
    """Filters leave little to compare; most queries have few of them."""
    return st.one_of(st.just(mostly), st.just(mostly), st.just(mostly), strategy)


queries = st.builds(
    lambda near, **rest: (
        Query(near=near, **rest)
        if near
        else Query(**{**rest, "within_m": None, "sort": rest["sort"].replace("nearest", "best")})
    ),
    st.none() | st.sampled_from(POSITIONS),
    words=st.sampled_from(
        ["", "milk", "milk", "MILK bread", "kase alt", "oat cheese", "mil", "牛", "96385074", "?"]
    ),
    begun=st.booleans(),
    within_m=st.none() | st.sampled_from([0.0, 100.0, 5_000.0, 60_000.0, 3e7, 3e7]),
    sort=st.sampled_from(["best", "nearest", "cheapest"]),
    in_stock=rarely(st.just(True), False),
    open_now=rarely(st.just(True), False),
    max_price_minor=rarely(st.integers(0, 300), None),
    currency=st.just("EUR"),
    category=rarely(st.sampled_from(["dairy", "Food", "food > dairy", "bucher", "x"]), None),
    limit=st.integers(0, 30),
    offset=rarely(st.integers(0, 5), 0),
    at_ms=rarely(moments, None),
)
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), numbers, keys, offers),
        st.tuples(st.just("offer"), numbers, keys, offers),
        st.tuples(st.just("offer"), numbers, keys, offers),
        st.tuples(st.just("withdraw"), numbers, keys),
        st.tuples(
            st.just("site"),
            numbers,
            st.none() | st.sampled_from(POSITIONS),
            st.sampled_from(HOURS),
            st.sampled_from(["EUR", None]),
        ),
        st.tuples(st.just("close"), numbers),
        st.tuples(st.just("follow"), st.integers(1, 5)),
        st.tuples(st.just("wait"), st.sampled_from([HOUR_MS, 16 * DAY_MS])),
        st.tuples(st.just("hear"), numbers),
        st.tuples(st.just("rebuild")),
        st.tuples(st.just("ask"), queries),
        st.tuples(st.just("ask"), queries),
        st.tuples(st.just("ask"), queries),
        st.tuples(st.just("damage"), st.integers(0, 200_000)),
    ),
    min_size=30,
    max_size=80,
)


class World:
    """Records, a clock and an index on them; `do` carries out one deed."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryRecords()
        self.clock = ManualClock()
        self.path = folder / "index.db"
        self.index = Index.open(self.path, self.store, clock=self.clock)
        for number in range(4):
            self.do(("site", number, POSITIONS[number], "24/7", "EUR"))

    def do(self, deed: tuple[Any, ...]) -> None:
        match deed:
            case ("offer", number, key, fields):
                self.store.put(place(number, "offer", key), fields, stamp=self.clock.now_ms())
            case ("withdraw", number, key):
                self.store.delete(place(number, "offer", key))
            case ("site", number, position, hours, currency):
                fields = site_fields(number, position, hours=hours, currency=currency)
                self.store.put(place(number, "site"), fields, stamp=self.clock.now_ms())
            case ("close", number):
                self.store.delete(place(number, "site"))
            case ("follow", limit):
                self.index.follow(limit=limit)
            case ("wait", ms):
                self.clock.advance(ms)
            case ("hear", number):
                owner, site = site_of(number)
                self.store.hear(owner, f"site/{site}", self.clock.now_ms())
            case ("rebuild",):
                self.index.rebuild()
            case ("damage", length):
                if self.path.exists():
                    self.index.close()
                    self.path.write_bytes(self.path.read_bytes()[:length])


def agree(world: World, query: Query, few: int) -> None:
    """The page of a query and its total are those of the oracle."""
    found = naive_search(world.store, query, now_ms=world.clock.now_ms(), few=few)
    wanted, full = found.offers, found.full
    page = world.index.search(query)
    shown = wanted[query.offset : query.offset + query.limit]
    assert [one.offer for one in page.results] == shown
    assert (page.total, page.full, page.behind) == (len(wanted), full, 0)


def agrees_with_itself(world: World) -> None:
    """FTS5 holds the words of the rows and no others; the count of offers is theirs."""
    db = connect_for_writing(world.path)
    state = read_state(db)
    assert state is not None
    db.execute("INSERT INTO word(word) VALUES('integrity-check')")
    db.execute("CREATE VIRTUAL TABLE temp.held USING fts5vocab(main, word, instance)")
    held = {(row, word) for word, row in db.execute("SELECT term, doc FROM held")}
    rows = db.execute("SELECT id FROM offer").fetchall()
    details = Details(db)
    words = {row: offer_words_of(details.read(row).fields)[1].split() for (row,) in rows}
    assert held == {(row, word) for row, some in words.items() for word in some}
    assert sorted(words) == [row for row, _ in cells_in(db, None)]
    assert state.offers == len(rows)
    db.close()


@given(
    deeds,
    st.lists(queries, min_size=1, max_size=6),
    st.booleans(),
    st.sampled_from([1, 3]),
    st.sampled_from([(0, 0), (3, 2), (memory.LOAD_FROM_ROWS, memory.USE_FROM_ROWS)]),
)
def test_answers_are_those_of_a_brute_force_search(
    done: list[Any], asked: list[Query], other_way: bool, few: int, columns: tuple[int, int]
) -> None:
    rows, places = (0, 0) if other_way else (candidates.FEW_ROWS, spatial.GLOBE_FROM_PLACES)
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(finding, "FEW_FULL_MATCHES", few),
        patch.object(finding, "FEW_BEST_MATCHES", few),
        patch.object(candidates, "FEW_ROWS", rows),
        patch.object(candidates, "MAX_SPELT_OUT", 1 if other_way else 200),
        patch.object(spatial, "GLOBE_FROM_PLACES", places),
        patch.object(memory, "LOAD_FROM_ROWS", columns[0]),
        patch.object(memory, "KEEP_FROM_ROWS", columns[1]),
        patch.object(memory, "FEW_QUERIES", columns[1] * 2),
        patch.object(memory, "USE_FROM_ROWS", columns[1]),
        patch.object(ties, "MOST_READ", columns[1]),
    ):
        world = World(Path(folder))
        for deed in [*done, *(("ask", query) for query in asked)]:
            if deed[0] == "ask":
                world.index.follow()
                agree(world, deed[1], few)
            else:
                world.do(deed)
        world.index.close()
        agrees_with_itself(world)


@pytest.mark.parametrize(("oats", "found"), [(9, 9 + 20), (10, 10)])
def test_common_words_find_alone_only_what_fills_a_page(
    tmp_path: Path, oats: int, found: int
) -> None:
    world = World(tmp_path)
    names = [f"Oat {n}" for n in range(oats)] + ["Milk"] * 20
    for number, name in enumerate(names):
        world.do(("offer", 0, f"k{number}", {"name": name}))
    world.index.follow()
    with patch.object(candidates, "MOST_PARTIAL_ROWS", oats + 19):
        page = world.index.search(Query(words="oat milk", limit=1))
    assert (page.total, page.full) == (found, 0)
    assert page.results[0].name.startswith("Oat")
    page = world.index.search(Query(words="oat milk", limit=1))
    assert page.total == oats + 20, "few rows are all looked at"


def test_a_price_window_opens_and_closes_without_a_new_edit(tmp_path: Path) -> None:
    world = World(tmp_path)
    opens, closes = START_MS + HOUR_MS, START_MS + 2 * HOUR_MS
    fields = {"name": "Milk", "currency": "EUR", "prices": [[150], [99, opens, closes]]}
    world.do(("offer", 0, "k", fields))
    world.index.follow()
    seen = []
    for _ in range(3):
        seen.append(world.index.search(Query(words="milk")).results[0].amount_minor)
        world.clock.advance(HOUR_MS)
    assert seen == [150, 99, 150]


@pytest.mark.parametrize("rows", [0, memory.USE_FROM_ROWS])
def test_a_shop_is_shown_for_thirty_days_of_silence_to_the_millisecond(
    tmp_path: Path, rows: int
) -> None:
    world = World(tmp_path)
    world.do(("offer", 0, "k", {"name": "Milk"}))
    world.index.follow()
    if not rows:
        world.index.load()
    with patch.object(memory, "USE_FROM_ROWS", rows):
        world.clock.advance(30 * DAY_MS)
        assert world.index.search(Query(words="milk")).total == 1
        world.clock.advance(1)
        assert world.index.search(Query(words="milk")).total == 0


def test_confirmed_at_is_the_latest_of_price_offer_and_source(tmp_path: Path) -> None:
    world = World(tmp_path)

    def confirmed() -> int | None:
        world.index.follow()
        (hit,) = world.index.search(Query(words="milk")).results
        shown = world.index.show(hit.offer)
        assert shown is not None
        assert shown.confirmed_at_ms == hit.confirmed_at_ms
        return hit.confirmed_at_ms

    fields: dict[str, Any] = {
        "name": "Milk",
        "prices": [[150]],
        "currency": "EUR",
        "source": "till",
    }
    world.do(("offer", 0, "k", fields))
    assert confirmed() == START_MS
    world.store.put(place(0, "source", "till"), {"checked_at": START_MS + 5}, stamp=START_MS)
    assert confirmed() == START_MS + 5
    world.store.put(place(0, "source", "other"), {"checked_at": START_MS + 99}, stamp=START_MS)
    assert confirmed() == START_MS + 5
    world.do(("offer", 0, "k", {**fields, "checked_at": START_MS + 7}))
    assert confirmed() == START_MS + 7
    world.store.delete(place(0, "source", "till"))
    assert confirmed() == START_MS + 7


def test_an_offer_without_price_is_shown_last_and_asks(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.do(("offer", 0, "a", {"name": "Milk"}))
    world.do(("offer", 1, "b", {"name": "Milk", "prices": [[100]], "currency": "EUR"}))
    world.index.follow()
    page = world.index.search(Query(words="milk", sort="cheapest", currency="EUR"))
    assert [one.amount_minor for one in page.results] == [100, None]
    assert page.results[1].to_json()["price"] is None
    assert world.index.search(Query(words="milk", max_price_minor=999, currency="EUR")).total == 1


def test_no_beginning_of_a_word_means_the_language_of_an_offer(tmp_path: Path) -> None:
    world = World(tmp_path)
    names = {"a": ("Dunkles Brot", "de"), "b": ("Pain noir", "fr"), "c": ("Long bread", "en")}
    for key, (name, language) in names.items():
        world.do(("offer", 0, key, {"name": name, "language": language}))
    world.index.follow()
    for typed, total in (("l", 1), ("la", 0), ("lan", 0), ("lang", 0), ("lang.d", 0), (".d", 1)):
        page = world.index.search(Query(words=typed, begun=True, as_typed=True))
        assert page.total == total, typed


def test_show_answers_from_the_store_and_knows_owners(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.do(("offer", 0, "k", {"name": "Milk"}))
    world.do(("offer", 5, "k", {"name": "Forged"}))
    world.do(("site", 5, POSITIONS[0], None, None))
    world.index.follow()
    listing = world.index.show(f"{site_of(0)[1]}/k", near=POSITIONS[3])
    assert listing is not None
    assert listing.name == "Milk"
    assert listing.distance_m == distance_m(POSITIONS[3], POSITIONS[0])
    assert world.index.show(f"{site_of(5)[1]}/k") is None
    assert world.index.show(f"{site_of(0)[1]}/none") is None
    with pytest.raises(MalformedInput):
        world.index.show("no offer")


def test_threads_search_while_another_follows(tmp_path: Path) -> None:
    world = World(tmp_path)
    errors: list[Exception] = []

    def ask() -> None:
        try:
            for _ in range(30):
                page = world.index.search(Query(words="milk", near=POSITIONS[0], within_m=1e6))
                assert len(page.results) <= page.total
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    with patch.object(spatial, "GLOBE_FROM_PLACES", 0):
        for thread in threads:
            thread.start()
        for number in range(60):
            world.do(("offer", number % 4, f"n{number}", {"name": "Milk"}))
            world.do(("site", number % 4, POSITIONS[number % 3], None, None))
            world.index.follow()
        for thread in threads:
            thread.join()
    assert not errors
    assert world.index.search(Query(words="milk")).total == 60
