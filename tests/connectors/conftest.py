"""A reader of a text or of bytes, as the connector tests need it everywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fedretail.connectors import BadRow, Reader, Row, open_source

FIXTURES = Path(__file__).parent.parent / "fixtures" / "connectors"


class Read:
    """A source read to its end: the reader, its rows by identity, its bad rows by line."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.reading = reader.reading
        self.all = list(reader)
        self.rows = {row.identity: row for row in self.all if isinstance(row, Row)}
        self.bad = {row.line: row for row in self.all if isinstance(row, BadRow)}

    def fields(self, identity: str) -> dict[str, Any]:
        """What a row says, without what it clears."""
        return {k: v for k, v in self.rows[identity].fields.items() if v is not None}


ReadText = Callable[..., Read]


@pytest.fixture
def read(tmp_path: Path) -> ReadText:
    """read(text or bytes, currency="EUR", ...) -> Read."""

    def of(content: str | bytes, *, name: str = "file.csv", **options: Any) -> Read:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Read(open_source(path, **{"currency": "EUR"} | options))

    return of


@pytest.fixture
def read_fixture() -> ReadText:
    """read_fixture(file name, currency="EUR", ...) -> Read."""

    def of(name: str, **options: Any) -> Read:
        return Read(open_source(FIXTURES / name, **{"currency": "EUR"} | options))

    return of


@pytest.fixture
def fixtures() -> Path:
    """The folder of our own files in the vendors' formats."""
    return FIXTURES
