"""LtHash16: a digest of a set of rows that is updated row by row.

State: 1,024 lanes of 16 bits, little-endian, 2 KiB; the sum of the rows' elements, lane by lane,
mod 2^16. Element of a row: SHAKE128 (2 KiB) of the blake2b-32 of its canonical bytes. Order and
repetition of updates do not matter; two different sets with one digest cannot be found (Bellare
and Micciancio 1997; Lewi, Kim, Maykov and Weis 2019).
"""

import hashlib
import sys
from collections.abc import Sequence

STATE_BYTES = 2048
EMPTY_STATE = bytes(STATE_BYTES)
# Every second lane, so that sums carry into a gap and not into a neighbour.
_EVEN = int.from_bytes(b"\xff\xff\0\0" * (STATE_BYTES // 4), "little")
_BORROW = int.from_bytes(b"\0\0\1\0" * (STATE_BYTES // 4), "little")
# Below this many elements plain integers beat the 0.1 s that importing numpy costs a short
# command; above it numpy is 20 times faster an element.
_BULK = 400
# Where numpy is loaded anyway, as in a daemon, it pays from here on.
_BULK_LOADED = 16
# Elements summed at once: 256 of them are 512 KiB, which stays in a small cache.
_SLICE = 256


def element(row: bytes) -> bytes:
    """The 2 KiB element of one row, given as the canonical bytes of [kind, key, row]."""
    short = hashlib.blake2b(row, digest_size=32).digest()
    return hashlib.shake_128(short).digest(STATE_BYTES)


def _elements(rows: Sequence[bytes]) -> list[bytes]:
    """`element` of many rows; the calls by name cost a tenth of the sum."""
    blake, shake, size = hashlib.blake2b, hashlib.shake_128, STATE_BYTES
    return [shake(blake(row, digest_size=32).digest()).digest(size) for row in rows]


def root(state: bytes) -> bytes:
    """The 32-byte digest that a head carries for this state."""
    return hashlib.blake2b(state, digest_size=32).digest()


def updated(state: bytes, added: Sequence[bytes], removed: Sequence[bytes]) -> bytes:
    """The state after rows were added and removed, each as canonical bytes of [kind, key, row]."""
    if len(added) + len(removed) >= (_BULK_LOADED if "numpy" in sys.modules else _BULK):
        return _updated_bulk(state, added, removed)
    return updated_by_integers(state, added, removed)


def added(state: bytes, more: bytes) -> bytes:
    """The state of the rows of two states together."""
    even, odd = _lanes(state)
    more_even, more_odd = _lanes(more)
    return _joined(even + more_even, odd + more_odd)


def updated_by_integers(state: bytes, added: Sequence[bytes], removed: Sequence[bytes]) -> bytes:
    """`updated` without numpy: the reference, and the fast way for few rows."""
    even, odd = _lanes(state)
    for row in added:
        more_even, more_odd = _lanes(element(row))
        even, odd = even + more_even & _EVEN, odd + more_odd & _EVEN
    for row in removed:
        less_even, less_odd = _lanes(element(row))
        even, odd = even + _BORROW - less_even & _EVEN, odd + _BORROW - less_odd & _EVEN
    return _joined(even, odd)


def _joined(even: int, odd: int) -> bytes:
    return (even & _EVEN | (odd & _EVEN) << 16).to_bytes(STATE_BYTES, "little")


def _lanes(data: bytes) -> tuple[int, int]:
    number = int.from_bytes(data, "little")
    return number & _EVEN, number >> 16 & _EVEN


def _updated_bulk(state: bytes, added: Sequence[bytes], removed: Sequence[bytes]) -> bytes:
    import numpy as np

    lanes = np.frombuffer(state, "<u2").copy()
    for rows, sign in ((added, 1), (removed, -1)):
        for start in range(0, len(rows), _SLICE):
            joined = b"".join(_elements(rows[start : start + _SLICE]))
            part = np.frombuffer(joined, "<u2").reshape(-1, STATE_BYTES // 2)
            total = part.sum(axis=0, dtype=np.uint16)
            lanes = lanes + total if sign > 0 else lanes - total
    return lanes.astype("<u2").tobytes()
