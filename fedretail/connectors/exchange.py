"""The exchange format: one record as one line of JSON, for people and programs outside.

    {"id": "k3…/4711", "kind": "offer", "owner": "9f…", "fields": {…}, "own": {…}, "stamps": {…}}

Inside the program amounts are minor units, times milliseconds and positions 1e-7 degrees; outside
they are decimal strings, RFC 3339 and decimal degrees. What does not fit that form (a field of a
newer version, a value that makes no sense) is written as it is, so decode(encode(x)) == x for
every record. docs/protocol/exchange.md is the description for others.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from fedretail.connectors.exchange_values import (
    decode_field,
    decode_value,
    encode_field,
    encode_time,
    encode_value,
)
from fedretail.domain.ids import SITE_COLLECTIONS, offer_id
from fedretail.domain.kind import MAX_FIELD_NAME_BYTES, RecordId, Value
from fedretail.domain.reasons import NotRead, Reason, reason_of
from fedretail.domain.texts import calm_json
from fedretail.domain.times import parse_time
from fedretail.errors import MalformedInput

# First line of a file; optional when reading.
HEADER = {"format": "fedretail-exchange/1", "@context": "urn:fedretail:exchange:1"}
# A row of a log has at most 8 KiB; with own fields, provenance and JSON's escapes it stays far
# below this, and a line without an end is noticed soon.
MAX_LINE_CHARS = 1 << 18

_KNOWN_KEYS = ("id", "kind", "owner", "fields", "own", "stamps")
# Names that are written differently outside.
_OUTSIDE = {"lat_e7": "lat", "lon_e7": "lon"}
_INSIDE = {outside: inside for inside, outside in _OUTSIDE.items()}
_OWNER = re.compile(r"[0-9a-f]{32}")
_KIND = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who wrote a field, when: hybrid stamp in ms, device key as hex or ""."""

    stamp_ms: int
    signer: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One line. id: "<site id>/<key>" of an offer, "<site id>" of a site; "" when absent.

    owner: 32 hex digits or "".  fields, own: as in the store.  extra: keys of a later version.
    """

    id: str
    kind: str
    owner: str
    fields: dict[str, Value]
    own: dict[str, Value] = field(default_factory=dict)
    stamps: dict[str, Provenance] = field(default_factory=dict)
    extra: dict[str, Value] = field(default_factory=dict)


def outside_id(record: RecordId) -> str:
    """The id under which a record is exported."""
    match record.kind:
        case "offer":
            return offer_id(record.collection.removeprefix(SITE_COLLECTIONS), record.key)
        case "site":
            return record.key
        case "member":
            return record.owner.hex()
    return f"{record.collection}/{record.kind}/{record.key}"


def write_record(
    record_id: RecordId,
    fields: Mapping[str, Value],
    *,
    own: Mapping[str, Value] | None = None,
    stamps: Mapping[str, Provenance] | None = None,
) -> str:
    """The line of a record, without its line end. Own fields only when they are handed in."""
    owner = record_id.owner.hex()
    record = Record(outside_id(record_id), record_id.kind, owner, dict(fields))
    record.own.update(own or {})
    record.stamps.update(stamps or {})
    return encode_record(record)


def write_header() -> str:
    """The first line of an export, without its line end."""
    return _dump(dict(HEADER))


def encode_record(record: Record) -> str:
    """The line of a record, without its line end; the same record makes the same line."""
    currency = record.fields.get("currency")
    out: dict[str, Any] = {"id": record.id, "kind": record.kind, "owner": record.owner}
    out = {key: text for key, text in out.items() if text}
    out["fields"] = _encode_fields(record.kind, record.fields, currency)
    if record.own:
        out["own"] = _encode_fields(record.kind, record.own, currency)
    if record.stamps:
        out["stamps"] = {
            _outside(name): {"at": encode_time(stamp.stamp_ms), "signer": stamp.signer}
            for name, stamp in sorted(record.stamps.items())
        }
    out.update((key, encode_value(value)) for key, value in sorted(record.extra.items()))
    return _dump(out)


def decode_record(line: str) -> Record | None:
    """The record of a line, None for the header line.

    Raises MalformedInput; for a fault in one field its hint is the field's name.
    """
    raw = parse_object(line)
    if "format" in raw and "kind" not in raw:
        _check_header(raw)
        return None
    kind = _text(raw, "kind")
    if not _KIND.fullmatch(kind):
        raise NotRead(Reason("kind_like"), hint="kind")
    owner = _text(raw, "owner")
    if owner and not _OWNER.fullmatch(owner):
        raise NotRead(Reason("hex_wanted", {"number": "32"}), hint="owner")
    outer = _object(raw, "fields")
    if "fields" not in raw:
        raise NotRead(Reason("fields_missing"), hint="fields")
    currency = outer.get("currency")
    return Record(
        _text(raw, "id"),
        kind,
        owner,
        _decode_fields(kind, outer, currency),
        _decode_fields(kind, _object(raw, "own"), currency),
        {_inside(name): _stamp(name, one) for name, one in _object(raw, "stamps").items()},
        {
            key: decode_value(value)
            for key, value in raw.items()
            if key not in _KNOWN_KEYS and key not in ("problem", "@context")
        },
    )


def parse_object(line: str) -> dict[str, Any]:
    """The JSON object on a line; MalformedInput when it is cut off, not JSON or no object."""
    if len(line) > MAX_LINE_CHARS:
        raise NotRead(Reason("line_long", {"number": f"{MAX_LINE_CHARS:,}"}))
    try:
        raw = json.loads(line, parse_float=_refuse_number, parse_constant=_refuse_number)
    except json.JSONDecodeError as error:
        if error.pos >= len(line.rstrip()) - 1 or "Unterminated" in error.msg:
            raise NotRead(Reason("line_cut")) from None
        values = {"fault": error.msg, "column": str(error.colno)}
        raise NotRead(Reason("line_no_json", values)) from None
    except (RecursionError, ValueError):
        raise NotRead(Reason("line_nested")) from None
    if not isinstance(raw, dict):
        raise NotRead(Reason("line_object"))
    return raw


def _refuse_number(text: str) -> NoReturn:
    raise NotRead(Reason("line_number", {"text": text[:20]}))


def _check_header(raw: Mapping[str, Any]) -> None:
    if raw["format"] != HEADER["format"]:
        raise NotRead(
            Reason("format_unknown", {"text": f"{str(raw['format'])[:40]!r}"}),
            hint="A newer fedretail may have written it.",
        )


def _encode_fields(kind: str, fields: Mapping[str, Value], currency: Value) -> dict[str, Any]:
    return {
        _outside(name): encode_field(kind, name, fields[name], currency) for name in sorted(fields)
    }


def _decode_fields(kind: str, raw: Mapping[str, Any], currency: Any) -> dict[str, Value]:
    out: dict[str, Value] = {}
    for outside, value in raw.items():
        try:
            name = _inside(outside)
            out[name] = decode_field(kind, name, value, currency)
        except MalformedInput as error:
            raise NotRead(reason_of(error), hint=outside[:64]) from None
        except RecursionError:
            raise NotRead(Reason("nested"), hint=outside[:64]) from None
    return out


def _outside(name: str) -> str:
    """The name outside; one that already means something else there gets an @ in front."""
    if name in _OUTSIDE:
        return _OUTSIDE[name]
    return f"@{name}" if name in _INSIDE or name.startswith("@") else name


def _inside(name: str) -> str:
    if name in _INSIDE:
        return _INSIDE[name]
    inside = name.removeprefix("@")
    if len(inside.encode("utf-8", "replace")) > MAX_FIELD_NAME_BYTES:
        raise NotRead(Reason("field_name_long", {"number": str(MAX_FIELD_NAME_BYTES)}))
    return inside


def _stamp(name: str, raw: Any) -> Provenance:
    match raw:
        case {"at": str(at), "signer": str(signer)}:
            return Provenance(parse_time(at), signer)
    form = Reason("form_wanted", {"form": '{"at": time, "signer": key}'})
    raise NotRead(form, hint=f"stamps.{name[:40]}")


def _text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key, "")
    if not isinstance(value, str):
        raise NotRead(Reason("text_wanted"), hint=key)
    return value


def _object(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = raw.get(key, {})
    if not isinstance(value, dict):
        raise NotRead(Reason("object_wanted"), hint=key)
    return value


def _dump(raw: Mapping[str, Any]) -> str:
    # Names come from strangers, and an export may be shown on a terminal.
    return calm_json(json.dumps(raw, ensure_ascii=False, separators=(",", ":")))
