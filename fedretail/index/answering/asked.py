"""The words that a query asks for, and what scores can be by them at most and at least."""

from collections.abc import Iterable
from typing import NamedTuple, Self

from fedretail.index.rules.ranking import Relevance, Term, most_lacking, most_nowhere, total_of


class AskedWords(NamedTuple):
    """Terms with their weights, and what follows from them.

    least: so large a share of what was asked an offer with every word has, wherever they stand.
    lacking, nowhere: what the places of words leave at most of an offer that lacks one of them, and
    of one whose name holds none. total: what they weigh together.
    """

    terms: tuple[Term, ...]
    relevance: Relevance
    least: float = 1.0
    lacking: float = 1.0
    nowhere: float = 1.0
    total: float = 0.0

    @classmethod
    def of(cls, some: Iterable[Term]) -> Self:
        """Those of these terms."""
        terms = tuple(some)
        if not terms:
            return cls(terms, Relevance(terms))
        total = total_of(terms)
        worst = (term.weight * min(form.worth for form in term.forms) for term in terms)
        return cls(
            terms,
            Relevance(terms),
            sum(worst) / total,
            most_lacking(terms) if len(terms) > 1 else 1.0,
            most_nowhere(terms),
            total,
        )
