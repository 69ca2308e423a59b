"""Amounts, days, contents and counts as people type them on a command line."""

import re
from datetime import tzinfo

from fedretail.commands._common import sentence
from fedretail.domain.kind import Value
from fedretail.domain.money import parse_currency, typed_amount
from fedretail.domain.stock import derive_stock
from fedretail.domain.texts import quoted
from fedretail.domain.times import parse_time
from fedretail.domain.units import MAX_PACK, encode_quantity, parse_quantity
from fedretail.errors import MalformedInput, UsageError

_SIGN = re.compile(r"[^\d\s.,'’+–-]+")
# More pieces than this are no shelf.
_MAX_COUNT = 1_000_000
_WORDS: dict[str, dict[str, Value]] = {
    "none": {"stock": "none", "left": None, "made_to_order": None},
    "few": {"stock": "few", "left": None, "made_to_order": None},
    "some": {"stock": "some", "left": None, "made_to_order": None},
    "unknown": {"stock": None, "left": None, "made_to_order": None},
    "to-order": {"stock": "none", "left": None, "made_to_order": True},
}


def amount_in(option: str, text: str, currency: str) -> tuple[int, str]:
    """(minor units, currency) of "3.50", "3,50 €" or "4 CHF"; without a sign: in `currency`."""
    sign = _SIGN.search(text)
    if sign and not re.search(r"\d", text):
        raise UsageError(f"{option}: {quoted(text)} is no amount.", hint="Write it as 3.50.")
    try:
        named = parse_currency(sign[0]) if sign else currency
        # "$" may be the shop's own dollar.
        try:
            return typed_amount(text, currency), currency
        except MalformedInput:
            return typed_amount(text, named), named
    except MalformedInput as error:
        raise UsageError(f"{option}: {sentence(error.message)}", hint=error.hint) from None


def own_amount(option: str, text: str, currency: str) -> int:
    """Minor units of an amount in this shop's own currency."""
    try:
        return typed_amount(text, currency)
    except MalformedInput as error:
        raise UsageError(f"{option}: {sentence(error.message)}", hint=error.hint) from None


def time_in(option: str, text: str, zone: tzinfo, *, end: bool) -> int:
    """Milliseconds of a day or moment in the shop's zone; `end`: the end of that day."""
    try:
        return parse_time(text, zone, end=end)
    except MalformedInput as error:
        raise UsageError(f"{option}: {sentence(error.message)}", hint=error.hint) from None


def stock_fields(text: str, *, few_below: int, show_left: bool) -> dict[str, Value]:
    """The fields of a stock: a count, or none, few, some, unknown, to-order."""
    word = text.strip().lower()
    if word in _WORDS:
        return {**_WORDS[word], "stock_count": None}
    if not re.fullmatch(r"[0-9]{1,7}", word) or int(word) > _MAX_COUNT:
        raise UsageError(
            f"--stock: {text[:40]!r} is neither a count nor a word for one.",
            hint="Write a number of pieces, or none, few, some, unknown or to-order.",
        )
    held = derive_stock(int(word), few_below=few_below, show_left=show_left)
    return {
        "stock": held.level,
        "left": held.left,
        "made_to_order": None,
        "stock_count": int(word),
    }


def pack_fields(text: str) -> dict[str, Value]:
    """The fields of a pack: "500 g", "6 x 0.33 l", or "6" for six pieces."""
    plain = text.strip()
    if re.fullmatch(r"[0-9]{1,6}", plain):
        if not 1 <= int(plain) <= MAX_PACK:
            raise UsageError(f"--pack: a pack holds 1 to {MAX_PACK:,} pieces.")
        return {"pack": int(plain) if int(plain) > 1 else None}
    try:
        net, pack = parse_quantity(plain)
    except MalformedInput as error:
        raise UsageError(f"--pack: {sentence(error.message)}", hint=error.hint) from None
    return {"net": encode_quantity(net), "pack": pack if pack > 1 else None}
