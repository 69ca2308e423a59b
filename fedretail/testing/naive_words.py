"""The words of a catalog, looked for in every text: what `naive_search` makes its terms with."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator

from fedretail.domain.catalog import Offer
from fedretail.index.language.languages import STEMMERS
from fedretail.index.language.text import offer_words
from fedretail.index.language.vocabulary import Similar, commonest
from fedretail.index.rules.ranking import Form, Term


def words_of_whole(offer: Offer) -> tuple[int, str]:
    """As text.offer_words, from all that a typed offer says."""
    return offer_words(
        offer.name,
        brand=offer.brand,
        category=offer.category,
        sku=offer.sku,
        gtin=offer.gtin,
        net=offer.net,
        pack=offer.pack,
        language=offer.language,
    )


class NaiveWords:
    """The words of these offers; in languages, and counted, as those `of` all."""

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
        counts = self._counts().items()
        begun = {word: count for word, count in counts if word.startswith(token)}
        return commonest({word: count for word, count in begun.items() if self.holds(word)})

    def similar(self, tokens: Iterable[str]) -> list[Similar]:
        """As Vocabulary."""
        found: dict[str, float] = {}
        for token in tokens:
            for word, count in self._counts().items():
                for cost in _costs(token, word):
                    rank = 0.15 * math.log(count) - cost
                    found[word] = max(rank, found.get(word, rank))
        ranked = sorted(found, key=lambda word: (-found[word], word))
        best = [word for word in ranked[:50] if self.holds(word)][:3]
        return [Similar(word, 0.8 * math.exp(found[word] - found[best[0]])) for word in best]

    def _counts(self) -> Counter[str]:
        return Counter(word for words in self._of for word in words)


def _costs(token: str, word: str) -> Iterator[float]:
    """How unlikely it is that a word was meant, in each way in which it may be."""
    letters = len(token)
    if not (token.isalpha() and letters > 3 and word.isalpha() and len(word) > 2):
        return
    most = 1 if letters < 7 else 2 if letters < 12 else 3
    apart = slips_between(token, word) if abs(len(word) - letters) <= most else most + 1
    if apart <= most:
        yield apart + 0.5 * (word[0] != token[0])
    if letters > 4 and len(word) > letters + most and word.endswith(token):
        yield 0.5


def slips_between(one: str, two: str) -> int:
    """Restricted edit distance, by the table."""
    rows = [list(range(len(two) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(two, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == two[j - 2] and one[i - 2] == b:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def holds(words: list[str], term: Term) -> bool:
    """Whether an offer with these words has one that answers the term."""
    return any(
        word.startswith(form.token) if form.begun else word == form.token
        for form in term.forms
        for word in words
    )
