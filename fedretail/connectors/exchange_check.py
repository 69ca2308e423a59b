"""The validator of the exchange format: which lines of a file are not as the document says.

A second implementation checks its own exports with `check_file`; the conformance fixtures in
tests/fixtures/connectors/exchange carry the verdicts that it must come to.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from fedretail.connectors.cells import read_gtin
from fedretail.connectors.exchange import MAX_LINE_CHARS, decode_record
from fedretail.connectors.rows import BadRow
from fedretail.domain.catalog import OFFER
from fedretail.domain.kind import Value
from fedretail.domain.prices import parse_prices
from fedretail.domain.reasons import NotRead, Reason, reason_of
from fedretail.errors import MalformedInput

_MAX_LINE_BYTES = MAX_LINE_CHARS * 4


def check_file(path: Path) -> Iterator[BadRow]:
    """The lines of the file that break the format, with field and reason; none when all is well.

    Raises MalformedInput when a line is no UTF-8 text or has no end.
    """
    with path.open("rb") as file:
        for number, line in numbered_lines(file):
            try:
                record = decode_record(line)
                if record and record.kind == OFFER.name:
                    judge_offer(record.fields)
            except MalformedInput as error:
                yield BadRow(number, error.hint, line.strip()[:200], reason_of(error))


def judge_offer(fields: dict[str, Value]) -> None:
    """MalformedInput for an offer that nobody could be shown, or with a wrong number."""
    name, gtin, prices = fields.get("name"), fields.get("gtin"), fields.get("prices")
    if not isinstance(name, str) or not name.strip():
        raise NotRead(Reason("name_missing"), hint="name")
    if gtin is not None:
        try:
            fields["gtin"] = read_gtin(gtin if isinstance(gtin, str) else "")
        except MalformedInput as error:
            raise NotRead(reason_of(error), hint="gtin") from None
    if prices is None:
        raise NotRead(Reason("price_missing"), hint="prices")
    try:
        parse_prices(prices)
    except MalformedInput as error:
        raise NotRead(reason_of(error), hint="prices") from None


def numbered_lines(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """(number, text) of the lines that hold something; MalformedInput for what is no text line."""
    number = 0
    while line := file.readline(_MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > _MAX_LINE_BYTES:
            values = {"number": f"{_MAX_LINE_BYTES:,}"}
            raise NotRead(Reason("line_no_end", values), hint=str(number))
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise NotRead(Reason("line_no_text"), hint=str(number)) from None
        if text.strip():
            yield number, text
