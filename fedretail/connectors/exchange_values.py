"""Values of the exchange format, field by field: as written outside, as kept inside.

A field of known meaning is written in its readable form when that form says the same; else, like
any other value, in the plain form: JSON, with bytes as {"@bytes": base64}, integers beyond 2**53
as {"@int": digits}, and a key that begins with @ doubled. {"@raw": …} marks a known field whose
value has no readable form.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from typing import Any, NamedTuple

from fedretail.domain.kind import Value
from fedretail.domain.money import MAX_AMOUNT_MINOR, MINOR_DIGITS, format_amount
from fedretail.domain.pictures import parse_hash
from fedretail.domain.reasons import NotRead, Reason
from fedretail.domain.times import MAX_TIME_MS, parse_time, rfc3339
from fedretail.errors import MalformedInput

# Integers that every JSON reader keeps exactly.
_MAX_SAFE = 2**53 - 1
_AMOUNT = re.compile(r"(\d{1,13})(?:\.(\d{1,4}))?", re.ASCII)
_DEGREES = re.compile(r"(-?)(\d{1,3})(?:\.(\d{1,7}))?", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,200}", re.ASCII)
_AUDIENCES = ("all", "members")

Json = Any


class Codec(NamedTuple):
    """How one sort of field is written and read; `write` may raise for what does not fit."""

    write: Callable[[Any, str], Json]
    read: Callable[[Any, str], Value]


def encode_field(kind: str, name: str, value: Value, currency: Value) -> Json:
    """The field as written outside."""
    codec = CODECS.get((kind, name))
    if codec is None or value is None:
        return encode_value(value)
    code = currency if isinstance(currency, str) else ""
    try:
        readable = codec.write(value, code)
        if _same(codec.read(readable, code), value):
            return readable
    except (MalformedInput, ValueError, TypeError, LookupError, OverflowError, AttributeError):
        pass
    return {"@raw": encode_value(value)}


def decode_field(kind: str, name: str, raw: Json, currency: Json) -> Value:
    """The field as kept inside; MalformedInput when it is not as the format says."""
    codec = CODECS.get((kind, name))
    if codec is None or raw is None:
        return decode_value(raw)
    if isinstance(raw, dict) and raw.keys() == {"@raw"}:
        return decode_value(raw["@raw"])
    return codec.read(raw, currency if isinstance(currency, str) else "")


def encode_value(value: Value) -> Json:
    """Any value as JSON without loss."""
    match value:
        case bytes():
            return {"@bytes": b64encode(value).decode("ascii")}
        case bool():
            return value
        case int():
            return value if abs(value) <= _MAX_SAFE else {"@int": str(value)}
        case list():
            return [encode_value(item) for item in value]
        case dict():
            return {_escaped(key): encode_value(item) for key, item in value.items()}
    return value


def decode_value(raw: Json) -> Value:
    """The value of what encode_value wrote; MalformedInput for what it never writes."""
    match raw:
        case None | bool() | int():
            return raw
        case str():
            return _whole_text(raw)
        case list():
            return [decode_value(item) for item in raw]
        case {"@bytes": str(text)} if len(raw) == 1:
            try:
                return b64decode(text, validate=True)
            except (Base64Error, ValueError):
                raise NotRead(Reason("base64_wanted")) from None
        case {"@int": str(text)} if len(raw) == 1 and _INTEGER.fullmatch(text):
            return int(text)
        case dict():
            return {_unescaped(key): decode_value(item) for key, item in raw.items()}
    raise NotRead(Reason("number_as_text"))


def _whole_text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotRead(Reason("text_half_a_letter")) from None
    return text


def _escaped(key: str) -> str:
    return f"@{key}" if key.startswith("@") else key


def _unescaped(key: str) -> str:
    if key.startswith("@") and not key.startswith("@@"):
        raise NotRead(Reason("field_name", {"text": f"{key[:40]!r}"}))
    return _whole_text(key.removeprefix("@"))


def _same(a: Value, b: Value) -> bool:
    """Equal in value and type, so that True is not 1."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


def _write_amount(amount_minor: Any, currency: str) -> Json:
    return format_amount(amount_minor, currency)


def _read_amount(raw: Json, currency: str) -> int:
    match = _AMOUNT.fullmatch(raw) if isinstance(raw, str) else None
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        raise NotRead(Reason("amount_currency"))
    fraction = (match[2] or "") if match else ""
    if match is None or len(fraction) > digits:
        like = f'"{format_amount(149, currency)}"'
        raise NotRead(Reason("amount_like", {"like": like}))
    minor = int(match[1]) * int(10**digits) + int(fraction.ljust(digits, "0") or "0")
    if minor > MAX_AMOUNT_MINOR:
        raise NotRead(Reason("amount_too_large"))
    return minor


def encode_time(at_ms: int) -> str:
    """RFC 3339 with milliseconds where there are any; ValueError outside 1970 to 9999."""
    if type(at_ms) is not int or not 0 <= at_ms <= MAX_TIME_MS:
        raise ValueError("no moment")
    text = rfc3339(at_ms)
    return text if at_ms % 1000 == 0 else f"{text[:-1]}.{at_ms % 1000:03}Z"


def _read_time(raw: Json, _currency: str = "") -> int:
    if not isinstance(raw, str):
        raise NotRead(Reason("time_like", {"like": '"2026-11-21T10:00:00Z"'}))
    return parse_time(raw)


def _write_prices(prices: Any, currency: str) -> Json:
    return [_write_price(row, currency) for row in prices]


def _write_price(row: Any, currency: str) -> Json:
    amount, start, until, least, audience = list(row) + [None, None, 1, 0][len(row) - 1 :]
    out: dict[str, Json] = {"amount": format_amount(amount, currency)}
    if start is not None:
        out["from"] = encode_time(start)
    if until is not None:
        out["until"] = encode_time(until)
    if least != 1:
        out["min_quantity"] = least
    if audience:
        out["audience"] = _AUDIENCES[audience]
    return out


def _read_prices(raw: Json, currency: str) -> Value:
    if not isinstance(raw, list):
        raise NotRead(Reason("prices_like", {"like": '[{"amount": "1.49"}]'}))
    return [_read_price(one, currency) for one in raw]


def _read_price(raw: Json, currency: str) -> Value:
    known = {"amount", "from", "until", "min_quantity", "audience"}
    if not isinstance(raw, dict) or not {"amount"} <= raw.keys() <= known:
        raise NotRead(Reason("one_price_like", {"like": '{"amount": "1.49"}'}))
    start, until = raw.get("from"), raw.get("until")
    least, audience = raw.get("min_quantity", 1), raw.get("audience", "all")
    if type(least) is not int or least < 1 or audience not in _AUDIENCES:
        raise NotRead(Reason("price_terms"))
    row: list[Value] = [
        _read_amount(raw["amount"], currency),
        None if start is None else _read_time(start),
        None if until is None else _read_time(until),
        least,
        _AUDIENCES.index(audience),
    ]
    for default in (0, 1, None, None):
        if row[-1] != default:
            break
        row.pop()
    return row


def _write_net(value: Any, _currency: str) -> Json:
    amount, unit = value
    return {"amount": amount, "unit": unit}


def _read_net(raw: Json, _currency: str) -> Value:
    match raw:
        case {"amount": str(amount), "unit": str(unit)} if len(raw) == 2:
            return [amount, unit]
    raise NotRead(Reason("form_wanted", {"form": '{"amount": "0.75", "unit": "LTR"}'}))


def _write_degrees(e7: Any, _currency: str) -> Json:
    whole, part = divmod(abs(e7), 10**7)
    digits = f"{part:07}".rstrip("0")
    return f"{'-' if e7 < 0 else ''}{whole}{'.' if digits else ''}{digits}"


def _read_degrees(raw: Json, _currency: str) -> int:
    match = _DEGREES.fullmatch(raw) if isinstance(raw, str) else None
    if match is None or int(match[2]) > 180:
        raise NotRead(Reason("degrees_like", {"like": '"48.5216"'}))
    e7 = int(match[2]) * 10**7 + int((match[3] or "0").ljust(7, "0"))
    return -e7 if match[1] else e7


def _write_closed(value: Any, _currency: str) -> Json:
    return [
        {"from": encode_time(row[0]), "until": encode_time(row[1]), "reason": row[2]}
        for row in value
    ]


def _read_closed(raw: Json, _currency: str) -> Value:
    if not isinstance(raw, list):
        raise NotRead(Reason("list_wanted", {"form": '{"from", "until", "reason"}'}))
    return [_read_closure(one) for one in raw]


def _read_closure(raw: Json) -> Value:
    match raw:
        case {"from": str(start), "until": str(until), "reason": str(reason)} if len(raw) == 3:
            return [parse_time(start), parse_time(until), reason]
    form = '{"from": time, "until": time, "reason": text}'
    raise NotRead(Reason("form_wanted", {"form": form}))


def _write_pictures(value: Any, _currency: str) -> Json:
    names = ("hash", "bytes", "width", "height", "alt")
    return [dict(zip(names, (size[0].hex(), *size[1:]), strict=False)) for size in value]


def _read_pictures(raw: Json, _currency: str) -> Value:
    if not isinstance(raw, list):
        form = '{"hash", "bytes", "width", "height", "alt"}'
        raise NotRead(Reason("list_wanted", {"form": form}))
    return [_read_size(one) for one in raw]


def _read_size(raw: Json) -> Value:
    match raw:
        case {"hash": str(name), "bytes": int(size), "width": int(width), "height": int(height)}:
            alt = raw.get("alt", "")
            if isinstance(alt, str) and len(raw) == 4 + ("alt" in raw):
                return [parse_hash(name), size, width, height, *([alt] if "alt" in raw else [])]
    form = '{"hash": "…", "bytes": 9000, "width": 320, "height": 240}'
    raise NotRead(Reason("form_wanted", {"form": form}))


_TIME = Codec(lambda ms, _: encode_time(ms), _read_time)
_MONEY = Codec(_write_amount, _read_amount)
_DEGREE = Codec(_write_degrees, _read_degrees)
CODECS: dict[tuple[str, str], Codec] = {
    ("offer", "prices"): Codec(_write_prices, _read_prices),
    ("offer", "pictures"): Codec(_write_pictures, _read_pictures),
    ("offer", "net"): Codec(_write_net, _read_net),
    **{("offer", name): _MONEY for name in ("regular", "deposit", "lowest_30d", "cost")},
    **{("offer", name): _TIME for name in ("valid_from", "valid_until", "checked_at")},
    ("source", "checked_at"): _TIME,
    ("site", "lat_e7"): _DEGREE,
    ("site", "lon_e7"): _DEGREE,
    ("site", "closed"): Codec(_write_closed, _read_closed),
}
