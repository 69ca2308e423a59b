"""How a daemon is begun and ended: in a trio program, in a thread, or as a process of its own."""

import contextlib
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import trio

from fedretail.daemon.daemon import Daemon, Ready, ServeOptions
from fedretail.daemon.failures import ours
from fedretail.daemon.pages import PageOptions
from fedretail.domain.web_addresses import OFF, parse_web
from fedretail.errors import Unavailable
from fedretail.node.node import Node


@asynccontextmanager
async def running(
    node: Node, *, listen: Sequence[str] = (), peers: Sequence[str] = ()
) -> AsyncIterator[Daemon]:
    """The node at work inside a trio program, until the block ends."""
    daemon = Daemon(node, ServeOptions(listen, peers))
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(daemon.run)
            yield daemon
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # What the block or the daemon raised, as it was; the nursery is no business of the caller.
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise


def run(
    path: Path,
    options: ServeOptions,
    on_ready: Callable[[Ready], None],
    on_event: Callable[[str], None] = lambda text: None,
) -> None:
    """Serve the node in `path` until ctrl-C or a signal to end; a clean stop returns."""
    with Node.open(path) as node:
        daemon = Daemon(node, options, on_event)
        try:
            trio.run(_serve, daemon, on_ready)
        except BaseExceptionGroup as group:
            raise ours(group) or group from None


async def _serve(daemon: Daemon, on_ready: Callable[[Ready], None]) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(until_told_to_end, nursery.cancel_scope)
        on_ready(await nursery.start(daemon.run))


async def until_told_to_end(scope: trio.CancelScope) -> None:
    """Cancel the scope at a signal to end; Windows has SIGBREAK where others have SIGTERM."""
    names = ("SIGTERM", "SIGINT", "SIGBREAK")
    wanted = [getattr(signal, name) for name in names if hasattr(signal, name)]
    with trio.open_signal_receiver(*wanted) as signals:
        async for _ in signals:
            scope.cancel()


@dataclass(frozen=True, slots=True)
class Served:
    """A daemon at work in a thread. node: for this program; addresses, pages: where it is."""

    node: Node
    addresses: Sequence[str]
    ticket: str | None
    pages: Sequence[str]

    @property
    def url(self) -> str:
        """Where pages and API are; Unavailable where they are shown nowhere."""
        if not self.pages:
            raise Unavailable("No pages are shown.", hint="Give web, such as 127.0.0.1:0.")
        return self.pages[0]


@contextmanager
def serve_in_thread(
    path: Path | str,
    *,
    listen: Sequence[str] = (),
    peers: Sequence[str] = (),
    web: str = OFF,
    on_event: Callable[[str], None] = lambda text: None,
) -> Iterator[Served]:
    """The node in `path` at work in a thread of its own, until the block ends.

    For programs that are not on trio. web: as for `fedretail serve --web`. Refused where a daemon
    runs there already, Unavailable where it cannot listen.
    """
    with Node.open(path) as node:
        shown = parse_web(web)
        pages = None if shown is None else PageOptions(shown, must=True)
        worker = _Worker(Daemon(node, ServeOptions(listen, peers, pages=pages), on_event))
        ready = worker.begin()
        try:
            yield Served(node, ready.addresses, ready.ticket, ready.pages)
        finally:
            worker.end()


class _Worker:
    """A thread with a daemon in it."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        # What the thread says first, and how it ends: with nothing, or with an error.
        self._ready: Future[tuple[Ready, trio.lowlevel.TrioToken, trio.CancelScope]] = Future()
        self._thread = threading.Thread(target=self._work, name="fedretail", daemon=True)
        self._failure: BaseException | None = None

    def begin(self) -> Ready:
        """Start; what the daemon says when neighbours can call."""
        self._thread.start()
        ready, self._token, self._scope = self._ready.result()
        return ready

    def end(self) -> None:
        """End the daemon and wait for it; what ended it before is raised."""
        with contextlib.suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._scope.cancel)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        try:
            trio.run(self._serve)
        except BaseException as error:  # noqa: BLE001 - told by whoever waits
            failure = ours(error) or error if isinstance(error, BaseExceptionGroup) else error
            if self._ready.done():
                self._failure = failure
            else:
                self._ready.set_exception(failure)

    async def _serve(self) -> None:
        async with trio.open_nursery() as nursery:
            ready = await nursery.start(self._daemon.run)
            token = trio.lowlevel.current_trio_token()
            self._ready.set_result((ready, token, nursery.cancel_scope))
