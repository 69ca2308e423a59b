"""What the writing node keeps beside a price that goes down: the lowest of the 30 days before."""

from collections.abc import Iterable, Mapping

from fedretail.crdt.row import Groups
from fedretail.domain.kind import Value
from fedretail.domain.prices import lowest_30d, parse_prices, price_now
from fedretail.errors import MalformedInput

Fields = Mapping[str, Value]
_FIELD = "lowest_30d"


def amount_now(fields: Fields, at_ms: int) -> int | None:
    """The amount that a shopper pays at that moment, minor units; None without a price."""
    try:
        price = price_now(parse_prices(fields.get("prices") or []), at_ms)
    except MalformedInput:
        return None
    return None if price is None else price.amount_minor


def is_repriced(old: Fields, changed: Fields) -> bool:
    """Whether a change of an existing offer calls for `with_lowest`; it reads the journal."""
    return bool(old) and not changed.keys().isdisjoint(("prices", "regular"))


def with_lowest(
    old: Fields, changed: Fields, versions: Iterable[Groups], *, now_ms: int
) -> dict[str, Value]:
    """`changed`, with the lowest price of the 30 days before where it is a reduction.

    A reduction: less than it was, or less than the struck-through price. `versions`: the groups of
    the offer's present and earlier rows. A change that says its own lowest price keeps it.
    """
    result = dict(changed)
    if _FIELD in changed:
        return result
    after = {**old, **changed}
    was, now = amount_now(old, now_ms), amount_now(after, now_ms)
    struck = after.get("regular")
    is_struck = isinstance(struck, int) and now is not None and now < struck
    lowest = None
    if was is not None and now is not None and (now < was or is_struck):
        history = [
            (stamp, amount)
            for groups in versions
            for stamp, fields in groups
            if "prices" in fields and (amount := amount_now(fields, now_ms)) is not None
        ]
        lowest = lowest_30d(history, now_ms)
    if old.get(_FIELD) != lowest:
        result[_FIELD] = lowest
    return result
