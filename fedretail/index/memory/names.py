"""Words of names, kept where so many offers answer alike that their names are told apart at once.

A name takes its letters and 24 bytes. Each is cut into words once, and again when its offer's block
changes.
"""

from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np

from fedretail.index.layout.cells import BLOCK_BITS
from fedretail.index.memory.arrays import Array, are_among
from fedretail.index.rules.ranking import Name

# So many names are kept at most, and asked for at once.
MOST_ROWS = 50_000
# ... and so many bytes of them: names are mostly shorter than 60, and may be 20 times as long.
_MOST_BYTES = 4_000_000
_SPACE = 32
_KEPT = np.dtype(
    [("row", "i8"), ("start", "i4"), ("named", "i4"), ("head", "i4"), ("behind", "i4"),
     ("is_begun", "?")]
)  # fmt: skip


class _Text:
    """Kept names: their words one behind the other, and what finds words among them."""

    def __init__(self, text: bytes, kept: Array) -> None:
        """text: with a space before and behind each word; kept: in the order of their `start`."""
        self.text, self.kept = text, kept

    @cached_property
    def letters(self) -> Array:
        """The bytes, and as many spaces behind them as are looked at without asking."""
        return np.frombuffer(self.text + b"  ", np.uint8)

    @cached_property
    def spaces(self) -> Array:
        """Where each space stands."""
        return np.flatnonzero(self.letters[: len(self.text)] == _SPACE).astype(np.int32)

    @cached_property
    def begins(self) -> Array:
        """The two bytes behind each space, in one number."""
        first = self.letters[self.spaces + 1].astype(np.uint16)
        both: Array = first << 8 | self.letters[self.spaces + 2]
        return both

    @cached_property
    def firsts(self) -> Array:
        """The number of the space before each name."""
        return np.searchsorted(self.spaces, self.kept["start"]).astype(np.int32)

    @cached_property
    def by_row(self) -> Array:
        """The numbers of the names, by row."""
        return np.argsort(self.kept["row"], kind="stable")


class Told:
    """The names of some rows. named: how many words each has; the rest as Name has it."""

    def __init__(self, text: _Text, rows: Array) -> None:
        self._text, order = text, text.by_row
        self._chosen = order[np.searchsorted(text.kept["row"][order], rows)]
        some = text.kept[self._chosen]
        self.rows, self.named, self.is_begun = rows, some["named"], some["is_begun"]
        self.head, self.behind = some["head"], some["behind"]

    def __len__(self) -> int:
        return len(self._chosen)

    def places(self, sought: str) -> Array:
        """For each name the place of the first word that is sought; -1 for none.

        sought: a space, a word, and a space where it is to end.
        """
        text, letters = self._text, sought.encode("utf-8", "surrogatepass")
        if len(letters) > 2:
            numbers = np.flatnonzero(text.begins == letters[1] << 8 | letters[2])
        else:
            numbers = np.flatnonzero(text.begins >> 8 == letters[1])
        numbers = numbers[text.spaces[numbers] <= len(text.text) - len(letters)]
        for offset in range(3, len(letters)):
            numbers = numbers[text.letters[text.spaces[numbers] + offset] == letters[offset]]
        names = np.searchsorted(text.firsts, numbers, "right") - 1
        places = numbers - text.firsts[names]
        # What was forgotten stands between.
        is_kept = (names >= 0) & (places < text.kept["named"][names])
        names, places = names[is_kept], places[is_kept]
        found = np.full(len(text.kept), -1)
        # The first of those in a name is put last.
        found[names[::-1]] = places[::-1]
        chosen: Array = found[self._chosen]
        return chosen


class Names:
    """The names of rows, as far as they were asked for."""

    def __init__(self) -> None:
        self._text = _NOTHING

    def of(self, rows: Array, read: Callable[[list[int]], Iterable[Name]]) -> Told:
        """The names of rows, at most MOST_ROWS; read: those of some, in their order."""
        text = self._text
        missing = rows[~are_among(rows, text.kept["row"])]
        if len(missing):
            is_full = len(text.kept) + len(missing) > MOST_ROWS or len(text.text) > _MOST_BYTES
            text, missing = (_NOTHING, rows) if is_full else (text, missing)
            text = self._text = _added(text, missing.tolist(), read)
        return Told(text, rows)

    def forget(self, blocks: Array) -> None:
        """The rows of these blocks may have other names."""
        kept = self._text.kept
        is_lost = are_among(kept["row"] >> BLOCK_BITS, blocks)
        if is_lost.any():
            self._text = _Text(self._text.text, kept[~is_lost])


_NOTHING = _Text(b"", np.zeros(0, _KEPT))


def _added(text: _Text, rows: list[int], read: Callable[[list[int]], Iterable[Name]]) -> _Text:
    """The same with the names of further rows."""
    texts, new, start = [text.text], [], len(text.text)
    for row, (words, head, behind, is_begun) in zip(rows, read(rows), strict=True):
        one = f" {words} ".encode("utf-8", "surrogatepass")
        new.append((row, start, words.count(" ") + bool(words), head, behind, is_begun))
        texts.append(one)
        start += len(one)
    return _Text(b"".join(texts), np.concatenate((text.kept, np.array(new, _KEPT))))
