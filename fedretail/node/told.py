"""What was done, as people say it: "Raw milk: price €1.39 → €1.29", "prices.csv: 41 changed"."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal, NamedTuple

from fedretail.domain.catalog import OFFER, Offer
from fedretail.domain.money import human_amount
from fedretail.domain.prices import price_now
from fedretail.node.base import BaseNode
from fedretail.node.bulk import PRICES
from fedretail.node.undo import OF, Before, Listed, before

Sort = Literal["import", "prices", "new", "changed", "withdrawn", "undo"]
# What changes beside something that people change, and says nothing to them.
_SILENT = frozenset({"source", "checked_at", "lowest_30d", "left", "currency"})
_STOCK = frozenset({"stock", "stock_count"})
_COUNTED = ("new", "changed", "withdrawn")


Paid = tuple[int, str] | None


class Change(NamedTuple):
    """A field, with what it said before and says now, where that fits on a line; else "".

    prices: of a price, both as (minor units, currency), None for none.
    """

    field: str
    old: str
    new: str
    prices: "tuple[Paid, Paid] | None" = None


@dataclass(frozen=True, slots=True)
class Told:
    """A deed in words; of: what an undo took back. counts: of an import. text: in English.

    by: percent by which prices of a category (name, "" for all) went up.
    """

    id: str
    at_ms: int
    undone_ms: int | None
    sort: Sort
    name: str
    changes: list[Change] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    of: "Told | None" = None
    by: str = ""

    @property
    def text(self) -> str:
        """The deed in one line."""
        if self.of is not None:
            return f"Undone: {self.of.text}"
        if self.sort == "import":
            said = (f"{number} {name}" for name, number in self.counts.items() if number)
            return f"{self.name}: {', '.join(said) or 'as before'}"
        if self.sort == "prices":
            which = f"Prices of {self.name}" if self.name else "All prices"
            return f"{which} {self.by} %: {self.counts['changed']} changed"
        if self.sort != "changed":
            return f"{self.name}: {self.sort}"
        said = (_said(one) for one in self.changes)
        return f"{self.name}: {', '.join(said) or 'confirmed'}"


def told(node: BaseNode, listed: Listed) -> Told:
    """A deed as it is told."""
    deed, undone_ms = listed
    head = (deed.id, deed.at_ms, undone_ms)
    if "import" in deed.what:
        counts = {name: int(deed.what.get(name, 0)) for name in _COUNTED}
        return Told(*head, "import", str(deed.what["import"]), counts=counts)
    if PRICES in deed.what:
        counts = {"changed": int(deed.what.get("changed", 0))}
        name, by = str(deed.what.get("category", "")), str(deed.what[PRICES])
        return Told(*head, "prices", name, counts=counts, by=by)
    if OF in deed.what:
        found = node.store.deeds.find(deed.what[OF])
        of = told(node, Listed(found, None)) if found else None
        return Told(*head, "undo", "" if of is None else of.name, of=of)
    first = list(islice(node.store.deeds.entries(deed.id), 2))
    if not first:
        return Told(*head, "changed", "")
    return _of_record(node, head, before(first[0]), _after_of(first[0]), more=len(first) > 1)


def _after_of(entries: list[Any]) -> dict[str, Any]:
    """What a deed left in the fields that it set."""
    after: dict[str, Any] = {}
    for entry in entries:
        after = {} if entry.after is None else {**after, **entry.after}
    return after


def _of_record(
    node: BaseNode,
    head: tuple[str, int, int | None],
    was: Before,
    after: dict[str, Any],
    *,
    more: bool,
) -> Told:
    now = node.store.record(was.place)
    fields = now.fields if now else was.fields
    name = str(fields.get("name") or was.fields.get("name") or was.place.key)
    name = f"{name} …" if more else name
    if not was.was:
        return Told(*head, "new", name)
    if not was.is_:
        return Told(*head, "withdrawn", name)
    old = {**fields, **was.fields}
    new = {**old, **after}
    changes = list(_changes(node, old, new, is_offer=was.place.kind == OFFER.name))
    return Told(*head, "changed", name, changes)


def _changes(
    node: BaseNode, old: dict[str, Any], new: dict[str, Any], *, is_offer: bool
) -> Iterator[Change]:
    now_ms = node.clock.now_ms()
    for name in sorted(new):
        if old.get(name) == new.get(name) or name in _SILENT or (is_offer and name in _STOCK):
            continue
        if is_offer and name == "prices":
            was, is_ = _paid(old, now_ms), _paid(new, now_ms)
            yield Change("price", _price(was), _price(is_), (was, is_))
        elif name == "name":
            yield Change(name, str(old.get(name) or ""), str(new.get(name) or ""))
        else:
            yield Change(name, "", "")
    if is_offer and _stock(old) != _stock(new):
        yield Change("stock", _stock(old), _stock(new))


def _paid(fields: dict[str, Any], now_ms: int) -> Paid:
    offer = Offer.from_fields(fields)
    price = price_now(offer.prices, now_ms)
    if price is None or offer.currency is None:
        return None
    return price.amount_minor, offer.currency


def _stock(fields: dict[str, Any]) -> str:
    """The pieces, where they are counted, else the level."""
    count = fields.get("stock_count")
    return str(fields.get("stock") or "unknown") if count is None else str(count)


def _price(paid: Paid) -> str:
    return "–" if paid is None else human_amount(*paid)


def _said(change: Change) -> str:
    plain = change.field.replace("_", " ")
    return f"{plain} {change.old} → {change.new}" if change.old or change.new else plain
