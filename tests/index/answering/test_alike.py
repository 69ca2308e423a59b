"""Very many offers that are named alike: few are read, and they are the right ones."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from fedretail.crdt.names import site_id
from fedretail.domain.geo import Position, to_e7
from fedretail.domain.kind import RecordId
from fedretail.index.answering import named, ranked
from fedretail.index.answering.judge import Judge
from fedretail.index.answering.rough import Hit, Rough
from fedretail.index.memory import memory
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords
from fedretail.testing.naive_search import naive_search

HERE = Position(48.5, 9.05)
OFFERS, LIMIT, READ_FIRST = 400, 10, 30
# ... a page, what is read before somebody looks closer, and one more of each kind of names.
MOST_READ = READ_FIRST + 3 * LIMIT


class Shop:
    """One shop whose offers differ in a number; some hold more of a query than the others."""

    def __init__(self, index: Index, store: MemoryRecords, clock: ManualClock) -> None:
        self.index, self.store, self.clock = index, store, clock
        owner, self.read = b"o" * 16, list[int]()
        site = site_id(owner, b"n")
        self.place = RecordId(owner, f"site/{site}", "offer", "")
        lat_e7, lon_e7 = to_e7(HERE)
        fields = {"name": "Shop", "nonce": b"n", "lat_e7": lat_e7, "lon_e7": lon_e7}
        store.put(self.place._replace(kind="site", key=site), fields, stamp=clock.now_ms())
        for number in range(OFFERS):
            self.put(
                f"k{number:03}", f"Article {number} of the house{' bread' * (number % 40 > 0)}"
            )

    def put(self, key: str, name: str) -> None:
        fields = {"name": name, "category": "Baker", "brand": "Hof", "prices": [[100]]}
        self.store.put(self.place._replace(key=key), fields, stamp=self.clock.now_ms())

    def agree(self, query: Query) -> None:
        """Two pages are those of a search that looks at everything, and read few offers."""
        wanted = naive_search(self.store, query, now_ms=self.clock.now_ms())
        self.read.clear()
        first = self.index.search(query)
        assert len(self.read) <= MOST_READ
        second = self.index.search(
            Query(
                words=query.words, begun=query.begun, near=query.near, within_m=query.within_m,
                limit=LIMIT, cursor=first.next,
            )
        )  # fmt: skip
        assert (first.total, first.full) == (len(wanted.offers), wanted.full)
        shown = [one.offer for page in (first, second) for one in page.results]
        assert shown == wanted.offers[: 2 * LIMIT]


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    store, clock = MemoryRecords(), ManualClock()
    path = tmp_path_factory.mktemp("alike") / "index.db"
    with (
        patch.object(memory, "USE_FROM_ROWS", 0),
        patch.object(ranked, "_READ_FIRST", READ_FIRST),
        patch.object(named, "_MANY_ROWS", LIMIT),
        Index.open(path, store, clock=clock) as index,
    ):
        made, settle = Shop(index, store, clock), Judge.settle

        def noted(judge: Judge, rough: Rough) -> Hit:
            made.read.append(rough.row)
            return settle(judge, rough)

        index.follow()
        index.load()
        with patch.object(Judge, "settle", noted):
            yield made


@pytest.mark.parametrize(
    "words",
    [
        "bread", "article", "article bread", "house bread", "bread house article", "baker", "hof",
        "hof bread", "baker hof article", "bread pretzel", "pretzel house hof", "artic",
        "artic bread", "houses", "article 7", "bread article 7",
    ],
)  # fmt: skip
@pytest.mark.parametrize("area", [{}, {"near": HERE}, {"near": HERE, "within_m": 500.0}])
def test_few_offers_are_read_where_many_are_named_alike(
    shop: Shop, words: str, area: dict[str, object]
) -> None:
    shop.agree(Query(words=words, limit=LIMIT, **area))  # type: ignore[arg-type]
    shop.agree(Query(words=words, begun=True, limit=LIMIT, **area))  # type: ignore[arg-type]


def test_a_name_that_changes_is_looked_at_again(shop: Shop) -> None:
    query = Query(words="article bread", limit=LIMIT)
    shop.agree(query)
    for key, name in (("k399", "Article bread"), ("k005", "Bun"), ("k400", "Article bread")):
        shop.put(key, name)
        shop.index.follow()
        shop.agree(query)


def test_a_word_that_an_offer_in_another_language_has_changes_nothing(shop: Shop) -> None:
    fields = {"name": "Articles bakers", "language": "xx", "prices": [[100]]}
    shop.store.put(shop.place._replace(key="x"), fields, stamp=shop.clock.now_ms())
    shop.index.follow()
    for words in ("articles", "bakers", "bakers bread", "articles bread"):
        for begun in (False, True):
            shop.agree(Query(words=words, begun=begun, limit=LIMIT))
