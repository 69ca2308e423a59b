"""Any text is a legal query: ten thousand of them go through FTS5's MATCH, whatever they hold."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedretail.crdt.names import site_id
from fedretail.domain.kind import RecordId
from fedretail.index.query import Query
from fedretail.index.search import Index
from fedretail.testing.clock import ManualClock
from fedretail.testing.memory_records import MemoryRecords

NAMES = [
    "Milk", "Oat milk 1,5 l", "Rye bread", "Käse vom Hof", "牛乳 1L", "Молоко", "Γάλα", "Doorbell",
    "1/2 in. x 4 ft. x 8 ft. Plywood", "60-Watt Equivalent LED Bulb (4-Pack)", "NOT OR AND", "سكر",
]  # fmt: skip
# What FTS5, SQL and terminals take for something else than text.
ODD = [
    '"', "'", "''", "*", "^", ":", "(", ")", "{", "}", "+", "-", ",", "%", "_", ";--", "\\", "\0",
    " AND ", " OR ", " NOT ", " NEAR(", "name:", "\n", "\ud800", "\u202e", "\ufeff", "\u0301", "😀",
    "👩‍🌾", "½", "1/2", "0/0", "9/0", "1/0", "9" * 14, "milk", "oat", "bre", "é", "ß", "ﬁ",
    "牛", "ก็",
]  # fmt: skip
texts = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(ODD), max_size=12).map("".join),
    st.text(alphabet='"*^:(){}+-ANDORNEAT\0\ud800😀é 1/x', max_size=40),
    st.text(st.characters(blacklist_categories=()), max_size=20),
)


def _everything() -> Index:
    store, clock, owner = MemoryRecords(), ManualClock(), b"o" * 16
    site = site_id(owner, b"n")
    record = RecordId(owner, f"site/{site}", "site", site)
    fields = {"name": "Shop", "nonce": b"n", "lat_e7": 1, "lon_e7": 1}
    store.put(record, fields, stamp=clock.now_ms())
    for number, name in enumerate(NAMES):
        place = record._replace(kind="offer", key=str(number))
        store.put(place, {"name": name, "category": "Food"}, stamp=clock.now_ms())
    index = Index.open(Path(tempfile.mkdtemp()) / "index.db", store, clock=clock)
    index.follow()
    return index


INDEX = _everything()


def ask(words: str) -> None:
    page = INDEX.search(Query(words=words))
    assert 0 <= page.full <= page.total <= len(NAMES)


# Each example is twenty texts: hypothesis spends more on an example than a search takes.
@settings(max_examples=500, suppress_health_check=list(HealthCheck))
@given(st.lists(texts, min_size=20, max_size=20))
def test_any_text_is_a_legal_query(some: list[str]) -> None:
    for words in some:
        ask(words)


@given(texts)
def test_any_text_may_be_a_beginning_or_a_category(words: str) -> None:
    for sort in ("best", "cheapest"):
        INDEX.search(Query(words=words, sort=sort))  # type: ignore[arg-type]
    INDEX.search(Query(words=words, begun=True, category=words, explain=True))
    INDEX.search(Query(words=words, as_typed=True, facets=True, group=True))


@pytest.mark.parametrize(
    "words",
    ["x " * 5_000, "milk" * 2_500, "牛" * 10_000, "\0" * 10_000, '"' * 10_000, "1/" * 5_000],
)
def test_ten_thousand_characters_are_a_query(words: str) -> None:
    ask(words)
