"""How relevant many rows are at most by the words of their names, all of them at once.

The same steps as Relevance takes, with an array for each number. Where the name tells all, it is
the very number; what may stand beside the name counts with the best of its forms, and what stands
in the name keeps its place there, though a better form may stand beside it.
"""

from collections.abc import Callable, Sequence

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
    Form,
    Term,
    asked_of,
    length,
    sought_of,
)

# Of so many rows it is looked up who holds which form of a word: fewer are read sooner. Of more
# words the lists of who does would not be kept until the next rows ask.
_MANY_ROWS, _FEW_WORDS = 500, 8
_NOBODY = np.zeros(1, bool)


def most_relevant_of(
    told: Told,
    words: AskedWords,
    parts: Sequence[tuple[Term, Array | None]],
    holds: Callable[[Form, Array], Array],
) -> Array:
    """The greatest relevance that each row of `told` may have.

    parts: the terms that rows may hold, and whether each row may; None: all do; () where nothing is
    known of that. holds: for each of some rows whether it holds a form, be it in its name or beside
    it.
    """
    held_of = {term.forms: held for term, held in parts}
    unheard = _NOBODY if parts else None
    found, places = np.zeros(len(told)), list[Array]()
    for term in words.terms:
        points, place = np.zeros(len(told)), np.full(len(told), -1)
        beside = np.zeros(len(told))
        for form, (sought, weight) in zip(term.forms, sought_of(term), strict=True):
            there = told.places(sought)
            is_better = (there >= 0) & (weight > points)
            points[is_better], place[is_better] = weight, there[is_better]
            may = there < 0
            # Of one form alone it is known already who holds it.
            is_told = len(term.forms) == 1 or len(words.terms) > _FEW_WORDS
            if not is_told and np.count_nonzero(may) >= _MANY_ROWS:
                may[may] = holds(form, told.rows[may])
            beside[may] = np.maximum(beside[may], weight * BESIDE_NAME)
        held = held_of.get(term.forms, unheard)
        points = np.maximum(points, beside if held is None else np.where(held, beside, 0.0))
        found += points
        places.append(place)
    lengths = np.array([length(named) for named in range(int(told.named.max(initial=0)) + 1)])
    relevant: Array = found / words.total / lengths[told.named] * _shape(told, words.terms, places)
    return relevant


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
