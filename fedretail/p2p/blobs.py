"""Pictures from and for neighbours, on streams of their own beside the sessions.

Only who has a session is answered, a neighbour at a time, within a budget of bytes; a slow one
holds its own place and no other's. A session never waits for a picture: other streams, other tasks,
and a neighbour that knows nothing of pictures stays a neighbour.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence

import trio

from fedretail.errors import FedretailError, PeerError
from fedretail.p2p.blob_frames import Answered, Answers, Asked, Wanted, answering, asking
from fedretail.p2p.link import steady_ms
from fedretail.p2p.rates import Buckets
from fedretail.p2p.transport import BLOB_PROTOCOL, Carrier, Stream

log = logging.getLogger(__name__)

# A quarter of what a slow line sends (DSL, 4 Mbit/s), after a first page at once.
RATE_BYTES, BURST_BYTES = 128 * 1024, 2 * 1024 * 1024
# What a question costs besides its answer: a look at the disk.
ASK_BYTES = 1024
# Neighbours answered at once, each on one stream.
MAX_SERVING = 16
# Who asks nothing for so long gives the place back; who takes all day does, too.
IDLE_S, STREAM_S = 30.0, 600.0
# A batch of pages from the slowest line that is of use: 64 of 60 kB at 128 kbit/s take 240 s.
FETCH_S = 300.0
# Who answers waits half a second at most for the budget of the one who asks.
_ANSWER_S = 30.0
_BUDGETS = 1024
_PIECE_BYTES = 4096
Read = Callable[[bytes], Awaitable[bytes | None]]
Take = Callable[[Answered], Awaitable[None]]


class BlobService:
    """Asks and answers for one node."""

    def __init__(
        self, carrier: Carrier, *, is_neighbour: Callable[[str], bool], read: Read
    ) -> None:
        """`is_neighbour`: whether a peer id has a session now; `read`: a picture kept here."""
        self._carrier = carrier
        self._is_neighbour = is_neighbour
        self._read = read
        self._budgets = Buckets(rate=RATE_BYTES, burst=BURST_BYTES, most=_BUDGETS)
        self._serving: set[str] = set()
        self._counts = dict.fromkeys(
            ("pictures_sent_total", "pictures_fetched_total", "pictures_refused_total"), 0
        )
        carrier.handle(BLOB_PROTOCOL, self._answer)

    def statistics(self) -> dict[str, int]:
        """Counters since the start."""
        return {**self._counts, "pictures_serving": len(self._serving)}

    async def fetch(self, peer_id: str, wanted: Sequence[Wanted], take: Take) -> None:
        """Ask a neighbour for pictures, at most MAX_ASKED; `take` gets each answer as it comes.

        Raises PeerError where it sends anything else, or too slowly; Unavailable where it is gone.
        """
        stream = await self._carrier.open(peer_id, BLOB_PROTOCOL)
        try:
            with trio.fail_after(FETCH_S):
                await stream.send(asking(wanted))
                await self._take_all(stream, Answers(wanted), take)
        except trio.TooSlowError:
            raise PeerError("A neighbour takes too long for its pictures.") from None
        finally:
            await stream.reset()

    async def _take_all(self, stream: Stream, answers: Answers, take: Take) -> None:
        while not answers.is_done:
            with trio.fail_after(_ANSWER_S):
                data = await stream.receive()
            if not data:
                raise PeerError("A neighbour stops before it has answered.")
            for one in answers.feed(data):
                self._counts["pictures_fetched_total"] += one.data is not None
                await take(one)

    async def _answer(self, stream: Stream) -> None:
        """A neighbour asks; strangers are not listened to."""
        name = stream.peer_id
        is_full = name in self._serving or len(self._serving) >= MAX_SERVING
        if is_full or not self._is_neighbour(name):
            self._counts["pictures_refused_total"] += 1
            await stream.reset()
            return
        self._serving.add(name)
        try:
            with trio.move_on_after(STREAM_S):
                await self._answer_all(stream)
        except FedretailError as error:
            log.debug("%s: %s", name, error.message)
            await stream.reset()
        finally:
            self._serving.discard(name)

    async def _answer_all(self, stream: Stream) -> None:
        asked = Asked()
        while True:
            with trio.move_on_after(IDLE_S) as waiting:
                data = await stream.receive(_PIECE_BYTES)
            if waiting.cancelled_caught or not data:
                return
            for name in asked.feed(data):
                held = await self._read(name)
                budget = self._budgets.of(stream.peer_id)
                # Paid before it is sent, so that who asks too much waits, and not the line.
                await trio.sleep(budget.take(ASK_BYTES + len(held or b""), steady_ms()))
                await stream.send(answering(held))
                self._counts["pictures_sent_total"] += held is not None
