"""One cell of a file as a value of an offer; MalformedInput with a hint where it is none.

The message says what is wrong in words for the reject list, the hint a value that would fit.
Cells come from spreadsheets, so what spreadsheets do to numbers is known here.
"""

import re
from collections.abc import Callable
from datetime import tzinfo
from functools import lru_cache
from urllib.parse import quote

from fedretail.domain.catalog import (
    MAX_CATEGORY,
    MAX_DESCRIPTION,
    MAX_NAME,
    MAX_WORD,
    MAX_WORDS,
)
from fedretail.domain.ids import parse_gtin
from fedretail.domain.kind import Value
from fedretail.domain.money import format_amount, parse_amount
from fedretail.domain.pictures import MAX_URL
from fedretail.domain.reasons import NotRead, Reason, reason_of
from fedretail.domain.texts import clean_block, clean_line, shorten
from fedretail.domain.times import parse_time
from fedretail.domain.units import MAX_PACK, Quantity, parse_quantity
from fedretail.errors import MalformedInput

# What people write when there is nothing to write.
NOTHING = frozenset(("-", "–", "—", "n/a", "na", "none", "null", "nan", "k.a.", "#n/a", "#nv"))
_YES = frozenset(
    {
        *("1", "yes", "y", "true", "t", "x", "available", "instock", "onbackorder", "notify"),
        *("backorder", "ja", "j", "wahr", "lieferbar", "verfügbar", "vorrätig", "oui", "o"),
        *("vrai", "si", "sí", "s", "vero", "verdadero", "disponible", "disponibile"),
    }
)
_NO = frozenset(
    {
        *("0", "-1", "no", "n", "false", "f", "outofstock", "nein", "falsch", "ausverkauft"),
        *("vergriffen", "non", "faux", "falso", "agotado", "esaurito", "nee", "onwaar"),
        *("uitverkocht",),
    }
)
_IN_STOCK = frozenset(("in stock", "auf lager", "en stock", "en existencias", "op voorraad"))
_OUT = frozenset(("out of stock", "sold out", "nicht vorrätig", "nicht verfügbar", "épuisé"))
_SOLD_BY = {
    "weight": ("weight", "kg", "g", "gewicht", "poids", "peso"),
    "time": ("time", "h", "hour", "stunde", "std", "zeit", "heure", "hora", "ora", "uur"),
    "piece": ("piece", "pc", "each", "stk", "st", "stück", "unit", "pièce", "pieza", "pezzo"),
}
# A description of 2,000 characters may be 8,000 bytes, and a row of a log holds 8,192.
_MAX_DESCRIPTION_BYTES = 5_000

_COUNT = re.compile(r"[<>]?\s*(-?\d{1,9})(?:[.,]\d{1,3})?\s*\+?(?:\s?(?:stk|st|pcs|x)\.?)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?:[ T,]+(\d{1,2}:\d{2}).*)?")
_PERCENT = re.compile(r"(\d{1,2}(?:[.,]\d{1,2})?)\s*%?")
# Several pictures stand in one cell, behind commas, bars or spaces; an address may hold commas.
_PICTURE = re.compile(r"https?://(?:(?![,;|]\s*https?://)\S)+", re.IGNORECASE)
# What an address may hold as it stands; all else is written with %.
_URL_SIGNS = "%/:=&?~#+!$,;'@()*[]"
_WRAPPED = re.compile(r'="?([^"]*)"?')


def read_name(text: str) -> Value:
    """A name of at most 200 characters."""
    return shorten(clean_line(text), MAX_NAME) or None


def read_word(text: str) -> Value:
    """A code, brand or supplier of at most 120 characters."""
    return shorten(clean_line(text), MAX_WORD) or None


def read_category(text: str) -> Value:
    """A category of at most 120 characters."""
    return shorten(clean_line(text), MAX_CATEGORY) or None


def read_block(text: str) -> Value:
    """Text of several lines, cut to what a record may hold."""
    block = shorten(clean_block(text), MAX_DESCRIPTION)
    if len(block) * 4 > _MAX_DESCRIPTION_BYTES:
        block = block.encode()[:_MAX_DESCRIPTION_BYTES].decode(errors="ignore")
    return block or None


def read_picture(text: str) -> Value:
    """The address of the first picture, as https; None for anything else, which hides no goods."""
    found = _PICTURE.match(clean_line(text))
    if found is None:
        return None
    url = "https:" + quote(found[0], safe=_URL_SIGNS).partition(":")[2]
    return url if len(url) <= MAX_URL else None


def read_words(text: str) -> Value:
    """A list of short texts, separated by comma, semicolon or line."""
    found = (clean_line(word)[:MAX_WORD] for word in re.split(r"[,;\n|]", text))
    words: list[Value] = [*dict.fromkeys(word for word in found if word)]
    return words[:MAX_WORDS] or None


def read_gtin(text: str) -> str | None:
    """A trade item number as 14 digits; what spreadsheets wrap around it is taken off."""
    if text.lower() in NOTHING:
        return None
    try:
        return parse_gtin(_unwrapped(text))
    except MalformedInput as error:
        reason = reason_of(error)
        guess = str(reason.values.get("fits", ""))
        if reason.name == "gtin_check_digit":
            guess = _unwrapped(text)[:-1] + guess
        raise NotRead(reason, hint=guess) from None


def _unwrapped(text: str) -> str:
    """`="0400..."`, `'0400...` and `400....0`, as spreadsheets write numbers, bare."""
    wrapped = _WRAPPED.fullmatch(text)
    bare = wrapped[1] if wrapped else text.removeprefix("'")
    return bare[:-2] if bare.endswith(".0") and bare[:-2].isdecimal() else bare


def money_reader(currency: str, decimal: str | None) -> Callable[[str], int]:
    """A reader of amounts in this currency, as minor units."""
    example = "1,49" if decimal == "," else "1.49"

    def read(text: str) -> int:
        try:
            return parse_amount(text, currency, decimal=decimal)
        except MalformedInput as error:
            raise fault(text, error) from None

    def fault(text: str, error: MalformedInput) -> NotRead:
        reason = reason_of(error)
        if reason.name != "price_no_amount":
            return NotRead(reason)
        try:
            amount_minor = parse_amount(text.strip(" .,;:*"), currency)
            guess = format_amount(amount_minor, currency).replace(".", decimal or ".")
        except MalformedInput:
            guess = ""
        return NotRead(Reason("price_like", {"like": example}), hint=guess)

    return read


def read_count(text: str) -> int | bool | None:
    """A stock: a number of pieces, or yes or no, or None where nothing is said."""
    plain = text.lower().strip()
    if plain in NOTHING and plain != "0":
        return None
    match = _COUNT.fullmatch(plain)
    if match:
        return int(match[1])
    answer = yes_no(plain)
    if answer is None:
        raise NotRead(Reason("stock_like"))
    return answer


def yes_no(text: str) -> bool | None:
    """True, False, or None where the text is neither yes nor no in six languages."""
    plain = text.strip().lower()
    if plain in _YES or plain in _IN_STOCK:
        return True
    return False if plain in _NO or plain in _OUT else None


def read_yes_no(text: str) -> bool:
    """True or False; anything else is MalformedInput."""
    answer = yes_no(text)
    if answer is None:
        raise NotRead(Reason("yes_or_no"))
    return answer


def read_whole(text: str) -> Value:
    """A whole number from 0 to a million; "16+" and "ab 16" are 16."""
    digits = re.sub(r"\D", "", text.partition(",")[0].partition(".")[0])
    if not digits or len(digits) > 7:
        raise NotRead(Reason("whole_like"))
    return int(digits)


def read_age(text: str) -> Value:
    """Years from 0 to 99; "none" is None."""
    if not re.search(r"\d", text):
        return None
    age = read_whole(text)
    if not isinstance(age, int) or age > 99:
        raise NotRead(Reason("age_like"))
    return age


def read_pack(text: str) -> Value:
    """How many are sold together, 1 to 100,000."""
    count = read_whole(text)
    if not isinstance(count, int) or not 1 <= count <= MAX_PACK:
        raise NotRead(Reason("pack_like"))
    return count


def read_percent(text: str) -> Value:
    """A tax rate as a decimal string: "19 %" -> "19", "5,5" -> "5.5"; a word is None."""
    match = _PERCENT.fullmatch(text.strip())
    return match[1].replace(",", ".") if match else None


def read_sold_by(text: str) -> Value:
    """piece, weight or time; None where the word is unknown."""
    word = text.strip().lower().rstrip(".")
    return next((by for by, words in _SOLD_BY.items() if word in words), None)


def read_type(text: str) -> Value:
    """ "service" for a service; None (a product) else."""
    return "service" if text.strip().lower() in ("service", "dienstleistung", "servicio") else None


def time_reader(zone: tzinfo, *, month_first: bool) -> Callable[[str, bool], int]:
    """A reader (text, end) of moments; a bare day is its start, with end the start of the next."""

    def read(text: str, end: bool) -> int:
        try:
            return parse_time(_iso(text.strip(), month_first), zone, end=end)
        except MalformedInput:
            raise NotRead(Reason("day_like")) from None

    return read


def _iso(text: str, month_first: bool) -> str:
    match = _DAY_FIRST.fullmatch(text)
    if match is None:
        return text
    day, month = int(match[1]), int(match[2])
    if month > 12 or (month_first and "/" in text and day <= 12):
        day, month = month, day
    year = match[3] if len(match[3]) == 4 else f"20{match[3]}"
    moment = f"{year}-{month:02}-{day:02}"
    return f"{moment} {match[4].zfill(5)}" if match[4] else moment


# Net contents repeat: a shop has a few hundred different ones.
@lru_cache(maxsize=4096)
def read_net(text: str, decimal: str | None) -> tuple[Quantity, int] | None:
    """(content of one, how many), None where the text names no quantity."""
    try:
        return parse_quantity(text, decimal=decimal)
    except MalformedInput:
        return None
