"""Prices of many own offers changed at once: all of a category, or all, by so many percent.

What would change is told first; the change is one deed, and goes back as one. Prices of some days
(a promotion) stay as they are; the usual price beside them changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from fedretail.crdt.registers import Folded
from fedretail.domain.catalog import OFFER, Offer
from fedretail.domain.ids import collection_of
from fedretail.domain.kind import RecordId
from fedretail.domain.money import MAX_AMOUNT_MINOR
from fedretail.errors import MalformedInput
from fedretail.index.rules.categories import category_matches
from fedretail.node.base import BaseNode
from fedretail.node.editing import Fields, usual, with_price
from fedretail.node.own_sites import OwnSite
from fedretail.node.reductions import with_lowest
from fedretail.node.writing import Overtaken
from fedretail.store.commits import Edit
from fedretail.store.deeds import Deed

# Nobody waits longer than a fifth of a second for the write lock.
_BATCH = 500
# Under this name a deed says by how many percent prices went up.
PRICES = "prices"
# Prices that halve or double are a slip of the keys more often than a decision.
_LEAST, _MOST = Decimal(-50), Decimal(100)


@dataclass(frozen=True, slots=True)
class Raise:
    """Which offers change and how; category: "" for all; rounded: to ends of 9 (1.29, 2.49)."""

    percent: Decimal
    category: str = ""
    rounded: bool = False

    def amount(self, amount_minor: int) -> int:
        """The new amount, in minor units; a price of nothing stays one, no other becomes one."""
        exact = Decimal(amount_minor) * (100 + self.percent) / 100
        new = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
        if self.rounded:
            new = int((exact + 1) / 10 + Decimal("0.5")) * 10 - 1
        return min(max(new, 1), MAX_AMOUNT_MINOR) if amount_minor else 0


@dataclass(frozen=True, slots=True)
class Repriced:
    """One offer that changes; amounts in minor units."""

    own: OwnSite
    key: str
    name: str
    currency: str
    old_minor: int
    new_minor: int
    present: Fields


def parse_percent(text: str) -> Decimal:
    """The percent of "5", "+5 %", "-2,5"; MalformedInput for others, beyond -50 to 100, and 0."""
    plain = text.strip().removesuffix("%").strip().replace(",", ".").replace("−", "-")
    try:
        percent = Decimal(plain) if len(plain) <= 8 else Decimal("NaN")
    except InvalidOperation:
        percent = Decimal("NaN")
    if not (percent.is_finite() and _LEAST <= percent <= _MOST and percent):
        raise MalformedInput(f"{text!r:.40} is no percent", hint="Write it as +5 or -2.5.")
    return percent


def repriced(node: BaseNode, wanted: Raise) -> Iterator[Repriced]:
    """The own offers whose usual price changes, in the order of their keys."""
    for own in node.sites():
        collection = collection_of(own.id)
        found = node.store.records(OFFER.name, owner=node.owner, collection=collection)
        for place, folded in found:
            one = _repriced(own, place.key, folded.fields, wanted)
            if one is not None:
                yield one


def _repriced(own: OwnSite, key: str, fields: Fields, wanted: Raise) -> Repriced | None:
    offer = Offer.from_fields(fields)
    base = usual(offer)
    if base is None or not base.lasts:
        return None
    if wanted.category and not category_matches(offer.category or "", wanted.category):
        return None
    new = wanted.amount(base.amount_minor)
    if new == base.amount_minor:
        return None
    currency = offer.currency or own.site.currency or "EUR"
    return Repriced(own, key, offer.name, currency, base.amount_minor, new, fields)


def reprice(node: BaseNode, wanted: Raise) -> int:
    """Change them all as one deed; how many. Told among the changes as `wanted` says itself."""
    changes = list(repriced(node, wanted))
    what = {PRICES: f"{wanted.percent:+f}", "category": wanted.category, "changed": len(changes)}
    deed, done = Deed.new(**what), 0
    for own in node.sites():
        mine = [node.place(OFFER.name, one.key, own) for one in changes if one.own.id == own.id]
        for start in range(0, len(mine), _BATCH):
            done += _reprice(node, own, mine[start : start + _BATCH], (wanted, deed))
    return done


def _reprice(node: BaseNode, own: OwnSite, places: list[RecordId], deed: tuple[Raise, Deed]) -> int:
    """Change some offers in one commit; how many. Each by what it costs at that very moment."""
    while True:
        present = node.store.records_of(places)
        found = (_repriced(own, place.key, one.fields, deed[0]) for place, one in present.items())
        changes = [one for one in found if one is not None]

        def check(present: dict[RecordId, Folded] = present) -> None:
            if node.store.records_of(places) != present:
                raise Overtaken("Prices have changed meanwhile.")

        try:
            node.commit(own.id, _edits(node, changes), deed=deed[1], check=check)
        except Overtaken:
            continue
        return len(changes)


def _edits(node: BaseNode, changes: list[Repriced]) -> list[Edit]:
    """The new prices, each with the lowest of the 30 days before where it went down."""
    now_ms = node.clock.now_ms()
    places = [node.place(OFFER.name, one.key, one.own) for one in changes]
    versions = node.store.versions_of(places)
    edits = []
    for one, place in zip(changes, places, strict=True):
        fields = with_price(one.present, one.new_minor, one.currency, now_ms=now_ms)
        changed = {name: value for name, value in fields.items() if one.present.get(name) != value}
        whole = with_lowest(one.present, changed, versions.get(place, []), now_ms=now_ms)
        edits.append(Edit(OFFER.name, one.key, whole))
    return edits
