"""The words of a view: those that some offer has that the view shows.

What a view hides answers nobody, and no word of it is taken for known, or for what was meant.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache

from fedretail.index.answering.candidates import Words, plan
from fedretail.index.answering.finding import Finder
from fedretail.index.language.vocabulary import IndexVocabulary, Similar
from fedretail.index.memory.memory import Lists
from fedretail.index.query import Query
from fedretail.index.rules.ranking import Form, Term
from fedretail.index.views import View

# Whether the view shows an offer with each of these, be it in any of its forms.
Shows = Callable[[tuple[tuple[Form, ...], ...]], bool]


def of_view(query: Query) -> Query | None:
    """The query for all that the query's view shows to its shopper; None: it hides nothing."""
    view = query.view
    if view is None:
        return None
    kept = replace(view, own="only" if view.own == "only" else "all", title="")
    if replace(kept, owner=None) == View(near=view.near, currency=view.currency):
        return None
    return Query(view=kept, member=query.member, at_ms=query.at_ms)


class ViewedVocabulary:
    """As Vocabulary, of a part of the catalog."""

    def __init__(self, whole: IndexVocabulary, shows: Shows) -> None:
        """whole: of all offers; it tells cheaply which words none has."""
        self._whole = whole
        self._shows = shows

    def holds(self, token: str, *, begun: bool = False) -> bool:
        """As Vocabulary."""
        return self._whole.holds(token, begun=begun) and self._shows(((Form(token, begun=begun),),))

    def holds_both(self, token: str, other: str) -> bool:
        """As Vocabulary."""
        both = (Form(token),), (Form(other),)
        return self._whole.holds_both(token, other) and self._shows(both)

    def beginning(self, token: str) -> list[Similar]:
        """As Vocabulary."""
        if not self.holds(token, begun=True):
            return []
        return self._whole.beginning(token, self._holds_one)

    def languages(self) -> tuple[str, ...]:
        """As Vocabulary; those of all offers."""
        return self._whole.languages()

    def similar(self, tokens: Iterable[str]) -> list[Similar]:
        """As Vocabulary."""
        return self._whole.similar(tokens, self._holds_one)

    def _holds_one(self, tokens: Sequence[str]) -> bool:
        return self._shows((tuple(map(Form, tokens)),))


def shows_of(asked: Finder) -> Shows:
    """What the offers are that the finder's judge lets pass; each question is looked up once."""

    @cache
    def shows(wanted: tuple[tuple[Form, ...], ...]) -> bool:
        terms = [Term(forms[0].token, forms) for forms in wanted]
        words = Words(Lists(asked.db, asked.state, asked.memory), terms)
        spans = plan(words, asked.spans)
        return asked.judged(words.rows(spans), spans).total > 0

    return shows
