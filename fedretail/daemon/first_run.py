"""A daemon that begins before its shop: it shows the first run, and goes on with what comes of it.

One process, one socket for its pages, one lock: nobody has to start anything again.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from fedretail.clock import Clock, SystemClock
from fedretail.config import load
from fedretail.daemon.daemon import Daemon, Ready, ServeOptions, lock_daemon
from fedretail.daemon.failures import ours
from fedretail.daemon.pages import PageOptions, show
from fedretail.daemon.running import until_told_to_end
from fedretail.locks import FileLock
from fedretail.node.base import DAEMON_LOCK_NAME
from fedretail.node.first_run import FirstRun
from fedretail.node.node import Node

if TYPE_CHECKING:
    from fedretail.web.first.answers import Machine


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears what: the link to the first run, that neighbours can call, and the rest."""

    link: Callable[[str], None]
    ready: Callable[[Ready], None]
    event: Callable[[str], None] = lambda text: None


def run_first(
    path: Path, options: ServeOptions, machine: "Machine", told: Told, *, clock: Clock | None = None
) -> bool:
    """Show the first run of `path`, then serve the shop, until ctrl-C or a signal to end.

    Whether a shop was made. What was entered so far is kept for the next time. Refused where a
    daemon is running there, Unavailable where pages cannot be shown; `options.pages` says where.
    """
    first = FirstRun(path, clock or SystemClock())
    is_new = not path.exists()
    first.begin()
    beginning = _Beginning(first, options, told)
    try:
        beginning.lock = lock_daemon(path)
        trio.run(beginning.serve, machine)
    except BaseExceptionGroup as group:
        raise ours(group) or group from None
    finally:
        beginning.end(is_new=is_new)
    return beginning.node is not None


class _Beginning:
    """A first run that is shown, and what comes of it."""

    def __init__(self, first: FirstRun, options: ServeOptions, told: Told) -> None:
        assert options.pages is not None
        self.node: Node | None = None
        self.lock: FileLock | None = None
        self._first = first
        self._options = options
        self._pages = PageOptions(options.pages.address, must=True)
        self._told = told
        self._addresses: Sequence[str] = ()
        self._daemon: Daemon | None = None

    async def serve(self, machine: "Machine") -> None:
        """Runs until it is cancelled."""
        from fedretail.web.first.app import FirstPages

        made, token = trio.Event(), trio.lowlevel.current_trio_token()

        def on_made(node: Node) -> None:
            self.node = node
            trio.from_thread.run_sync(made.set, trio_token=token)

        pages = FirstPages(self._first, machine, load(self._first.data_dir), on_made)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_told_to_end, nursery.cancel_scope)
            await nursery.start(
                show, (pages, pages.counts), self._pages, self._told.event, self._on_shown
            )
            await made.wait()
            self._daemon = self._begin()
            self._told.ready(await nursery.start(self._daemon.run))

    def _begin(self) -> Daemon:
        assert self.node is not None
        options = replace(self._options, pages=None)
        daemon = Daemon(self.node, options, self._told.event, held=self.lock)
        daemon.on_shown(self._addresses)
        return daemon

    def _on_shown(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses
        if self._daemon is not None:
            self._daemon.on_shown(addresses)
        elif self.node is None and addresses:
            self._first.note_pages(addresses)
            self._told.link(self._first.make_link())

    def end(self, *, is_new: bool) -> None:
        """Close what is open; is_new: the data directory was made for this."""
        if self.node is not None:
            self.node.close()
        else:
            self._first.leave()
        if self.lock is not None:
            self.lock.release()
        if is_new and self.node is None and not self._first.path.exists():
            # Nobody has entered anything: nothing is left of it.
            with contextlib.suppress(OSError):
                (self._first.data_dir / DAEMON_LOCK_NAME).unlink(missing_ok=True)
                self._first.data_dir.rmdir()
