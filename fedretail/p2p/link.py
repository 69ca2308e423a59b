"""One stream and the session on it: bytes to messages to effects, and effects to bytes.

Reader and writer are tasks of their own. If one task did both, two neighbours that send each other
a large part at once would each wait for the other to read.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import trio

from fedretail.clock import Clock
from fedretail.errors import FedretailError, PeerError
from fedretail.p2p import wire
from fedretail.p2p.effects import Effect, Ended, Pause, Send
from fedretail.p2p.session import Session, State
from fedretail.p2p.transport import Stream

log = logging.getLogger(__name__)

# A neighbour that owes an answer and says nothing for so long is let go.
IDLE_S = 30.0
# What may wait to be sent; ADVANCE is bounded by credit, the rest is small.
MAX_OUTBOX_BYTES = 8 * 1024 * 1024
_T = TypeVar("_T")
Report = Callable[["Link", Effect], Awaitable[None]]
Call = Callable[[Callable[[], _T]], Awaitable[_T]]


class Link:
    """A live session with one neighbour."""

    def __init__(self, stream: Stream, session: Session, *, clock: Clock, address: str) -> None:
        """`address`: what was dialled; "" where the neighbour called."""
        self.peer_id = stream.peer_id
        self.address = address
        # Where the neighbour says that it is reached itself.
        self.own_addresses: tuple[str, ...] = ()
        self.since_ms = clock.now_ms()
        self.last_sync_ms: int | None = None
        self.offset_ms: int | None = None
        self.expected_rows = 0
        self.retry_s = 0
        self._stream = stream
        self._session = session
        self._clock = clock
        self._turn = trio.Lock()
        self._outbox, self._to_send = trio.open_memory_channel[bytes](10_000)
        self._waiting_bytes = 0

    @property
    def session(self) -> Session:
        """The session, for questions that wait for nothing."""
        return self._session

    async def run(self, report: Report, call: Call[list[Effect]]) -> None:
        """Converse until either side ends; errors of the neighbour end it and are logged.

        `report` hears of every effect that is not sent; `call` runs what touches the store.
        """
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write)
                await self._read(report, call)
                await self._drain()
                nursery.cancel_scope.cancel()
        finally:
            self._session.close()
            with trio.move_on_after(5, shield=True):
                await self._stream.close()

    async def do(
        self, step: Callable[[], list[Effect]], report: Report, call: Call[list[Effect]]
    ) -> None:
        """Let the session take one step, in turn with what it receives."""
        async with self._turn:
            effects = await call(step)
        for effect in effects:
            if isinstance(effect, Send):
                self._send(effect.frame)
            else:
                await report(self, effect)
            if isinstance(effect, Ended):
                self.retry_s = effect.retry_s

    async def reset(self) -> None:
        """Break the stream; the conversation ends by that."""
        await self._stream.reset()

    async def _read(self, report: Report, call: Call[list[Effect]]) -> None:
        now_ms = self._clock.now_ms()
        try:
            await self.do(lambda: self._session.start(now_ms), report, call)
            decoder = wire.Decoder()
            while data := await self._receive():
                for message, size in decoder.feed(data):
                    await self._handle(message, size, report, call)
                    if self._session.state is State.ENDED:
                        return
        except (PeerError, trio.TooSlowError) as error:
            log.info("%s: %s", self.peer_id, error or "no answer")
            end = self._session.end("protocol", str(error), 60)
            await self.do(lambda: end, report, call)
        except FedretailError as error:
            # Ours, not theirs: a full disk, a store that is busy for too long.
            log.warning("%s: %s", self.peer_id, error.message)
            end = self._session.end("busy", "This computer cannot take more in just now.", 60)
            await self.do(lambda: end, report, call)

    async def _handle(
        self,
        message: wire.Message | None,
        size: int,
        report: Report,
        call: Call[list[Effect]],
    ) -> None:
        now_ms = self._clock.now_ms()
        pauses: list[float] = []

        async def noting(link: "Link", effect: Effect) -> None:
            if isinstance(effect, Pause):
                pauses.append(effect.seconds)
            else:
                await report(link, effect)

        await self.do(lambda: self._session.handle(message, size, now_ms), noting, call)
        for seconds in pauses:
            await trio.sleep(seconds)

    async def _receive(self) -> bytes:
        if not self._session.is_waiting():
            return await self._stream.receive()
        with trio.fail_after(IDLE_S):
            return await self._stream.receive()

    def _send(self, frame: bytes) -> None:
        self._waiting_bytes += len(frame)
        try:
            self._outbox.send_nowait(frame)
        except trio.WouldBlock:
            self._waiting_bytes = MAX_OUTBOX_BYTES + 1
        if self._waiting_bytes > MAX_OUTBOX_BYTES:
            raise PeerError("A neighbour does not read what is sent to it.")

    async def _write(self) -> None:
        try:
            async for frame in self._to_send:
                await self._stream.send(frame)
                self._waiting_bytes -= len(frame)
        except PeerError:
            # The reader learns of the broken stream too, and ends the session.
            await self._stream.reset()

    async def _drain(self) -> None:
        """Let what was said last go out, for a moment."""
        with trio.move_on_after(2):
            while self._waiting_bytes > 0:
                await trio.sleep(0.01)
