"""Traits: what kind of thing an offer is, as one number for all offers that share it.

Type, least age, claims and the source that a shop's file names repeat over thousands of offers.
The table `trait` holds each of them once as text; a cell holds its number.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from fedretail.domain.catalog import JUDGES, MAX_WORD
from fedretail.domain.kind import Value
from fedretail.errors import MalformedInput
from fedretail.index.language.text import fold

_JUDGES = [(name, JUDGES[name]) for name in ("type", "min_age", "claims", "source")]
_BESIDE_SOURCE = frozenset(("type", "min_age", "claims"))


class Traits(NamedTuple):
    """type: of goods or services; min_age: as the shop writes it; claims: folded."""

    type: str = "product"
    min_age: int | None = None
    claims: frozenset[str] = frozenset()
    source: str = ""


NO_TRAITS = Traits()


def trait_text(fields: Mapping[str, Value]) -> str:
    """The text in the table for an offer with these fields; empty where it has none of them."""
    if fields.keys().isdisjoint(_BESIDE_SOURCE):
        # Most offers have no other, and few have different ones.
        source = fields.get("source")
        if type(source) is str and len(source) <= MAX_WORD:
            return _of_source(source)
    judged = [judge(fields[name]) if name in fields else None for name, judge in _JUDGES]
    kind, min_age, claims, source = judged
    return _text(kind, min_age, claims, source)


@lru_cache(maxsize=4096)
def _of_source(source: str) -> str:
    return _text(None, None, None, JUDGES["source"](source))


@lru_cache(maxsize=4096)
def read_traits(text: str) -> Traits:
    """The traits of a text of the table; MalformedInput where it is none."""
    if not text:
        return NO_TRAITS
    try:
        kind, min_age, claims, source = json.loads(text)
        return Traits(kind, min_age, frozenset(claims), source)
    except (ValueError, TypeError) as error:
        raise MalformedInput("traits that nobody wrote") from error


# A federation's shops repeat some thousand of them.
@lru_cache(maxsize=4096)
def _text(
    kind: str | None, min_age: int | None, claims: tuple[str, ...] | None, source: str | None
) -> str:
    folded = sorted({fold(claim) for claim in claims or ()})
    said = [kind or NO_TRAITS.type, min_age, folded, source or ""]
    if said == [NO_TRAITS.type, None, [], ""]:
        return ""
    return json.dumps(said, separators=(",", ":"))
