"""Sync with neighbours: where streams, sessions and the store meet.

Tasks: the transport (restarted when it dies), three a session, the dialer, the watch that sees what
this and other processes have committed, second tries for what a neighbour has shown, and a
comparison with a random neighbour now and then. What fails in one of them is logged; none ends
for it. Intervals are measured on a clock that never jumps; the clock on the wall is only told.
"""

import logging
import secrets
from collections.abc import Callable, Iterable
from functools import partial
from typing import Never, TypeVar

import trio

from fedretail.clock import Clock
from fedretail.crdt.changes import Point
from fedretail.errors import FedretailError
from fedretail.p2p import costs
from fedretail.p2p.address import parse_address
from fedretail.p2p.clones import Clones
from fedretail.p2p.effects import (
    Effect,
    Ended,
    Greeted,
    Moved,
    PeerAddresses,
    PeerClock,
    Stated,
    Synced,
)
from fedretail.p2p.fetches import Fetches
from fedretail.p2p.gossip import Gossip
from fedretail.p2p.link import Link, steady_ms
from fedretail.p2p.mirror import Mirror
from fedretail.p2p.peers import HEARSAY, MAX_DIALLED, Dialer, clock_offset_ms
from fedretail.p2p.rates import Buckets
from fedretail.p2p.session import Me, Session, State
from fedretail.p2p.supervisor import keep_serving
from fedretail.p2p.transport import Stream, Transport
from fedretail.p2p.view import seen_lines

log = logging.getLogger(__name__)

# How soon a commit of another process is seen; one pragma of a few microseconds each time.
WATCH_S = 0.25
# With one neighbour, plus or minus half: everybody is asked often enough, nobody all at once.
RESYNC_S = 60.0
# A head seen whose rows could not be had is asked for again after so long.
RETRY_S = 10.0
# The wall clock has gone so much further than the steady one: this computer has slept.
SLEPT_S = 30.0
MAX_SESSIONS = 64
# Neighbours whose budgets are remembered.
_BUDGETS = 1024
# Addresses of its neighbours that a node passes on.
_TOLD = 8
# Of one that is elsewhere each moment all others are told so many times, then once in so long.
_MOVES, _MOVE_S = 2, 60
# Store calls at once: one writes at a time anyway, four keep readers from waiting for it.
_THREADS = 4
# After a failure to read the store.
_READ_AGAIN_S = 1.0
_SHOW_SEEN_MS, _FIRST_SHOW_SEEN_MS = 24 * 3600 * 1000, 3600 * 1000
_T = TypeVar("_T")


class SyncService:
    """Keeps one store in step with its neighbours."""

    def __init__(
        self,
        mirror: Mirror,
        transport: Transport,
        *,
        me: tuple[bytes, bytes],
        clock: Clock,
        random: Callable[[], float],
        data_version: Callable[[], int],
        in_threads: bool = True,
        nonce: bytes | None = None,
        sign: Callable[[bytes], bytes] | None = None,
    ) -> None:
        """`me`: (network id, store id); `sign`: with the device key, for what `clones` states.

        For tests: `in_threads` False runs store calls inline; `nonce`: 16 bytes instead of chance.
        """
        self.links: dict[str, Link] = {}
        # Called with the effects of every session, for the daemon's own purposes.
        self.on_effect: Callable[[Link, Effect], None] = lambda link, effect: None
        self._mirror = mirror
        self._transport = transport
        self._network, self._store_id = me
        self._nonce = nonce or secrets.token_bytes(16)
        self._clock = clock
        self._random = random
        self._data_version = data_version
        self._in_threads = in_threads
        self._limiter = trio.CapacityLimiter(_THREADS)
        self._fetches = Fetches()
        self._clones = Clones((transport.peer_key, self._nonce))
        self._sign = sign
        self._budgets = Buckets(rate=costs.RATE, burst=costs.BURST, most=_BUDGETS)
        self._moves = Buckets(rate=1 / _MOVE_S, burst=_MOVES, most=_BUDGETS)
        self._gossip = Gossip()
        # Proofs that all neighbours have been told of; a session tells those found before it.
        self._proofs = 0
        self._show_seen_ms = steady_ms() + _FIRST_SHOW_SEEN_MS
        self._wake = trio.Event()
        self._moved = trio.Event()
        self._retry = trio.Event()
        self._version: int | None = None  # of the store, when it was looked at last
        self._dialling: set[str] = set()
        self._counts = dict.fromkeys(("sessions", "moved", "sessions_refused", "restarts"), 0)
        self.dialer = Dialer(transport.peer_id, random=random)

    async def run(self, *, task_status: trio.TaskStatus[list[str]]) -> Never:
        """Runs until cancelled; started(addresses) when the transport listens for the first time.

        Raises Unavailable where it cannot listen at the start; later failures are mended.
        """
        async with trio.open_nursery() as nursery:
            await nursery.start(self._serve)
            await self.call(self._mirror.refresh)
            nursery.start_soon(self._watch)
            nursery.start_soon(self._try_again)
            nursery.start_soon(self._dial, nursery)
            nursery.start_soon(self._resync)
            task_status.started(self._transport.addresses())
        raise AssertionError("unreachable: the tasks run for ever")

    def addresses(self) -> list[str]:
        """Where this node is reached."""
        return self._transport.addresses()

    def add_address(self, address: str, source: str) -> bool:
        """Learn where a neighbour may be; False where the address is of no use."""
        self._wake.set()
        return self.dialer.add(address, source)

    def shown(self) -> dict[str, dict[bytes, Point]]:
        """For each neighbour with a session past its first round, what it holds by its own word.

        Not a copy: what its session learns shows at once.
        """
        return {
            peer: link.session.view.shown
            for peer, link in self.links.items()
            if link.session.state is State.LIVE
        }

    def look_again(self) -> None:
        """What may be shown of own logs has changed, though the store has not."""
        self._version = None
        self._moved.set()

    def clock_offset_ms(self) -> int:
        """How far this computer's clock is behind its neighbours'."""
        offsets = [link.offset_ms for link in self.links.values()]
        return clock_offset_ms(offset for offset in offsets if offset is not None)

    def statistics(self) -> dict[str, int | float]:
        """Counters since the start, the transport's among them."""
        return {**self._transport.statistics(), **self._counts, "fetching": len(self._fetches)}

    # --- tasks ---

    async def _serve(self, *, task_status: trio.TaskStatus[None]) -> Never:
        """The transport, started again when it dies; search and everything else go on."""
        serve = partial(self._transport.serve, self._answer)
        await keep_serving(serve, self._set_own_addresses, self._counts, task_status)

    async def _answer(self, stream: Stream) -> None:
        """A neighbour has called."""
        may_call = self._budgets.of(stream.peer_id).take_if_there(costs.CALL, steady_ms())
        if len(self.links) >= MAX_SESSIONS or not may_call:
            self._counts["sessions_refused"] += 1
            await stream.reset()
            return
        await self._converse(stream, "")

    async def _converse(self, stream: Stream, address: str) -> None:
        """A session on this stream, to its end; whatever goes wrong ends with it."""
        try:
            await self._hold_session(stream, address)
        except Exception:
            # A fault of ours in one session costs that session, never the others or the daemon.
            log.exception("The session with %s has failed.", stream.peer_id)
            await stream.reset()

    async def _hold_session(self, stream: Stream, address: str) -> None:
        me = Me(self._network, self._store_id, self._nonce, tuple(self.addresses()), self._sign)
        # One for all its sessions: who calls again has not paid by that.
        session = Session(me, self._mirror, self._fetches, self._budgets.of(stream.peer_id))
        link = Link(stream, session, clock=self._clock, address=address)
        if not await self._admit(link):
            await stream.reset()
            return
        self._counts["sessions"] += 1
        self.dialer.connected(link.peer_id)
        try:
            await link.run(self._on_effect, self.call)
        finally:
            if self.links.get(link.peer_id) is link:
                del self.links[link.peer_id]
                self._gossip.forget(link.peer_id)
                self.dialer.lost(link.peer_id, steady_ms())
                if link.address and link.retry_s:
                    self.dialer.failed(link.address, steady_ms(), retry_s=link.retry_s)
            self._retry.set()

    async def _admit(self, link: Link) -> bool:
        """Whether this link is the one to keep with its neighbour.

        When both have dialled, the call of the one with the smaller id stays, at both ends; when
        the same side calls again, it has started anew, and the newer call stays.
        """
        present = self.links.get(link.peer_id)
        if present is not None:
            is_ours = bool(link.address)
            if bool(present.address) != is_ours:
                ours_stays = self._transport.peer_id < link.peer_id
                if is_ours != ours_stays:
                    return False
        # First the new one, then the end of the old: a third call meanwhile finds the new one.
        self.links[link.peer_id] = link
        if present is not None:
            await present.reset()
        return True

    async def _dial(self, nursery: trio.Nursery) -> Never:
        while True:
            self._wake = trio.Event()
            free = MAX_DIALLED - len(self._dialling)
            for address in self.dialer.due(steady_ms())[: max(0, free)]:
                self.dialer.failed(address, steady_ms())
                nursery.start_soon(self._call_neighbour, address)
            with trio.move_on_after(1.0):
                await self._wake.wait()

    async def _call_neighbour(self, address: str) -> None:
        self._dialling.add(address)
        try:
            stream = await self._transport.connect(address)
        except FedretailError as error:
            log.debug("%s: %s", address, error.message)
            return
        except Exception:
            log.exception("%s: a call has failed", address)
            return
        finally:
            self._dialling.discard(address)
        await self._converse(stream, address)

    async def _watch(self) -> Never:
        """Push what moved here, whichever process or session moved it."""
        ahead_ms = self._clock.now_ms() - steady_ms()
        while True:
            wait_ms = self._gossip.wait_ms(steady_ms(), self.shown())
            with trio.move_on_after(WATCH_S if wait_ms is None else min(WATCH_S, wait_ms / 1000)):
                await self._moved.wait()
            self._moved = trio.Event()
            slept_ms, ahead_ms = -ahead_ms, self._clock.now_ms() - steady_ms()
            if slept_ms + ahead_ms > SLEPT_S * 1000:
                await self._wake_up()
            try:
                present = self._data_version()
                if present != self._version:
                    self._version = present
                    for moved, seq in await self.call(self._mirror.refresh):
                        self._gossip.moved(moved, seq)
                    await self._prove()
                    owing = [one for one in self.links.values() if one.session.owes()]
                    await self._each(owing, Session.make_good)
                await self._push()
            except FedretailError as error:
                self._version = None
                log.warning("The store cannot be read: %s", error.message)
                await trio.sleep(_READ_AGAIN_S)

    async def _prove(self) -> None:
        """Tell every neighbour of new proofs: before anything else, and however often."""
        before, self._proofs = self._proofs, len(self._mirror.proofs())
        if before != self._proofs:
            await self._each(self.links.values(), Session.prove)

    async def _each(self, links: Iterable[Link], step: Callable[[Session], list[Effect]]) -> None:
        async with trio.open_nursery() as nursery:
            for link in list(links):
                nursery.start_soon(self._do, link, partial(step, link.session))

    async def _push(self) -> None:
        """Send what is due; a neighbour whose session is busy keeps no other waiting."""
        orders: dict[str, list[tuple[bytes, Point | None]]] = {}
        for peer, moved, base in self._gossip.due(steady_ms(), self.shown()):
            orders.setdefault(peer, []).append((moved, base))
        async with trio.open_nursery() as nursery:
            for peer, some in orders.items():
                if peer in self.links:
                    link = self.links[peer]
                    nursery.start_soon(self._do, link, partial(link.push_all, some))

    async def _wake_up(self) -> None:
        """After a sleep: no connection is worth anything, and all neighbours may have news."""
        log.info("This computer has slept: all sessions begin anew.")
        for link in list(self.links.values()):
            await link.reset()

    async def _resync(self) -> Never:
        while True:
            await trio.sleep(RESYNC_S * (0.5 + self._random()))
            if self.links:
                links = sorted(self.links.items())
                _, link = links[int(self._random() * len(links)) % len(links)]
                await self._do(link, link.session.resync)
                await self._show_seen(link)

    async def _show_seen(self, link: Link) -> None:
        """Once a day, show a neighbour all heads seen of one log; it may have seen others."""
        if steady_ms() < self._show_seen_ms:
            return
        self._show_seen_ms = steady_ms() + _SHOW_SEEN_MS
        shown = self._mirror.any_log(self._random())
        if shown is not None:
            await self._do(link, partial(link.session.show_seen, shown))

    async def _try_again(self) -> Never:
        """Ask again for what could not be had: another session had it, or nothing fitted."""
        while True:
            with trio.move_on_after(RETRY_S):
                await self._retry.wait()
            self._retry = trio.Event()
            wanting = [one for one in self.links.values() if one.session.wants_retry()]
            await self._each(wanting, Session.retry)

    async def _do(self, link: Link, step: Callable[[], list[Effect]]) -> None:
        """Let a session take a step; what goes wrong in it ends this session."""
        try:
            await link.do(step, self._on_effect, self.call)
        except FedretailError as error:
            log.info("%s: %s", link.peer_id, error.message)
            await link.reset()
        except Exception:
            log.exception("%s: a step has failed", link.peer_id)
            await link.reset()

    async def _on_effect(self, link: Link, effect: Effect) -> None:
        now_ms = self._clock.now_ms()
        match effect:
            case Moved():
                self._counts["moved"] += 1
                link.last_sync_ms = now_ms
                self._moved.set()
                self._retry.set()
            case Synced():
                link.last_sync_ms = now_ms
                self._retry.set()
                # What was shown of own logs during the first round, it may have missed.
                for log_id, seq in self._mirror.written():
                    self._gossip.moved(log_id, seq)
            case PeerClock(their_ms):
                link.offset_ms = their_ms - now_ms
                others = [one for one in self.links.values() if one is not link]
                told = [address for one in others for address in one.own_addresses]
                await self._do(link, partial(link.session.tell_addresses, told[:_TOLD]))
            case Greeted(nonce):
                seen = await self.call(partial(self._mirror.seen_beyond, link.peer_key))
                if lines := [*self._clones.met(link.peer_key, nonce), *seen_lines(seen)]:
                    await self._do(link, partial(link.session.tell, lines))
                if self._clones.is_twin(link.peer_key, nonce):
                    self._mirror.stop_writing()
            case Stated(witness) if self._clones.heard(link.peer_key, witness):
                self._mirror.stop_writing()
            case PeerAddresses(addresses):
                await self._learn_addresses(link, addresses)
            case Ended(code, text, _):
                log.info("%s: %s %s", link.peer_id, code, text)
        self.on_effect(link, effect)

    async def _learn_addresses(self, link: Link, addresses: list[str]) -> None:
        """Dial what a neighbour tells, and tell the others where it is itself."""
        for address in addresses:
            self.add_address(address, HEARSAY)
        own = tuple(one for one in addresses if one.endswith(f"/p2p/{link.peer_id}"))
        if own and own != link.own_addresses:
            link.own_addresses = own
            is_told = self._moves.of(link.peer_id).take_if_there(1, steady_ms())
            for other in [one for one in self.links.values() if is_told and one is not link]:
                await self._do(other, partial(other.session.tell_addresses, own))

    async def call(self, step: Callable[[], _T]) -> _T:
        """What `step`, which may wait for the store, returns."""
        if self._in_threads:
            return await trio.to_thread.run_sync(step, limiter=self._limiter)
        return step()

    def _set_own_addresses(self) -> None:
        hosts = map(parse_address, self._transport.addresses())
        self.dialer.set_own(one.host for one in hosts if one.kind != "dns4")
