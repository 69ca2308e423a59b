"""Words as the index knows them: one tokenizer for what shops write and what shoppers type.

FTS5 sees only what comes out of here, one bare word after the other, and each is quoted in a
query. So any string is a legal query: what is no word is passed over, and no operator, quote or
NUL byte ever reaches FTS5. In `detail=none` a quoted word that FTS5 would split in two fails;
therefore words hold only digits, small ASCII letters, non-ASCII letters and the dot of a number,
all of which its `ascii` tokenizer (with `tokenchars '.'`) keeps together.
"""

import re
import unicodedata
from decimal import Decimal
from functools import cache, lru_cache

# Another number makes every index.db rebuild itself: words of old rows must not be looked for
# with the rules of new ones.
TOKENIZER_VERSION = 2

# Nobody types more; a pasted page is judged by its beginning, so that no query is slow.
MAX_QUERY_CHARACTERS = 2_000
MAX_QUERY_WORDS = 32
# Name, brand, category, SKU and GTIN together stay far below this; it bounds a hostile row.
MAX_TEXT_WORDS = 200
# The longest German compound in a real catalog has 38 letters; longer runs are cut alike in
# text and query.
MAX_WORD_CHARACTERS = 40
# EAN-8 is the shortest barcode. From this length on leading zeros mean nothing, so that a GTIN
# is found whether it was typed with 8, 12, 13 or 14 digits.
BARCODE_DIGITS = 8

# Amounts are counted in one base unit each, so that "0,5l", "0.5 L", "50 cl" and "500ml" are
# one word. Latin and Cyrillic spellings, after case folding.
_UNITS: dict[str, tuple[Decimal, str]] = {
    **dict.fromkeys(("kg", "kilo", "kilogramm", "kilogram", "кг"), (Decimal(1_000), "g")),
    **dict.fromkeys(("g", "gr", "gramm", "gram", "grams", "г"), (Decimal(1), "g")),
    "mg": (Decimal("0.001"), "g"),
    **dict.fromkeys(
        ("l", "liter", "litre", "liters", "litres", "ltr", "л"), (Decimal(1_000), "ml")
    ),
    "dl": (Decimal(100), "ml"),
    "cl": (Decimal(10), "ml"),
    **dict.fromkeys(("ml", "мл"), (Decimal(1), "ml")),
    "m": (Decimal(1_000), "mm"),
    "cm": (Decimal(10), "mm"),
    "mm": (Decimal(1), "mm"),
}
# Letters that Unicode does not take apart, though people type them without their stroke.
_PLAIN = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
_ACCENTS = "[\u0300-\u036f]+"
# A letter or digit; vowel signs of Indic and South-East Asian scripts belong to their word.
_LETTER = r"(?:[^\W_]|[\u0900-\u0963\u0971-\u0e7f\u1000-\u109f\u1780-\u17dd])"
_WORD = f"{_LETTER}+"
# l'eau -> eau, kellogg's -> kellogg: the single letter at an apostrophe is no word.
_ELISION = r"(?<![^\W_])[^\W_]['’](?=[^\W_])|['’][^\W_](?![^\W_])"
_NUMBER_OR_WORD = (
    r"(?<!{letter})(?=[0-9])(?:(?P<pack>[0-9]{{1,4}})\s?[x×]\s?)?"
    r"(?P<number>[0-9]{{1,9}}(?:[.,][0-9]{{1,9}})?)(?![0-9])"
    r"(?:\s?(?P<unit>{units})(?!{letter}))?(?!{letter})|{letter}+"
)
# A number begins here; digits inside a word ("b12") belong to it.
_NUMBER = "(?<!{letter})[0-9]"
_DIGIT = re.compile("[0-9]")
# Folded ASCII, which most texts are, follows the same rules with simpler letters: four times as
# fast. What is neither letter nor digit in it parts words.
_ASCII_LETTER = "[a-z0-9]"
_ASCII_PARTING = bytes(code if chr(code).isalnum() and code < 128 else 32 for code in range(256))
# Scripts written without spaces: found by pairs of neighbouring characters.
_UNSPACED = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)


# Compiled when first needed: a cold search for plain words needs none and saves 6 ms.
@cache
def _compiled(rule: str, letter: str = "") -> re.Pattern[str]:
    units = "|".join(sorted(_UNITS, key=len, reverse=True))
    return re.compile(rule.format(letter=letter, units=units) if letter else rule)


def fold(text: str) -> str:
    """`text` without the differences of case, accents, width and ligatures."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = _compiled(_ACCENTS).sub("", unicodedata.normalize("NFKD", plain)).translate(_PLAIN)
    return unicodedata.normalize("NFC", plain)


def text_words(text: str) -> list[str]:
    """The words under which a text is found, in order, each as often as it stands there."""
    if text.isascii():
        return _split_ascii(text.lower())[:MAX_TEXT_WORDS]
    return _split(fold(text), single=True)[:MAX_TEXT_WORDS]


def query_words(text: str) -> list[str]:
    """The words to look for, each once: at most MAX_QUERY_WORDS, and none for `!?"`."""
    words = dict.fromkeys(_split(fold(text[:MAX_QUERY_CHARACTERS]), single=False))
    return list(words)[:MAX_QUERY_WORDS]


def gtin_word(gtin: str) -> str:
    """The word under which a barcode is found: its digits without leading zeros."""
    return gtin.lstrip("0") or "0"


def match_all(words: list[str], *, begun: bool = False) -> str:
    """The FTS5 expression for texts that hold every word; `begun`: the last may be a beginning."""
    return " AND ".join(_quoted(words, begun))


def match_any(words: list[str], *, begun: bool = False) -> str:
    """The FTS5 expression for texts that hold at least one of the words."""
    return " OR ".join(_quoted(words, begun))


def _quoted(words: list[str], begun: bool) -> list[str]:
    quoted = [f'"{word}"' for word in words]
    if begun:
        quoted[-1] += " *"
    return quoted


def _split(folded: str, *, single: bool) -> list[str]:
    if folded.isascii():
        return _split_ascii(folded)
    if "'" in folded or "’" in folded:
        folded = _compiled(_ELISION).sub(" ", folded)
    if _compiled(_NUMBER, _LETTER).search(folded):
        words = _with_amounts(_LETTER, folded)
    else:
        words = [word[:MAX_WORD_CHARACTERS] for word in _compiled(_WORD).findall(folded)]
    if folded.isascii() or not _compiled(_UNSPACED).search(folded):
        return words
    return [part for word in words for part in _unspaced(word, single)]


def _split_ascii(folded: str) -> list[str]:
    if folded.isalnum() and not folded[0].isdigit():
        return [folded[:MAX_WORD_CHARACTERS]]
    if "'" in folded:
        folded = _compiled(_ELISION).sub(" ", folded)
    if _DIGIT.search(folded) and _compiled(_NUMBER, _ASCII_LETTER).search(folded):
        return _with_amounts(_ASCII_LETTER, folded)
    words = folded.encode().translate(_ASCII_PARTING).decode().split()
    if len(folded) > MAX_WORD_CHARACTERS:
        return [word[:MAX_WORD_CHARACTERS] for word in words]
    return words


def _with_amounts(letter: str, folded: str) -> list[str]:
    words: list[str] = []
    for found in _compiled(_NUMBER_OR_WORD, letter).finditer(folded):
        if found.lastgroup is None:
            words.append(_plain_word(found[0]))
            continue
        pack, number, unit = found.groups()
        if pack:
            words.append(pack + "x")
        words.append(_amount(number, unit))
    return words


def _plain_word(word: str) -> str:
    is_barcode = len(word) >= BARCODE_DIGITS and word.isdigit()
    return (gtin_word(word) if is_barcode else word)[:MAX_WORD_CHARACTERS]


# Shops repeat a few hundred amounts; each is a word of at most 19 digits and a unit.
@lru_cache(maxsize=4096)
def _amount(number: str, unit: str | None) -> str:
    """One word for a number with or without unit: "0,50" "l" -> "500ml", "2.40" -> "2.4"."""
    if unit is None and number.isdigit():
        return _plain_word(number)
    factor, base = _UNITS[unit] if unit else (Decimal(1), "")
    plain = format(Decimal(number.replace(",", ".")) * factor, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain + base


def _unspaced(word: str, single: bool) -> list[str]:
    """Pairs of neighbours of the unspaced runs in a word, and the other runs whole.

    A text also yields the single characters (`single`), so that one typed character is found;
    a query yields a single character only where it stands alone.
    """
    parts: list[str] = []
    end = 0
    for run in _compiled(_UNSPACED).finditer(word):
        parts += [word[end : run.start()]] if run.start() > end else []
        text, end = run[0], run.end()
        parts += [text[i : i + 2] for i in range(len(text) - 1)]
        parts += list(text) if single or len(text) == 1 else []
    return parts + ([word[end:]] if end < len(word) else [])
