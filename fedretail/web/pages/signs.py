"""The mark of a shop: two letters on one of eight colours, the same wherever it stands."""

import re

from fedretail.domain.sites import COLOURS, Site

# Words that many signs begin with, and none is known by.
_SMALL = frozenset(("the", "der", "die", "das", "zum", "zur", "am", "im", "and", "und", "of"))
_WORD = re.compile(r"[^\W_]+")


def initials(name: str) -> str:
    """Two letters of a name: of its first two words, or of its only one; "?" where it has none."""
    words: list[str] = _WORD.findall(name)
    telling = [word for word in words if word.lower() not in _SMALL] or words
    if not telling:
        return "?"
    letters = telling[0][:2] if len(telling) == 1 else telling[0][0] + telling[1][0]
    return letters.upper()[:2]


def colour(site: Site, site_id: str) -> int:
    """The colour of a shop's sign: the one that it has chosen, else one that its id gives."""
    return sum(site_id.encode()) % COLOURS if site.colour is None else site.colour
