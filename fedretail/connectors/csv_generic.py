"""A price list as shops keep it: one row an article, headings in their own language.

Needed are a name and a price; everything else is read where a heading is recognised (`columns`)
or the shopkeeper has said what it means (the profile).
"""

from collections import Counter
from collections.abc import Iterable

from fedretail.connectors.columns import GENERIC, NEEDED
from fedretail.connectors.csv_reader import Entry, Texts, plain_names
from fedretail.connectors.offers import Problem
from fedretail.domain.reasons import Reason

# What stands under a list that somebody has added up.
_SUMS = frozenset(
    {"total", "subtotal", "grand total", "sum", "summe", "zwischensumme", "gesamt", "gesamtsumme"}
    | {"endsumme", "somme", "totale", "suma", "totaal"}
)


def _is_total(texts: Texts) -> bool:
    """Whether a row without a code is called like a sum."""
    has_code = any(texts.get(role) for role in ("sku", "gtin", "source_id"))
    return not has_code and texts.get("name", "").strip(" :=").casefold() in _SUMS


class GenericCsv:
    """One record, one offer."""

    name = "csv"
    headings = GENERIC
    needed = NEEDED

    def __init__(self) -> None:
        self.skipped: Counter[Reason | str] = Counter()

    def start(self, roles: frozenset[str]) -> frozenset[str]:
        """The roles of its offers: those of the columns."""
        return roles

    def offers(self, entry: Entry) -> Iterable[Entry | Problem]:
        """The record as it is; a variant column is added to the name."""
        if _is_total(entry.texts):
            found = entry.texts["name"]
            return (Problem("name", found, Reason("sums")),)
        variant = entry.texts.get("variant")
        if variant and variant.casefold() not in entry.texts.get("name", "").casefold():
            entry.texts["name"] = f"{entry.texts.get('name', '')} - {variant}".removeprefix(" - ")
        return (entry,)

    def rest(self) -> Iterable[Entry]:
        """Nothing: no record waits for another."""
        return ()

    def names(self, texts: Texts) -> dict[str, str]:
        """SKU, the list's own id column, barcode, name."""
        source = texts.get("source_id", "")
        return plain_names(texts, f"id:{source}" if source else "")
