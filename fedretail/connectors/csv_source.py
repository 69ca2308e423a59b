"""The records of a CSV file with their line numbers, one at a time.

Memory is bounded whatever the file holds: a line, and a record of several lines, may have
MAX_RECORD_CHARS; a longer one is handed out as a fault and skipped. A quotation mark that is
never closed swallows the rest of a file in every CSV reader; here the record's first line is the
fault, and reading goes on at its second.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from fedretail.connectors.detect import decode_errors
from fedretail.domain.reasons import NotRead, Reason
from fedretail.errors import Unavailable

# Under the csv module's own limit for one field (131,072), which is global to the process and
# must stay untouched. The longest records seen in exports (HTML descriptions) have 30,000.
MAX_RECORD_CHARS = 130_000
# How much may be read a second time because of unclosed quotation marks: without a limit a file
# made of them would be read once for each of its lines.
_MAX_REREAD_CHARS = 4 << 20


@dataclass(frozen=True, slots=True)
class Fault:
    """A record that is none: where, its beginning, and what is wrong."""

    line: int
    text: str
    reason: Reason


class CsvSource:
    """Lines of a text file as csv.reader wants them, counted, capped, and able to go back."""

    def __init__(self, path: Path, encoding: str, delimiter: str = ",") -> None:
        self._text = _open_text(path, encoding)
        self._size = path.stat().st_size
        self._delimiter = delimiter
        self._line = 0
        self._record: list[str] = []
        self._record_chars = 0
        self._back: deque[str] = deque()
        self._reread_chars = 0
        self._open_quote = False

    def close(self) -> None:
        """Nothing; the file is closed."""
        self._text.close()

    def progress(self) -> tuple[int, int]:
        """(bytes taken from the file, its size)."""
        if self._text.closed:
            return self._size, self._size
        done: int = self._text.buffer.raw.tell()  # type: ignore[attr-defined]
        return min(done, self._size), self._size

    def __iter__(self) -> "CsvSource":
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._read_line()
        if not line:
            # The csv reader asks for more inside a record only while a quotation is open.
            self._open_quote = bool(self._record)
            raise StopIteration
        self._line += 1
        self._record.append(line)
        self._record_chars += len(line)
        if self._record_chars > MAX_RECORD_CHARS:
            raise NotRead(_TOO_LONG)
        return line

    def _read_line(self) -> str:
        line = self._text.readline(MAX_RECORD_CHARS + 1)
        if len(line) > MAX_RECORD_CHARS:
            self._skip_line(line)
        if self._line == 0:
            # utf-16-le and -be keep the byte order mark as a letter.
            return line.removeprefix("\ufeff")
        return line

    def _skip_line(self, line: str) -> None:
        """Read on to the end of an endless line, keeping nothing of it."""
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(MAX_RECORD_CHARS)

    def records(self) -> Iterator[tuple[int, list[str]] | Fault]:
        """(line number, cells) of each record that is not blank, and the faults between."""
        # strict: text behind a closing quotation mark is an error, not a silent join of two rows.
        reader = csv.reader(self, delimiter=self._delimiter, strict=True)
        while True:
            self._record.clear()
            self._record_chars = 0
            self._open_quote = False
            first = self._line + 1
            try:
                cells = next(reader, None)
            except NotRead as error:
                yield self._fault(first, error.reason)
                continue
            except csv.Error:
                lenient = self._lenient()
                if lenient is None:
                    yield self._fault(first, _UNCLOSED)
                    continue
                cells = lenient
            if cells is None:
                return
            if any(cells):
                yield first, cells

    def _lenient(self) -> list[str] | None:
        """Cells of a line such as `"24" Monitor";3,99`, whose quotation marks are half meant."""
        if self._open_quote or len(self._record) != 1:
            return None
        try:
            cells = next(csv.reader(self._record, delimiter=self._delimiter), None)
        except csv.Error:
            return None
        # A line end inside a cell: the last quotation mark of the line was left open.
        return cells if cells and not any(cell.endswith(("\n", "\r")) for cell in cells) else None

    def _fault(self, first: int, reason: Reason) -> Fault:
        lines = self._record[:]
        if len(lines) > 1 and self._reread_chars < _MAX_REREAD_CHARS:
            self._back.extendleft(reversed(lines[1:]))
            self._reread_chars += self._record_chars
            self._line = first
            reason = _UNCLOSED
        return Fault(first, lines[0][:2000] if lines else "", reason)


_TOO_LONG = Reason("row_too_long", {"number": f"{MAX_RECORD_CHARS:,}"})
_UNCLOSED = Reason("quote_open")


def _open_text(path: Path, encoding: str) -> TextIOWrapper:
    try:
        # newline="": line ends stay as they are, as the csv module asks for.
        return path.open("r", encoding=encoding, errors=decode_errors(encoding), newline="")
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror or error}.") from None
