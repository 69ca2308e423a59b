"""What kind of file lies there: text or not, which letters, which separators.

Nothing here trusts a file name. The whole file is looked at once, in pieces, because a price list
is often plain ASCII for its first hundred kilobytes and then names "Käse" on its last page.
"""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from fedretail.domain.reasons import NotRead, Reason
from fedretail.errors import Unavailable, UsageError

# Large enough that the scan of a 1 GB file is bound by the disk, small enough to stay in cache.
_CHUNK_BYTES = 1 << 16
# What the separators are judged by: a few hundred rows of any price list.
SAMPLE_CHARS = 1 << 16
DELIMITERS = (";", ",", "\t", "|")

_KNOWN, _UNPACK = Reason("then_known"), Reason("then_unpack")
# How a file begins, what it is then, and what to do about it.
_MAGIC = (
    (b"\xd0\xcf\x11\xe0", Reason("file_xls"), Reason("then_csv")),
    (b"%PDF", Reason("file_pdf"), Reason("then_ask")),
    (b"\x89PNG", Reason("file_picture"), _KNOWN),
    (b"\xff\xd8\xff", Reason("file_picture"), _KNOWN),
    (b"GIF8", Reason("file_picture"), _KNOWN),
    (b"RIFF", Reason("file_sound"), _KNOWN),
    (b"\x1f\x8b", Reason("file_packed", {"kind": ".gz"}), _UNPACK),
    (b"7z\xbc\xaf", Reason("file_packed", {"kind": ".7z"}), _UNPACK),
    (b"Rar!", Reason("file_packed", {"kind": ".rar"}), _UNPACK),
    (b"SQLite format 3\0", Reason("file_database"), _KNOWN),
)
# Bytes that no text file holds: C0 controls but tab, line ends, form feed, Ctrl-Z and escape.
_CONTROLS = bytes(set(range(32)) - {9, 10, 11, 12, 13, 26, 27})
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def detect_encoding(path: Path) -> str:
    """Codec of the text in `path`: utf-8, utf-8-sig, utf-16-le, utf-16-be or cp1252.

    Raises MalformedInput for an empty or binary file, UsageError where there is no file,
    Unavailable where it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_CHUNK_BYTES)
            _refuse_foreign(head, path.name)
            known = _by_bom(head) or _utf16_without_bom(head)
            if known is None:
                return _scan_bytes(head, file, path.name)
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.") from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror or error}.") from None
    return known


def _refuse_foreign(head: bytes, name: str) -> None:
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise _not_read(name, Reason("file_empty"), Reason("then_export"))
    if head.startswith(b"PK"):
        raise _not_read(name, *_zip_kind(head, name))
    for magic, what, then in _MAGIC:
        if head.startswith(magic):
            raise _not_read(name, what, then)
    if re.match(rb"\s*<(?:!doctype html|html|table|\?xml)", head, re.IGNORECASE):
        raise _not_read(name, Reason("file_web_page"), Reason("then_csv"))


def _not_read(name: str, what: Reason, then: Reason) -> NotRead:
    return NotRead(Reason(what.name, {**what.values, "file": name}), then=then)


def _zip_kind(head: bytes, name: str) -> tuple[Reason, Reason]:
    if b"xl/" in head or b"[Content_Types].xml" in head or name.lower().endswith(".xlsx"):
        return Reason("file_xlsx"), Reason("then_csv")
    if b"opendocument.spreadsheet" in head:
        return Reason("file_ods"), Reason("then_csv")
    return Reason("file_packed", {"kind": ".zip"}), _UNPACK


def _by_bom(head: bytes) -> str | None:
    return next((codec for bom, codec in _BOMS if head.startswith(bom)), None)


def _utf16_without_bom(head: bytes) -> str | None:
    """A codec when every second byte is mostly zero, as in UTF-16 of a European language."""
    part = head[:4096]
    half = max(len(part) // 2, 1)
    low, high = part[0::2].count(0) / half, part[1::2].count(0) / half
    if len(part) >= 8 and high > 0.7 and low < 0.05:
        return "utf-16-le"
    if len(part) >= 8 and low > 0.7 and high < 0.05:
        return "utf-16-be"
    return None


def _scan_bytes(chunk: bytes, file: Iterable[bytes], name: str) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = file.read  # type: ignore[attr-defined]
    while chunk:
        if len(chunk.translate(None, _CONTROLS)) != len(chunk):
            raise _not_read(name, Reason("file_binary"), _KNOWN)
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            return _mostly(chunk)
        chunk = read(_CHUNK_BYTES)
    # A sequence cut off by the end of the file is a stray letter of cp1252.
    return "utf-8" if not decoder.getstate()[0] else "cp1252"


def _mostly(chunk: bytes) -> str:
    """utf-8 when most letters beyond ASCII are that (the rest is damage), else cp1252."""
    text = chunk.decode("utf-8", "surrogateescape")
    foreign = [char for char in text if char > "\x7f"]
    damaged = sum("\udc80" <= char <= "\udcff" for char in foreign)
    return "utf-8" if damaged * 2 < len(foreign) else "cp1252"


def decode_errors(encoding: str) -> str:
    """Error handler under which damaged bytes survive into a reject file (UTF-16: are marked)."""
    return "replace" if encoding.startswith("utf-16") else "surrogateescape"


_DAMAGED = re.compile("[\udc80-\udcff\ufffd]")


def is_damaged(text: str) -> bool:
    """Whether letters of `text` could not be decoded."""
    return not text.isascii() and _DAMAGED.search(text) is not None


def detect_delimiter(sample: Sequence[str]) -> str:
    """The separator that cuts these lines most evenly; "," when none does."""
    declared = re.match(r"sep=(.)\s*$", sample[0]) if sample else None
    if declared:
        return declared[1]
    return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: Sequence[str], delimiter: str) -> tuple[int, int]:
    try:
        widths = [len(cells) for cells in csv.reader(sample, delimiter=delimiter) if cells]
    except csv.Error:
        return (0, 0)
    # The width of most rows decides; a comma inside names makes many widths, each of few rows.
    (width, rows), *_ = Counter(widths).most_common(1) or [(1, 0)]
    return (rows if width > 1 else 0, width)


_COMMA = re.compile(r"\d,\d{1,2}(?![\d.,])|\.\d{3},")
_POINT = re.compile(r"\d\.\d{1,2}(?![\d.,])|,\d{3}\.")


def detect_decimal(prices: Iterable[str]) -> str | None:
    """ "," or "." when the prices show only one of them as decimal mark, else None."""
    commas = points = 0
    for price in prices:
        commas += _COMMA.search(price) is not None
        points += _POINT.search(price) is not None
    # One slip among many (1.49 in a German list) must not open the list to both readings.
    if commas > points * 4:
        return ","
    return "." if points > commas * 4 else None
