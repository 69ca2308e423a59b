"""Whether what stands in the search field is a barcode: then it is never searched as words."""

from dataclasses import dataclass

from fedretail.domain.ids import parse_gtin
from fedretail.errors import MalformedInput

# The shortest that is printed has 8 digits, GS1's longest 14.
LEAST, MOST = 8, 14
_BETWEEN = str.maketrans("", "", " -\u00a0\u2009")


@dataclass(frozen=True, slots=True)
class Code:
    """Digits as they were read; gtin: all 14, None where the check digit does not fit."""

    digits: str
    gtin: str | None


def code_in(words: str) -> Code | None:
    """The barcode that a text is, read well or not; None where it is words, or nothing."""
    digits = words.strip().translate(_BETWEEN)
    # A scanner that names the kind of code puts ]E0 before it; GS1 writes (01) before the number.
    digits = digits[3:] if digits[:1] == "]" else digits
    if len(digits) == MOST + 2 and digits.startswith("01"):
        digits = digits[2:]
    if not (digits.isascii() and digits.isdigit() and LEAST <= len(digits) <= MOST):
        return None
    try:
        return Code(digits, parse_gtin(digits))
    except MalformedInput:
        return Code(digits, None)
