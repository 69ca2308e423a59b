"""Quantities: how much is in a pack, in units of UN/ECE Recommendation 20.

A record holds a quantity as [decimal string, unit code], such as ["0.75", "LTR"]. Every
unit leads to one base (kilogram, litre, metre, piece ...), by which packs compare.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

from fedretail.domain.kind import Value
from fedretail.domain.texts import quoted
from fedretail.errors import MalformedInput

# A thousand tonnes at one end, a thousandth of a milligram at the other: beyond them a
# number is a slip. They also keep unit prices within 64 bits.
MAX_QUANTITY = Decimal(10**9)
MAX_DECIMALS = 6
MAX_PACK = 100_000


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure: its Rec 20 code, and `factor` of its base unit that it holds."""

    code: str
    symbol: str
    base: str
    factor: Fraction


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount above zero of a unit (Rec 20 code)."""

    amount: Decimal
    unit: str


# (code, symbol, base, factor, further names in lower case). Names that shops write, in
# English and German; "oz" alone is taken as weight.
_TABLE: tuple[tuple[str, str, str, str, str], ...] = (
    ("KGM", "kg", "kg", "1", "kilo kilos kgs kilogram kilograms kilogramm"),
    ("GRM", "g", "kg", "1/1000", "gr grs gram grams gramm grammes"),
    ("MGM", "mg", "kg", "1/1000000", "milligram milligrams milligramm"),
    ("TNE", "t", "kg", "1000", "ton tonne tonnes tonnen"),
    ("LBR", "lb", "kg", "45359237/100000000", "lbs pound pounds"),
    ("ONZ", "oz", "kg", "2834952/100000000", "ounce ounces unze unzen"),
    ("LTR", "l", "l", "1", "lt ltr litre litres liter liters ℓ"),
    ("DLT", "dl", "l", "1/10", "decilitre deciliter"),
    ("CLT", "cl", "l", "1/100", "centilitre centiliter zentiliter"),
    ("MLT", "ml", "l", "1/1000", "millilitre milliliter millilitres milliliters"),
    ("HLT", "hl", "l", "100", "hectolitre hektoliter"),
    ("MTQ", "m³", "l", "1000", "m3 cbm kubikmeter"),
    ("OZA", "fl oz", "l", "2957353/100000000", "floz fl.oz fl.oz."),
    ("PTI", "pt", "l", "568261/1000000", "pint pints"),
    ("GLI", "gal (UK)", "l", "4546092/1000000", "imperial-gallon"),
    ("GLL", "gal", "l", "3785412/1000000", "gallon gallons gallone"),
    ("MTR", "m", "m", "1", "metre metres meter meters mtr lfm"),
    ("DMT", "dm", "m", "1/10", "decimetre dezimeter"),
    ("CMT", "cm", "m", "1/100", "centimetre centimeter zentimeter"),
    ("MMT", "mm", "m", "1/1000", "millimetre millimeter"),
    ("INH", "in", "m", "254/10000", "inch inches zoll"),
    ("FOT", "ft", "m", "3048/10000", "foot feet"),
    ("YRD", "yd", "m", "9144/10000", "yard yards"),
    ("H87", "piece", "piece", "1",
     "pieces pc pcs pce stück stk st stck ea each unit units count ct x"),
    ("C62", "one", "piece", "1", "einheit einheiten"),
    ("PR", "pair", "piece", "2", "pairs pr paar paare"),
    ("DZN", "dozen", "piece", "12", "dz dzn doz dutzend"),
    ("MTK", "m²", "m²", "1", "m2 qm sqm quadratmeter"),
    ("CMK", "cm²", "m²", "1/10000", "cm2 qcm"),
    ("HUR", "h", "h", "1", "hour hours hr hrs std stunde stunden"),
    ("MIN", "min", "h", "1/60", "mins minute minutes minuten"),
    ("DAY", "day", "h", "24", "days d tag tage"),
    ("WEE", "week", "h", "168", "weeks wk woche wochen"),
    ("KWH", "kWh", "kWh", "1", "kw·h kilowattstunde kilowattstunden"),
    ("E48", "service", "service", "1", "services leistung leistungen"),
)  # fmt: skip
UNITS: dict[str, Unit] = {
    code: Unit(code, symbol, base, Fraction(factor)) for code, symbol, base, factor, _ in _TABLE
}
_BY_NAME: dict[str, str] = {
    name: code
    for code, symbol, _, _, names in _TABLE
    for name in (code.lower(), symbol.lower(), *names.split())
}
# A fraction of exactly three digits in these is read as thousands ("1.000 g"): nobody
# prints thousandths of a gram on a pack, and "1,000 g" is a common way to write a kilogram.
_SMALL = frozenset(("GRM", "MGM", "MLT", "MMT", "H87", "C62"))

_NUMBER = r"[0-9]{1,9}(?:[.,][0-9]{1,9})?"
_QUANTITY = re.compile(
    rf"(?:([0-9]{{1,6}})\s*(?:x|×|\*|er)\s*)?({_NUMBER})\s*([^\W\d][^0-9]{{0,19}}[23]?|ℓ)",
    re.IGNORECASE,
)
_DECIMAL = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,6})?")


def parse_unit(text: str) -> str:
    """The Rec 20 code of a unit's code, symbol or name in English or German."""
    code = _BY_NAME.get(text.strip().lower().rstrip(".")) if len(text) <= 40 else None
    if code is None:
        raise MalformedInput(
            f"{quoted(text)} is not a unit", hint="Write kg, g, l, ml, m or piece."
        )
    return code


def parse_quantity(text: str, *, decimal: str | None = None) -> tuple[Quantity, int]:
    """(content of one, how many in the pack) of "500 g", "1,5 l", "6 x 0,33 l", "0.75L".

    "," and "." both stand before decimals, except before exactly three digits of a small
    unit ("1.000 g"), unless `decimal` says which mark it is.
    """
    match = _QUANTITY.fullmatch(text.strip()) if len(text) <= 80 else None
    if match is None:
        raise MalformedInput(
            f"{quoted(text)} is not a quantity", hint="Write it as 500 g, 1.5 l or 6 x 0.33 l."
        )
    pack, number, name = match.groups()
    unit = parse_unit(name)
    count = int(pack or 1)
    if not 1 <= count <= MAX_PACK:
        raise MalformedInput(f"{quoted(text)} holds too many or none")
    return quantity(_plain(number, unit, decimal), unit), count


def _plain(number: str, unit: str, decimal: str | None) -> str:
    """The number with a point before its decimals and without thousands."""
    mark = "," if "," in number else "."
    whole, _, fraction = number.partition(mark)
    thousands = len(fraction) == 3 and (
        mark != decimal if decimal else unit in _SMALL and whole.strip("0") != ""
    )
    return f"{whole}{'' if thousands else '.'}{fraction}".rstrip(".")


def quantity(amount: str, unit: str) -> Quantity:
    """A quantity of a decimal string and a unit code; MalformedInput out of bounds."""
    if unit not in UNITS:
        raise MalformedInput(f"{quoted(unit)} is not a unit of measure")
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise MalformedInput(f"{quoted(amount)} is not a number") from None
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or not 0 < value <= MAX_QUANTITY:
        raise MalformedInput(f"{quoted(amount)} is not a quantity above zero")
    if exponent < -MAX_DECIMALS:
        raise MalformedInput(f"{quoted(amount)} has more than {MAX_DECIMALS} decimals")
    return Quantity(value, unit)


def encode_quantity(content: Quantity) -> list[Value]:
    """The quantity as a record holds it: ["0.75", "LTR"], without trailing zeros."""
    text = format(content.amount, "f")
    return [text.rstrip("0").rstrip(".") if "." in text else text, content.unit]


def read_quantity(value: Value) -> Quantity | None:
    """The quantity that encode_quantity wrote; None for any other value."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    amount, unit = value
    if not isinstance(amount, str) or not isinstance(unit, str) or unit not in UNITS:
        return None
    return _read(amount, unit)


# Shops repeat a few hundred pack sizes; reading them anew costs a search more than the rest
# of the offer.
@lru_cache(maxsize=4096)
def _read(amount: str, unit: str) -> Quantity | None:
    if not _DECIMAL.fullmatch(amount):
        return None
    number = Decimal(amount)
    return Quantity(number, unit) if 0 < number <= MAX_QUANTITY else None


def unit_symbol(code: str) -> str:
    """What stands behind a number of this unit: "kg"; the code itself where it is not known."""
    known = UNITS.get(code)
    return code if known is None else known.symbol
