"""The words of a catalog, looked for in every text: what `naive_search` makes its terms with."""

from collections import Counter
from typing import Any

from fedretail.index.language.languages import STEMMERS
from fedretail.index.language.vocabulary import Similar, commonest
from fedretail.index.rules.ranking import Form, Term


class NaiveWords:
    """The words of these offers, none of which a query here is a slip of; in languages `of` all."""

    def __init__(self, texts: list[list[str]], of: list[list[str]] | None = None) -> None:
        self._texts = texts
        self._of = texts if of is None else of

    def holds(self, token: str, *, begun: bool = False) -> bool:
        """As Vocabulary."""
        term = Term(token, (Form(token, begun=begun),))
        return any(holds(words, term) for words in self._texts)

    def languages(self) -> tuple[str, ...]:
        """As Vocabulary."""
        marks = {word for words in self._of for word in words if word.startswith(".")}
        return ("en", *(one for one in STEMMERS if one != "en" and f".{one}" in marks))

    def holds_both(self, token: str, other: str) -> bool:
        """As Vocabulary."""
        return any({token, other} <= set(words) for words in self._texts)

    def beginning(self, token: str) -> list[Similar]:
        """As Vocabulary."""
        counts = Counter(word for words in self._texts for word in words if word.startswith(token))
        return commonest(counts)

    def similar(self, tokens: Any) -> list[Similar]:
        """None: no query is a slip of a word here."""
        return []


def holds(words: list[str], term: Term) -> bool:
    """Whether an offer with these words has one that answers the term."""
    return any(
        word.startswith(form.token) if form.begun else word == form.token
        for form in term.forms
        for word in words
    )
