"""Pictures of goods: named by their hash in a signed offer, so that nobody can put another there.

A shop shows its goods, and its neighbours show them too, without anybody's screen asking a stranger
for a file. The importing shop makes two sizes of a picture once, a card and a page; an offer names
each by SHA-256, bytes, width and height. The bytes travel apart, from whoever holds them, and are
looked at before they are shown: they are what the offer names, in the one plain form that holds
nothing but one still image of that size (`parse_webp`).
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from fedretail.domain.kind import Value
from fedretail.domain.reasons import NotRead, Reason
from fedretail.domain.texts import clean_line
from fedretail.errors import MalformedInput

HASH_BYTES = 32
# On a card, and alone on a page: a screen of 24 cards is 288 kB, less than one photo of a phone.
MAX_CARD_BYTES = 12_000
MAX_PAGE_BYTES = 60_000
# Sharp where a picture is drawn on a 4K kiosk; a file of 60 kB may claim far more, which would take
# a browser gigabytes to unfold.
MAX_SIDE = 1600
# A card, a page, and room for two sizes of a later version.
MAX_SIZES = 4
MAX_ALT = 200
# What may be copied out of a list of goods.
MAX_URL = 2000

_HEX = re.compile(r"[0-9a-f]{64}")
# A VP8 key frame begins so: 3 bytes of tag, 3 of signature, 2 and 2 of size.
_SIGNATURE = b"\x9d\x01\x2a"
_HEAD_BYTES = 30


class Picture(NamedTuple):
    """One size of a picture. alt: what those hear who do not see it, "" for the offer's name."""

    hash: bytes
    size_bytes: int
    width: int
    height: int
    alt: str = ""

    @property
    def name(self) -> str:
        """The hash in hexadecimal."""
        return self.hash.hex()


def parse_hash(text: str) -> bytes:
    """The 32 bytes of a hash in lower-case hexadecimal; MalformedInput for anything else."""
    if not _HEX.fullmatch(text):
        raise NotRead(Reason("hex_wanted", {"number": "64"}))
    return bytes.fromhex(text)


def read_pictures(value: Value) -> tuple[Picture, ...] | None:
    """The sizes of a picture that a record names, smallest first; what makes no sense is left out.

    None where nothing is left, so that the drawing of the category is shown.
    """
    if not isinstance(value, list) or len(value) > MAX_SIZES:
        return None
    found = (_size(one) for one in value)
    return tuple(sorted((one for one in found if one), key=lambda one: one.size_bytes)) or None


def _size(value: Value) -> Picture | None:
    if not isinstance(value, list) or not 4 <= len(value) <= 5:
        return None
    name, size, width, height, alt = [*value, ""][:5]
    if not isinstance(name, bytes) or len(name) != HASH_BYTES:
        return None
    if not (_within(size, MAX_PAGE_BYTES) and _within(width, MAX_SIDE)):
        return None
    if not (_within(height, MAX_SIDE) and isinstance(alt, str) and len(alt) <= MAX_ALT):
        return None
    return Picture(name, size, width, height, clean_line(alt))  # type: ignore[arg-type]


def _within(value: Value, most: int) -> bool:
    return type(value) is int and 0 < value <= most


def encode_pictures(pictures: Iterable[Picture]) -> list[Value]:
    """[[hash, bytes, width, height, alt], ...] as a record holds them; no alt where it is ""."""
    return [[*one] if one.alt else [*one[:4]] for one in pictures]


def for_card(pictures: Iterable[Picture]) -> Picture | None:
    """The largest that is small enough for a card."""
    return _largest(pictures, MAX_CARD_BYTES)


def for_page(pictures: Iterable[Picture]) -> Picture | None:
    """The largest."""
    return _largest(pictures, MAX_PAGE_BYTES)


def _largest(pictures: Iterable[Picture], most_bytes: int) -> Picture | None:
    small = (one for one in pictures if one.size_bytes <= most_bytes)
    return max(small, key=lambda one: one.size_bytes, default=None)


def parse_webp(data: bytes) -> tuple[int, int]:
    """(width, height) of a WebP file of the simple lossy form; MalformedInput for anything else.

    RIFF header, one chunk "VP8 ", one key frame: no animation, no profile, no EXIF, nothing behind
    it, no side above MAX_SIDE. What a browser unfolds is then bounded by what was looked at here.
    """
    if len(data) < _HEAD_BYTES or data[:4] != b"RIFF" or data[8:16] != b"WEBPVP8 ":
        raise MalformedInput("not a WebP file of the simple lossy form")
    chunk = int.from_bytes(data[16:20], "little")
    whole = 20 + chunk + (chunk & 1)
    if len(data) != whole or int.from_bytes(data[4:8], "little") != whole - 8:
        raise MalformedInput("a WebP file with something missing, or something behind it")
    if data[20] & 1 or data[23:26] != _SIGNATURE:
        raise MalformedInput("a WebP file that begins with no key frame")
    # The two bits above each side ask for a stretched drawing, which nothing here uses.
    width, height = (int.from_bytes(data[at : at + 2], "little") for at in (26, 28))
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise MalformedInput(f"a picture of more than {MAX_SIDE} dots")
    return width, height
