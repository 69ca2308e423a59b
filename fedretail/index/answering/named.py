"""How relevant many rows are at most by the words of their names, all of them at once.

The same steps as Relevance takes, with an array for each number. Where the name tells all, it is
the very number; what may stand beside the name counts with the best of its forms, and what stands
in the name keeps its place there, though a better form may stand beside it.
"""

from collections.abc import Sequence

import numpy as np

from fedretail.index.answering.asked import AskedWords
from fedretail.index.memory.arrays import Array
from fedretail.index.memory.names import Told
from fedretail.index.rules.ranking import (
    APART_COST,
    BESIDE,
    BESIDE_NAME,
    NOT_HEAD,
    NOT_LAST,
    Term,
    asked_of,
    length,
    sought_of,
)


def most_relevant_of(
    told: Told, words: AskedWords, parts: Sequence[tuple[Term, Array | None]]
) -> Array:
    """The greatest relevance that each row of `told` may have.

    parts: the terms that rows may hold, and whether each row may; None: all do.
    """
    held_of = {term.forms: held for term, held in parts}
    found, places = np.zeros(len(told)), list[Array]()
    for term in words.terms:
        points, place = _best(told, term)
        if term.forms in held_of:
            # Forms that stand nowhere in the name may stand beside it.
            most = max(term.weight * form.worth for form in term.forms) * BESIDE_NAME
            held = held_of[term.forms]
            points = np.maximum(points, most if held is None else np.where(held, most, 0.0))
        found += points
        places.append(place)
    lengths = np.array([length(named) for named in range(int(told.named.max(initial=0)) + 1)])
    relevant: Array = found / words.total / lengths[told.named] * _shape(told, words.terms, places)
    return relevant


def _best(told: Told, term: Term) -> tuple[Array, Array]:
    """The greatest points that a form of a term has in each name, and its place; 0 and -1."""
    best, best_place = np.zeros(len(told)), np.full(len(told), -1)
    for sought, weight in sought_of(term):
        place = told.places(sought)
        is_better = (place >= 0) & (weight > best)
        best[is_better], best_place[is_better] = weight, place[is_better]
    return best, best_place


def _shape(told: Told, terms: Sequence[Term], places: Sequence[Array]) -> Array:
    """As ranking.shape; places: -1 for none."""
    asked, kept = asked_of(terms), np.ones(len(told))
    if asked.pairs:
        apart = np.zeros(len(told), np.int64)
        for one in asked.pairs:
            a, b = places[one], places[one + 1]
            apart += (a < 0) | (b < 0) | (abs(b - a) > BESIDE)
        kept = 1 - APART_COST * apart / len(asked.pairs)
    are_heads = [(told.head <= one) & (one < told.behind) for one in places]
    is_head = (places[asked.head] == 0) | are_heads[asked.head]
    is_head |= told.is_begun & np.logical_or.reduce([one == 0 for one in places])
    among = np.where(np.logical_or.reduce(are_heads), NOT_LAST, NOT_HEAD)
    return np.where(is_head, kept, kept * among)
