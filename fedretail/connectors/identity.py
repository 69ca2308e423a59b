"""By what name a row is known for ever, and whether the file has named it before.

The scheme (SKU, the source's own id, GTIN, or a hash of the name) is chosen once per source and
kept in its profile: an export that gains a SKU column must not turn every article into a new one.
A row without the chosen name takes the next scheme that gives one.
"""

from array import array
from collections.abc import Mapping, Sequence

from fedretail.domain.ids import name_hash, record_key
from fedretail.domain.kind import Value
from fedretail.domain.reasons import Reason

# In the order of preference.
SCHEMES = ("sku", "source", "gtin", "name")
# 12 bytes a slot, half of them filled: a million articles take 24 MB. Rows beyond that are not
# looked up any more, so memory stays flat; a repeated article then overwrites the earlier one.
_MAX_SLOTS = 1 << 21
_FIRST_SLOTS = 1 << 12

Names = Mapping[str, str]


def choose_scheme(sample: Sequence[Names]) -> str:
    """The first scheme by which most rows of the sample are known, and known apart."""
    for scheme in SCHEMES[:-1]:
        found = [names[scheme] for names in sample if names.get(scheme)]
        if found and len(set(found)) * 2 > len(sample):
            return scheme
    return "name"


def kept_scheme(profile: Mapping[str, Value], chosen: str) -> tuple[str, Reason | None]:
    """(scheme to use, note): the profile's where it has one, with a note where they differ."""
    kept = profile.get("identity")
    if not isinstance(kept, str) or kept not in SCHEMES or kept == chosen:
        return chosen, None
    return kept, Reason("known_by", {"kept": WORDS[kept], "chosen": WORDS[chosen]})


WORDS = {
    "sku": Reason("by_sku"),
    "source": Reason("by_source"),
    "gtin": Reason("by_gtin"),
    "name": Reason("by_name"),
}


def identity_of(names: Names, scheme: str) -> tuple[str, bool]:
    """(identity, weak) of a row by this scheme or the next one that it has a name in."""
    for candidate in SCHEMES[SCHEMES.index(scheme) :]:
        text = names.get(candidate)
        if text:
            return (name_hash(text), True) if candidate == "name" else (text, False)
    return "", True


class Seen:
    """Which record keys a file has had, and in which line: an open-addressing table in arrays."""

    def __init__(self) -> None:
        self._hashes = array("q", bytes(8 * _FIRST_SLOTS))
        self._lines = array("I", [0]) * _FIRST_SLOTS
        self._used = 0
        self.full = False

    def line_of(self, identity: str, line: int) -> int:
        """The line that had this article before, or 0; then `line` is remembered for it."""
        number = hash(record_key(identity)) or 1
        mask = len(self._hashes) - 1
        hashes = self._hashes
        slot = number & mask
        while hashes[slot]:
            if hashes[slot] == number:
                return self._lines[slot]
            slot = (slot + 1) & mask
        if not self.full:
            hashes[slot], self._lines[slot] = number, line & 0xFFFFFFFF
            self._used += 1
            if self._used * 2 > mask:
                self._grow()
        return 0

    def _grow(self) -> None:
        size = len(self._hashes) * 2
        if size > _MAX_SLOTS:
            self.full = True
            return
        hashes, lines = array("q", bytes(8 * size)), array("I", [0]) * size
        for number, line in zip(self._hashes, self._lines, strict=True):
            if number:
                slot = number & (size - 1)
                while hashes[slot]:
                    slot = (slot + 1) & (size - 1)
                hashes[slot], lines[slot] = number, line
        self._hashes, self._lines = hashes, lines
