"""The bytes of /fedretail/blob/1: pictures by their hash, between neighbours with a session.

    asked     32 bytes: a SHA-256; again for each picture, without waiting for answers
    answered  4 bytes: the length of the picture, the first byte the greatest; then its bytes
              length 0: not here

Answers come in the order of what was asked. There is nothing else to say, so there is nothing else
to parse; another form would be another protocol. Who asks knows from a signed offer how long the
answer is and what its hash must be, so it never holds more than that.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fedretail.domain.pictures import HASH_BYTES, MAX_PAGE_BYTES
from fedretail.errors import PeerError

LENGTH_BYTES = 4
# Asked at once on one stream: two screens of cards.
MAX_ASKED = 64


class Wanted(NamedTuple):
    """A picture as an offer names it."""

    hash: bytes
    size_bytes: int


class Answered(NamedTuple):
    """What a neighbour has said; data: None where it has not got it."""

    wanted: Wanted
    data: bytes | None


class Asked:
    """Reads what is asked, at the side that answers; holds less than one question."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The hashes that are whole by now."""
        whole = self._rest + data
        end = len(whole) - len(whole) % HASH_BYTES
        self._rest = whole[end:]
        return (whole[at : at + HASH_BYTES] for at in range(0, end, HASH_BYTES))


def asking(wanted: Sequence[Wanted]) -> bytes:
    """What asks for these."""
    return b"".join(one.hash for one in wanted)


def answering(data: bytes | None) -> bytes:
    """What answers with a picture; None where it is not here."""
    held = data or b""
    return len(held).to_bytes(LENGTH_BYTES, "big") + held


class Answers:
    """Reads the answers to what was asked, and believes none of them."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self._open = deque(wanted)
        self._held = bytearray()
        self._hash = hashlib.sha256()

    @property
    def is_done(self) -> bool:
        """Whether everything is answered."""
        return not self._open

    def feed(self, data: bytes) -> Iterator[Answered]:
        """What is answered by now; PeerError for what nobody asked for or no offer names.

        A length is looked at before anything behind it is kept, a hash before it is handed out.
        """
        view = memoryview(data)
        while view:
            if not self._open:
                raise PeerError("A neighbour sends what nobody has asked for.")
            wanted = self._open[0]
            view = self._take(view, wanted)
            length = self._length()
            if length == 0:
                yield self._end(wanted, None)
            elif length is not None and len(self._held) == LENGTH_BYTES + length:
                if self._hash.digest() != wanted.hash:
                    raise PeerError("A neighbour sends another picture than the one asked for.")
                yield self._end(wanted, bytes(self._held[LENGTH_BYTES:]))

    def _take(self, view: memoryview, wanted: Wanted) -> memoryview:
        if len(self._held) < LENGTH_BYTES:
            part = view[: LENGTH_BYTES - len(self._held)]
            self._held += part
            length = self._length()
            if length and (length != wanted.size_bytes or length > MAX_PAGE_BYTES):
                raise PeerError("A neighbour sends a picture of another length.")
            return view[len(part) :]
        part = view[: LENGTH_BYTES + wanted.size_bytes - len(self._held)]
        self._held += part
        self._hash.update(part)
        return view[len(part) :]

    def _length(self) -> int | None:
        if len(self._held) < LENGTH_BYTES:
            return None
        return int.from_bytes(self._held[:LENGTH_BYTES], "big")

    def _end(self, wanted: Wanted, data: bytes | None) -> Answered:
        self._open.popleft()
        self._held.clear()
        self._hash = hashlib.sha256()
        return Answered(wanted, data)
