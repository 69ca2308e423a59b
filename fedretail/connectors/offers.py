"""The fields of an offer from the texts of a row, the same for every source of tables.

A connector hands in texts by role (`columns`); what comes out are the names and encodings of
`fedretail.domain.catalog`. A role without a column makes no field; a column with nothing in it
makes the field None, which clears it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fedretail.connectors import cells
from fedretail.connectors.rows import Options
from fedretail.domain.kind import Value
from fedretail.domain.money import parse_currency
from fedretail.domain.prices import Price, encode_prices
from fedretail.domain.reasons import Reason, reason_of
from fedretail.domain.stock import derive_stock
from fedretail.domain.units import UNITS, Quantity, encode_quantity
from fedretail.errors import MalformedInput, UsageError

Texts = Mapping[str, str]

_SIMPLE: dict[str, Callable[[str], Value]] = {
    "name": cells.read_name,
    "gtin": cells.read_gtin,
    "sku": cells.read_word,
    "brand": cells.read_word,
    "category": cells.read_category,
    "description": cells.read_block,
    "type": cells.read_type,
    "tax_rate": cells.read_percent,
    "tax_included": cells.read_yes_no,
    "sold_by": cells.read_sold_by,
    "min_age": cells.read_age,
    "allergens": cells.read_words,
    "claims": cells.read_words,
    "language": cells.read_word,
    "supplier": cells.read_word,
    "reorder_point": cells.read_whole,
    "note": cells.read_block,
    "picture_from": cells.read_picture,
}
_AMOUNTS = ("deposit", "cost")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row was not read: the role, what stood there, what is wrong, what would fit."""

    role: str
    found: str
    reason: Reason
    guess: str = ""


class OfferReader:
    """Turns texts into fields, for one file. `unread_nets` counts contents it did not grasp."""

    def __init__(
        self, roles: frozenset[str], currency: str, decimal: str | None, options: Options
    ) -> None:
        money = cells.money_reader(currency, decimal)
        plan = dict(_SIMPLE) | dict.fromkeys(_AMOUNTS, money)
        self._plan = [(role, read) for role, read in plan.items() if role in roles]
        self._money = money
        self._currency = currency
        self._decimal = decimal
        self._options = options
        month_first = currency == "USD"
        self._time = cells.time_reader(_zone(options.time_zone), month_first=month_first)
        self._has_struck = bool(roles & {"regular", "sale_price"})
        self._has_stock = bool(roles & {"stock", "in_stock", "made_to_order"})
        self._has_net = bool(roles & {"net", "unit", "pack"})
        self._counts = "stock" in roles
        self._sold_by_unit = "sold_by" not in roles and bool(roles & {"net", "unit"})
        self.unread_nets = 0

    def read(self, texts: Texts) -> dict[str, Value] | Problem:
        """The fields that these texts say, or the first problem."""
        fields: dict[str, Value] = {}
        role, text = "", ""
        try:
            for role, read in self._plan:
                text = texts.get(role, "")
                fields[role] = read(text) if text else None
        except MalformedInput as error:
            return Problem(role, text, reason_of(error), error.hint)
        if not fields.get("name"):
            return Problem("name", "", Reason("name_missing"))
        problem = self._add_prices(fields, texts)
        if problem is None and self._has_stock:
            problem = self._add_stock(fields, texts)
        if problem is None and self._has_net:
            problem = self._add_net(fields, texts)
        return problem or fields

    def _add_prices(self, fields: dict[str, Value], texts: Texts) -> Problem | None:
        own = texts.get("currency")
        if own and not self._same_currency(own):
            return Problem("currency", own, Reason("currency_mixed", {"currency": self._currency}))
        amounts: dict[str, int] = {}
        for role in ("price", "regular", "sale_price") if self._has_struck else ("price",):
            text = texts.get(role)
            if text:
                try:
                    amounts[role] = self._money(text)
                except MalformedInput as error:
                    return Problem(role, text, reason_of(error), error.hint)
        if not amounts:
            return Problem("price", "", Reason("price_missing"))
        fields["currency"] = self._currency
        if not self._has_struck:
            fields["prices"] = [[amounts["price"]]]
            return None
        return self._add_reduced(fields, texts, amounts)

    def _add_reduced(
        self, fields: dict[str, Value], texts: Texts, amounts: dict[str, int]
    ) -> Problem | None:
        """Price, struck-through price and a reduction with its days."""
        sale = amounts.get("sale_price")
        full = amounts.get("price", amounts.get("regular", sale or 0))
        struck = max(amounts.get("regular", 0), full)
        begins: dict[str, int | None] = {}
        for role, end in (("sale_from", False), ("sale_until", True)):
            text = texts.get(role)
            try:
                begins[role] = self._time(text, end) if text and sale is not None else None
            except MalformedInput as error:
                return Problem(role, text or "", reason_of(error))
        start, until = begins["sale_from"], begins["sale_until"]
        if start is not None and until is not None and until <= start:
            return Problem("sale_until", texts["sale_until"], Reason("ends_before"))
        prices = [Price(full)]
        if sale is not None and sale < full:
            bounded = start is not None or until is not None
            prices = [Price(full)] if bounded else []
            prices.append(Price(sale, start, until))
        fields["prices"] = encode_prices(prices)
        fields["regular"] = struck if struck > min(p.amount_minor for p in prices) else None
        return None

    def _same_currency(self, text: str) -> bool:
        if text == self._currency:
            return True
        try:
            return parse_currency(text) == self._currency
        except MalformedInput:
            return False

    def _add_stock(self, fields: dict[str, Value], texts: Texts) -> Problem | None:
        text, says = texts.get("stock", ""), texts.get("in_stock", "")
        try:
            counted = cells.read_count(text) if text else None
        except MalformedInput as error:
            return Problem("stock", text, reason_of(error))
        in_stock = cells.yes_no(says) if says else None
        if isinstance(counted, bool):
            counted, in_stock = None, counted
        count = None if counted is None else max(counted, 0)
        to_order = cells.yes_no(texts.get("made_to_order", "")) is True
        options = self._options
        stock = derive_stock(
            count, in_stock=in_stock, few_below=options.few_below, show_left=options.show_left
        )
        fields["stock"] = stock.level
        fields["left"] = stock.left
        fields["made_to_order"] = True if to_order else None
        if self._counts:
            fields["stock_count"] = count
        return None

    def _add_net(self, fields: dict[str, Value], texts: Texts) -> Problem | None:
        text, unit = texts.get("net", ""), texts.get("unit", "")
        if not text and any(map(str.isdigit, unit)):
            # "1 l" under "Einheit": lists use that heading for the content as well.
            text, unit = unit, ""
        elif text and not unit and not any(map(str.isdigit, text)) and self._net("", text):
            # "kg" under "Inhalt": and the other way round.
            text, unit = "", text
        pack_text = texts.get("pack", "")
        if not text and not unit and self._is_content(pack_text):
            # "500 g" or "6 x 0,5 l" under "pack size".
            text, pack_text = pack_text, ""
        found = self._net(text, unit)
        try:
            pack = cells.read_pack(pack_text) if pack_text else None
        except MalformedInput as error:
            return Problem("pack", pack_text, reason_of(error))
        if text and found is None:
            self.unread_nets += 1
        fields["net"] = encode_quantity(found[0]) if found else None
        fields["pack"] = pack or (found[1] if found and found[1] > 1 else None)
        if self._sold_by_unit:
            weighed = found is not None and not text and UNITS[found[0].unit].base == "kg"
            fields["sold_by"] = "weight" if weighed else None
        return None

    def _is_content(self, text: str) -> bool:
        """Whether a text names an amount of something, and not a number of pieces."""
        found = cells.read_net(text, self._decimal)
        return found is not None and UNITS[found[0].unit].base != "piece"

    def _net(self, text: str, unit: str) -> tuple[Quantity, int] | None:
        """ "500 g"; "500" with its unit "g" beside it; or a bare unit "kg": priced by the kg."""
        if text:
            found = cells.read_net(text, self._decimal)
            return found or (cells.read_net(f"{text} {unit}", self._decimal) if unit else None)
        found = cells.read_net(f"1 {unit}", self._decimal) if unit else None
        return found if found and UNITS[found[0].unit].base != "piece" else None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"{name!r} is not a time zone", hint="Such as Europe/Berlin.") from None
