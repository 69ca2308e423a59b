"""Hypercorn in a nursery: the pages of a node, for as long as the daemon lives.

Hypercorn's protocol runs on connections of our own: HTTP/1.1 alone, few an address, none that
waits for ever. See docs/explanation/threats.md.
"""

import errno
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Never

import h11
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.events import Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from hypercorn.utils import parse_socket_addr
from starlette.types import ASGIApp

from fedretail.domain.web_addresses import WebAddress
from fedretail.errors import Unavailable
from fedretail.web import problems
from fedretail.web.askers import asker_at
from fedretail.web.counts import Counts
from fedretail.web.doors import Doors

log = logging.getLogger(__name__)

# A request line with its headers: 10,000 characters of a search are legal, of 12 bytes each.
_MAX_HEAD_BYTES = 128 * 1024
_BACKLOG = 128
_FULL = 503


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may take.

    idle_s: until its first request is there whole, and between two: a browser keeps a connection
    between two pages. send_s: until the other side has taken one piece. each, most: connections of
    one address, and of all; here: of these, kept for this computer. How long a body may take is
    said in `fedretail.web.bodies`.
    """

    idle_s: float = 30.0
    send_s: float = 30.0
    # A browser opens six; a shop's screens may stand behind one address.
    each: int = 100
    # Beside neighbours and files well below the 1,024 that a process may have open.
    most: int = 300
    # A screen and the back office.
    here: int = 40


async def run(
    app: ASGIApp,
    address: WebAddress,
    *,
    limits: Limits | None = None,
    counts: Counts | None = None,
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> Never:
    """Serve until cancelled; started(addresses as http://HOST:PORT) when browsers can come.

    Unavailable where it cannot listen there.
    """
    limits = limits or Limits()
    try:
        listeners = await trio.open_tcp_listeners(address.port, host=address.host, backlog=_BACKLOG)
    except OSError as error:
        raise Unavailable(
            f"Pages cannot be shown at {address}: {_reason(error)}.", hint=_hint(error)
        ) from None
    bound = [WebAddress(*one.socket.getsockname()[:2]) for one in listeners]
    server = _Server(app, limits, counts or Counts())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(trio.serve_listeners, server.serve, listeners))
        task_status.started([f"http://{one}" for one in bound])
    raise AssertionError("unreachable: the listeners serve until they are cancelled")


def _hint(error: OSError) -> str:
    if getattr(_first(error), "errno", None) == errno.EADDRNOTAVAIL:
        return "That is no address of this computer. Give one that is, or `--web lan`."
    return "Another program may use that port. Give another one: `--web 127.0.0.1:8766`."


def _first(error: BaseException) -> BaseException:
    while isinstance(error.__cause__, OSError | BaseExceptionGroup):
        error = error.__cause__
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _reason(error: BaseException) -> str:
    error = _first(error)
    return getattr(error, "strerror", None) or str(error)


class _Server:
    """What all connections share."""

    def __init__(self, app: ASGIApp, limits: Limits, counts: Counts) -> None:
        framework: Any = app
        self.app = ASGIWrapper(framework)
        self.limits = limits
        self.counts = counts
        self.doors = Doors(each=limits.each, most=limits.most, here=limits.here)
        self.config = Config()
        self.config.include_server_header = False
        self.config.h11_max_incomplete_size = _MAX_HEAD_BYTES
        self.config.keep_alive_timeout = limits.idle_s
        # Who listens to events is silent for hours.
        self.config.read_timeout = None
        self.config.accesslog = self.config.errorlog = None

    async def serve(self, stream: trio.SocketStream) -> None:
        """One connection, from its first byte to its last; no fault of its ends the others."""
        try:
            client = parse_socket_addr(stream.socket.family, stream.socket.getpeername())
        except OSError:
            await trio.aclose_forcefully(stream)
            return
        with trio.CancelScope() as scope:
            place = self.doors.enter(asker_at(client[0] if client else ""), scope.cancel)
            if place is None:
                self.counts.refused += 1
                await _turn_away(stream)
                return
            self.counts.connections = len(self.doors)
            try:
                patient = _Patient(stream, self.limits.send_s, scope.cancel)
                await _Connection(self, patient, partial(self.doors.turn, place)).run()
            except Exception:
                log.exception("A connection has failed.")
            finally:
                self.doors.leave(place)
                self.counts.connections = len(self.doors)
        await trio.aclose_forcefully(stream)


async def _turn_away(stream: trio.SocketStream) -> None:
    body = problems.body(_FULL, "Too many are being served.", "Come again in a moment.")
    head = (
        f"HTTP/1.1 {_FULL} Service Unavailable\r\ncontent-type: {problems.MEDIA_TYPE}\r\n"
        f"content-length: {len(body)}\r\nretry-after: 5\r\nconnection: close\r\n\r\n"
    )
    with trio.move_on_after(1):
        try:
            await stream.send_all(head.encode() + body)
        except trio.BrokenResourceError:
            pass
    await trio.aclose_forcefully(stream)


class _Connection(TCPServer):
    """Hypercorn's connection, that tells when it is busy, and speaks HTTP/1.1 alone."""

    def __init__(self, server: _Server, stream: "_Patient", turn: Any) -> None:
        any_stream: Any = stream
        context = WorkerContext(None)
        super().__init__(server.app, server.config, context, ConnectionState({}), any_stream)
        self._turn = turn
        self._has_ended = False

    async def run(self) -> None:
        socket = self.stream.socket
        try:
            client = parse_socket_addr(socket.family, socket.getpeername())
            server = parse_socket_addr(socket.family, socket.getsockname())
            async with TaskGroup() as group:
                self._task_group = group
                self.protocol: Any = _Protocol(
                    self.app,
                    self.config,
                    self.context,
                    group,
                    ConnectionState(self.state),
                    False,
                    client,
                    server,
                    self.protocol_send,
                )
                await self.protocol.initiate()
                await self.idle_task.restart(group, self._idle_timeout)
                await self._read_data()
                # Else who has hung up keeps its place until it would have been idle for too long.
                self._has_ended = True
                await self.idle_task.stop()
        except OSError:
            pass
        finally:
            await self._close()

    async def protocol_send(self, event: Event) -> None:
        if isinstance(event, Updated):
            self._turn(is_busy=not event.idle)
            if self._has_ended:
                return
        await super().protocol_send(event)


class _Protocol(H11Protocol):
    """HTTP/1.1 without a way out of it, and with problems for what is no request."""

    async def _check_protocol(self, event: Any) -> None:
        """No upgrade to HTTP/2: a hundred streams on one connection pass every door."""

    async def _create_stream(self, request: h11.Request) -> None:
        """Nor to WebSockets, which pass by the limits of requests: such a wish is not heard."""
        headers = [pair for pair in request.headers if pair[0] != b"upgrade"]
        if len(headers) < len(request.headers):
            request = h11.Request(
                method=request.method,
                target=request.target,
                headers=headers,
                http_version=request.http_version,
            )
        await super()._create_stream(request)

    async def _send_error_response(self, status_code: int) -> None:
        body = problems.body(status_code, "This is no request of HTTP/1.1.")
        head = (
            f"HTTP/1.1 {status_code} Bad Request\r\ncontent-type: {problems.MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        await self.send(RawData(data=head.encode() + body))


class _Patient:
    """A stream whose other side must take what it has asked for; else all ends at once.

    Hypercorn alone would go on waiting for a next request, for ever where one has come already.
    """

    def __init__(
        self, stream: trio.SocketStream, send_s: float, give_up: Callable[[], None]
    ) -> None:
        self._stream = stream
        self._send_s = send_s
        self._give_up = give_up
        self.socket = stream.socket
        self.receive_some = stream.receive_some
        self.send_eof = stream.send_eof
        self.aclose = stream.aclose

    async def send_all(self, data: bytes) -> None:
        try:
            with trio.fail_after(self._send_s):
                await self._stream.send_all(data)
        except (trio.TooSlowError, trio.BrokenResourceError):
            self._give_up()
            raise trio.BrokenResourceError from None
