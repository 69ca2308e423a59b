"""Reads the exchange format (JSON Lines): the offers of one shop, as fedretail exports them.

The file is written by machines, so a line that is no JSON means that the file is damaged, most
often cut off; it is looked through before the first row is handed out and refused as a whole.
A line whose content is wrong is a bad row like any other.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from fedretail.connectors.exchange import Record, decode_record, parse_object
from fedretail.connectors.exchange_check import judge_offer, numbered_lines
from fedretail.connectors.identity import Seen, identity_of
from fedretail.connectors.rows import BadRow, Options, Reading, Row
from fedretail.domain.catalog import OFFER
from fedretail.domain.kind import Value
from fedretail.domain.reasons import NotRead, Reason, reason_of
from fedretail.domain.texts import count
from fedretail.errors import MalformedInput
from fedretail.files import whole_file

# Counting the shops in a file of thousands is no use: it is not one shop's file.
_MAX_SITES = 1000


class JsonlReader:
    """An open JSON Lines file; see fedretail.connectors.rows.Reader."""

    def __init__(self, path: Path, head: tuple[str, str], options: Options) -> None:
        self._path = path
        if head[1].lstrip()[:1] == "[":
            raise MalformedInput(
                f"{path.name} is one JSON list; JSON Lines has one record on each line.",
                hint=f"`jq -c '.[]' {path.name}` makes lines of it.",
            )
        sites = _look_through(path)
        self._site = _choose_site(path, sites, options.site_id)
        self._size = path.stat().st_size
        self._file = path.open("rb")
        self._options = options
        self._skipped: Counter[Reason] = Counter()
        self._own_left_out = 0
        self._reading = Reading(
            "jsonl", "utf-8", "", ".", options.currency, False, "source", {}, []
        )  # fmt: skip

    @property
    def reading(self) -> Reading:
        """How the file is read."""
        return self._reading

    @property
    def profile(self) -> dict[str, Value]:
        """What to store for this source."""
        return {"format": "jsonl", "identity": "source"}

    def progress(self) -> tuple[int, int]:
        """(bytes read, bytes in all)."""
        return self._size if self._file.closed else self._file.tell(), self._size

    def close(self) -> None:
        """Close the file, when it is not read to its end."""
        self._file.close()

    def __iter__(self) -> Iterator[Row | BadRow]:
        seen = Seen()
        try:
            for number, line in numbered_lines(self._file):
                try:
                    row = self._read(number, line)
                    if row and (before := seen.line_of(row.identity, number)):
                        raise NotRead(Reason("same_article", {"line": str(before)}), hint="id")
                except MalformedInput as error:
                    yield _bad(number, line, error)
                else:
                    if row:
                        yield row
        finally:
            self._file.close()
            self._note_what_was_left()

    def _read(self, number: int, line: str) -> Row | None:
        record = decode_record(line)
        if record is None:
            return None
        if record.kind != OFFER.name:
            self._skipped[Reason("records_left", {"kind": record.kind})] += 1
            return None
        site, _, key = record.id.rpartition("/")
        if self._site and site != self._site:
            self._skipped[Reason("offers_left")] += 1
            return None
        own = {name: record.own[name] for name in record.own if name in OFFER.own_fields()}
        # A name that this version does not know as own would be published; it is left out.
        self._own_left_out += len(own) < len(record.own)
        fields = record.fields | own
        judge_offer(fields)
        names = _names(record, key)
        identity, weak = identity_of(names, "source")
        return Row(number, identity, weak, fields)

    def _note_what_was_left(self) -> None:
        notes = self._reading.notes
        for one, number in self._skipped.items():
            notes.append(Reason(one.name, {**one.values, "num": str(number)}))
        if self._own_left_out:
            notes.append(Reason("own_left", {"num": str(self._own_left_out)}))

    def write_rejects(self, path: Path, bad_rows: Iterable[BadRow]) -> int:
        """Number of lines written to `path`, each with its problem under "problem"."""
        written = 0
        with whole_file(path) as file:
            for bad in bad_rows:
                raw = parse_object(bad.raw["line"])
                where = f"{bad.column}: " if bad.column else ""
                raw["problem"] = f"line {bad.line}: {where}{bad.expected}"
                file.write(json.dumps(raw) + "\n")
                written += 1
        return written


def _names(record: Record, key: str) -> dict[str, str]:
    """Identities: the key of its id; without an id what the fields give."""
    fields = {name: value for name, value in record.fields.items() if isinstance(value, str)}
    gtin = fields.get("gtin", "")
    source = key or fields.get("sku", "")
    name = fields.get("name", "")
    return {"sku": "", "source": source, "gtin": f"gtin:{gtin}" if gtin else "", "name": name}


def _bad(number: int, line: str, error: MalformedInput) -> BadRow:
    column = error.hint
    raw = parse_object(line)
    fields = raw.get("fields")
    where = fields if isinstance(fields, dict) and column in fields else raw
    found = json.dumps(where.get(column, ""), ensure_ascii=False).strip('"')[:200]
    named = raw.get("id")
    identity = named.rpartition("/")[2] if isinstance(named, str) else ""
    return BadRow(number, column, found, reason_of(error), "", {"line": line.strip()}, identity)


def _look_through(path: Path) -> Counter[str]:
    """How many offers of which sites the file holds; MalformedInput when a line is damaged."""
    sites: Counter[str] = Counter()
    with path.open("rb") as file:
        at = 0
        try:
            for number, line in numbered_lines(file):
                at = number
                raw = parse_object(line)
                identity = raw.get("id")
                if raw.get("kind") == OFFER.name and isinstance(identity, str):
                    site = identity.rpartition("/")[0]
                    if site in sites or len(sites) < _MAX_SITES:
                        sites[site] += 1
        except MalformedInput as error:
            at = int(error.hint) if error.hint.isdecimal() else at
            raise MalformedInput(
                f"{path.name}, line {at}: {error.message}. Nothing was imported.",
                hint="Export or copy the file again; it seems to be damaged.",
            ) from None
    return sites


def _choose_site(path: Path, sites: Counter[str], wanted: str | None) -> str:
    """The site whose offers are read, "" for all of a file that has only one."""
    named = [site for site in sites if site]
    if len(named) < 2:
        return ""
    if wanted in sites:
        return wanted or ""
    raise MalformedInput(
        f"{path.name} holds offers of {count(len(named), 'shop')}; "
        "one shop's are imported at a time.",
        hint="`fedretail export --mine` writes your own alone.",
    )
