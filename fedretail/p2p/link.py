"""One stream and the session on it: bytes to messages to effects, and effects to bytes.

Reader and writer are tasks of their own. If one task did both, two neighbours that send each other
a large part at once would each wait for the other to read. A third task reads what was asked for
from the store, a fourth looks whether the neighbour owes an answer for too long.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

import trio

from fedretail.clock import Clock
from fedretail.crdt.changes import Point
from fedretail.errors import FedretailError, PeerError
from fedretail.p2p import wire
from fedretail.p2p.effects import Effect, Ended, GoOn, Pause, Send
from fedretail.p2p.session import Session, State, grouped
from fedretail.p2p.transport import Stream

log = logging.getLogger(__name__)

# How often the session is asked whether its neighbour is overdue.
_LOOK_S = 5.0
# What may wait to be sent; ADVANCE is bounded by credit, the rest is small.
MAX_OUTBOX_BYTES = 8 * 1024 * 1024
# Frames that wait are sent as one piece up to this: each piece costs 50 bytes on the line.
_PIECE_BYTES = 64 * 1024
# Effects gathered in one turn of the session, so that others (a push) come between.
_MAX_EFFECTS = 256
_T = TypeVar("_T")
Report = Callable[["Link", Effect], Awaitable[None]]
Call = Callable[[Callable[[], _T]], Awaitable[_T]]


def steady_ms() -> int:
    """The time of a clock that never jumps, in milliseconds since some moment."""
    return int(trio.current_time() * 1000)


class Link:
    """A live session with one neighbour."""

    def __init__(self, stream: Stream, session: Session, *, clock: Clock, address: str) -> None:
        """`address`: what was dialled; "" where the neighbour called."""
        self.peer_id = stream.peer_id
        self.peer_key = stream.peer_key
        self.address = address
        self.since_ms = clock.now_ms()
        self.last_sync_ms: int | None = None
        self.offset_ms: int | None = None
        self.retry_s = 0
        # Where the neighbour says that it is reached itself.
        self.own_addresses: tuple[str, ...] = ()
        self._stream = stream
        self._session = session
        self._clock = clock
        self._turn = trio.Lock()
        self._more = trio.Event()
        self._outbox, self._to_send = trio.open_memory_channel[bytes](10_000)
        self._waiting_bytes = 0
        self._is_broken = False
        self._is_slow = False

    @property
    def session(self) -> Session:
        """The session, for questions that wait for nothing."""
        return self._session

    def note(self, mine: Mapping[bytes, int]) -> dict[str, Any]:
        """What commands are told of this neighbour; `mine`: the seq of each of this node's logs."""
        shown = self._session.view.shown
        places = {log: shown[log].seq if log in shown else 0 for log in mine}
        return {
            "id": self.peer_id,
            "address": self.address,
            "since_ms": self.since_ms,
            "last_sync_ms": self.last_sync_ms,
            "has_mine": bool(mine) and places == mine,
        }

    async def run(self, report: Report, call: Call[list[Effect]]) -> None:
        """Converse until either side ends; errors of the neighbour end it and are logged.

        `report` hears of every effect that is not sent; `call` runs what touches the store.
        """
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write)
                await self._converse(report, call)
                await self._drain()
                nursery.cancel_scope.cancel()
        finally:
            with trio.CancelScope(shield=True):
                # In turn: a step that runs in a thread just now must not claim anything after it.
                async with self._turn:
                    self._session.close()
                with trio.move_on_after(5):
                    await self._stream.close()

    async def do(
        self, step: Callable[[], list[Effect]], report: Report, call: Call[list[Effect]]
    ) -> list[Effect]:
        """Let the session take one step, in turn with what it receives; its effects."""
        async with self._turn:
            effects = await call(step)
            for effect in effects:
                # Within the turn, so that frames leave in the order of the steps.
                if isinstance(effect, Send):
                    self._send(effect.frame)
                elif isinstance(effect, GoOn):
                    self._more.set()
        for effect in effects:
            if isinstance(effect, Ended):
                self.retry_s = effect.retry_s
            if not isinstance(effect, Send | GoOn | Pause):
                await report(self, effect)
        return effects

    def push_all(self, places: Iterable[tuple[bytes, Point | None]]) -> list[Effect]:
        """What to say of logs (log, base) that have moved: a step for `do`."""
        return [effect for log, base in places for effect in self._session.push(log, base)]

    async def reset(self) -> None:
        """Break the stream; the conversation ends by that."""
        await self._stream.reset()

    async def _converse(self, report: Report, call: Call[list[Effect]]) -> None:
        """Read and answer until the end, whose reason the neighbour is told."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._look, nursery.cancel_scope)
                nursery.start_soon(self._go_on, report, call)
                await self._read(report, call)
                nursery.cancel_scope.cancel()
            if self._is_slow:
                await self._end("slow", "No answer for too long.", report, call)
        except* PeerError as group:
            text = str(group.exceptions[0])
            log.info("%s: %s", self.peer_id, text)
            await self._end("protocol", text, report, call)
        except* FedretailError as group:
            # Ours, not theirs: a store that is damaged, or busy for too long.
            log.warning("%s: %s", self.peer_id, group.exceptions[0])
            text = "This computer cannot take more in just now."
            await self._end("busy", text, report, call)

    async def _end(self, code: str, text: str, report: Report, call: Call[list[Effect]]) -> None:
        if not self._is_broken:
            await self.do(lambda: self._session.end(code, text, 60), report, call)

    async def _look(self, reading: trio.CancelScope) -> None:
        while not self._is_slow:
            await trio.sleep(_LOOK_S)
            async with self._turn:
                self._is_slow = self._session.is_overdue(steady_ms())
        log.info("%s: no answer for too long", self.peer_id)
        reading.cancel()

    async def _go_on(self, report: Report, call: Call[list[Effect]]) -> None:
        """Read and send what was asked for, in portions, in turn with what arrives."""
        while True:
            await self._more.wait()
            self._more = trio.Event()
            effects = await self.do(partial(self._session.go_on, steady_ms()), report, call)
            await _rest(effects)

    async def _read(self, report: Report, call: Call[list[Effect]]) -> None:
        now_ms = self._clock.now_ms()
        await self.do(lambda: self._session.start(now_ms), report, call)
        decoder = wire.Decoder()
        while data := await self._receive():
            if not await self._take(decoder.feed(data), report, call):
                return

    async def _receive(self) -> bytes:
        """The next bytes; b"" at the end, and where the connection is lost: nobody's fault."""
        try:
            return await self._stream.receive()
        except PeerError as error:
            self._is_broken = True
            log.info("%s: %s", self.peer_id, error.message)
            return b""

    async def _take(
        self, messages: Iterator[wire.Received], report: Report, call: Call[list[Effect]]
    ) -> bool:
        """Handle all messages; False where the session has ended."""
        groups = grouped(messages)
        failures: list[FedretailError | None] = []
        while not failures:
            now_ms = steady_ms()
            effects = await self.do(
                lambda: self._handled(groups, now_ms, failures),  # noqa: B023
                report,
                call,
            )
            if self._session.state is State.ENDED:
                return False
            await _rest(effects)
        if failures[0] is not None:
            raise failures[0]
        return True

    def _handled(
        self,
        groups: Iterator[list[wire.Received]],
        now_ms: int,
        failures: list[FedretailError | None],
    ) -> list[Effect]:
        """The effects of the next messages, some at a time; at the end `failures` has an entry.

        What messages before a broken one have led to is kept.
        """
        effects: list[Effect] = []
        try:
            for group in groups:
                self._session.handle_all(group, now_ms, effects)
                is_paused = bool(effects) and isinstance(effects[-1], Pause)
                if is_paused or len(effects) > _MAX_EFFECTS:
                    return effects
            failures.append(None)
        except FedretailError as error:
            failures.append(error)
        return effects

    def _send(self, frame: bytes) -> None:
        self._waiting_bytes += len(frame)
        try:
            self._outbox.send_nowait(frame)
        except trio.WouldBlock:
            self._waiting_bytes = MAX_OUTBOX_BYTES + 1
        if self._waiting_bytes > MAX_OUTBOX_BYTES:
            self._is_broken = True
            raise PeerError("A neighbour does not read what is sent to it.")

    async def _write(self) -> None:
        try:
            async for frame in self._to_send:
                piece = self._gathered(frame)
                await self._stream.send(piece)
                self._waiting_bytes -= len(piece)
        except PeerError:
            # The reader learns of the broken stream too, and ends the session.
            self._is_broken = True
            await self._stream.reset()

    def _gathered(self, frame: bytes) -> bytes:
        """A frame and those that wait behind it."""
        piece = bytearray(frame)
        while len(piece) < _PIECE_BYTES:
            try:
                piece += self._to_send.receive_nowait()
            except trio.WouldBlock:
                break
        return bytes(piece)

    async def _drain(self) -> None:
        """Let what was said last go out, for a moment."""
        with trio.move_on_after(2):
            while self._waiting_bytes > 0 and not self._is_broken:
                await trio.sleep(0.01)


async def _rest(effects: list[Effect]) -> None:
    await trio.sleep(sum(effect.seconds for effect in effects if isinstance(effect, Pause)))
