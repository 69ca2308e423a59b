"""How much of what was asked rows hold at most: of few one by one, of many all at once."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fedretail.index.rules.ranking import Form, Term

if TYPE_CHECKING:
    from fedretail.index.memory.columns import Taken


class Cover(NamedTuple):
    """Rows, ascending, and for each at most so large a share of what was asked it holds.

    parts: where rows are many, for each term a numpy array of whether they may hold it; () else.
    """

    rows: Sequence[int]
    shares: Sequence[float]
    parts: Sequence[tuple[Term, Any]] = ()


def is_one_left(terms: Sequence[Term], read: Collection[tuple[Form, ...]]) -> bool:
    """Whether the rows of all terms but one were read."""
    return len({term.forms for term in terms if term.forms not in read}) == 1


def covers_of(
    terms: Sequence[Term],
    read: Mapping[tuple[Form, ...], Sequence[int]],
    is_held: Callable[[Term], bool],
    *,
    full: Sequence[int] | None = None,
) -> Cover:
    """The rows that hold a term that was read; how much of the weight of all each may hold.

    read: the rows of some terms by their forms. Rows of other terms that are held at all may be
    any, but for one alone: it is held by those that hold all (`full`). Added term by term in their
    order, as relevance is.
    """
    held = Counter(row for rows in read.values() for row in rows)
    found: dict[int, float] = dict.fromkeys(held, 0.0)
    may: Collection[int] = found
    if full is not None and is_one_left(terms, read):
        every = set(map(int, full))
        may = [row for row, count in held.items() if count < len(read) or row in every]
    total = 0.0
    for term in terms:
        total += term.weight
        most = max(term.weight * form.worth for form in term.forms)
        for row in read.get(term.forms, may if is_held(term) else ()):
            found[row] += most
    rows = sorted(found)
    return Cover(rows, [found[row] / total for row in rows])


def covers_of_many(
    terms: Sequence[Term],
    read: Mapping[tuple[Form, ...], "Taken"],
    known: Mapping[tuple[Form, ...], Any],
    is_held: Callable[[Term], bool],
    *,
    full: Sequence[int] | None = None,
) -> Cover:
    """As covers_of, with arrays; the rows of the cover hold as long as those read.

    known: of terms that are no answer alone, whether the row at each place in the columns holds it.
    """
    import numpy as np

    from fedretail.index.memory.columns import joined

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
    import numpy as np

    there = np.zeros(int(every.places.max(initial=-1)) + 1, bool)
    there[places] = True
    return there[every.places]


def _places(rows: Any, some: Any) -> Any:
    """The places of some rows among all, ascending ones; those that are not there left out."""
    import numpy as np

    if not len(rows):
        return np.zeros(0, np.int64)
    places = np.minimum(np.searchsorted(rows, some), len(rows) - 1)
    return places[rows[places] == some]
