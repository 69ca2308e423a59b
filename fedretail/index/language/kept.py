"""What is made once and kept, as much as there is room for: tables for those who ask for much.

`map(table.__getitem__, keys)` takes a third of the time of functools.lru_cache, and who asks for
all words of a name does not name their language with each.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Table(dict[K, V], Generic[K, V]):
    """Values by keys, made when first asked for by `[]`; any thread may ask."""

    def __init__(self, kept: "Kept[K, V]", name: str) -> None:
        """`name`: of the table, among those of `kept`."""
        super().__init__()
        self._kept, self._name = kept, name
        self._before: dict[K, V] = {}

    def __missing__(self, key: K) -> V:
        self._kept.count()
        value = self._before.get(key)
        if value is None:
            value = self._kept.make(key, self._name)
        self[key] = value
        return value

    def age(self) -> None:
        """Keep what is here as that of before, and forget what was before it."""
        self._before = self.copy()
        self.clear()


class Kept(Generic[K, V]):
    """Tables by name that share room for twice `most` values: late ones, and those of before.

    What was asked for among the last `most` new ones is there; threads that ask at once may at
    worst make the same value twice.
    """

    def __init__(self, make: Callable[[K, str], V], most: int) -> None:
        """`make`: a pure function of key and name of the table; never None."""
        self.make = make
        self._most = most
        self._late = 0
        self._tables: dict[str, Table[K, V]] = {}

    def table(self, name: str) -> Table[K, V]:
        """The table of this name; the caller knows of few names."""
        found = self._tables.get(name)
        return self._tables.setdefault(name, Table(self, name)) if found is None else found

    def count(self) -> None:
        """A table is about to keep one more."""
        self._late += 1
        if self._late > self._most:
            self._late = 1
            for one in list(self._tables.values()):
                one.age()
