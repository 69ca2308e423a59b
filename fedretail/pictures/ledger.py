"""What is kept of pictures and who goes when room runs out: counting, without a disk.

Own pictures stay whatever happens: nobody else may have them. Of the others goes whichever was
shown longest ago. All times are ms, handed in.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple


class Kept(NamedTuple):
    """One file: its bytes, when it was shown last, whether this shop has published it."""

    size_bytes: int
    shown_ms: int
    is_own: bool


class Ledger:
    """The files of one folder; `total_bytes` of all of them never exceeds what they are."""

    def __init__(self) -> None:
        self._own: dict[bytes, Kept] = {}
        # Longest not shown first.
        self._others: OrderedDict[bytes, Kept] = OrderedDict()
        self.total_bytes = 0

    def __len__(self) -> int:
        return len(self._own) + len(self._others)

    def __contains__(self, name: bytes) -> bool:
        return name in self._own or name in self._others

    def get(self, name: bytes) -> Kept | None:
        """What is known of a file; None where it is not kept."""
        return self._own.get(name) or self._others.get(name)

    def __iter__(self) -> Iterator[bytes]:
        """The names of all files."""
        yield from (*self._own, *self._others)

    def put(self, name: bytes, kept: Kept) -> None:
        """Enter a file, or what has become of it. Those not own are entered as shown last."""
        self.drop(name)
        (self._own if kept.is_own else self._others)[name] = kept
        self.total_bytes += kept.size_bytes

    def show(self, name: bytes, at_ms: int) -> int | None:
        """Note that a file was shown; when it was before that, None where it is not kept."""
        before = self.get(name)
        if before is None:
            return None
        shelf = self._own if before.is_own else self._others
        shelf[name] = before._replace(shown_ms=at_ms)
        if not before.is_own:
            self._others.move_to_end(name)
        return before.shown_ms

    def drop(self, name: bytes) -> None:
        """Forget a file, if it was known."""
        gone = self._own.pop(name, None) or self._others.pop(name, None)
        if gone is not None:
            self.total_bytes -= gone.size_bytes

    def leaving(self, most_bytes: int) -> list[bytes]:
        """Who must go so that at most so many bytes stay, longest not shown first; never own."""
        left, out = self.total_bytes, []
        for name, kept in self._others.items():
            if left <= most_bytes:
                break
            out.append(name)
            left -= kept.size_bytes
        return out
