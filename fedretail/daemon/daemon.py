"""The daemon: one supervised nursery for a node's sync, index, pages and upkeep.

Start: lock, pages, charter, network, listening, state noted. Stop: sessions say good-bye, the state
note is taken back. Search needs none of it: if the network part dies, everything else goes on.
"""

import contextlib
import logging
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Never

import trio

from fedretail import __version__
from fedretail.daemon.failures import noted_failure, ours
from fedretail.daemon.happenings import Happenings, worth_noting
from fedretail.daemon.pages import PageOptions, show_pages
from fedretail.daemon.pictures import PictureWork
from fedretail.daemon.threads import in_thread
from fedretail.domain.texts import count
from fedretail.errors import FedretailError, Refused, Unavailable
from fedretail.locks import FileLock
from fedretail.node import upkeep
from fedretail.node.base import DAEMON, DAEMON_LOCK_NAME
from fedretail.node.copies import Role
from fedretail.node.naming import damaged_names
from fedretail.node.networks import found_network, network, ticket
from fedretail.node.node import Node
from fedretail.node.roles import take_role
from fedretail.node.room import Room
from fedretail.p2p.asker import settle_own
from fedretail.p2p.effects import Effect, Expected, Moved, PeerAddresses, Synced
from fedretail.p2p.host import Libp2pTransport
from fedretail.p2p.link import Link
from fedretail.p2p.mirror import Mirror
from fedretail.p2p.own import Own
from fedretail.p2p.service import SyncService
from fedretail.p2p.transport import Carrier

log = logging.getLogger(__name__)

DEFAULT_LISTEN = "/ip4/0.0.0.0/tcp/4817"
# The note of the daemon's state is written when something changed, looked at so often ...
LOOK_S = 0.5
# ... and after this time anyway: one three times as old means that no daemon runs.
NOTE_S = 5.0
# The index follows a change at once, and no oftener than this; one takes a millisecond.
FOLLOW_S = 0.1
WATCH_S = 0.25
UPKEEP_S = 60.0
# Addresses that wait to be written down; more are heard again later.
_MAX_KEEPING = 100


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Where to listen (none: the settings', else the default), whom to dial besides.

    role: which of two copies of this data directory it is, where that must be said. pages: where
    they are shown, None for nowhere.
    """

    listen: Sequence[str] = ()
    peers: Sequence[str] = ()
    role: Role | None = None
    pages: PageOptions | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """The daemon listens here; ticket: None where none can be given; pages: where they are."""

    addresses: list[str]
    ticket: str | None
    pages: Sequence[str] = ()


@dataclass(slots=True)
class Daemon:
    """A node at work."""

    node: Node
    options: ServeOptions = field(default_factory=ServeOptions)
    on_event: Callable[[str], None] = lambda text: None
    service: SyncService | None = None
    # The daemon's lock where somebody holds it for this one already, who lets go of it, too.
    held: FileLock | None = None
    _changed: trio.Event = field(default_factory=trio.Event)
    # (address, whether a session over it has worked), on their way to the store.
    _addresses: Any = field(default_factory=lambda: trio.open_memory_channel(_MAX_KEEPING))
    _mirror: Mirror | None = None
    _room: Room | None = None
    _pictures: PictureWork | None = None
    _pages: Sequence[str] = ()
    _started_ms: int = 0
    # This shop's own heads when all neighbours had them, and since when.
    _all_have: tuple[dict[bytes, int], int] | None = None

    async def run(self, *, task_status: trio.TaskStatus[Ready] = trio.TASK_STATUS_IGNORED) -> Never:
        """Runs until cancelled; started(Ready) when neighbours can call.

        Refused where a daemon runs on this store already; Unavailable where it cannot listen.
        """
        lock = self.held or await self._lock()
        self._started_ms = self.node.clock.now_ms()
        try:
            # What a daemon that was killed has left there is not said of this one.
            with noted_failure("An old note of the state stays behind"):
                await in_thread(partial(self.node.store.note, DAEMON, None))
            if self.options.role is not None:
                self.on_event(await in_thread(partial(take_role, self.node, self.options.role)))
            self._room = Room(self.node)
            self.node.has_follower = True
            if self.node.config.pictures_mb:
                ahead = self.options.pages is not None
                self._pictures = PictureWork(self.node, self._room, self.on_event, ahead=ahead)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(in_thread, _load_numpy)
                nursery.start_soon(self._follow)
                nursery.start_soon(self._upkeep)
                nursery.start_soon(self._keep_addresses)
                if self._pictures is not None:
                    # Before pages are shown, which ask for what is kept.
                    await nursery.start(self._pictures.run)
                if self.options.pages is not None:
                    await nursery.start(
                        show_pages, self.node, self.options.pages, self.on_event, self.on_shown
                    )
                await self._networks(task_status)
        except BaseExceptionGroup as group:
            raise ours(group) or group from None
        finally:
            with trio.CancelScope(shield=True):
                await in_thread(self._end)
            if self.held is None:
                lock.release()
        raise AssertionError("unreachable: the tasks run for ever")

    async def _lock(self) -> FileLock:
        return await in_thread(partial(lock_daemon, self.node.path))

    def _end(self) -> None:
        """Let other processes follow the index, and take the state note back."""
        self.node.has_follower = False
        self.node.index.close()
        # Fifteen seconds later a note that stays counts for nothing anyway.
        with noted_failure("The state note stays behind"):
            self.node.store.note(DAEMON, None)

    def statistics(self) -> dict[str, int | float]:
        """Counters of everything that runs."""
        shared = {} if self.service is None else self.service.statistics()
        return shared if self._pictures is None else {**shared, **self._pictures.statistics()}

    # --- the network part ---

    async def _networks(self, task_status: trio.TaskStatus[Ready]) -> Never:
        """Sync in the node's network; begun anew when `join` has changed which one that is."""
        transport = self._transport()
        is_first = True
        while True:
            try:
                async with trio.open_nursery() as nursery:
                    present = await in_thread(partial(found_network, self.node))
                    ready = await self._begin(nursery, transport, present)
                    if is_first:
                        task_status.started(ready)
                    is_first = False
                    await self._until_other_network(present)
                    nursery.cancel_scope.cancel()
                self.on_event("This computer has joined another network.")
            except BaseExceptionGroup as group:
                error = ours(group)
                if is_first or error is None:
                    raise
                # A disk that was full for a moment, a port that is not free yet: search goes on.
                log.warning("The network part begins anew: %s", error.message)
                await trio.sleep(NOTE_S)

    def _transport(self) -> Carrier:
        listen = self.options.listen or self.node.config.listen or [DEFAULT_LISTEN]
        return Libp2pTransport(self.node.keyring.device_seed, list(listen))

    async def _begin(self, nursery: trio.Nursery, transport: Carrier, network_id: bytes) -> Ready:
        node = self.node
        assert self._room is not None
        own = None if node.is_reader else Own(node.store, node.identity.author(), is_asking=True)
        self._mirror = Mirror(node.store, network_id, has_space=self._room.has_space, own=own)
        self.service = SyncService(
            self._mirror,
            transport,
            me=(network_id, node.identity.store_id),
            clock=node.clock,
            random=secrets.SystemRandom().random,
            data_version=node.store.data_version,
            sign=node.identity.device.sign,
        )
        self.service.on_effect = self._on_effect
        if self._pictures is not None:
            self._pictures.attach(transport, self.service)
        addresses: list[str] = await nursery.start(self.service.run)
        for address in [*self.options.peers, *node.config.peers]:
            self.service.add_address(address, "option")
        await self._learn_addresses()
        if own is not None:
            nursery.start_soon(settle_own, self.service, own)
        await self._note(await self._state())
        nursery.start_soon(self._keep_noting)
        return Ready(addresses, await in_thread(self._ticket), self._pages)

    def _ticket(self) -> str | None:
        """The line for neighbours; None where there is none to give out."""
        if self.node.is_reader:
            return None
        with contextlib.suppress(Refused):
            return ticket(self.node)
        return None

    def on_shown(self, addresses: Sequence[str]) -> None:
        """Say where pages are shown; nowhere, where there are none."""
        self._pages = addresses

    async def _until_other_network(self, present: bytes) -> None:
        """Until `join` has changed the network; new addresses and edits are seen on the way."""
        version = self.node.store.data_version()
        while True:
            await trio.sleep(WATCH_S)
            now = self.node.store.data_version()
            if now == version:
                continue
            version = now
            if await in_thread(partial(network, self.node)) != present:
                return
            await self._learn_addresses()
            self._changed.set()

    async def _learn_addresses(self) -> None:
        assert self.service is not None
        for address, source, heard_ms in await in_thread(self.node.store.addresses):
            # What was heard from a neighbour once and has worked is as good as a ticket's.
            has_worked = source == "peer" and heard_ms
            self.service.add_address(address, "ticket" if has_worked else source)

    def _on_effect(self, link: Link, effect: Effect) -> None:
        match effect:
            case Moved():
                self._changed.set()
            case Synced() if link.address:
                self._keep_soon(link.address, is_heard=True)
            case PeerAddresses(addresses):
                # What a neighbour says of itself is where it is found after a restart.
                own = [one for one in addresses if one.endswith(f"/{link.peer_id}")]
                for address in own:
                    if self.service is not None and self.service.dialer.knows(address):
                        self._keep_soon(address, is_heard=False)
            case Expected(_, rows, _):
                self.on_event(f"A neighbour sends {count(rows, 'offer')}.")

    def _keep_soon(self, address: str, *, is_heard: bool) -> None:
        with contextlib.suppress(trio.WouldBlock):
            self._addresses[0].send_nowait((address, is_heard))

    async def _keep_addresses(self) -> None:
        """Write down where neighbours were found, for the next start."""
        async for address, is_heard in self._addresses[1]:
            with noted_failure("An address cannot be kept"):
                await in_thread(partial(self.node.store.add_address, address, "peer"))
                if is_heard:
                    await in_thread(partial(self.node.store.heard, address))

    # --- the index and the rest ---

    async def _follow(self) -> Never:
        """Keep the index at the end of the feed; the only one to do so while this runs."""
        while True:
            self._changed = trio.Event()
            try:
                await in_thread(self.node.index.hold)
                while await in_thread(self.node.index.work):
                    pass
            except FedretailError as error:
                log.warning("The index cannot follow: %s", error.message)
                await trio.sleep(NOTE_S)
            except Exception:
                # A record that a fault of ours stumbles over must not end what it came by.
                log.exception("The index cannot follow.")
                await trio.sleep(NOTE_S)
            await trio.sleep(FOLLOW_S)
            with trio.move_on_after(NOTE_S):
                await self._changed.wait()

    async def _keep_noting(self) -> Never:
        assert self._room is not None
        due_s, told, happenings = trio.current_time() + NOTE_S, await self._state(), Happenings()
        while True:
            await trio.sleep(LOOK_S)
            state = await self._state()
            self.node.time.offset_ms = state["clock_offset_ms"]
            for line in happenings.lines(state):
                self.on_event(line)
            if self._room.count(state["statistics"]["bytes_in"]):
                self.on_event("Neighbours have sent all that they may today; the rest waits.")
            if worth_noting(state) == worth_noting(told) and trio.current_time() < due_s:
                continue
            with noted_failure("The state cannot be noted"):
                await self._note(state)
                await in_thread(self._room.note)
            due_s, told = trio.current_time() + NOTE_S, state

    async def _note(self, state: dict[str, Any]) -> None:
        """Tell the commands how it stands."""
        await in_thread(partial(self.node.store.note, DAEMON, state))

    async def _state(self) -> dict[str, Any]:
        service, mirror = self.service, self._mirror
        assert service is not None
        assert mirror is not None
        node = self.node
        mine, stopped, damaged = await in_thread(
            lambda: (mirror.own_heads(node.owner), node.store.own_logs.stopped, damaged_names(node))
        )
        # A thread is waited for even when all is to end; the listeners are closed by then.
        await trio.lowlevel.checkpoint_if_cancelled()
        peers = [link.note(mine) for link in service.links.values()]
        return {
            "pid": os.getpid(),
            "version": __version__,
            "started_ms": self._started_ms,
            "addresses": service.addresses(),
            "clock_offset_ms": service.clock_offset_ms(),
            "pages": list(self._pages),
            "statistics": self.statistics(),
            "own": {log.hex(): seq for log, seq in mine.items()},
            "restoring": mirror.is_restoring(),
            "restores": mirror.restores,
            "stopped": stopped,
            "damaged": damaged,
            "peers": peers,
            "all_since_ms": self._since(mine, peers),
        }

    def _since(self, mine: dict[bytes, int], peers: list[dict[str, Any]]) -> int | None:
        """Since when all neighbours that are here have this shop's prices as they are now."""
        if not peers or not all(peer["has_mine"] for peer in peers):
            self._all_have = None
        elif self._all_have is None or self._all_have[0] != mine:
            self._all_have = mine, self.node.clock.now_ms()
        return None if self._all_have is None else self._all_have[1]

    async def _upkeep(self) -> Never:
        """What time brings about; see `fedretail.node.upkeep`."""
        choose = secrets.SystemRandom().random
        while True:
            with noted_failure("Upkeep has failed"):
                offset_ms = self.service.clock_offset_ms() if self.service else 0
                steps = upkeep.steps(self.node, self._mirror, choice=choose(), offset_ms=offset_ms)
                for step in steps:
                    await in_thread(step)
            await trio.sleep(UPKEEP_S)


def lock_daemon(path: Path) -> FileLock:
    """The lock that one daemon of a data directory holds; Refused where another has it."""
    lock = FileLock(path / DAEMON_LOCK_NAME)
    try:
        is_ours = lock.acquire_soon()
    except OSError as error:
        hint = "Check who owns the data directory, and that the disk is not write-protected."
        raise Unavailable(f"{path} cannot be written: {error.strerror}.", hint=hint) from None
    if not is_ours:
        hint = "End it first, or give another --data-dir."
        raise Refused(f"A daemon is running for {path} already.", hint=hint)
    return lock


def _load_numpy() -> None:
    """Digests of few rows take a third of the time with numpy, once it is there (0.1 s)."""
    import numpy  # noqa: F401
