"""How much of what was asked many rows hold, all of them at once; see Words.covers."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fedretail.index.answering.candidates import Cover, is_one_left
from fedretail.index.memory.columns import joined
from fedretail.index.rules.ranking import Form, Term

if TYPE_CHECKING:
    from fedretail.index.memory.columns import Taken


def covers_of_many(
    terms: Sequence[Term],
    read: Mapping[tuple[Form, ...], "Taken"],
    known: Mapping[tuple[Form, ...], Any],
    is_held: Callable[[Term], bool],
    *,
    full: Sequence[int] | None = None,
) -> Cover:
    """The rows that hold a term that was read; how much of the weight of all each may hold.

    read: the rows of some terms by their forms; known: of terms that are no answer alone, for each
    place in the columns whether its row holds it. Rows of other terms that are held at all may be
    any, but for one alone: it is held by those that hold all (`full`). Added term by term in their
    order, as relevance is. The rows of the cover hold as long as those read.
    """
    every = joined(read.values())
    held_of = {forms: _are_there(some.places, every) for forms, some in read.items()}
    may = np.ones(len(every), bool)
    if full is not None and is_one_left(terms, read):
        may = ~np.logical_and.reduce([*held_of.values()])
        may[_places(every.rows, np.asarray(full, np.int64))] = True
    shares, total = np.zeros(len(every)), 0.0
    parts: list[tuple[Term, Any]] = []
    for term in terms:
        total += term.weight
        held = held_of.get(term.forms)
        if held is None and term.forms in known:
            held = known[term.forms][every.places]
        elif held is None and is_held(term):
            held = may
        if held is not None:
            shares[held] += max(term.weight * form.worth for form in term.forms)
            parts.append((term, held))
    return Cover(every, shares / total, parts)  # type: ignore[arg-type]


def _are_there(places: Any, every: "Taken") -> Any:
    """For each of all rows whether it stands at one of these places in the columns."""
    there = np.zeros(int(every.places.max(initial=-1)) + 1, bool)
    there[places] = True
    return there[every.places]


def _places(rows: Any, some: Any) -> Any:
    """The places of some rows among all, ascending ones; those that are not there left out."""
    if not len(rows):
        return np.zeros(0, np.int64)
    places = np.minimum(np.searchsorted(rows, some), len(rows) - 1)
    return places[rows[places] == some]
