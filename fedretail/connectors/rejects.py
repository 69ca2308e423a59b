"""The list of rows to mend: written so that it can be imported again as it is.

It has the original's headings, letters and separator, and one column more, "problem". It will be
opened in a spreadsheet, where a cell that begins with = + - @ is a formula that may fetch and
send: such cells get an apostrophe in front, which a spreadsheet hides and `unescape` takes off.
"""

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from fedretail.connectors.columns import PROBLEM
from fedretail.connectors.detect import decode_errors
from fedretail.connectors.layout import Layout
from fedretail.connectors.rows import BadRow
from fedretail.files import whole_file

# Numbers and phone-like numbers (-5, +49 7071) are no formulas; = + - @ tab and return before
# anything else may be one (OWASP, CSV injection).
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d\s.,]*$)")
_ESCAPED = re.compile(r"'[=@\t\r+'-]")


def escape(cell: str) -> str:
    """The cell so that no spreadsheet calculates it."""
    return f"'{cell}" if _FORMULA.match(cell) or _ESCAPED.match(cell) else cell


def unescape(cell: str) -> str:
    """The cell as it was before `escape`."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def describe(bad: BadRow) -> str:
    """The problem in one line: "Price: expected a price such as 1,49 (perhaps 1.49)"."""
    where = f"{bad.column}: " if bad.column else ""
    perhaps = f" (perhaps {bad.guess})" if bad.guess and bad.guess not in bad.expected else ""
    return f"line {bad.line}: {where}{bad.expected}{perhaps}"


def write_csv_rejects(path: Path, layout: Layout, bad_rows: Iterable[BadRow]) -> int:
    """Number of rows written; the file has the layout's letters, separator and headings."""
    headings = [heading for heading in layout.headings if heading != PROBLEM]
    # utf-16-le and -be write no byte order mark by themselves, and no reader guesses without.
    mark = "\ufeff" if layout.encoding.startswith("utf-16") else ""
    written = 0
    with whole_file(
        path, encoding=layout.encoding, errors=decode_errors(layout.encoding), newline=""
    ) as file:
        file.write(mark)
        writer = csv.writer(file, delimiter=layout.delimiter)
        writer.writerow([*headings, PROBLEM])
        for bad in bad_rows:
            cells = [escape(bad.raw.get(heading, "")) for heading in headings]
            # A code page has no sign for every letter of the message.
            problem = describe(bad).encode(layout.encoding, "replace").decode(layout.encoding)
            writer.writerow([*cells, problem])
            written += 1
    return written
