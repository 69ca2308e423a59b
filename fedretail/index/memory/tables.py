"""The texts behind the numbers of cells, in memory: categories, brands and traits.

A number once given keeps its text as long as the file stands, so that only new ones are read.
"""

import sqlite3
import threading
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from fedretail.domain.ages import min_age_for
from fedretail.errors import MalformedInput
from fedretail.index.language.text import fold
from fedretail.index.layout.cells import Cell
from fedretail.index.layout.facts import Labels
from fedretail.index.layout.labels import Beginnings, beginnings
from fedretail.index.layout.traits import read_traits

Array = np.ndarray[Any, np.dtype[Any]]
# Categories and facets that are asked for again and again: a byte, or twenty, for each text.
_MOST_KEPT = 64

T = TypeVar("T")


class Texts:
    """All texts of one table, by their numbers; 0 is the empty text's."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self._chosen: dict[Hashable, Array] = {}
        self._parts: dict[Hashable, Parts] = {}

    def chosen(self, name: Hashable, holds: Callable[[str], bool]) -> Array:
        """For each number whether `holds` says so of its text; kept under a name for it."""
        return _kept(
            self._chosen,
            name,
            lambda: np.fromiter(map(holds, self.texts), bool, len(self.texts)),
        )

    def parts(self, name: Hashable, part: Callable[[str], str]) -> "Parts":
        """The texts as some part of each; kept under a name for it."""
        return _kept(self._parts, name, lambda: Parts.of([part(text) for text in self.texts]))

    def beginning(self, asked: Beginnings) -> Array | None:
        """For each number whether words of its text begin in all of these ways; None: none does."""
        three, two = self._begun
        parts = [three.get(one) for one in asked.three] + [two.get(one) for one in asked.two]
        if not parts or any(part is None for part in parts):
            return None
        found = np.zeros(len(self.texts), np.int32)
        for part in parts:
            found[part] += 1
        all_of: Array = found == len(parts)
        return all_of

    @cached_property
    def _begun(self) -> tuple[dict[str, Array], dict[str, Array]]:
        """The numbers of the texts that have a word with these first three letters, and two."""
        three: dict[str, list[int]] = {}
        two: dict[str, list[int]] = {}
        for number, text in enumerate(self.texts):
            begins = beginnings(text)
            for known, some in ((three, begins.three), (two, begins.two)):
                for one in some:
                    known.setdefault(one, []).append(number)
        first, second = (
            {one: np.array(numbers, np.int32) for one, numbers in known.items()}
            for known in (three, two)
        )
        return first, second

    def load(self) -> None:
        """Be ready for `beginning`."""
        _ = self._begun

    @cached_property
    def ages(self) -> Array:
        """Of categories: from what age their goods are sold."""
        return np.array([min_age_for(text) or 0 for text in self.texts], np.int32)

    @cached_property
    def traits(self) -> list[Any]:
        """Of traits: what they say."""
        return [read_traits(text) for text in self.texts]

    @cached_property
    def sourced(self) -> Array:
        """Of traits: whether they name a source."""
        return np.array([one.source != "" for one in self.traits], bool)


def _kept(known: dict[Hashable, T], name: Hashable, make: Callable[[], T]) -> T:
    """What is kept under a name, made where it is not; of many names the others are forgotten."""
    found = known.get(name)
    if found is None:
        if len(known) >= _MOST_KEPT:
            known.clear()
        found = known[name] = make()
    return found


class Parts:
    """Texts of which several numbers may have the same but for case and accents.

    texts: by number; alike: by number, the number of those that are alike; -1 for empty texts.
    """

    def __init__(self, texts: list[str], alike: Array, count: int) -> None:
        self.texts, self.alike, self.count = texts, alike, count

    @classmethod
    def of(cls, texts: list[str]) -> "Parts":
        """Those of these texts."""
        numbers: dict[str, int] = {}
        alike = [numbers.setdefault(fold(one), len(numbers)) if one else -1 for one in texts]
        return cls(texts, np.array(alike, np.int64), len(numbers))


class Tables:
    """The tables of one index; any thread may ask."""

    def __init__(self, file: int) -> None:
        """file: State.file of the index."""
        self.file = file
        self._commits = -1
        self._turn = threading.Lock()
        self.categories, self.brands, self.traits = (Texts([""]) for _ in range(3))

    def of(self, cell: Cell) -> Labels:
        """The texts of a cell. MalformedInput where no table holds them."""
        try:
            category, brand = self.categories.texts[cell.category], self.brands.texts[cell.brand]
            return Labels(category, brand, self.traits.traits[cell.trait].source)
        except IndexError:
            raise MalformedInput("a cell of texts that no table holds") from None

    def refresh(self, db: sqlite3.Connection, commits: int) -> None:
        """Read what came since, where this snapshot is a later one."""
        with self._turn:
            if commits <= self._commits:
                return
            self.categories = _grown(db, "category", self.categories)
            self.brands = _grown(db, "brand", self.brands)
            self.traits = _grown(db, "trait", self.traits)
            self._commits = commits


def _grown(db: sqlite3.Connection, table: str, known: Texts) -> Texts:
    query = f"SELECT id, text FROM {table} WHERE id >= ? ORDER BY id"
    found = db.execute(query, (len(known.texts),)).fetchall()
    if not found:
        return known
    texts = known.texts + [""] * (found[-1][0] + 1 - len(known.texts))
    for number, text in found:
        texts[number] = text
    return Texts(texts)
