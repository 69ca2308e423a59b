"""From a record to its row in the index: what can be said once, whatever the moment.

Everything that depends on the moment or the shopper (which price is valid, whether a shop is
open or was heard of) is judged when a query asks.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from fedretail.crdt.codec import pack
from fedretail.crdt.registers import Folded
from fedretail.domain.catalog import JUDGES
from fedretail.domain.kind import Value
from fedretail.domain.prices import Price
from fedretail.domain.stock import LEVELS, Stock, may_have
from fedretail.index.schema import STOCK_LIKELY, STOCK_NONE, STOCK_UNKNOWN
from fedretail.index.text import gtin_word, text_words

# What a listing shows of an offer. Descriptions stay in the store: they are long, and only the
# page of one offer shows them.
_SHOWN = frozenset((
    "name", "gtin", "sku", "brand", "category", "type", "net", "pack", "currency", "prices",
    "regular", "deposit", "tax_included", "tax_rate", "sold_by", "lowest_30d", "stock", "left",
    "made_to_order", "min_age", "claims", "language", "valid_from", "valid_until", "source",
    "checked_at",
))  # fmt: skip


# The judges of the fields that make columns; each takes any value, also none at all.
_name, _brand, _category, _sku = (JUDGES[one] for one in ("name", "brand", "category", "sku"))
_gtin, _currency, _prices, _moment = (
    JUDGES[one] for one in ("gtin", "currency", "prices", "checked_at")
)


class OfferRow(NamedTuple):
    """The columns of table `offer` but `id`, `key` and `category` (here as text)."""

    price: int | None
    currency: str | None
    stock: int
    category: str
    timed: int
    priced_at: int | None
    named: int
    words: str
    facts: bytes


def offer_row(folded: Folded) -> OfferRow | None:
    """The row of an offer record; None when it has no name and so is never shown.

    Only the fields that make columns are judged, by the same judges as those of an Offer; the
    others are judged when a listing is shown.
    """
    fields = folded.fields
    name = _name(fields.get("name"))
    if not name:
        return None
    price, timed = _lasting_price(fields)
    category = _category(fields.get("category")) or ""
    named, words = _words(name, category, fields)
    return OfferRow(
        price,
        _currency(fields.get("currency")),
        _stock(fields),
        category,
        timed,
        folded.stamps.get("prices"),
        named,
        words,
        pack(_shown(fields)),
    )


def stock_code(stock: Stock) -> int:
    """STOCK_LIKELY, STOCK_NONE or STOCK_UNKNOWN, as `--in-stock` asks."""
    if may_have(stock):
        return STOCK_LIKELY
    return STOCK_NONE if stock.level == "none" else STOCK_UNKNOWN


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


def _shown(fields: Mapping[str, Value]) -> Mapping[str, Value]:
    if fields.keys() <= _SHOWN:
        return fields
    return {name: value for name, value in fields.items() if name in _SHOWN}


def _lasting_price(fields: Mapping[str, Value]) -> tuple[int | None, int]:
    """(amount, 0) when one amount holds always and for everyone, else (None, 1)."""
    if "prices" not in fields:
        return None, _windowed(fields)
    prices: tuple[Price, ...] = _prices(fields["prices"]) or ()
    if not prices:
        return None, _windowed(fields)
    if len(prices) == 1 and prices[0].lasts:
        return prices[0].amount_minor, _windowed(fields)
    return None, 1


def _windowed(fields: Mapping[str, Value]) -> int:
    """1 when the offer itself begins or ends."""
    if "valid_from" not in fields and "valid_until" not in fields:
        return 0
    window = (_moment(fields.get("valid_from")), _moment(fields.get("valid_until")))
    return int(window != (None, None))


def _words(name: str, category: str, fields: Mapping[str, Value]) -> tuple[int, str]:
    """(how many of the words are the name's, the words FTS5 is given, each once)."""
    words = dict.fromkeys(text_words(name))
    named = len(words)
    if "brand" in fields:
        words.update(_label_words(_brand(fields["brand"]) or ""))
    words.update(_label_words(category))
    if "sku" in fields:
        words.update(dict.fromkeys(text_words(_sku(fields["sku"]) or "")))
    gtin = _gtin(fields.get("gtin"))
    if gtin:
        words[gtin_word(gtin)] = None
    return named, " ".join(words)


# A federation's shops repeat some thousand brands and categories, of at most 120 characters.
@lru_cache(maxsize=4096)
def _label_words(text: str) -> dict[str, None]:
    return dict.fromkeys(text_words(text))
