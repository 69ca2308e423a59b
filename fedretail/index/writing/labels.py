"""Numbers of the texts that many offers share, as categories, while rows are written."""

import sqlite3
from typing import Literal

from fedretail.index.layout.schema import Damaged


class Numbers(dict[str, int]):
    """The numbers of a table of texts, given as they are needed by `[]`; 0 is the empty text's."""

    def __init__(
        self, db: sqlite3.Connection, table: Literal["category", "brand", "trait"]
    ) -> None:
        super().__init__()
        self._db = db
        self._table = table
        self.load()

    def load(self) -> None:
        """Read all of them."""
        self.clear()
        self[""] = 0
        self.update(self._db.execute(f"SELECT text, id FROM {self._table}"))
        self._texts = {number: text for text, number in self.items()}

    def __missing__(self, text: str) -> int:
        query = f"INSERT INTO {self._table}(text) VALUES(?)"
        number = self._db.execute(query, (text,)).lastrowid
        assert number is not None
        self[text], self._texts[number] = number, text
        return number

    def text(self, number: int) -> str:
        """The text of a number; Damaged where there is none."""
        if number not in self._texts:
            raise Damaged(f"a {self._table} that no table holds")
        return self._texts[number]
