"""Numbers and names of things: GTIN, GLN, record keys, offer ids, collections.

The check digit is three lines of our own. biip does the same and far more, but costs
130 ms to import and 12 us a number; an import of 10,000 rows and every cold search would
pay for that. The tests hold these functions against biip.
"""

import re
import unicodedata
from base64 import b32encode
from hashlib import blake2b

from fedretail.domain.reasons import NotRead, Reason
from fedretail.domain.texts import quoted
from fedretail.errors import MalformedInput

GTIN_LENGTHS = (8, 12, 13, 14)

# Names of collections: the member's own, and one for each site.
MEMBER_COLLECTION = "member"
SITE_COLLECTIONS = "site/"

# A record key is repeated in every row of a log, so it is kept short: 48 bytes hold nearly
# all article codes as they are.
MAX_KEY_BYTES = 48
# 20 readable bytes, "~" and 80 bits of hash (16 base32 characters) make a long key unique.
_KEPT_BYTES = 20
_HASH_BYTES = 10

_DIGITS = re.compile(r"[0-9]+")
_SEPARATORS = str.maketrans("", "", " -\u00a0\u2007\u2009\u202f\u2010\u2011\u2013\t")
_NOT_IN_KEY = re.compile(r"[/\x00-\x1f\x7f-\x9f]")
_BY_NAME = "name:"
_SITE_ID = re.compile(r"[a-z2-7]{16}")
_SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]{1,2}")


def check_digit(body: str) -> int:
    """The GS1 check digit (modulo 10, weights 3 and 1 from the right) of these digits."""
    codes = body.encode()
    heavy, light = codes[::-2], codes[-2::-2]
    # Summed as ASCII codes, each 48 above its digit: four times as fast as int() of each.
    return (48 * (3 * len(heavy) + len(light)) - 3 * sum(heavy) - sum(light)) % 10


def parse_gtin(text: str) -> str:
    """The trade item number as 14 digits; spaces and hyphens are allowed between digits.

    Takes GTIN-8, -12 (UPC), -13 (EAN) and -14; else MalformedInput saying what is wrong.
    """
    digits = text if text.isdecimal() else text.translate(_SEPARATORS)
    if (
        len(digits) in GTIN_LENGTHS
        and _DIGITS.fullmatch(digits)
        and check_digit(digits[:-1]) == ord(digits[-1]) - 48
        and digits.strip("0")
    ):
        return digits.zfill(14)
    raise NotRead(
        _gtin_fault(digits),
        about=f"{quoted(text)} is not a GTIN: ",
        hint="A GTIN is the 8, 12, 13 or 14 digits under the bar code.",
    )


def is_gtin(text: str) -> bool:
    """Whether these are the 14 digits of a record's GTIN, with the check digit that fits."""
    return _checked(text, 14)


def is_restricted(gtin: str) -> bool:
    """Whether a GTIN of 14 digits is one of those that each shop may give out itself.

    GS1 sets aside for it EAN-13 that begin with 02, 04 or 2, and EAN-8 that begin with 0 or 2:
    the labels of scales, goods of the house. Two shops use the same ones for different things.
    """
    if gtin.startswith("000000"):
        return gtin[6] in "02"
    return gtin[1] == "2" or gtin[1:3] in ("02", "04")


def is_gln(text: str) -> bool:
    """Whether these are 13 digits with the check digit that fits."""
    return _checked(text, 13)


def _checked(text: str, length: int) -> bool:
    if len(text) != length or not (text.isascii() and text.isdigit()):
        return False
    # Summed with the check digit itself, at weight 1, the digits of a sound number make tens.
    # As in check_digit they are summed as ASCII codes, each 48 above its digit.
    codes = text.encode()
    total = sum(codes) + 2 * sum(codes[-2::-2]) - 48 * (length + length // 2 * 2)
    return total % 10 == 0 and total != 0


def _gtin_fault(digits: str) -> Reason:
    """What is wrong with these would-be digits, with the number that would fit."""
    if not digits:
        return Reason("gtin_empty")
    if _SCIENTIFIC.fullmatch(digits):
        return Reason("gtin_shortened")
    if not _DIGITS.fullmatch(digits):
        return Reason("gtin_letters")
    if not digits.strip("0"):
        return Reason("gtin_zero")
    whole = len(digits) in GTIN_LENGTHS
    if whole and (len(digits) != 12 or check_digit("0" + digits) == 0):
        fits = str(check_digit(digits[:-1]))
        return Reason("gtin_check_digit", {"was": digits[-1], "fits": fits})
    if len(digits) + 1 in GTIN_LENGTHS:
        return _one_missing(digits)
    if len(digits) >= 100:
        return Reason("gtin_too_long")
    return Reason("gtin_length", {"number": str(len(digits))})


def _one_missing(digits: str) -> Reason:
    """The fault of a number that is one digit short: the first (a lost zero) or the last."""
    if len(digits) != 12 and check_digit(digits[:-1]) == int(digits[-1]):
        return Reason("gtin_first_missing", {"fits": f"0{digits}"})
    return Reason("gtin_last_missing", {"fits": f"{digits}{check_digit(digits)}"})


def record_key(identity: str) -> str:
    """The key under which a row with this identity is kept.

    NFC, trimmed, case kept, "/" and control characters as "_"; over 48 bytes: the first 20
    bytes, cut at a character, "~" and 16 base32 characters of the blake2b of the whole.
    """
    if identity.isascii() and identity.isalnum() and len(identity) <= MAX_KEY_BYTES:
        return identity
    key = _NOT_IN_KEY.sub("_", unicodedata.normalize("NFC", identity).strip())
    if not key:
        raise NotRead(Reason("no_identity"))
    try:
        encoded = key.encode()
    except UnicodeEncodeError:
        raise NotRead(Reason("half_a_letter", {"text": quoted(identity)})) from None
    if len(encoded) <= MAX_KEY_BYTES:
        return key
    kept = encoded[:_KEPT_BYTES].decode(errors="ignore")
    return f"{kept}~{_base32(blake2b(encoded, digest_size=_HASH_BYTES).digest())}"


def name_hash(name: str) -> str:
    """The weak identity of an article without any code: a hash of its name with its variant.

    Case, spacing and how accents are encoded do not count.
    """
    plain = " ".join(unicodedata.normalize("NFC", name).casefold().split())
    digest = blake2b(plain.encode("utf-8", "replace"), digest_size=_HASH_BYTES).digest()
    return _BY_NAME + _base32(digest)


def is_name_hash(key: str) -> bool:
    """Whether an offer's key is a `name_hash`, which tells nobody anything."""
    return key.startswith(_BY_NAME)


def offer_id(site_id: str, key: str) -> str:
    """The permanent name of an offer: "<site id>/<key>"."""
    return f"{site_id}/{key}"


def parse_offer_id(text: str) -> tuple[str, str]:
    """(site id, record key) of an offer id; MalformedInput when it is none."""
    site, slash, key = text.strip().partition("/")
    if not slash or not is_site_id(site) or not _is_key(key):
        raise MalformedInput(
            f"{quoted(text)} is not an offer",
            hint="An offer is written as search prints it: <site id>/<key>.",
        )
    return site, key


def is_site_id(text: str) -> bool:
    """Whether the text has the form of a site id: 16 lower-case base32 characters."""
    return _SITE_ID.fullmatch(text) is not None


def collection_of(site_id: str) -> str:
    """The collection that holds a site's catalog."""
    return SITE_COLLECTIONS + site_id


def _is_key(key: str) -> bool:
    try:
        return record_key(key) == key
    except MalformedInput:
        return False


def _base32(raw: bytes) -> str:
    return b32encode(raw).decode("ascii").lower().rstrip("=")
