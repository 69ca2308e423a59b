"""Words as the index knows them: one tokenizer for what shops write and what shoppers type.

FTS5 sees only what comes out of here, one bare word after the other, and each is quoted in a
query. So any string is a legal query: what is no word is passed over, and no operator, quote or
NUL byte ever reaches FTS5. In `detail=none` a quoted word that FTS5 would split in two fails;
therefore words hold only digits, small ASCII letters, non-ASCII letters and the dot of a number,
all of which its `ascii` tokenizer (with `tokenchars '.'`) keeps together.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import chain, repeat

from fedretail.domain.units import Quantity
from fedretail.index.language.amounts import Amount, gtin_word, net_words, pieces
from fedretail.index.language.compounds import heads
from fedretail.index.language.kept import Kept
from fedretail.index.language.languages import UNSAID, language_of
from fedretail.index.language.stems import held

# Another number makes every index.db rebuild itself: words of old rows must not be looked for
# with the rules of new ones. A newer PyStemmer may stem otherwise: raise it then too.
TOKENIZER_VERSION = 7

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
# ASCII, which most texts are when they are folded, follows the same rules with simpler letters:
# four times as fast. What is neither letter nor digit in it parts words.
_ASCII_LETTER = "[a-z0-9]"
_ASCII_PARTING = bytes(
    ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256)
)
# ASCII without them is words and what parts them.
_ASKING = b"0123456789'"
# Stands for what is no single small ASCII letter or sign when it is folded.
_OTHER = 0xFF
# Scripts written without spaces: found by pairs of neighbouring characters.
_UNSPACED = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)


# Compiled when first needed: a cold search for plain words needs none and saves 6 ms.
@cache
def _compiled(rule: str) -> re.Pattern[str]:
    return re.compile(rule)


def load_rules() -> None:
    """Be ready for texts of all kinds: 20 ms for those who meet the first at once."""
    for text in ("1½ kg of l'eau", "½ Käse", "ﬁ 麺 1"):
        text_words(text)


def fold(text: str) -> str:
    """`text` without the differences of case, accents, width and ligatures."""
    plain = _ascii_of(text)
    return _fold_far(text) if plain is None else plain.lower().decode()


def _ascii_of(text: str) -> bytes | None:
    """ASCII that folds to the same, be it in capitals; None where that is not told by bytes."""
    if text.isascii():
        return text.encode()
    try:
        western = text.replace("ß", "ss").encode("latin-1").translate(_western())
    except UnicodeEncodeError:
        return None
    return western if western.isascii() else None


def _fold_far(text: str) -> str:
    """Fold what is no plain text of Western Europe."""
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


@cache
def _western() -> bytes:
    """The same of Latin-1 for bytes.translate, a third of the time: _OTHER where it is more."""
    folded = [_latin().get(code, "") for code in range(256)]
    return bytes(ord(one) if len(one) == 1 and one.isascii() else _OTHER for one in folded)


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
    tongue, words = _name_tokens(name, language)
    named = len(words)
    if net is not None or pack > 1:
        words |= _content_tokens(net, pack)
    made = _labels.table(tongue)
    if brand:
        words |= made[brand]
    if category:
        words |= made[category]
    if sku:
        words |= _code_tokens(sku)
    if gtin:
        words[gtin_word(gtin)] = None
    if tongue and tongue != UNSAID:
        words[language_mark(tongue)] = None
    return named, " ".join(words)


# What several shops near each other have is judged for each.
@lru_cache(maxsize=4096)
def name_words(name: str, language: str = "") -> tuple[str, str]:
    """The first of offer_words, those of the name; and its language_mark."""
    tongue, words = _name_tokens(name, language)
    return " ".join(words), language_mark(tongue)


def text_words(text: str, language: str = "") -> list[str]:
    """The words under which a text is found, in order, each once."""
    return list(_tokens(_some(split(text)), language))


def language_mark(language: str) -> str:
    """The word that tells how an offer was stemmed, "" for the usual.

    No typed word is one, nor the beginning of one: none begins with a dot.
    """
    return "" if language in {"", UNSAID} else f".{language}"


def split(text: str) -> Sequence[str | Amount]:
    """The words and amounts of a text, folded but not stemmed, each as often as it stands there.

    Runs of unspaced scripts stay whole.
    """
    plain = _ascii_of(text)
    if plain is None:
        return _split_far(text)
    if len(plain.translate(None, _ASKING)) < len(plain):
        return _split_ascii(plain.lower().decode())
    words = plain.translate(_ASCII_PARTING).decode().split()
    return words if len(plain) <= MAX_WORD_CHARACTERS else list(map(_cut, words))


def _split_far(text: str) -> list[str | Amount]:
    folded = _fold_far(text)
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


def _name_tokens(name: str, said: str) -> tuple[str, dict[str, None]]:
    """The language of a name, and its words."""
    found = _some(split(name))
    tongue = language_of(name, found, said)
    return tongue, _tokens(found, tongue)


def _some(found: Sequence[str | Amount]) -> Sequence[str | Amount]:
    """As many of the words of a text as are kept."""
    return found if len(found) <= MAX_TEXT_WORDS else found[:MAX_TEXT_WORDS]


def _tokens(found: Iterable[str | Amount], language: str) -> dict[str, None]:
    """The tokens under which a text holds its words and amounts."""
    return dict.fromkeys(chain.from_iterable(map(_held.table(language).__getitem__, found)))


def _made(one: str | Amount, language: str) -> tuple[str, ...]:
    """The tokens under which a text holds a word or an amount."""
    if not isinstance(one, str):
        return (one.united, one.number) if one.united else (one.number,)
    if not language and one.isascii():
        return (one,)
    parts = grams(one, single=True)
    if parts != [one]:
        return tuple(token for part in parts for token in held(part, language))
    return (*held(one, language), *heads(one, language))


# Shops repeat some ten thousand words; one takes 250 bytes.
_held = Kept(_made, 32_768)


def _made_label(text: str, language: str) -> dict[str, None]:
    return _tokens(_some(split(text)), language)


# A federation's shops repeat some thousand brands and categories, in some languages.
_labels = Kept(_made_label, 8192)


def _code_tokens(code: str) -> dict[str, None]:
    """The tokens of an article's code. Each is its own: there is no use in keeping them."""
    if code.isascii() and code.isalnum() and not code[0].isdigit():
        # What `split` and `_made` leave of most codes.
        return {code[:MAX_WORD_CHARACTERS].lower(): None}
    return dict.fromkeys(chain.from_iterable(map(_made, _some(split(code)), repeat(""))))


# Shops repeat a few hundred contents.
@lru_cache(maxsize=4096)
def _content_tokens(net: Quantity | None, pack: int) -> dict[str, None]:
    return dict.fromkeys(net_words(net, pack))


def _split_ascii(folded: str) -> list[str | Amount]:
    if folded.isalnum() and not folded[0].isdigit():
        return [folded[:MAX_WORD_CHARACTERS]]
    if "'" in folded:
        folded = _compiled(_ELISION).sub(" ", folded)
    start = _first_number(folded)
    words: list[str | Amount] = []
    words += folded[:start].encode().translate(_ASCII_PARTING).decode().split()
    return list(map(_cut, words + pieces(folded, _ASCII_LETTER, start)))


def _first_number(folded: str) -> int:
    """Where a run of ASCII letters and digits first holds a digit, or the dot of its ".75" stands.

    The end where none does. Before it each run is a word, behind it some are units.
    """
    digit = _DIGIT.search(folded)
    if digit is None:
        return len(folded)
    start = digit.start()
    while start and folded[start - 1].isalnum():
        start -= 1
    return start - 1 if start and folded[start - 1] == "." else start


def _cut(one: str | Amount) -> str | Amount:
    return one[:MAX_WORD_CHARACTERS] if isinstance(one, str) else one
