"""From a record to its row in the index: what can be said once, whatever the moment.

Everything that depends on the moment or the shopper (which price is valid, whether a shop is
open or was heard of) is judged when a query asks.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from fedretail.crdt.registers import Folded
from fedretail.domain.catalog import JUDGES, MAX_WORD
from fedretail.domain.kind import Value
from fedretail.domain.prices import Price, measure
from fedretail.domain.stock import LEVELS, Stock
from fedretail.domain.texts import clean_line
from fedretail.domain.units import Quantity
from fedretail.index.language import text
from fedretail.index.layout import labels
from fedretail.index.layout.cells import (
    BASE_SHIFT,
    MAX_PRICE,
    NO_MILLIS,
    NO_PRICE,
    PRESENT,
    STOCK_SHIFT,
    TIMED,
    UNIT_BASES,
    WINDOWED,
    currency_code,
    gtin_code,
    packed_cell,
)
from fedretail.index.layout.facts import pack_facts
from fedretail.index.layout.traits import trait_text
from fedretail.index.rules.stock import STOCK_LIKELY, STOCK_UNKNOWN, stock_code

# The judges of the fields that make columns; each takes any value, also none at all.
_name, _sku = JUDGES["name"], JUDGES["sku"]
_gtin, _currency, _prices, _moment = (
    JUDGES[one] for one in ("gtin", "currency", "prices", "checked_at")
)
_net, _pack, _sold_by, _language = (JUDGES[one] for one in ("net", "pack", "sold_by", "language"))

_MOST_COUNTED = 255
_MOST_SECONDS = (1 << 32) - 1
_MOST_MS = 1000 * _MOST_SECONDS


class Said(NamedTuple):
    """What the words of an offer are made of, judged; the same ones mean the same words."""

    name: str
    brand: str
    category: str
    sku: str
    gtin: str | None
    net: Quantity | None
    pack: int
    language: str


class OfferRow(NamedTuple):
    """What the index keeps of an offer, without the numbers of its labels and of words."""

    price: int
    unit: int
    fresh_s: int
    currency: int
    flags: int
    millis: int
    facts: bytes
    said: Said
    trait: str

    def cell(self, labels: tuple[int, int, int], named: int, shared: int) -> bytes:
        """The packed cell. labels: the numbers of category, brand and trait; the rest as Cell."""
        price, unit, fresh_s, currency, flags, millis, _, said, _ = self
        gtin = gtin_code(said.gtin)
        return packed_cell(
            price, unit, *labels, fresh_s, gtin & 0xFFFF_FFFF, gtin >> 32,
            millis, currency, flags, min(named, _MOST_COUNTED), shared,
        )  # fmt: skip


def offer_row(folded: Folded) -> OfferRow | None:
    """The row of an offer record; None when it has no name and so is never shown.

    Only the fields that make columns are judged, by the same judges as those of an Offer; the
    others are judged when a listing is shown.
    """
    fields, stamps = folded
    said = said_of(fields)
    if not said.name:
        return None
    price, timed = _lasting_price(fields)
    unit, base = NO_PRICE, 0
    if price != NO_PRICE:
        sold_by = _sold_by(fields["sold_by"]) if "sold_by" in fields else None
        measure = _measure(said.net, said.pack, sold_by or "piece")
        unit, base = measure.of(price), UNIT_BASES.index(measure.per)
        if unit > MAX_PRICE:
            unit = NO_PRICE
    priced_at = stamps.get("prices")
    fresh_s, millis = _fresh(priced_at, fields)
    flags = PRESENT | _stock(fields) << STOCK_SHIFT | timed | base << BASE_SHIFT
    kept = priced_at if millis == NO_MILLIS else None
    facts = pack_facts(fields, price=price, priced_at=kept)
    currency = currency_code(_currency(fields.get("currency")))
    return OfferRow(price, unit, fresh_s, currency, flags, millis, facts, said, trait_text(fields))


def _fresh(priced_at: int | None, fields: Mapping[str, Value]) -> tuple[int, int]:
    """(fresh_s, millis) of a cell."""
    if priced_at is not None and "checked_at" not in fields and 0 <= priced_at < _MOST_MS:
        return divmod(priced_at, 1000)
    checked = _moment(fields["checked_at"]) if "checked_at" in fields else None
    fresh_s = min(max(priced_at or 0, checked or 0, 0) // 1000, _MOST_SECONDS)
    if priced_at is None or priced_at // 1000 != fresh_s:
        return fresh_s, NO_MILLIS
    return fresh_s, priced_at % 1000


_measure = lru_cache(maxsize=4096)(measure)


_STOCK_CODES: dict[str, int] = {level: stock_code(Stock(level)) for level in LEVELS}


def checked_at(value: Value) -> int | None:
    """The moment in a `checked_at` field, or None when it is none."""
    moment: int | None = _moment(value)
    return moment


def _stock(fields: Mapping[str, Value]) -> int:
    if fields.get("made_to_order") is True:
        return STOCK_LIKELY
    level = fields.get("stock")
    return _STOCK_CODES.get(level, STOCK_UNKNOWN) if isinstance(level, str) else STOCK_UNKNOWN


def _lasting_price(fields: Mapping[str, Value]) -> tuple[int, int]:
    """(amount, WINDOWED or 0) when one amount holds always and for everyone, else with TIMED."""
    flags = _windowed(fields)
    value = fields.get("prices")
    if type(value) is list and len(value) == 1 and type(value[0]) is list and len(value[0]) == 1:
        # Most prices are nothing but an amount.
        amount = value[0][0]
        if type(amount) is int and 0 <= amount <= MAX_PRICE:
            return amount, flags
    prices: tuple[Price, ...] = _prices(value) or ()
    if not prices:
        return NO_PRICE, flags
    if len(prices) == 1 and prices[0].lasts and prices[0].amount_minor <= MAX_PRICE:
        return prices[0].amount_minor, flags
    return NO_PRICE, flags | TIMED


def _windowed(fields: Mapping[str, Value]) -> int:
    """The flags of an offer that itself begins or ends."""
    if "valid_from" not in fields and "valid_until" not in fields:
        return 0
    window = (_moment(fields.get("valid_from")), _moment(fields.get("valid_until")))
    return TIMED | WINDOWED if window != (None, None) else 0


def offer_words(fields: Mapping[str, Value]) -> tuple[int, str]:
    """(how many of the words are the name's, the words FTS5 is given, each once).

    A pure function of what `said_of` reads, all of which the facts hold: words are not kept, and
    FTS5 must be told the same ones again when the offer changes or goes.
    """
    return words_of(said_of(fields))


def name_words(fields: Mapping[str, Value]) -> tuple[str, str]:
    """The first of offer_words, those of the name, and the language_mark; the others unmade."""
    language = (_language(fields["language"]) or "") if "language" in fields else ""
    return text.name_words(_name(fields.get("name")) or "", language)


def said_of(fields: Mapping[str, Value]) -> Said:
    """What the words are made of."""
    get = fields.get
    return Said(
        _name(get("name")) or "",
        _label(get("brand")),
        _label(get("category")),
        (_sku(fields["sku"]) or "") if "sku" in fields else "",
        _gtin(get("gtin")),
        _net(get("net")),
        (_pack(fields["pack"]) or 1) if "pack" in fields else 1,
        (_language(fields["language"]) or "") if "language" in fields else "",
    )


def words_of(said: Said) -> tuple[int, str]:
    """As offer_words."""
    name, brand, category, sku, gtin, net, pack, language = said
    return text.offer_words(
        name, brand=brand, category=category, sku=sku, gtin=gtin, net=net, pack=pack,
        language=language,
    )  # fmt: skip


def shared_of(said: Said, named: int, words: str) -> int:
    """The `shared` of a cell, from what words_of gives."""
    return labels.shared_of(words.split(" ", named)[:named], said.category, said.brand)


def _label(value: Value) -> str:
    """A category or a brand; "" for none."""
    return _short(value) if type(value) is str and len(value) <= MAX_WORD else ""


# A federation's shops repeat some thousand categories and brands.
@lru_cache(maxsize=4096)
def _short(value: str) -> str:
    return clean_line(value)
