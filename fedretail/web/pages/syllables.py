"""Where a long word may be parted, for browsers that know no hyphenation: most on a bare Linux."""

import re
from functools import lru_cache

SOFT_HYPHEN = "\u00ad"
# Shorter words stand whole in the narrowest tile, where a browser would part them all the same
# rather than begin a line.
_LEAST_LETTERS = 12
_LEAST_PART = 2
_LONG_WORD = re.compile(rf"[^\W\d_]{{{_LEAST_LETTERS},}}")
# Letters that stand for one sound, or begin a syllable together, are not parted.
_UNIT = re.compile("sch|ch|ck|ph|th|qu|[pbtkgf]r|[pbkgf]l|.", re.IGNORECASE)
_VOWELS = frozenset("aeiouyäöüáàâåãæéèêëíìîïóòôõøœúùûý")


@lru_cache(512)
def parted(text: str) -> str:
    """The text with soft hyphens in its long words, which show only where a line breaks there.

    Before the last consonant that a vowel follows, as German schools teach it; good enough for
    words of other languages, which else would be cut at any letter.
    """
    return _LONG_WORD.sub(lambda found: _parted(found[0]), text)


def _parted(word: str) -> str:
    units = _UNIT.findall(word)
    said = ""
    for number, unit in enumerate(units):
        after = units[number + 1 :]
        is_onset = bool(after) and not _is_vowel(unit) and _is_vowel(after[0])
        has_room = len(said) >= _LEAST_PART and len(unit) + len("".join(after)) >= _LEAST_PART
        if is_onset and has_room and any(map(_is_vowel, said)):
            said += SOFT_HYPHEN
        said += unit
    return said


def _is_vowel(unit: str) -> bool:
    return unit.lower() in _VOWELS
