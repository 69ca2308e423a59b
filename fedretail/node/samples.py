"""Sample goods, to look around in a shop that has none yet: marked, few, and gone at once.

They never reach a neighbour: no ticket is given out while they are on the shelf, and who joins
others leaves them behind.
"""

from typing import NamedTuple

from fedretail.domain.catalog import OFFER
from fedretail.domain.kind import Value
from fedretail.node.base import BaseNode
from fedretail.node.own_sites import OwnSite
from fedretail.store.commits import Edit
from fedretail.store.deeds import Deed

# No row of a price list gets such a key: theirs begin with what a shop wrote.
_PREFIX = "_sample-"


class Sample(NamedTuple):
    """One of the sample goods. names: language -> name; net: amount and unit code."""

    names: dict[str, str]
    amount_minor: int
    net: tuple[str, str]
    categories: dict[str, str]


def _sample(names: str, amount_minor: int, net: tuple[str, str], shelves: str) -> Sample:
    """Names and shelves are written "English/Deutsch"."""
    said, on = (dict(zip(("en", "de"), text.split("/"), strict=True)) for text in (names, shelves))
    return Sample(said, amount_minor, net, on)


SAMPLES = (
    _sample("Whole milk/Vollmilch", 129, ("1", "LTR"), "Dairy/Molkerei"),
    _sample("Hard cheese/Bergkäse", 585, ("300", "GRM"), "Dairy/Molkerei"),
    _sample("Rye bread/Roggenbrot", 420, ("1", "KGM"), "Bakery/Backwaren"),
    _sample("Apples/Äpfel", 249, ("1", "KGM"), "Fruit/Obst"),
    _sample("Carrots/Karotten", 179, ("1", "KGM"), "Vegetables/Gemüse"),
    _sample("Honey/Honig", 650, ("500", "GRM"), "Spreads/Aufstriche"),
    _sample("Coffee/Kaffee", 699, ("500", "GRM"), "Coffee & tea/Kaffee & Tee"),
    _sample("Soap/Seife", 349, ("100", "GRM"), "Care/Pflege"),
)
_MARKED = {"en": "%s (sample)", "de": "%s (Muster)"}


def sample_name(sample: Sample, language: str) -> str:
    """What shoppers read: a name that says what it is."""
    language = language if language in _MARKED else "en"
    return _MARKED[language] % sample.names[language]


def add(node: BaseNode, own: OwnSite, language: str) -> None:
    """Put the sample goods on the shelf of a place."""
    currency = own.site.currency or node.currency
    language = language if language in _MARKED else "en"
    edits = []
    for at, one in enumerate(SAMPLES):
        fields: dict[str, Value] = {
            "name": sample_name(one, language),
            "category": one.categories[language],
            "currency": currency,
            "prices": [[one.amount_minor]],
            "net": list(one.net),
            "stock": "some",
            "language": language,
        }
        edits.append(Edit(OFFER.name, f"{_PREFIX}{at}", fields))
    node.commit(own.id, edits)


def count(node: BaseNode) -> int:
    """How many sample goods are on the shelves."""
    return sum(len(keys) for _, keys in _found(node))


def remove(node: BaseNode) -> int:
    """Take all sample goods from the shelves, as one deed; how many there were."""
    deed, number = Deed.new(), 0
    for own, keys in _found(node):
        edits = [Edit(OFFER.name, key, is_deletion=True) for key in keys]
        number += len(keys)
        node.commit(own.id, edits, deed=deed)
    return number


def _found(node: BaseNode) -> list[tuple[OwnSite, list[str]]]:
    if node.owner is None:
        return []
    found = []
    for own in node.sites():
        places = (node.place(OFFER.name, f"{_PREFIX}{at}", own) for at in range(len(SAMPLES)))
        keys = [place.key for place in places if node.record(place) is not None]
        if keys:
            found.append((own, keys))
    return found
