"""From a record to its row in the index: what can be said once, whatever the moment.

Everything that depends on the moment or the shopper (which price is valid, whether a shop is
open or was heard of) is judged when a query asks.
"""

from typing import NamedTuple

from fedretail.crdt.codec import pack
from fedretail.crdt.registers import Folded
from fedretail.domain.catalog import Offer
from fedretail.domain.kind import Value
from fedretail.domain.prices import Price
from fedretail.domain.stock import may_have
from fedretail.index.schema import STOCK_LIKELY, STOCK_NONE, STOCK_UNKNOWN
from fedretail.index.text import gtin_word, text_words

# What a listing shows of an offer. Descriptions stay in the store: they are long, and only the
# page of one offer shows them.
_SHOWN = (
    "name", "gtin", "sku", "brand", "category", "type", "net", "pack", "currency", "prices",
    "regular", "deposit", "tax_included", "tax_rate", "sold_by", "lowest_30d", "stock", "left",
    "made_to_order", "min_age", "claims", "language", "valid_from", "valid_until", "source",
    "checked_at",
)  # fmt: skip


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
    """The row of an offer record; None when it has no name and so is never shown."""
    fields = folded.fields
    offer = Offer.from_fields(fields)
    if not offer.name:
        return None
    price, timed = _lasting_price(offer.prices)
    if offer.valid_from is not None or offer.valid_until is not None:
        timed = 1
    named, words = _words(offer)
    facts = pack({name: fields[name] for name in _SHOWN if name in fields})
    return OfferRow(
        price,
        offer.currency,
        stock_code(offer),
        offer.category,
        timed,
        folded.stamps.get("prices"),
        named,
        words,
        facts,
    )


def stock_code(offer: Offer) -> int:
    """STOCK_LIKELY, STOCK_NONE or STOCK_UNKNOWN, as `--in-stock` asks."""
    if may_have(offer.stock):
        return STOCK_LIKELY
    return STOCK_NONE if offer.stock.level == "none" else STOCK_UNKNOWN


def checked_at(value: Value) -> int | None:
    """The moment in a `checked_at` field, or None when it is none."""
    return Offer.from_fields({"checked_at": value}).checked_at


def _lasting_price(prices: tuple[Price, ...]) -> tuple[int | None, int]:
    """(amount, 0) when one amount holds always and for everyone, else (None, 1)."""
    if not prices:
        return None, 0
    if len(prices) == 1 and prices[0] == Price(prices[0].amount_minor):
        return prices[0].amount_minor, 0
    return None, 1


def _words(offer: Offer) -> tuple[int, str]:
    """(how many of the words are the name's, the words FTS5 is given, each once)."""
    words = dict.fromkeys(text_words(offer.name))
    named = len(words)
    rest = " ".join(text for text in (offer.brand, offer.category, offer.sku) if text)
    if rest:
        words.update(dict.fromkeys(text_words(rest)))
    if offer.gtin:
        words[gtin_word(offer.gtin)] = None
    return named, " ".join(words)
