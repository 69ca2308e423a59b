"""Which labels of an offer begin as words of its name do: told apart without reading the name.

A word that stands in the category of most offers says little of each. Where the name has no word
that begins as one of the label's, what stands in the label stands only there, whatever the language
that both were stemmed in. So it is with "500 g", which thousands of packs hold and few names say:
where no word of the name begins with such a digit, no number or amount that does stands in it.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from fedretail.index.language.text import split

# Bits of `shared` in a cell: a word of the name begins with three, or two, letters of one in the
# category; the same of the brand. Shorter words are whole.
_THREE, _TWO = 3, 2
CATEGORY_THREE, CATEGORY_TWO, BRAND_THREE, BRAND_TWO = 1, 2, 4, 8
# Behind these stand four for the digits that words of the name begin with: 0, 4 and 8, then 1, 5
# and 9, then 2 and 6, then 3 and 7.
_DIGITS = {str(digit): 1 << 4 + digit % 4 for digit in range(10)}
# The brand's bits stand above the category's.
_BRAND = 2
_first_three, _first_two = itemgetter(slice(_THREE)), itemgetter(slice(_TWO))


class Beginnings(NamedTuple):
    """How the words of a label begin: with which three letters, and with which two."""

    three: frozenset[str]
    two: frozenset[str]


def beginnings(label: str) -> Beginnings:
    """Those of a category or brand; amounts left out."""
    words = [one for one in split(label) if isinstance(one, str)] if label else []
    return Beginnings(
        frozenset(one[:_THREE] for one in words), frozenset(one[:_TWO] for one in words)
    )


# A federation's shops repeat some thousand categories and brands: a kilobyte each, for who writes.
_beginnings = lru_cache(maxsize=4096)(beginnings)


def shared_of(name: Sequence[str], category: str, brand: str) -> int:
    """The bits for an offer; name: the tokens of its name."""
    found = _shared(name, category) if category else 0
    if brand:
        found |= _shared(name, brand) << _BRAND
    for token in name:
        found |= _DIGITS.get(token[:1], 0)
    return found


def _shared(name: Sequence[str], label: str) -> int:
    """The bits as of a category."""
    begins = _beginnings(label)
    if begins.two.isdisjoint(map(_first_two, name)):
        return 0
    # Whoever shares three letters shares two.
    if begins.three.isdisjoint(map(_first_three, name)):
        return CATEGORY_TWO
    return CATEGORY_TWO | CATEGORY_THREE


def asked_digits(forms: Iterable[tuple[str, bool]]) -> int:
    """The bits of `shared` one of which a name has that answers one of these (token, is begun).

    0 where one of them does not begin with a digit: nothing is known of names then.
    """
    found = 0
    for token, _ in forms:
        bit = _DIGITS.get(token[:1], 0)
        if not bit:
            return 0
        found |= bit
    return found


def asked_beginnings(forms: Iterable[tuple[str, bool]]) -> Beginnings | None:
    """How a word of a name must begin to answer one of these (token, is begun).

    None where one letter is all that is known of it.
    """
    three, two = set[str](), set[str]()
    for token, begun in forms:
        if not begun or len(token) >= _THREE:
            three.add(token[:_THREE])
        elif len(token) == _TWO:
            two.add(token)
        else:
            return None
    return Beginnings(frozenset(three), frozenset(two))
