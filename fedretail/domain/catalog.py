"""What a shop sells: offers of goods and services, and the sources they came from.

An offer is a member's terms at one site. Its public fields are what search shows; its own
fields (cost, supplier, count, note) never leave the shop's devices. A record may come from
anywhere: `Offer.from_fields` ignores a field of a wrong type or range and never fails, so
that one bad field hides nothing else.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Self

from fedretail.domain.ids import is_gtin
from fedretail.domain.judges import block, choice, formed, line, whole, words, yes_no
from fedretail.domain.kind import Field, Kind, Value, fields_of
from fedretail.domain.money import MAX_AMOUNT_MINOR, MINOR_DIGITS
from fedretail.domain.pictures import MAX_URL, Picture, encode_pictures, read_pictures
from fedretail.domain.prices import Price, SoldBy, encode_prices, parse_prices
from fedretail.domain.stock import LEVELS, MAX_LEFT, UNKNOWN, Level, Stock
from fedretail.domain.times import MAX_TIME_MS
from fedretail.domain.units import MAX_PACK, Quantity, encode_quantity, read_quantity
from fedretail.errors import MalformedInput

# A name fits a shelf label and a line on a screen; a description a page.
MAX_NAME = 200
MAX_DESCRIPTION = 2000
MAX_CATEGORY = 120
# Codes, brands, allergens: words, not sentences. The EU names 14 allergens.
MAX_WORD = 120
MAX_WORDS = 40

_RATE = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,4})?")

OFFER = Kind(
    "offer",
    "site",
    fields_of(
        Field("name", doc=f"what it is called; text of at most {MAX_NAME} characters"),
        Field("description", doc=f"text of at most {MAX_DESCRIPTION} characters"),
        Field("gtin", doc="trade item number, 14 digits"),
        Field("sku", doc="the member's own article code"),
        Field("brand", doc="text"),
        Field("category", doc=f"text of at most {MAX_CATEGORY} characters"),
        Field("type", doc='"product" (when absent) or "service"'),
        Field("net", doc="content of one: [decimal string, Rec 20 unit code]"),
        Field("pack", doc="how many of them are sold together; 1 when absent"),
        Field("currency", doc="ISO 4217 code of all amounts of this offer"),
        Field("prices", doc="[[amount, from, until, min_quantity, audience], ...]"),
        Field("regular", doc="the struck-through price, minor units"),
        Field("deposit", doc="paid on top and given back, minor units; in no comparison"),
        Field("tax_included", doc="bool; true when absent"),
        Field("tax_rate", doc="per cent, decimal string"),
        Field("sold_by", doc='"piece" (when absent), "weight" or "time"'),
        Field("lowest_30d", doc="lowest price of the 30 days before, minor units"),
        Field("stock", doc='"none", "few", "some" or "unknown"'),
        Field("left", doc="1 to 9, when the shop shows it"),
        Field("made_to_order", doc="bool"),
        Field("min_age", doc="years a buyer must have"),
        Field("allergens", doc="list of text"),
        Field("hazard", doc="list of text"),
        Field("claims", doc="list of text: organic, fair trade ..."),
        Field("language", doc="BCP 47 tag of name and description"),
        Field("valid_from", doc="ms; the offer is shown from then on"),
        Field("valid_until", doc="ms; the offer is shown before it"),
        Field("source", doc="key of the source record that it came from"),
        Field("checked_at", doc="ms; when a person last stood behind this price"),
        Field("pictures", doc="one picture: [[hash, bytes, width, height, alt], ...], by size"),
        Field("cost", own=True, doc="purchase price, minor units"),
        Field("supplier", own=True, doc="text"),
        Field("reorder_point", own=True, doc="count at which to order again"),
        Field("stock_count", own=True, doc="the exact count"),
        Field("note", own=True, doc="text"),
        Field("picture_from", own=True, doc=f"https URL; text of at most {MAX_URL} characters"),
        Field("picture_made", own=True, doc="picture_from of which the pictures were made"),
    ),
    doc="terms for a product or service at a site",
)

# What the program itself makes of other fields: no word of anybody, so it is no later change.
MADE_FIELDS = frozenset({"pictures", "picture_made"})

SOURCE = Kind(
    "source",
    "site",
    fields_of(
        Field("checked_at", doc="ms; when this source was last read, at most once a day"),
        Field("file_name", own=True, doc="text"),
        Field("format", own=True, doc="name of the connector"),
        Field("profile", own=True, doc="how its columns are read"),
    ),
    doc="a file or till that offers come from",
)


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer's public fields, judged: what is here may be shown.

    gtin, net ... are None, texts "" and lists empty where the shop says nothing.
    """

    name: str = ""
    description: str = ""
    gtin: str | None = None
    sku: str = ""
    brand: str = ""
    category: str = ""
    type: Literal["product", "service"] = "product"
    net: Quantity | None = None
    pack: int = 1
    currency: str | None = None
    prices: tuple[Price, ...] = ()
    regular: int | None = None
    deposit: int | None = None
    tax_included: bool = True
    tax_rate: str | None = None
    sold_by: SoldBy = "piece"
    lowest_30d: int | None = None
    stock: Stock = UNKNOWN
    min_age: int | None = None
    allergens: tuple[str, ...] = ()
    hazard: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    language: str = ""
    valid_from: int | None = None
    valid_until: int | None = None
    source: str = ""
    checked_at: int | None = None
    pictures: tuple[Picture, ...] = ()

    @classmethod
    def from_fields(cls, fields: Mapping[str, Value]) -> Self:
        """The offer that these record fields say; what makes no sense is left out."""
        return cls(**_judged(fields))

    def to_fields(self) -> dict[str, Value]:
        """The record fields of this offer, without those that say nothing."""
        return _written(self)

    def shown(self, at_ms: int) -> bool:
        """Whether the offer stands at that moment: named, and within its validity."""
        return (
            self.name != ""
            and (self.valid_from is None or self.valid_from <= at_ms)
            and (self.valid_until is None or at_ms < self.valid_until)
        )


def _judged(fields: Mapping[str, Value]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in fields.items():
        judge = JUDGES.get(name)
        if judge is not None:
            judged = judge(value)
            if judged is not None:
                out[name] = judged
    if "stock" in fields or "made_to_order" in fields:
        out["stock"] = _stock(fields)
    return out


def _stock(fields: Mapping[str, Value]) -> Stock:
    level, left = fields.get("stock"), fields.get("left")
    known = level if isinstance(level, str) and level in LEVELS else "unknown"
    shown = _left(left) if known in ("few", "some") else None
    return _shared_stock(known, shown, fields.get("made_to_order") is True)


# Forty different stocks serve all offers.
@lru_cache(maxsize=64)
def _shared_stock(level: Level, left: int | None, made_to_order: bool) -> Stock:
    return Stock(level, left, made_to_order)


def _gtin(value: Value) -> str | None:
    return value if isinstance(value, str) and is_gtin(value) else None


def _prices(value: Value) -> tuple[Price, ...] | None:
    try:
        return parse_prices(value)
    except MalformedInput:
        return None


_left = whole(1, MAX_LEFT)
_amount = whole(0, MAX_AMOUNT_MINOR)
_moment = whole(0, MAX_TIME_MS)
_word = line(MAX_WORD)
_list = words(MAX_WORDS, MAX_WORD)
# What may be used of each field, None where it makes no sense. For those who need few fields of
# many offers; everybody else asks Offer.from_fields.
JUDGES: dict[str, Callable[[Value], Any]] = {
    "name": line(MAX_NAME),
    "description": block(MAX_DESCRIPTION),
    "gtin": _gtin,
    "sku": _word,
    "brand": _word,
    "category": line(MAX_CATEGORY),
    "type": choice("product", "service"),
    "net": read_quantity,
    "pack": whole(1, MAX_PACK),
    "currency": choice(*MINOR_DIGITS),
    "prices": _prices,
    "regular": _amount,
    "deposit": _amount,
    "tax_included": yes_no,
    "tax_rate": formed(_RATE),
    "sold_by": choice("piece", "weight", "time"),
    "lowest_30d": _amount,
    "min_age": whole(0, 150),
    "allergens": _list,
    "hazard": _list,
    "claims": _list,
    "language": _word,
    "valid_from": _moment,
    "valid_until": _moment,
    "source": _word,
    "checked_at": _moment,
    "pictures": read_pictures,
}
_NOTHING = Offer()


def _written(offer: Offer) -> dict[str, Value]:
    out: dict[str, Value] = {}
    for name in JUDGES:
        value = getattr(offer, name)
        if value != getattr(_NOTHING, name):
            out[name] = list(value) if isinstance(value, tuple) else value
    if offer.net is not None:
        out["net"] = encode_quantity(offer.net)
    if offer.prices:
        out["prices"] = encode_prices(offer.prices)
    if offer.pictures:
        out["pictures"] = encode_pictures(offer.pictures)
    if offer.stock.level != "unknown":
        out["stock"] = offer.stock.level
    if offer.stock.left is not None:
        out["left"] = offer.stock.left
    if offer.stock.made_to_order:
        out["made_to_order"] = True
    return out
