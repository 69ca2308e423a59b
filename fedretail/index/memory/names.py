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


class Told:
    """The names of some rows. named: how many words each has; the rest as Name has it."""

    def __init__(self, text: bytes, kept: Array, chosen: Array) -> None:
        """text: names with a space before and behind each word; kept: where each begins.

        chosen: the numbers of those asked for among the kept.
        """
        self._text, self._kept, self._chosen = np.frombuffer(text, np.uint8), kept, chosen
        some = kept[chosen]
        self.named, self.is_begun = some["named"], some["is_begun"]
        self.head, self.behind = some["head"], some["behind"]

    def __len__(self) -> int:
        return len(self._chosen)

    @cached_property
    def _spaces(self) -> Array:
        return np.flatnonzero(self._text == _SPACE)

    @cached_property
    def _firsts(self) -> Array:
        """The number of the space before each kept name."""
        return np.searchsorted(self._spaces, self._kept["start"])

    def places(self, sought: str) -> Array:
        """For each name the place of the first word that is sought; -1 for none.

        sought: a space, a word, and a space where it is to end.
        """
        letters = sought.encode("utf-8", "surrogatepass")
        numbers = np.flatnonzero(self._spaces <= len(self._text) - len(letters))
        for offset in range(1, len(letters)):
            numbers = numbers[self._text[self._spaces[numbers] + offset] == letters[offset]]
        names = np.searchsorted(self._firsts, numbers, "right") - 1
        places = numbers - self._firsts[names]
        # What was forgotten stands between.
        is_kept = places < self._kept["named"][names]
        names, places = names[is_kept], places[is_kept]
        found = np.full(len(self._kept), -1)
        found[names[::-1]] = places[::-1]
        chosen: Array = found[self._chosen]
        return chosen


class Names:
    """The names of rows, as far as they were asked for."""

    def __init__(self) -> None:
        self._text, self._kept = b"", np.zeros(0, _KEPT)

    def of(self, rows: Array, read: Callable[[list[int]], Iterable[Name]]) -> Told:
        """The names of rows, ascending or not, at most MOST_ROWS.

        read: those of some rows, in their order.
        """
        missing = rows[~are_among(rows, self._kept["row"])]
        is_full = len(self._kept) + len(missing) > MOST_ROWS or len(self._text) > _MOST_BYTES
        if is_full and len(missing):
            self._text, self._kept, missing = b"", self._kept[:0], rows
        if len(missing):
            self._add(missing.tolist(), read)
        order = np.argsort(self._kept["row"], kind="stable")
        return Told(self._text, self._kept, order[np.searchsorted(self._kept["row"][order], rows)])

    def forget(self, blocks: Array) -> None:
        """The rows of these blocks may have other names."""
        if len(self._kept):
            self._kept = self._kept[~are_among(self._kept["row"] >> BLOCK_BITS, blocks)]

    def _add(self, rows: list[int], read: Callable[[list[int]], Iterable[Name]]) -> None:
        texts, new, start = [self._text], [], len(self._text)
        for row, (words, head, behind, is_begun) in zip(rows, read(rows), strict=True):
            text = f" {words} ".encode("utf-8", "surrogatepass")
            named = words.count(" ") + 1 if words else 0
            new.append((row, start, named, head, behind, is_begun))
            texts.append(text)
            start += len(text)
        self._text = b"".join(texts)
        self._kept = np.concatenate((self._kept, np.array(new, _KEPT)))
