"""The reader that the CSV formats share: columns, currency, identity, bad rows, rejects.

A format (csv_generic, shopify, woocommerce) says which headings it knows and turns the texts of a
record into the texts of offers; everything else happens here, alike for all.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fedretail.connectors.cells import read_gtin
from fedretail.connectors.columns import (
    PROBLEM,
    currency_in_heading,
    missing_columns,
    recognise,
    settle_by_cells,
)
from fedretail.connectors.csv_source import CsvSource, Fault
from fedretail.connectors.detect import detect_decimal, is_damaged
from fedretail.connectors.identity import (
    Seen,
    choose_scheme,
    identity_of,
    kept_scheme,
)
from fedretail.connectors.layout import Layout
from fedretail.connectors.offers import OfferReader, Problem
from fedretail.connectors.rejects import unescape, write_csv_rejects
from fedretail.connectors.rows import BadRow, Options, Reading, Row
from fedretail.domain.kind import Value
from fedretail.domain.money import SIGNS, parse_currency
from fedretail.domain.reasons import SAID, Reason, reason_of
from fedretail.domain.texts import count
from fedretail.errors import MalformedInput

Texts = dict[str, str]
_MONEY = ("price", "sale_price", "regular")
_SIGN = re.compile(r"[^\W\d_]{1,4}|[€$£¥₹]")


@dataclass(slots=True)
class Entry:
    """A record on its way: where it stood, its cells, its texts by role."""

    line: int
    cells: list[str]
    texts: Texts


class Format(Protocol):
    """What one vendor's export means. Made anew for each reading; keeps what it must remember."""

    # Why rows were left out, how often; a plug-in may say it as text.
    skipped: Counter[Reason | str]

    @property
    def name(self) -> str:
        """As in `--format`."""

    @property
    def headings(self) -> Mapping[str, str]:
        """Plain heading -> role."""

    @property
    def needed(self) -> Sequence[str]:
        """Roles without which the file is none of this format."""

    def start(self, roles: frozenset[str]) -> frozenset[str]:
        """The roles that its offers will have, given the roles of the columns."""

    def offers(self, entry: Entry) -> Iterable[Entry | Problem]:
        """The offers that this record says: none, one, or those that waited for it."""

    def rest(self) -> Iterable[Entry]:
        """What still waits at the end of the file."""

    def names(self, texts: Texts) -> dict[str, str]:
        """Identities of an offer by scheme ("sku", "source", "gtin", "name")."""


def plain_names(texts: Texts, source: str = "") -> dict[str, str]:
    """Identities that every format has: SKU, the given source id, GTIN as written, name."""
    gtin = texts.get("gtin", "")
    return {
        "sku": texts.get("sku", ""),
        "source": source,
        "gtin": f"gtin:{gtin}" if gtin else "",
        "name": texts.get("name", ""),
    }


class CsvReader:
    """An open CSV file; see fedretail.connectors.rows.Reader."""

    def __init__(self, layout: Layout, form: Format, options: Options) -> None:
        self._layout = layout
        self._form = form
        self._options = options
        self._columns = _columns(layout, form, options.profile)
        self._roles = [self._columns[heading] for heading in layout.headings]
        sample = [self._texts(cells) for cells in layout.sample]
        decimal = detect_decimal(
            text for texts in sample for role in _MONEY if (text := texts.get(role))
        )
        currency, assumed = self._find_currency(sample)
        notes: list[Reason] = []
        priced = [texts for texts in sample if any(role in texts for role in _MONEY)]
        chosen = choose_scheme([form.names(texts) for texts in priced])
        scheme, note = kept_scheme(options.profile, chosen)
        notes.extend([note] if note else [])
        if assumed:
            notes.append(Reason("currency_assumed", {"currency": currency}))
        elif currency != options.currency:
            currencies = {"currency": currency, "site": options.currency}
            notes.append(Reason("currency_foreign", currencies))
        self._reading = Reading(
            form.name, layout.encoding, layout.delimiter, decimal, currency, assumed, scheme,
            self._columns, notes,
        )  # fmt: skip
        roles = frozenset(role for role in self._roles if role)
        self._offers = OfferReader(form.start(roles), currency, decimal, options)
        self._source = CsvSource(layout.path, layout.encoding, layout.delimiter)
        self._seen = Seen()

    @property
    def reading(self) -> Reading:
        """How the file is read."""
        return self._reading

    @property
    def profile(self) -> dict[str, Value]:
        """What to store for this source and hand in at its next import."""
        columns: dict[str, Value] = {**self._options.profile_columns, **self._columns}
        columns.pop(PROBLEM, None)
        reading = self._reading
        return {
            "format": reading.format,
            "identity": reading.identity,
            "currency": reading.currency,
            "columns": columns,
        }

    def progress(self) -> tuple[int, int]:
        """(bytes read, bytes in all)."""
        return self._source.progress()

    def close(self) -> None:
        """Close the file, when it is not read to its end."""
        self._source.close()

    def write_rejects(self, path: Path, bad_rows: Iterable[BadRow]) -> int:
        """Number of rows written to `path` with the file's own headings, letters, separator."""
        return write_csv_rejects(path, self._layout, bad_rows)

    def __iter__(self) -> Iterator[Row | BadRow]:
        width, header_line = len(self._roles), self._layout.header_line
        escaped = self._layout.is_reject_file
        try:
            for record in self._source.records():
                if isinstance(record, Fault):
                    if record.line > header_line:
                        yield self._fault(record)
                    continue
                line, cells = record
                if line <= header_line:
                    continue
                if escaped:
                    cells = [unescape(cell) for cell in cells]
                if len(cells) != width and (fault := _wrong_width(cells, width)):
                    yield self._bad(Entry(line, cells, {}), fault)
                    continue
                yield from self._record(line, cells)
            for left in self._form.rest():
                yield self._row(left)
        finally:
            self._source.close()
            self._note_what_was_left()

    def _record(self, line: int, cells: list[str]) -> Iterator[Row | BadRow]:
        texts = self._texts(cells)
        entry = Entry(line, cells, texts)
        if any(map(is_damaged, cells)):
            damaged = next(cell for cell in cells if is_damaged(cell))
            role, reason = self._role_of(damaged, cells), Reason("letters_damaged")
            yield self._bad(entry, Problem(role, damaged, reason))
            return
        for outcome in self._form.offers(entry):
            yield self._row(outcome) if isinstance(outcome, Entry) else self._bad(entry, outcome)

    def _role_of(self, cell: str, cells: list[str]) -> str:
        at = cells.index(cell)
        return (self._roles[at] if at < len(self._roles) else None) or ""

    def _texts(self, cells: list[str]) -> Texts:
        return {
            role: text
            for role, cell in zip(self._roles, cells, strict=False)
            if role and (text := cell.strip())
        }

    def _row(self, entry: Entry) -> Row | BadRow:
        fields = self._offers.read(entry.texts)
        if isinstance(fields, Problem):
            return self._bad(entry, fields)
        names = self._form.names(entry.texts)
        if names["gtin"]:
            gtin = fields.get("gtin")
            names["gtin"] = f"gtin:{gtin}" if isinstance(gtin, str) else ""
        identity, weak = identity_of(names, self._reading.identity)
        try:
            before = self._seen.line_of(identity, entry.line)
        except MalformedInput as error:
            return self._bad(entry, Problem("sku", identity, reason_of(error)))
        if before:
            reason = Reason("same_article", {"line": str(before)})
            return self._bad(entry, Problem("", identity, reason))
        return Row(entry.line, identity, weak, fields)

    def _bad(self, entry: Entry, problem: Problem) -> BadRow:
        raw = dict(zip(self._layout.headings, entry.cells, strict=False))
        headings = (heading for heading, role in self._columns.items() if role == problem.role)
        column = next(headings, problem.role.replace("_", " ") if problem.role else "")
        found = problem.found[:200]
        where = (entry.line, column, found, problem.reason, problem.guess)
        return BadRow(*where, raw, self._identity(entry.texts))

    def _identity(self, texts: Texts) -> str:
        names = self._form.names(texts)
        if names["gtin"]:
            try:
                names["gtin"] = f"gtin:{read_gtin(names['gtin'].removeprefix('gtin:')) or ''}"
            except MalformedInput:
                names["gtin"] = ""
        return identity_of(names, self._reading.identity)[0]

    def _fault(self, fault: Fault) -> BadRow:
        raw = {self._layout.headings[0]: fault.text}
        return BadRow(fault.line, "", fault.text.strip()[:200], fault.reason, "", raw)

    def _find_currency(self, sample: Sequence[Texts]) -> tuple[str, bool]:
        """(currency of the file, whether it is the site's for want of a sign in the file)."""
        site = self._options.currency
        kept = self._options.profile.get("currency")
        if self._layout.is_reject_file:
            return (kept if isinstance(kept, str) else site), False
        found = Counter(
            code for texts in sample for code in _currencies(texts, site) if code is not None
        )
        if not found:
            money = (head for head, role in self._columns.items() if role in _MONEY)
            named = next(filter(None, map(currency_in_heading, money)), None)
            return (named or site), named is None
        return (site if site in found else found.most_common(1)[0][0]), False

    def _note_what_was_left(self) -> None:
        notes, nets = self._reading.notes, self._offers.unread_nets
        for why, number in self._form.skipped.items():
            said = Reason(SAID, {"text": why}) if isinstance(why, str) else why
            notes.append(Reason("rows_left", {"num": str(number), "why": said}))
        if nets:
            notes.append(Reason("nets_unread", {"num": str(nets)}))
        if self._seen.full:
            notes.append(Reason("articles_many"))


def _columns(layout: Layout, form: Format, profile: Mapping[str, Value]) -> dict[str, str | None]:
    """Heading -> role, the profile's word first; MalformedInput when needed ones are missing."""
    cells = {
        heading: [row[at].strip() for row in layout.sample]
        for at, heading in enumerate(layout.headings)
    }
    recognised = settle_by_cells(recognise(layout.headings, form.headings), cells)
    columns = dict(recognised)
    roles = set(form.headings.values())
    kept = profile.get("columns")
    for heading, role in kept.items() if isinstance(kept, dict) else ():
        if heading in columns and (role is None or role in roles):
            columns[heading] = role if isinstance(role, str) else None
    if layout.is_reject_file:
        columns[PROBLEM] = None
    taken: set[str] = set()
    for heading, found in columns.items():
        if found in taken:
            columns[heading] = None
        taken.add(found or "")
    for heading, found in recognised.items():
        # Left aside in another list of this source, which had another column for it.
        if found and found in form.needed and found not in taken and columns[heading] is None:
            columns[heading] = found
            taken.add(found)
    missing = [role for role in form.needed if role not in taken]
    if "price" in missing and taken & set(_MONEY):
        missing.remove("price")
    if missing:
        raise missing_columns(layout.path.name, layout.headings, form.needed)
    return columns


def _wrong_width(cells: list[str], width: int) -> Problem | None:
    """What is wrong with a record of another width; None when only blanks are missing or over."""
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        return Problem("", count(len(cells), "column"), Reason("width", {"number": str(width)}))
    return None


def _currencies(texts: Texts, site: str) -> Iterator[str | None]:
    """The currencies that a row names, a sign that several share as the site's where it may be."""
    for text in (texts.get("currency"), *(texts.get(role) for role in _MONEY)):
        for sign in _SIGN.findall(text or "")[:1]:
            try:
                code = parse_currency(sign)
            except MalformedInput:
                continue
            yield site if site in SIGNS.get(sign.upper().rstrip("."), ()) else code
