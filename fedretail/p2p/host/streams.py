"""A libp2p stream in our terms: time limits, PeerError, an honest end, no stream left behind.

Imported by `host` and `guards` alone, when a host starts.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import trio
from libp2p.io.exceptions import IOException
from libp2p.network.stream.exceptions import StreamEOF
from libp2p.network.stream.net_stream import NetStream
from libp2p.stream_muxer.exceptions import MuxedConnError, MuxedStreamError

from fedretail.errors import PeerError, Unavailable
from fedretail.p2p.address import parse_peer_id
from fedretail.p2p.transport import Limits

# Where a write waits for the peer to read: libp2p's own loop looks a hundred times a second.
_WINDOW_POLL_S = 0.02
# One Yamux frame; more at a time would let one stream hold up the others.
_PIECE_BYTES = 32 * 1024
_FAILURES = (IOException, MuxedStreamError, MuxedConnError, ValueError, KeyError, OSError)


class Libp2pStream:
    """One sync stream over Noise and Yamux; see `transport.Stream`."""

    def __init__(
        self,
        stream: NetStream,
        limits: Limits,
        *,
        count: Counter[str],
        later: Callable[[Callable[[], Awaitable[None]]], None],
    ) -> None:
        self.peer_id = str(stream.muxed_conn.peer_id)
        self.peer_key = parse_peer_id(self.peer_id)
        self._stream = stream
        self._muxed: Any = stream.muxed_stream
        self._limits = limits
        self._count = count
        self._later = later
        self._sending = trio.Lock()
        self._closed = False
        self._used_at_s = trio.current_time()

    async def send(self, data: bytes) -> None:
        """Hands data over; PeerError when the peer reads nothing for `stall_s`.

        Pieces no larger than the peer's window are written, so libp2p's own limit of 5 s never
        strikes; it leaves the stream open with half a message in it.
        """
        sent = False
        try:
            async with self._sending:
                for start in range(0, len(data), _PIECE_BYTES):
                    await self._send_piece(data[start : start + _PIECE_BYTES])
            sent = True
        except _FAILURES as error:
            raise PeerError("The connection to the peer is lost.") from error
        finally:
            if not sent:
                await self.reset()

    async def _send_piece(self, piece: bytes) -> None:
        while piece:
            room = await self._window()
            with trio.move_on_after(self._limits.stall_s) as scope:
                await self._stream.write(piece[:room])
            if scope.cancelled_caught:
                raise self._stalled()
            piece = piece[room:]

    async def _window(self) -> int:
        """The bytes that the peer takes now, waiting until there are some."""
        until_s = trio.current_time() + self._limits.stall_s
        while (room := int(self._muxed.send_window)) <= 0:
            if self._muxed.send_closed or self._muxed.closed:
                raise MuxedStreamError("closed while waiting")
            if trio.current_time() >= until_s:
                raise self._stalled()
            await trio.sleep(_WINDOW_POLL_S)
        return room

    def _stalled(self) -> PeerError:
        self._count["write_stalled"] += 1
        return PeerError("The peer does not take data any more.")

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """The next bytes; b"" only after the peer has closed its side in good order."""
        try:
            data = await self._stream.read(max_bytes)
        except StreamEOF as error:
            # Yamux reports a broken connection as an end of stream too (and drops what lay
            # unread), so an end counts only while the connection lives.
            if self._muxed.reset_received or self._muxed.conn.event_shutting_down.is_set():
                raise PeerError("The connection to the peer is lost.") from error
            if self._closed:
                await self.reset()  # Both sides have ended: this only frees the stream.
            return b""
        except _FAILURES as error:
            raise PeerError("The peer broke off.") from error
        self._used_at_s = trio.current_time()
        return data

    async def close(self) -> None:
        """Ends our side; what was sent arrives, and `receive` goes on."""
        if self._closed:
            return
        self._closed = True
        self._used_at_s = trio.current_time()
        try:
            with trio.move_on_after(self._limits.linger_s):
                await self._stream.close_write()
            self._later(self._expire)
        except (*_FAILURES, Unavailable):
            await self.reset()

    async def _expire(self) -> None:
        """Frees the stream when nothing has come for `linger_s` after our end."""
        while (until_s := self._used_at_s + self._limits.linger_s) > trio.current_time():
            await trio.sleep_until(until_s)
        await self.reset()

    async def reset(self) -> None:
        """Tears the stream down, cancelled or not."""
        await retire(self._stream, 0.0)


async def retire(stream: NetStream, linger_s: float) -> None:
    """Ends our side, waits that long for the peer to end its own, and frees the stream.

    A stream stays in Yamux's tables until both sides have ended, and 256 unended ones block
    `new_stream` for ever; the reset is what ends them for certain. Never raises but Cancelled.
    """
    if linger_s > 0:
        with trio.move_on_after(linger_s):
            try:
                await stream.close_write()
                while await stream.read(65536):
                    pass
            except _FAILURES:
                pass
    # Shielded: a cancelled session must free its stream too. Freeing writes one small frame.
    with trio.move_on_after(1.0, shield=True):
        await stream.reset()
