"""How a table lies in its file: letters, separator, where the headings are, some rows of it."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fedretail.connectors.columns import PROBLEM, distinct, plain_heading
from fedretail.connectors.detect import (
    DELIMITERS,
    SAMPLE_CHARS,
    decode_errors,
    detect_delimiter,
    detect_encoding,
)
from fedretail.domain.reasons import NotRead, Reason

# Above the headings stand at most a title, a date and some blank lines.
_HEADING_LINES = 10
# A heading row with fewer known words may be a row of data that holds one by chance.
_MIN_KNOWN = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """A table in a text file.

    header_line: line of the headings, from 1; data follow it.  headings: each once.
    sample: the cells of the first rows, as wide as the headings.
    """

    path: Path
    encoding: str
    delimiter: str
    header_line: int
    headings: list[str]
    sample: list[list[str]]

    @property
    def is_reject_file(self) -> bool:
        """Whether this file is one of our own lists of rows to mend."""
        return bool(self.headings) and self.headings[-1] == PROBLEM


def read_head(path: Path) -> tuple[str, str]:
    """(encoding, the first SAMPLE_CHARS characters) of a text file; see detect_encoding."""
    encoding = detect_encoding(path)
    with path.open("r", encoding=encoding, errors=decode_errors(encoding), newline="") as file:
        return encoding, file.read(SAMPLE_CHARS).removeprefix("\ufeff")


def find_layout(path: Path, head: tuple[str, str], known: Mapping[str, object]) -> Layout:
    """The layout of a table whose headings are mostly among `known` (plain headings).

    Raises MalformedInput when the first line has no end within the sample.
    """
    encoding, text = head
    # Lines end at \n, \r or both; str.splitlines would also cut at form feeds inside a cell.
    lines = list(io.StringIO(text, newline=""))
    if len(text) == SAMPLE_CHARS:
        lines.pop()
        if not lines:
            values = {"file": path.name, "number": f"{SAMPLE_CHARS:,}"}
            raise NotRead(Reason("file_no_lines", values), then=Reason("then_table"))
    declared = re.match(r"sep=.\s*$", lines[0])
    candidates = [detect_delimiter(lines)] if declared else [*DELIMITERS]
    best = max(candidates, key=lambda mark: (_known(lines, mark, known), mark == _even(lines)))
    records = _records(lines, best)
    at = max(range(min(len(records), _HEADING_LINES)), key=lambda i: _score(records[i][1], known))
    width = len(records[at][1])
    headings = distinct(records[at][1])
    sample = [_fit(cells, width) for _, cells in records[at + 1 :]]
    return Layout(path, encoding, best, records[at][0], headings, sample)


def _even(lines: Sequence[str]) -> str:
    return detect_delimiter(lines)


def _known(lines: Sequence[str], mark: str, known: Mapping[str, object]) -> int:
    scores = [_score(cells, known) for _, cells in _records(lines, mark)[:_HEADING_LINES]]
    best = max(scores, default=0)
    return best if best >= _MIN_KNOWN else 0


def _score(cells: Sequence[str], known: Mapping[str, object]) -> int:
    return len({plain_heading(cell) for cell in cells if len(cell) < 200} & known.keys())


def _records(lines: Sequence[str], mark: str) -> list[tuple[int, list[str]]]:
    """(line, cells) of the records in the sample; a damaged end is left out."""
    reader = csv.reader(lines, delimiter=mark)
    out: list[tuple[int, list[str]]] = []
    first = 1
    try:
        for cells in reader:
            if any(cells):
                out.append((first, cells))
            first = reader.line_num + 1
    except csv.Error:
        pass
    return out or [(1, [""])]


def _fit(cells: list[str], width: int) -> list[str]:
    return cells[:width] + [""] * (width - len(cells))
