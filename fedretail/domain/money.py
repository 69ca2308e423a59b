"""Amounts of money: integers of a currency's smallest unit, read from what shops write.

An amount is never a float. How many minor units make one of the currency is the ISO 4217
exponent: EUR 2, JPY 0, KWD 3.
"""

import re
from functools import lru_cache

from fedretail.domain.reasons import NotRead, Reason
from fedretail.domain.texts import quoted

# ISO 4217 currencies in use, by the number of digits after the point. Precious metals and
# test codes (XAU, XTS ...) have none and are no money to price a loaf in.
_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN
        BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD
        FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW
        KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
        MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG
        SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD
        USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG""",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
MINOR_DIGITS: dict[str, int] = {
    code: digits for digits, codes in _BY_DIGITS.items() for code in codes.split()
}

# Ten thousand million euros: above it a price is a slip of the keyboard, and sums of
# thousands of such amounts still fit 64 bits.
MAX_AMOUNT_MINOR = 10**12

# Signs that shops write, and the currencies each may stand for; the first is meant when
# nothing else says.
SIGNS: dict[str, tuple[str, ...]] = {
    "€": ("EUR",),
    "$": ("USD", "AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "FJD", "GYD", "HKD", "JMD",
          "KYD", "LRD", "NAD", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "XCD", "ARS", "CLP",
          "COP", "MXN", "UYU"),
    "£": ("GBP", "EGP", "FKP", "GIP", "SHP", "LBP", "SYP", "SDG", "SSP"),
    "¥": ("JPY", "CNY"),
    "₹": ("INR",), "₺": ("TRY",), "₽": ("RUB",), "₴": ("UAH",), "₩": ("KRW", "KPW"),
    "₪": ("ILS",), "₫": ("VND",), "₦": ("NGN",), "₱": ("PHP",), "฿": ("THB",),
    "KR": ("SEK", "NOK", "DKK", "ISK"), "FR": ("CHF",), "SFR": ("CHF",), "ZŁ": ("PLN",),
    "KČ": ("CZK",), "FT": ("HUF",), "LEI": ("RON",), "R$": ("BRL",), "EURO": ("EUR",),
    "RS": ("INR", "PKR", "LKR", "NPR", "MUR"),
}  # fmt: skip
_HUMAN_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹"}

_PLAIN = re.compile(r"([0-9]{1,13})(?:[.,]([0-9]{1,2}))?")
# A sign, the number, a sign; "–" or "-" stands for no cents.
_MARKED = re.compile(
    r"([^\W\d_]+\.|[^0-9.,'’+-]*)\s*([0-9.,'’ ]*[0-9.,])(?:[-–—]+)?([^0-9.,'’+-]*\.?)"
)
_TWOFOLD = re.compile(r"[^0-9.,]*([1-9][0-9]{0,2})([.,])([0-9]{3})[^0-9.,]*")
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " "))


def minor_digits(currency: str) -> int:
    """How many digits stand after the point in this currency; unknown: MalformedInput."""
    try:
        return MINOR_DIGITS[currency]
    except (KeyError, TypeError):
        raise NotRead(
            Reason("currency_unknown"),
            about=f"{quoted(str(currency))} ",
            hint="Write its code, such as EUR or USD.",
        ) from None


def parse_currency(text: str) -> str:
    """The ISO 4217 code that a code or sign in any case stands for ("eur", "€" -> "EUR")."""
    word = text.strip().upper().rstrip(".")
    if word in MINOR_DIGITS:
        return word
    if word in SIGNS:
        return SIGNS[word][0]
    minor_digits(text.strip())
    raise AssertionError("unreachable: minor_digits refuses what is not a code")


def parse_amount(text: str, currency: str, *, decimal: str | None = None) -> int:
    """Minor units of an amount as shops write it: "1,49 €", "1.234,50", "1'234.–".

    `decimal` ("," or ".") says which mark stands before the cents. Without it each amount
    is read by itself: of two different marks the last; a single mark before exactly three
    digits ("1.234") separates thousands, except in currencies with three digits or more.
    MalformedInput for anything else, a negative amount, more digits than the currency has
    (unless zero), an amount over 10**12, or the sign of another currency.
    """
    digits = MINOR_DIGITS.get(currency, -1)
    plain = _PLAIN.fullmatch(text)
    if plain and digits == 2:
        whole, cents = plain.groups()
        if cents is None:
            return _bounded(int(whole) * 100, text)
        if decimal is None or text[len(whole)] == decimal:
            return _bounded(int(whole) * 100 + int(cents.ljust(2, "0")), text)
    return _parse_marked(text, currency, minor_digits(currency), decimal)


def typed_amount(text: str, currency: str) -> int:
    """Minor units of one price that a person types, read as `parse_amount` reads it.

    A single mark before exactly three digits ("1.999") may mean thousands or a slip in the
    cents, and no column of prices stands beside it: MalformedInput, which names both.
    """
    amount_minor = parse_amount(text, currency)
    twofold = _TWOFOLD.fullmatch(text)
    if twofold is None or minor_digits(currency) != 2:
        return amount_minor
    whole, mark, behind = twofold.groups()
    meant = {"whole": whole + behind, "part": whole + mark + behind[:2]}
    hint = f"Write {meant['whole']} or {meant['part']}."
    raise _not_read(text, "price_two_ways", hint=hint, **meant)


def _parse_marked(text: str, currency: str, digits: int, decimal: str | None) -> int:
    """The slow way of parse_amount: signs, thousands, any number of digits."""
    cleaned = text[:80].translate(_SPACES).strip()
    match = _MARKED.fullmatch(cleaned)
    if match is None or len(text) > 80:
        if cleaned.startswith(("-", "–", "−", "(")):
            raise _not_read(text, "price_negative")
        raise _no_amount(text)
    before, number, after = match.groups()
    for sign in (before.strip(), after.strip()):
        _check_sign(sign, currency, text)
    whole, fraction = _parts(number.strip(), digits, decimal, text)
    kept, rest = fraction[:digits], fraction[digits:]
    if rest.strip("0"):
        raise _not_read(text, "price_decimals", currency=currency, digits=str(digits))
    return _bounded(int(whole or "0") * 10**digits + int(kept.ljust(digits, "0") or "0"), text)


def _parts(number: str, digits: int, decimal: str | None, text: str) -> tuple[str, str]:
    """(whole, fraction) of a number with marks; MalformedInput when the marks make no sense."""
    mark = decimal or _guess_decimal(number, digits)
    whole, found, fraction = number.rpartition(mark) if mark else (number, "", "")
    if not found:
        whole, fraction = number, ""
    if not fraction.isdecimal() and fraction:
        raise _no_amount(text)
    groups = re.split(r"[.,'’ ]", whole)
    marks = set(re.findall(r"[.,'’ ]", whole))
    if len(marks) > 1 or mark in marks:
        raise _no_amount(text)
    if len(groups) > 1 and not (
        1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    ):
        raise _no_amount(text)
    if not (groups[0] or fraction):
        raise _no_amount(text)
    return "".join(groups), fraction


def _guess_decimal(number: str, digits: int) -> str:
    """The mark before the minor units in this number by itself; "" when it has none."""
    last = max(number.rfind("."), number.rfind(","))
    if last < 0:
        return ""
    mark = number[last]
    other = "," if mark == "." else "."
    if other in number:
        return mark
    if number.count(mark) > 1:
        return ""
    behind, before = number[last + 1 :], number[:last]
    grouped = len(behind) == 3 and 1 <= len(before.lstrip("0")) <= 3 and before[0] != "0"
    return "" if grouped and digits < 3 else mark


def _check_sign(sign: str, currency: str, text: str) -> None:
    """Nothing, when the sign may stand for the currency; else MalformedInput."""
    if not sign:
        return
    word = sign.upper().rstrip(".")
    if word == currency or currency in SIGNS.get(word, ()):
        return
    if word in MINOR_DIGITS or word in SIGNS:
        raise _not_read(text, "currency_other", currency=currency)
    raise _no_amount(text)


def _bounded(amount_minor: int, text: str) -> int:
    if amount_minor > MAX_AMOUNT_MINOR:
        raise _not_read(text, "price_too_large")
    return amount_minor


def _no_amount(text: str) -> NotRead:
    return _not_read(text, "price_no_amount", hint="Write it as 1.49.")


def _not_read(text: str, name: str, *, hint: str = "", **values: str) -> NotRead:
    return NotRead(Reason(name, values), about=f"{quoted(text)} ", hint=hint)


@lru_cache(maxsize=256)
def _scale(currency: str) -> tuple[int, int]:
    digits = minor_digits(currency)
    return digits, 10**digits


def format_amount(amount_minor: int, currency: str) -> str:
    """The amount as a plain decimal number: 333 EUR -> "3.33", 150 JPY -> "150"."""
    digits, scale = _scale(currency)
    if not digits:
        return str(amount_minor)
    sign = "-" if amount_minor < 0 else ""
    whole, fraction = divmod(abs(amount_minor), scale)
    return f"{sign}{whole}.{fraction:0{digits}d}"


def human_amount(amount_minor: int, currency: str) -> str:
    """The amount for English eyes: "€1.29", "€1,234.50", "1.29 CHF" (no-break space)."""
    whole, point, fraction = format_amount(abs(amount_minor), currency).partition(".")
    number = f"{int(whole):,}{point}{fraction}"
    minus = "−" if amount_minor < 0 else ""
    sign = _HUMAN_SIGNS.get(currency)
    return f"{minus}{sign}{number}" if sign else f"{minus}{number}\u00a0{currency}"
