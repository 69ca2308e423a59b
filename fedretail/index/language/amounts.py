"""Amounts in texts: numbers with units, fractions, packs and dimensions as words of the index.

A number with a unit is held twice: counted in the base unit of its kind, so that "0,5 l", "50 cl"
and "500ml" are one word and so are "8 ft.", "8-foot" and "96 in", and as the bare number, so that
"60 vanity" finds a vanity of 60 in.
"""

import re
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

from fedretail.domain.units import Quantity

# EAN-8 is the shortest barcode. From this length on leading zeros mean nothing, so that a GTIN
# is found whether it was typed with 8, 12, 13 or 14 digits.
BARCODE_DIGITS = 8
# Thirds never end; so many places tell sixty-fourths of an inch apart.
_MOST_PLACES = 9

# Spelling, folded and without points and spaces -> how many of which base unit.
_UNITS: dict[str, tuple[Decimal, str]] = {
    name: (Decimal(factor), base)
    for factor, base, names in (
        ("1000", "g", "kg kgs kilo kilogramm kilogram kilograms кг"),
        ("1", "g", "g gr gramm gram grams grammes г"),
        ("0.001", "g", "mg"),
        ("1000", "ml", "l liter litre liters litres litros litri ltr л"),
        ("100", "ml", "dl"),
        ("10", "ml", "cl"),
        ("1", "ml", "ml мл"),
        ("1000", "mm", "m meter metre meters metres"),
        ("10", "mm", "cm"),
        ("1", "mm", "mm"),
        ("1", "in", "in inch inches zoll \" ” '' ′′ ’’"),
        ("12", "in", "ft foot feet ' ′ ’"),
        ("36", "in", "yd yard yards"),
        # Fluid and plain ounces are one unit here: labels say "12 oz" of both.
        ("1", "oz", "oz ounce ounces floz fluidoz fluidounce fluidounces"),
        ("16", "oz", "lb lbs pound pounds pt pint pints"),
        ("32", "oz", "qt qts quart quarts"),
        ("128", "oz", "gal gals gallon gallons"),
        ("1", "sqft", "sqft sqfeet sqfoot squarefoot squarefeet"),
        ("1", "cuft", "cuft cufeet cufoot cubicfoot cubicfeet"),
        ("1", "w", "w watt watts"),
        ("1000", "w", "kw"),
        ("1", "v", "v volt volts"),
        ("1", "amp", "amp amps ampere"),
        ("1", "hp", "hp horsepower"),
        ("1", "btu", "btu btus"),
        ("1", "gauge", "gauge ga awg"),
        ("1", "x", "pack packs pk er ct count pc pcs pcs piece pieces stuck stk"),
    )
    for name in names.split()
}
_SQUARE = r"(?:sq|square|cu|cubic)\.?[\s-]?(?:ft|foot|feet)|(?:fl|fluid)\.?[\s-]?(?:oz|ounces?)"
# Of inches and feet, curled by telephones. A letter behind an apostrophe is no foot: "80's".
_INCHES, _FEET = "''|′′|’’|[\"”]", "['′’]"
_MARKS = rf"\s?(?:{_INCHES}|{_FEET}(?:(?![^\W\d_])|(?=[x×]\s?[0-9])))"
# Whole and fraction ("1-1/2", "3/4"), or a number; the slash of ½ is another one.
_NUMBER = (
    r"(?:[0-9]{1,4}[\s-])?[0-9]{1,4}[/\u2044][1-9][0-9]{0,3}|[0-9]{1,9}(?:[.,][0-9]{1,9})?"
    r"|(?<![^\W_])\.[0-9]{1,9}"
)
_PIECE = (
    rf"(?=[0-9.])(?P<number>{_NUMBER})(?![0-9])"
    rf"(?:(?P<mark>{_MARKS})(?:\s?[x×]\s?(?=[0-9]))?"
    rf"|(?:[\s-]?(?P<unit>{_SQUARE}|UNITS)(?:(?!LETTER)|(?=[x×][0-9])))?"
    # A dimension goes on ("2x4", "8 ft. x 4 ft."), or the word ends; of decimals also before a unit
    # that is none of these ("1.28gpf").
    r"(?:(?P<times>\.?\s?[x×]\s?)(?=[0-9])|(?!LETTER)|(?<=[.,][0-9])|(?<=[.,][0-9][0-9])))"
    r"|(?P<word>LETTER+)"
)
# "5,000 BTU" are thousands; "1,500 kg" and "0,125 l" are decimals of a large unit.
_LARGE = frozenset(("kg", "l", "m", "кг", "л", "liter", "litre"))
_SMALL = frozenset(("g", "mg", "ml", "mm", "г", "мл"))
_PARTING = re.compile(r"[.\s-]")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")

# Rec 20 code of a net content -> the unit it is counted in here.
_CODES = {
    "KGM": "kg", "GRM": "g", "MGM": "mg", "LTR": "l", "DLT": "dl", "CLT": "cl", "MLT": "ml",
    "MTR": "m", "CMT": "cm", "MMT": "mm", "INH": "in", "FOT": "ft", "YRD": "yd", "ONZ": "oz",
    "OZA": "oz", "LBR": "lb", "PTI": "pt", "GLL": "gal", "H87": "pc", "C62": "pc",
}  # fmt: skip


class Amount(NamedTuple):
    """A number in a text: its word in the base unit ("" without unit), and the bare number.

    is_size: it stands before a cross, so that it may be a number of pieces ("6 x 0,33 l") and may
    as well be a size ("2x4").
    """

    united: str
    number: str
    is_size: bool = False


def pieces(folded: str, letter: str, start: int = 0) -> list[str | Amount]:
    """The words and amounts of a folded text, in order; `letter`: what words are made of.

    start: where to begin; what stands before it is looked at, but gives none.
    """
    found: list[str | Amount] = []
    for number, mark, unit, times, word in _compiled(letter).findall(folded, start):
        if word:
            found.append(gtin_word(word) if _is_barcode(word) else word)
            continue
        above, slash, below = number.partition("/")
        if slash and above.isdigit() and int(above) >= int(below):
            # "12/2 wire" has two strands of gauge 12; nobody writes a half as 4/8 upside down.
            found.append(_amount(above, None))
            number = below
        found.append(_piece(number, mark, unit, times))
    return found


def net_words(net: Quantity | None, pack: int) -> list[str]:
    """The words for what a pack holds, as texts about it would say them."""
    words = [f"{pack}x"] if pack > 1 else []
    if net is not None and net.unit in _CODES:
        # One piece is what everything is that is not said to be more.
        united = _amount(format(net.amount, "f"), _CODES[net.unit]).united
        words += [united] if united != "1x" else []
    return words


def gtin_word(gtin: str) -> str:
    """The word under which a barcode is found: its digits without leading zeros."""
    return gtin.lstrip("0") or "0"


def _piece(number: str, mark: str, unit: str, times: str) -> Amount:
    if mark:
        return _amount(number, mark.strip())
    if unit:
        return _amount(number, _PARTING.sub("", unit))
    if times and number.isdigit() and len(number) < 5:
        return _amount(number, "er")._replace(is_size=True)
    return _amount(number, None)


# Shops repeat a few hundred amounts.
@lru_cache(maxsize=4096)
def _amount(number: str, unit: str | None) -> Amount:
    if unit is None and _is_barcode(number):
        return Amount("", gtin_word(number))
    value = _value(number, unit)
    if unit is None:
        return Amount("", _plain(value))
    factor, base = _UNITS[unit]
    return Amount(_plain(value * factor) + base, _plain(value))


def _is_barcode(word: str) -> bool:
    return len(word) >= BARCODE_DIGITS and word.isdigit()


def _value(number: str, unit: str | None) -> Decimal:
    if "/" in number or "\u2044" in number:
        parts = re.split(r"[\s/\u2044-]", number)
        above, below = Decimal(parts[-2]), Decimal(parts[-1])
        return (Decimal(parts[0]) if len(parts) == 3 else Decimal(0)) + above / below
    if _THOUSANDS.fullmatch(number) and unit not in _LARGE and ("," in number or unit in _SMALL):
        number = number.replace(",", "").replace(".", "")
    return Decimal(number.replace(",", "."))


def _plain(value: Decimal) -> str:
    """Without trailing zeros: "1.50" -> "1.5"."""
    plain = format(round(value, _MOST_PLACES), "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


# Compiled when first needed: a cold search for plain words needs none and saves 6 ms.
@cache
def _compiled(letter: str) -> re.Pattern[str]:
    units = "|".join(sorted((u for u in _UNITS if u[0].isalpha()), key=len, reverse=True))
    return re.compile(_PIECE.replace("UNITS", units).replace("LETTER", letter))
