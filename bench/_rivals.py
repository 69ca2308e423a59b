"""What anybody would build instead: FTS5 with a filter of shops, and tantivy (where installed).

Both hold the words that the index holds, are asked for the words that it looks for, and give as
much: every hit counted, the first 20 in the same kind of order (the text's score weakened by
distance, distance, or price), with their names. `compared` in search.py holds their counts against
the index's. Neither warns, knows opening hours, or follows changes.
"""

import heapq
import json
import math
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from _federation import Federation

from fedretail.domain.geo import Position, distance_m
from fedretail.index.language.text import match
from fedretail.index.layout.rows import offer_words
from fedretail.index.memory.spatial import Globe
from fedretail.index.query import Query
from fedretail.index.rules.ranking import Term, nearness

WANTED = 20
# The same as in answer.py: so few hits with every word, and those with some are looked for.
_FEW = {"best": 10}
# Without a radius: rings, each twice as wide, until what is further can be among the first no more.
FIRST_RING_M = 1_500.0
LAST_RING_M = 2e7
# As many hits are asked for at once; where there are more, all in a second search.
_AT_ONCE = 1_000
_COMMIT_ROWS = 100_000


class Offered(NamedTuple):
    """An offer as the others hold it."""

    id: int
    words: str
    name: str
    shop: int
    price: int
    stock: str


class Rival(Protocol):
    """Another engine over the same federation."""

    name: str

    def add(self, offers: list[Offered]) -> None:
        """Take some offers."""
        ...

    def end(self) -> None:
        """No more come."""
        ...

    def ask(self, query: Query, terms: list[Term]) -> int:
        """How many offers hold every word; the first of them are read."""
        ...


def fill(others: list[Rival], federation: Federation) -> None:
    """Give each all offers."""
    some: list[Offered] = []
    for one in _offers(federation):
        some.append(one)
        if len(some) == _COMMIT_ROWS:
            for other in others:
                other.add(some)
            some = []
    for other in others:
        other.add(some)
        other.end()


class Plain:
    """FTS5 as its manual shows it, and a table of offers."""

    name = "plain FTS5"

    def __init__(self, path: Path, federation: Federation) -> None:
        self._places, self._tree = federation.places, Globe(federation.places)
        path.unlink(missing_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute(
            "CREATE VIRTUAL TABLE word USING"
            " fts5(words, prefix='2 3', tokenize=\"ascii tokenchars '.'\")"
        )
        self._db.execute(
            "CREATE TABLE offer("
            "id INTEGER PRIMARY KEY, name TEXT, shop INTEGER, price INTEGER, stock TEXT)"
        )

    def add(self, offers: list[Offered]) -> None:
        """Take some offers."""
        self._db.execute("BEGIN")
        words = ((one.id, one.words) for one in offers)
        self._db.executemany("INSERT INTO word(rowid, words) VALUES(?, ?)", words)
        rows = ((one.id, one.name, one.shop, one.price, one.stock) for one in offers)
        self._db.executemany("INSERT INTO offer VALUES(?, ?, ?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def end(self) -> None:
        """No more come."""
        self._db.execute("ANALYZE")

    def ask(self, query: Query, terms: list[Term]) -> int:
        """How many offers hold every word; the first of them are read."""
        full, first = self._found(query, terms, every=True)
        if full < _FEW.get(query.sort, 1) and len(terms) > 1:
            _, first = self._found(query, terms, every=False)
        for row in first:
            self._db.execute("SELECT name FROM offer WHERE id = ?", (row,)).fetchone()
        return full

    def _found(self, query: Query, terms: list[Term], *, every: bool) -> tuple[int, list[int]]:
        """(how many, the numbers of the first)."""
        assert query.near is not None
        groups = ([(form.token, form.begun) for form in term.forms] for term in terms)
        asked: list[object] = [match(groups, every=every)]
        where = "word MATCH ?"
        if query.within_m is not None:
            where += " AND shop IN (SELECT value FROM json_each(?))"
            asked.append(json.dumps(self._tree.within(query.near, query.within_m)))
        where += " AND stock != 'none'" if query.in_stock else ""
        rank = "rank" if query.sort == "best" else "0"
        rows = self._db.execute(
            f"SELECT id, shop, price, {rank} FROM word CROSS JOIN offer"
            f" ON offer.id = word.rowid WHERE {where}",
            asked,
        ).fetchall()
        away = _Away(query.near, self._places)
        order: Callable[[Any], float] = {
            "cheapest": lambda row: row[2],
            "nearest": lambda row: away.of(row[1]),
            # FTS5's ranks are below 0, the best the lowest.
            "best": lambda row: row[3] * nearness(away.of(row[1])),
        }[query.sort]
        return len(rows), [row[0] for row in heapq.nsmallest(WANTED, rows, key=order)]


class _Away:
    """Distances of shops, worked out once a query."""

    def __init__(self, here: Position, places: list[Position]) -> None:
        self._here, self._places = here, places
        self._known: dict[int, float] = {}

    def of(self, shop: int) -> float:
        """Metres to a shop."""
        if shop not in self._known:
            self._known[shop] = distance_m(self._here, self._places[shop])
        return self._known[shop]


class Tantivy:
    """Words, shops and prices in tantivy, in memory; a radius is a set of shops."""

    name = "tantivy"

    def __init__(self, federation: Federation) -> None:
        import tantivy

        self._kit: Any = tantivy
        self._places, self._tree = federation.places, Globe(federation.places)
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("words", stored=False, tokenizer_name="whitespace")
        builder.add_text_field("name", stored=True, tokenizer_name="raw")
        builder.add_unsigned_field("shop", indexed=True, fast=True)
        builder.add_unsigned_field("price", fast=True)
        builder.add_unsigned_field("there", indexed=True)
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema)
        self._writer: Any = self._index.writer(200_000_000, 1)
        self._searcher: Any = None
        self._count = 0

    def add(self, offers: list[Offered]) -> None:
        """Take some offers."""
        for one in offers:
            document = self._kit.Document(words=one.words, name=one.name)
            document.add_unsigned("shop", one.shop)
            document.add_unsigned("price", one.price)
            document.add_unsigned("there", int(one.stock != "none"))
            self._writer.add_document(document)

    def end(self) -> None:
        """No more come."""
        self._writer.commit()
        self._writer.wait_merging_threads()
        self._writer = None
        self._index.reload()
        self._searcher = self._index.searcher()

    def ask(self, query: Query, terms: list[Term]) -> int:
        """How many offers hold every word; the first of them are read."""
        full, first = self._found(query, self._all_of(query, terms, every=True))
        if full < _FEW.get(query.sort, 1) and len(terms) > 1:
            _, first = self._found(query, self._all_of(query, terms, every=False))
        for address in first:
            self._searcher.doc(address)["name"]
        return full

    def _all_of(self, query: Query, terms: list[Term], *, every: bool) -> list[tuple[Any, Any]]:
        """The clauses that hits fulfil, but for where they lie."""
        kit = self._kit
        how = kit.Occur.Must if every else kit.Occur.Should
        words = [(how, self._term(term)) for term in terms]
        must = words if every else [(kit.Occur.Must, kit.Query.boolean_query(words))]
        if query.in_stock:
            must.append((kit.Occur.Must, kit.Query.term_query(self._schema, "there", 1)))
        return must

    def _term(self, term: Term) -> Any:
        kit, forms = self._kit, []
        for form in term.forms:
            if form.begun:
                forms.append(kit.Query.regex_query(self._schema, "words", f"{form.token}.*"))
            else:
                forms.append(kit.Query.term_query(self._schema, "words", form.token))
        if len(forms) == 1:
            return forms[0]
        return kit.Query.boolean_query([(kit.Occur.Should, one) for one in forms])

    def _found(self, query: Query, must: list[tuple[Any, Any]]) -> tuple[int, list[Any]]:
        """(how many, where the first stand)."""
        assert query.near is not None
        if query.within_m is not None:
            found, _, first = self._within(query, must, query.within_m)
            return found, first
        whole = self._searcher.search(self._kit.Query.boolean_query(must), 1, count=True)
        total, radius = whole.count, FIRST_RING_M
        best = whole.hits[0][0] if whole.hits else 0.0
        if query.sort == "cheapest":
            return total, self._ordered(query, must)
        if total <= _AT_ONCE:
            return total, self._sorted(query, must)[1]
        while True:
            found, last, first = self._within(query, must, radius)
            # What lies further stands behind the last one: by distance in any case.
            is_done = query.sort == "nearest" or last <= -best * nearness(radius)
            if (found >= min(WANTED, total) and is_done) or radius > LAST_RING_M:
                return total, first
            radius *= 2

    def _ordered(self, query: Query, must: list[tuple[Any, Any]]) -> list[Any]:
        whole, order = self._kit.Query.boolean_query(must), self._kit.Order.Asc
        found = self._searcher.search(
            whole, WANTED, count=False, order_by_field="price", order=order
        )
        return [address for _, address in found.hits]

    def _within(
        self, query: Query, must: list[tuple[Any, Any]], radius: float
    ) -> tuple[int, float, list[Any]]:
        """(how many lie within a radius, the last one's key, where the first stand)."""
        assert query.near is not None
        kit = self._kit
        near = self._tree.within(query.near, radius)
        shops = kit.Query.const_score_query(
            kit.Query.term_set_query(self._schema, "shop", near), 0.0
        )
        asked = [(kit.Occur.Must, shops), *must]
        whole = kit.Query.boolean_query(asked)
        if query.sort == "cheapest":
            found = self._searcher.search(
                whole, WANTED, count=True, order_by_field="price", order=kit.Order.Asc
            )
            return found.count, 0.0, [address for _, address in found.hits]
        last, first = self._sorted(query, asked)
        return self._count, last, first

    def _sorted(self, query: Query, asked: list[tuple[Any, Any]]) -> tuple[float, list[Any]]:
        """(the last one's key, where the first stand) of all hits; counts them."""
        assert query.near is not None
        whole = self._kit.Query.boolean_query(asked)
        found = self._searcher.search(whole, _AT_ONCE, count=True)
        if found.count > _AT_ONCE:
            found = self._searcher.search(whole, found.count, count=True)
        hits, self._count = found.hits, found.count
        if not hits:
            return math.inf, []
        addresses = [address for _, address in hits]
        places = self._searcher.fast_field_values("shop", addresses)
        away = _Away(query.near, self._places)
        if query.sort == "nearest":
            keys = [away.of(shop) for shop in places]
        else:
            pairs = zip(hits, places, strict=True)
            keys = [-score * nearness(away.of(shop)) for (score, _), shop in pairs]
        first = heapq.nsmallest(WANTED, range(len(keys)), key=keys.__getitem__)
        return keys[first[-1]], [addresses[number] for number in first]


def _offers(federation: Federation) -> Iterator[Offered]:
    for shop in range(len(federation.places)):
        for item in range(federation.items):
            fields = federation.fields(federation.offer(shop, item))
            _, words = offer_words(fields)
            number = shop * federation.items + item + 1
            price, stock = fields["prices"][0][0], fields["stock"]
            yield Offered(number, words, fields["name"], shop, price, stock)
