"""Facets of many rows, counted by their columns; what they mean is said in `facets`."""

from bisect import bisect_right
from itertools import pairwise
from typing import Any

import numpy as np

from fedretail.index.answering.many import FOREIGN, Many
from fedretail.index.layout.cells import currency_code
from fedretail.index.memory.arrays import Array
from fedretail.index.memory.open_states import CLOSED, OPEN, UNKNOWN
from fedretail.index.memory.tables import Parts
from fedretail.index.rules.categories import shelf_of
from fedretail.index.rules.facets import (
    EDGES,
    MOST_CHOICES,
    Band,
    Choice,
    Facets,
    most,
    open_name,
    stock_name,
)

_STATES = {OPEN: True, CLOSED: False, UNKNOWN: None}


def facets_of_many(many: Many) -> Facets:
    """As facets_of, of all these rows."""
    query, labels = many.judge.query, many.labels
    wanted = query.category
    shelves = labels.categories.parts(wanted, lambda text: " > ".join(shelf_of(text, wanted)))
    by_site = np.bincount(many.sites, minlength=len(many.reach.sites.entries))
    brands = labels.brands.parts("", str)
    return Facets(
        categories=_texts(shelves, many.category),
        brands=_texts(brands, many.brand),
        retailers=_retailers(many, by_site),
        stock=_words(many.stock, stock_name),
        open=_open(many, by_site),
        currency=query.currency,
        prices=_bands(many),
        shops=int(np.count_nonzero(by_site)),
    )


def _texts(parts: Parts, numbers: Array) -> tuple[Choice, ...]:
    """Texts that differ in case and accents alone are one choice, named as most of them are."""
    counts = np.bincount(numbers, minlength=len(parts.texts))
    some = np.flatnonzero((counts > 0) & (parts.alike >= 0))
    if not len(some):
        return ()
    sums = np.bincount(parts.alike[some], counts[some], parts.count).astype(np.int64)
    least = _least(sums)
    named: dict[int, list[tuple[int, str]]] = {}
    same: dict[str, int] = {}
    for number in some[sums[parts.alike[some]] >= least].tolist():
        # Several numbers may have the same text, of which only a part is asked for.
        same[parts.texts[number]] = same.get(parts.texts[number], 0) - int(counts[number])
        named.setdefault(int(parts.alike[number]), []).append((number, parts.texts[number]))
    choices = []
    for alike, spellings in named.items():
        text = min((same[text], text) for _, text in spellings)[1]
        choices.append(Choice(text, text, int(sums[alike])))
    return most(choices)


def _least(counts: Array) -> int:
    """What the last of the most counted has at least; 1 where all have room."""
    if len(counts) <= MOST_CHOICES:
        return 1
    return max(1, int(np.partition(counts, -MOST_CHOICES)[-MOST_CHOICES]))


def _retailers(many: Many, counts: Array) -> tuple[Choice, ...]:
    sites = many.reach.sites
    some = np.flatnonzero(counts >= _least(counts))
    if len(some) > MOST_CHOICES:
        order = np.lexsort((sites.arrays.ranks[some], -counts[some]))
        some = some[order[:MOST_CHOICES]]
    entries = ((sites.entries[number], int(counts[number])) for number in some.tolist())
    return most(Choice(one.id, one.told.name, count) for one, count in entries)


def _words(codes: Array, name: Any) -> tuple[Choice, ...]:
    counts = np.bincount(codes)
    found = ((name(code), int(counts[code])) for code in np.flatnonzero(counts).tolist())
    return most(Choice(word, word, count) for word, count in found)


def _open(many: Many, counts: Array) -> tuple[Choice, ...]:
    there = np.flatnonzero(counts)
    if not len(there):
        return ()
    by_code = np.bincount(many.reach.open_states(there), counts[there]).astype(np.int64)
    found = (
        (open_name(_STATES[code]), int(by_code[code])) for code in np.flatnonzero(by_code).tolist()
    )
    return most(Choice(word, word, count) for word, count in found)


def _bands(many: Many) -> tuple[Band, ...]:
    asked = many.judge.query.currency
    mine = 0 if asked is None else currency_code(asked) or FOREIGN
    amounts = many.price[(many.currency == mine) & (many.price >= 0)]
    # How many reach each edge: few edges stand below the greatest amount.
    below = bisect_right(EDGES, int(amounts.max(initial=-1)))
    reached = [*(int(np.count_nonzero(amounts >= edge)) for edge in EDGES[:below]), 0]
    return tuple(
        Band(EDGES[number], EDGES[number + 1] if number + 1 < len(EDGES) else None, more - fewer)
        for number, (more, fewer) in enumerate(pairwise(reached))
        if more > fewer
    )
