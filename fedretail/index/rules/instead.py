"""Words that no offer has, and what was shown for them: told to whoever typed them."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from fedretail.domain.listings import Listing
from fedretail.index.language.stems import asked
from fedretail.index.language.text import split
from fedretail.index.rules.ranking import Term

# A line names no more.
_MOST_SHOWN = 3


class Instead(NamedTuple):
    """A word as typed, folded, and the words of the results that were found for it."""

    typed: str
    shown: tuple[str, ...]


def instead_of(
    terms: Iterable[Term], listings: Sequence[Listing], languages: tuple[str, ...]
) -> list[Instead]:
    """What these listings were found for instead of words that no offer has.

    The words are those of names as they stand there: what was looked for are stems. languages:
    those of the catalog.
    """
    guessed = [term for term in terms if term.is_guessed]
    if not guessed:
        return []
    words = dict.fromkeys(word for one in listings for word in split(one.name))
    found = []
    for term in guessed:
        tokens = {form.token for form in term.forms}
        meant = (
            word
            for word in words
            if isinstance(word, str) and not tokens.isdisjoint(asked(word, languages))
        )
        shown = tuple(islice(meant, _MOST_SHOWN))
        found += [Instead(term.text, shown)] if shown else []
    return found
