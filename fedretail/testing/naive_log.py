"""NaiveLog: a log as its definition reads, with nothing made fast; stores are held against it.

Written from the protocol's description alone, so that a second implementation may begin here.
It shares only the packing of values with the real one.
"""

import hashlib
import struct
from collections.abc import Iterable, Mapping
from typing import Any

from fedretail.crdt.codec import pack

_LANES = 1024
_LAYOUT = struct.Struct(f"<{_LANES}H")

Key = tuple[str, str]
# seq, born, and for each field its stamp and value.
NaiveRow = tuple[int, int, dict[str, tuple[int, Any]]]


class NaiveLog:
    """A map of rows, a seq, a stamp and a floor; every earlier state stays in `history`."""

    def __init__(self) -> None:
        self.rows: dict[Key, NaiveRow] = {}
        self.seq = 0
        self.stamp = 0
        self.floor = 0
        self.history: list[NaiveLog] = [self.copy()]

    def commit(
        self,
        stamp: int,
        operations: Iterable[tuple[str, Key, Mapping[str, Any]]],
        *,
        floor: int = 0,
    ) -> None:
        """One commit; an operation is "merge" with values, or "replace" with (stamp, value)s.

        `floor`: of its head.
        """
        self.seq, self.stamp = self.seq + 1, stamp
        for name, key, fields in operations:
            if name == "merge":
                _, born, old = self.rows.get(key, (0, self.seq, {}))
                new = {field: (stamp, value) for field, value in fields.items()}
                self.rows[key] = (self.seq, born, {**old, **new})
            else:
                self.rows[key] = (self.seq, self.seq, dict(fields))
        self._purge(floor)
        self.history.append(self.copy())

    def knows_enough(self, target: "NaiveLog", base: int) -> bool:
        """Whether what changed in `target` since the seq `base` makes this log the same."""
        return base == 0 or target.floor <= self.seq

    def advance(self, target: "NaiveLog", base: int) -> None:
        """Move this log to `target` by what changed there since the seq `base`, at most ours."""
        base_stamp = target.history[base].stamp
        if base == 0:
            self.rows = {}
        for key, (seq, born, fields) in target.rows.items():
            if seq > base:
                later = {name: item for name, item in fields.items() if item[0] > base_stamp}
                if born > base:
                    self.rows[key] = (seq, born, fields)
                else:
                    self.rows[key] = (seq, self.rows[key][1], {**self.rows[key][2], **later})
        self.seq, self.stamp = target.seq, target.stamp
        self._purge(target.floor)

    def _purge(self, floor: int) -> None:
        """Vacant rows last changed at the floor or before are gone."""
        self.floor = max(self.floor, floor)
        for key, (seq, _, fields) in list(self.rows.items()):
            if seq <= floor and not fields:
                del self.rows[key]

    def packed(self) -> dict[Key, bytes]:
        """The canonical bytes of every row."""
        return {key: pack(_canonical(row)) for key, row in self.rows.items()}

    def sums(self) -> tuple[int, int, bytes]:
        """(count, size, digest), as a head names them."""
        items = [pack([kind, key, _canonical(self.rows[kind, key])]) for kind, key in self.rows]
        return len(items), sum(map(len, items)), naive_digest(items)

    def copy(self) -> "NaiveLog":
        """The same state, without what came before it."""
        copy = object.__new__(NaiveLog)
        copy.rows, copy.seq, copy.stamp = dict(self.rows), self.seq, self.stamp
        copy.floor = self.floor
        copy.history = []
        return copy


def _canonical(row: NaiveRow) -> list[Any]:
    seq, born, fields = row
    stamps = sorted({stamp for stamp, _ in fields.values()}, reverse=True)
    groups = [
        [stamp, {name: fields[name][1] for name in sorted(fields) if fields[name][0] == stamp}]
        for stamp in stamps
    ]
    return [seq, born, groups]


def naive_digest(items: Iterable[bytes]) -> bytes:
    """The digest of a set of packed [kind, key, row], summed lane by lane."""
    return hashlib.blake2b(naive_state(items), digest_size=32).digest()


def naive_state(items: Iterable[bytes]) -> bytes:
    """The 2 KiB before the last hash."""
    elements = [_LAYOUT.unpack(bytes(2 * _LANES)), *map(_element, items)]
    return _LAYOUT.pack(*(sum(lane) % 65536 for lane in zip(*elements, strict=True)))


def _element(item: bytes) -> tuple[int, ...]:
    """The lanes that one item adds: little-endian numbers of 16 bits."""
    seed = hashlib.blake2b(item, digest_size=32).digest()
    return _LAYOUT.unpack(hashlib.shake_128(seed).digest(2 * _LANES))
