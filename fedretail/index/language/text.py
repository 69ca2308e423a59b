"""Words as the index knows them: one tokenizer for what shops write and what shoppers type.

FTS5 sees only what comes out of here, one bare word after the other, and each is quoted in a
query. So any string is a legal query: what is no word is passed over, and no operator, quote or
NUL byte ever reaches FTS5. In `detail=none` a quoted word that FTS5 would split in two fails;
therefore words hold only digits, small ASCII letters, non-ASCII letters and the dot of a number,
all of which its `ascii` tokenizer (with `tokenchars '.'`) keeps together.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import chain, repeat

from fedretail.domain.units import Quantity
from fedretail.index.language.amounts import Amount, gtin_word, net_words, pieces
from fedretail.index.language.compounds import heads
from fedretail.index.language.languages import UNSAID, language_of
from fedretail.index.language.stems import held

# Another number makes every index.db rebuild itself: words of old rows must not be looked for
# with the rules of new ones. A newer PyStemmer may stem otherwise: raise it then too.
TOKENIZER_VERSION = 5

# Nobody types more; a pasted page is judged by its beginning, so that no query is slow.
MAX_QUERY_CHARACTERS = 2_000
MAX_QUERY_WORDS = 32
# Name, brand, category, SKU and GTIN together stay far below this; it bounds a hostile row.
MAX_TEXT_WORDS = 200
# The longest German compound in a real catalog has 38 letters; longer runs are cut alike in
# text and query.
MAX_WORD_CHARACTERS = 40

# Letters that Unicode does not take apart, though people type them without their stroke.
_PLAIN = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
_ACCENTS = "[\u0300-\u036f]+"
# For private use: nothing folds to it, and nothing beside it folds otherwise.
_BETWEEN = "\ue000"
_AFTER_WHOLE = "(?<=[0-9])(?=[\u00bc-\u00be\u2150-\u215e])"
# A letter or digit; vowel signs of Indic and South-East Asian scripts belong to their word.
_LETTER = r"(?:[^\W_]|[\u0900-\u0963\u0971-\u0e7f\u1000-\u109f\u1780-\u17dd])"
_WORD = f"{_LETTER}+"
# l'eau -> eau, kellogg's -> kellogg: the single letter at an apostrophe is no word. A number
# before one is feet.
_ELISION = r"(?<![^\W_])[^\W\d_]['’](?=[^\W_])|(?<=[^\W\d_])['’][^\W\d_](?![^\W_])"
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
def _compiled(rule: str) -> re.Pattern[str]:
    return re.compile(rule)


def fold(text: str) -> str:
    """`text` without the differences of case, accents, width and ligatures."""
    if text.isascii():
        return text.lower()
    latin = text.translate(_latin())
    return latin if latin.isascii() else _fold_any(text)


def _fold_any(text: str) -> str:
    # "1½" is taken apart to "11/2".
    plain = _compiled(_AFTER_WHOLE).sub(" ", text)
    plain = unicodedata.normalize("NFKD", plain).casefold()
    # The breve of a Cyrillic й is no accent: endings are told by it.
    plain = unicodedata.normalize("NFKD", plain).replace("и\u0306", "й")
    plain = _compiled(_ACCENTS).sub("", plain).translate(_PLAIN)
    return unicodedata.normalize("NFC", plain)


@cache
def _latin() -> dict[int, str]:
    """What each Latin letter is folded to: most texts hold no other, and none changes another.

    Vulgar fractions are left out, since they depend on the digit before them.
    """
    codes = [code for code in range(0x250) if not 0xBC <= code <= 0xBE]
    # All at once: a cold search waits for this.
    folded = _fold_any(_BETWEEN.join(map(chr, codes)))
    return dict(zip(codes, folded.split(_BETWEEN), strict=True))


def offer_words(
    name: str,
    *,
    brand: str = "",
    category: str = "",
    sku: str = "",
    gtin: str | None = None,
    net: Quantity | None = None,
    pack: int = 1,
    language: str = "",
) -> tuple[int, str]:
    """(how many of the words are the name's, the words that FTS5 is given, each once).

    language: the BCP 47 tag that the offer gives, "" for none. A pure function: the words can be
    made again from the same fields.
    """
    found = split(name)[:MAX_TEXT_WORDS]
    tongue = language_of(name, found, language)
    words = _tokens(found, tongue)
    named = len(words)
    if net is not None or pack > 1:
        words.update(_content_tokens(net, pack))
    for label in (brand, category):
        if label:
            words.update(_label_tokens(label, tongue))
    if sku:
        words.update(_tokens(split(sku)[:MAX_TEXT_WORDS], ""))
    if gtin:
        words[gtin_word(gtin)] = None
    mark = language_mark(tongue)
    if mark:
        words[mark] = None
    return named, " ".join(words)


def text_words(text: str, language: str = "") -> list[str]:
    """The words under which a text is found, in order, each once."""
    return list(_tokens(split(text)[:MAX_TEXT_WORDS], language))


def language_mark(language: str) -> str:
    """The word that tells how an offer was stemmed; no typed word is one. "" for the usual."""
    return "" if language in {"", UNSAID} else f"lang.{language}"


def split(text: str) -> list[str | Amount]:
    """The words and amounts of a text, folded but not stemmed, each as often as it stands there.

    Runs of unspaced scripts stay whole.
    """
    folded = fold(text)
    if folded.isascii():
        return _split_ascii(folded)
    if "'" in folded or "’" in folded:
        folded = _compiled(_ELISION).sub(" ", folded)
    if _DIGIT.search(folded):
        return [_cut(one) for one in pieces(folded, _LETTER)]
    return [word[:MAX_WORD_CHARACTERS] for word in _compiled(_WORD).findall(folded)]


def grams(word: str, *, single: bool) -> list[str]:
    """Pairs of neighbours of the unspaced runs in a word, and the other runs whole.

    A text also yields the single characters (`single`), so that one typed character is found;
    a query yields a single character only where it stands alone.
    """
    if word.isascii() or not _compiled(_UNSPACED).search(word):
        return [word]
    parts: list[str] = []
    end = 0
    for run in _compiled(_UNSPACED).finditer(word):
        parts += [word[end : run.start()]] if run.start() > end else []
        text, end = run[0], run.end()
        parts += [text[i : i + 2] for i in range(len(text) - 1)]
        parts += list(text) if single or len(text) == 1 else []
    return parts + ([word[end:]] if end < len(word) else [])


def match(groups: Iterable[Iterable[tuple[str, bool]]], *, every: bool) -> str:
    """The FTS5 expression for texts that answer every (or any) group.

    A group is answered by any of its (token, begun): the token, or what begins with it.
    """
    quoted = ("(" + " OR ".join(_quoted(*one) for one in group) + ")" for group in groups)
    return (" AND " if every else " OR ").join(quoted)


def _quoted(token: str, begun: bool) -> str:
    return f'"{token}" *' if begun else f'"{token}"'


def _tokens(found: Iterable[str | Amount], language: str) -> dict[str, None]:
    return dict.fromkeys(chain.from_iterable(map(_held, found, repeat(language))))


# Shops repeat some ten thousand words; an entry takes 250 bytes.
@lru_cache(maxsize=65_536)
def _held(one: str | Amount, language: str) -> tuple[str, ...]:
    """The tokens under which a text holds a word or an amount."""
    if not isinstance(one, str):
        return (one.united, one.number) if one.united else (one.number,)
    parts = grams(one, single=True)
    if parts != [one]:
        return tuple(token for part in parts for token in held(part, language))
    return (*held(one, language), *heads(one, language))


# A federation's shops repeat some thousand brands and categories, of at most 120 characters.
@lru_cache(maxsize=4096)
def _label_tokens(text: str, language: str) -> dict[str, None]:
    return _tokens(split(text)[:MAX_TEXT_WORDS], language)


# Shops repeat a few hundred contents.
@lru_cache(maxsize=4096)
def _content_tokens(net: Quantity | None, pack: int) -> dict[str, None]:
    return dict.fromkeys(net_words(net, pack))


def _split_ascii(folded: str) -> list[str | Amount]:
    if folded.isalnum() and not folded[0].isdigit():
        return [folded[:MAX_WORD_CHARACTERS]]
    if "'" in folded:
        folded = _compiled(_ELISION).sub(" ", folded)
    if _DIGIT.search(folded):
        return [_cut(one) for one in pieces(folded, _ASCII_LETTER)]
    words = folded.encode().translate(_ASCII_PARTING).decode().split()
    return [word[:MAX_WORD_CHARACTERS] for word in words]


def _cut(one: str | Amount) -> str | Amount:
    return one[:MAX_WORD_CHARACTERS] if isinstance(one, str) else one
