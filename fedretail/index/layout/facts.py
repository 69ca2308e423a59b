"""Facts: what a listing shows of an offer, packed beside its cell.

Fields have numbers instead of names, and what the cell or the tables of categories and brands say
already is left out; so is the source, which is one of its traits. Together they give the fields
again, as far as a listing needs them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fedretail.crdt.codec import pack, unpack
from fedretail.domain.kind import Value
from fedretail.domain.stock import LEVELS
from fedretail.errors import MalformedInput
from fedretail.index.layout.cells import NO_MILLIS, NO_PRICE, Cell, currency_of

MAX_FACTS_BYTES = 1 << 20
# What a listing shows of an offer, by number: another order means another LAYOUT_VERSION.
# Descriptions stay in the store: they are long, and only the page of one offer shows them.
_FIELDS = (
    "name", "gtin", "sku", "brand", "category", "type", "net", "pack", "currency", "prices",
    "regular", "deposit", "tax_included", "tax_rate", "sold_by", "lowest_30d", "stock", "left",
    "made_to_order", "min_age", "claims", "language", "valid_from", "valid_until", "source",
    "checked_at",
)  # fmt: skip
_NUMBERS = {name: number for number, name in enumerate(_FIELDS)}
_STOCK = _NUMBERS["stock"]
# What stands in the cell is left out.
_WITH_PRICES = {
    name: number
    for name, number in _NUMBERS.items()
    if name not in ("gtin", "brand", "category", "currency", "source")
}
_WITHOUT_PRICES = {name: number for name, number in _WITH_PRICES.items() if name != "prices"}
_NAMED = ("name", "language")
_LEVELS: dict[str, int] = {level: number for number, level in enumerate(LEVELS)}
# Beside the fields: the stamp of the prices, where the cell cannot say it.
_PRICED_AT = len(_FIELDS)
_NAMES = (*_FIELDS, "priced_at")

# The same for the fields of a site.
_SITE_FIELDS = (
    "name", "lat_e7", "lon_e7", "position_note", "hours", "holidays", "closed", "time_zone",
    "contact", "currency", "gln", "address", "country", "nonce",
)  # fmt: skip
_SITE_NUMBERS = {name: number for number, name in enumerate(_SITE_FIELDS)}


class Labels(NamedTuple):
    """The texts behind the numbers of a cell; empty where it has none."""

    category: str = ""
    brand: str = ""
    source: str = ""


def pack_facts(fields: Mapping[str, Value], *, price: int, priced_at: int | None) -> bytes:
    """The facts of an offer.

    price: as its cell has it. priced_at: the stamp of its prices, ms, where the cell does not say
    it.
    """
    kept = _WITHOUT_PRICES if price != NO_PRICE else _WITH_PRICES
    facts = {kept[name]: value for name, value in fields.items() if name in kept}
    stock = facts.get(_STOCK)
    if stock is not None:
        facts[_STOCK] = _LEVELS.get(stock) if isinstance(stock, str) else None
    if priced_at is not None:
        facts[_PRICED_AT] = priced_at
    return pack(facts)


def unpack_facts(packed: bytes, cell: Cell, labels: Labels) -> dict[str, Value]:
    """The fields of an offer that a listing shows. MalformedInput where the bytes are damaged."""
    return stamped_facts(packed, cell, labels)[1]


def stamped_facts(packed: bytes, cell: Cell, labels: Labels) -> tuple[int | None, dict[str, Value]]:
    """(the stamp of the prices in ms, the fields), as unpack_facts."""
    fields = _named(packed, _NAMES)
    priced_at: Any = fields.pop("priced_at", None)
    if cell.millis != NO_MILLIS:
        priced_at = cell.fresh_s * 1000 + cell.millis
    level = fields.get("stock")
    if isinstance(level, int):
        fields["stock"] = LEVELS[level] if 0 <= level < len(LEVELS) else None
    if cell.price != NO_PRICE:
        fields["prices"] = [[cell.price]]
    if (gtin := cell.gtin) is not None:
        fields["gtin"] = gtin
    if cell.currency:
        fields["currency"] = currency_of(cell.currency)
    if labels.category:
        fields["category"] = labels.category
    if labels.brand:
        fields["brand"] = labels.brand
    if labels.source:
        fields["source"] = labels.source
    return priced_at, fields


def name_facts(packed: bytes) -> dict[str, Value]:
    """Of the fields of an offer those that the words of its name are made of."""
    fields = _named(packed, _NAMES)
    return {name: fields[name] for name in _NAMED if name in fields}


def pack_site(fields: Mapping[str, Value]) -> bytes:
    """The fields of a site record that a Site reads."""
    return pack(
        {_SITE_NUMBERS[name]: value for name, value in fields.items() if name in _SITE_NUMBERS}
    )


def unpack_site(packed: bytes) -> dict[str, Value]:
    """What pack_site was given. MalformedInput where the bytes are damaged."""
    return _named(packed, _SITE_FIELDS)


def _named(packed: bytes, names: Sequence[str]) -> dict[str, Value]:
    """Fields by their names instead of their numbers; MalformedInput where nobody wrote these."""
    try:
        fields = unpack(packed, max_bytes=MAX_FACTS_BYTES).items()
        return {names[number]: value for number, value in fields}
    except (AttributeError, IndexError, TypeError):
        raise MalformedInput("fields that nobody wrote") from None
