"""How relevant many rows are at most, where their cells tell which words stand in no name.

Words that stand in the category or brand of very many offers say little of each of them, and so do
amounts: to tell them from those that have the word in their name, all of their names would have to
be read.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fedretail.index.answering.many import Many
from fedretail.index.layout.labels import (
    BRAND_THREE,
    BRAND_TWO,
    CATEGORY_THREE,
    CATEGORY_TWO,
    asked_beginnings,
    asked_digits,
)
from fedretail.index.memory.arrays import Array
from fedretail.index.rules.ranking import BESIDE_NAME, Term


class Most(NamedTuple):
    """share: of what was asked each row holds at most; nowhere: whose names hold no word of it."""

    share: Array
    nowhere: Array


def most_of(many: Many, parts: Sequence[tuple[Term, Any]], total: float) -> Most | None:
    """The most that labels leave of each row; None where they tell nothing.

    parts: the terms that rows may hold, and whether each row may; None: all do. total: the weight
    of all terms. Added term by term in their order, as relevance is.
    """
    told = [_is_beside(many, term) for term, _ in parts]
    if all(one is None for one in told):
        return None
    points, nowhere = np.zeros(len(many)), np.ones(len(many), bool)
    for (term, held), beside in zip(parts, told, strict=True):
        most = max(term.weight * form.worth for form in term.forms)
        adds = most if beside is None else np.where(beside, most * BESIDE_NAME, most)
        points += adds if held is None else np.where(held, adds, 0.0)
        may = np.ones(len(many), bool) if held is None else held
        nowhere &= ~may if beside is None else ~may | beside
    return Most(points / total, nowhere)


def _is_beside(many: Many, term: Term) -> Array | None:
    """For each row whether a term surely stands beside its name, if anywhere; None: unknown."""
    forms = [(form.token, form.begun) for form in term.forms]
    digits, asked = asked_digits(forms), asked_beginnings(forms)
    found: Array | None = many.shared & digits == 0 if digits else None
    if asked is None:
        return found
    labels = many.labels
    for texts, numbers, three, two in (
        (labels.categories, many.category, CATEGORY_THREE, CATEGORY_TWO),
        (labels.brands, many.brand, BRAND_THREE, BRAND_TWO),
    ):
        begun = texts.beginning(asked)
        if begun is not None:
            bit = two if asked.two else three
            says = begun[numbers] & (many.shared & bit == 0)
            found = says if found is None else found | says
    return found
