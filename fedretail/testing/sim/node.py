"""One simulated computer: the real store, sessions and service, on a disk and a line that fail."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import trio

from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName, log_id
from fedretail.domain.kinds import registry
from fedretail.errors import FedretailError
from fedretail.p2p.effects import Effect, Moved
from fedretail.p2p.link import Link
from fedretail.p2p.memory import MemoryTransport
from fedretail.p2p.mirror import Mirror
from fedretail.p2p.service import SyncService
from fedretail.p2p.transport import Stream
from fedretail.store import schema
from fedretail.store.commits import Author
from fedretail.store.store import FILE_NAME, Store
from fedretail.testing.builders import SITE, Shop
from fedretail.testing.faults import Killed
from fedretail.testing.sim import oracles, trade
from fedretail.testing.sim.clock import WallClock
from fedretail.testing.sim.disk import Disk
from fedretail.testing.sim.ledger import Ledger
from fedretail.testing.sim.liars import Liar, Newer
from fedretail.testing.sim.network import SimNetwork, SimTransport
from fedretail.testing.sim.process import Process
from fedretail.testing.sim.wiretap import WireTap
from fedretail.testing.sim.world import World

NETWORK = b"network".ljust(32, b".")
# Between two commits of a shop, on the average.
_COMMIT_S = 12.0
# A computer that is down, or did not start, is started again after so long, unless told else.
_AGAIN_S = 5.0
_FOLLOW_S = 3.0
_UPKEEP_TURNS = 10
# Each is a transfer to all others: more make a run longer and show nothing more.
_MOST_INTERLEAVED = 50


@dataclass(slots=True)
class Street:
    """What all nodes of a run share."""

    world: World
    network: SimNetwork
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Plan:
    """What a node is: its name, and the shop it writes for, if any, with which device."""

    name: str
    seed: bytes
    shop: Shop | None = None
    device: int = 0
    # What it lies about; and whether it speaks as a later version would.
    lies: tuple[str, ...] = ()
    is_newer: bool = False

    @property
    def is_honest(self) -> bool:
        """Whether what it says is so."""
        return not self.lies


class SimNode:
    """A node that lives, dies and lives again."""

    def __init__(self, street: Street, plan: Plan, folder: Path) -> None:
        folder.mkdir()
        self.plan = plan
        self.name = plan.name
        self.world = street.world
        self.street = street
        self.clock = WallClock(street.world)
        self.disk = Disk(street.world, folder)
        self.disk.on_death = self.cut_power
        self.device: MemoryTransport = street.network.transport(plan.seed)
        street.network.names[self.device.peer_id] = plan.name
        self.transport = SimTransport(self.device, self._new_tap)
        self.path = folder / FILE_NAME
        # When its log was begun, the last time.
        self.incarnation = 0 if plan.shop is None else plan.shop.incarnation
        self.store: Store | None = None
        self.service: SyncService | None = None
        self.addresses: list[str] = []
        self.follower = oracles.Follower()
        self._processes: list[Process] = []
        self._boots = count()
        self._scope: trio.CancelScope | None = None
        self._is_power_cut = False
        self.is_busy = False
        self.is_rotten = False
        self._is_lost = False
        self.down_s = _AGAIN_S
        self._copy: dict[str, bytes] | None = None

    @property
    def author(self) -> Author | None:
        """As whom this node commits."""
        shop, device = self.plan.shop, self.plan.device
        return None if shop is None else shop.author(device, incarnation=self.incarnation)

    @property
    def log_name(self) -> LogName | None:
        """The log that this node writes."""
        return None if self.author is None else self.author.log(SITE)

    # --- life ---

    @property
    def is_up(self) -> bool:
        """Whether the node is running just now."""
        return self._scope is not None and not any(one.is_dead for one in self._processes)

    async def live(self) -> None:
        """Runs for ever: start, run until a crash, lose what a crash loses, start again."""
        while True:
            try:
                async with trio.open_nursery() as nursery:
                    self._scope = nursery.cancel_scope
                    await self._run(nursery)
            except* Killed:
                pass
            except* FedretailError as group:
                self.world.note("no start", self.name, type(group.exceptions[0]).__name__)
            self._end()
            await trio.sleep(self.down_s)

    async def _run(self, nursery: trio.Nursery) -> None:
        daemon = self._new_process()
        daemon.meanwhile = self._meanwhile
        self.store = self._open_sound(daemon)
        self.service = self._new_service(self.store)
        await nursery.start(self.service.run)
        nursery.start_soon(self._trade)
        nursery.start_soon(self._follow)
        self.world.note("up", self.name)
        await trio.sleep_forever()

    def _end(self) -> None:
        """What is left when all processes are gone."""
        self.world.note("down", self.name, "power" if self._is_power_cut else "")
        self._scope, self.store, self.service = None, None, None
        for process in self._processes:
            process.bury()
        self._processes.clear()
        if self._is_power_cut:
            self.disk.lose_power()
        self.disk.forget_shared()
        self._is_power_cut = False
        if self._is_lost:
            self._is_lost = False
            self.wipe()
            self.incarnation = max(self.incarnation + 1, self.clock.now_ms())
        elif self.plan.shop is None and self.world.is_faulty:
            self._age()
        self.street.network.awaken(self.device.peer_id, is_new=True)
        self.transport.is_off = False
        self.is_busy = False

    def _age(self) -> None:
        """What befalls the disk of somebody who can have it all again: an older copy, rot, loss.

        The log of a shop must be begun anew after that, which this version cannot do.
        """
        what = self.world.choose.random()
        if self._copy is None or what < 0.2:
            self._copy = self.disk.snapshot()
        elif what < 0.4:
            self.world.counts["disk restored"] += 1
            self.disk.restore(self._copy)
            self.follower = oracles.Follower()
        elif what < 0.6:
            self.world.counts["bit flipped"] += 1
            self.disk.flip(self.path)
            self.is_rotten = True
        elif what < 0.8:
            self.world.counts["disk lost"] += 1
            self.wipe()

    def begin_anew(self) -> None:
        """The disk of a shop is lost; the same key begins another log on a new one."""
        self.kill()
        self._is_lost = True

    def wipe(self) -> None:
        """A new disk."""
        self.disk.restore({})
        self.path.unlink(missing_ok=True)
        self.follower, self.is_rotten, self._copy = oracles.Follower(), False, None

    def kill(self) -> None:
        """Kill all processes of this computer."""
        for process in self._processes:
            process.stop()
        if self._scope is not None:
            self._scope.cancel()

    def cut_power(self) -> None:
        """The computer is off: nothing more is written, and nobody is told."""
        if self._scope is None:
            return
        self._is_power_cut = True
        self.transport.vanish()
        self.street.network.silence(self.device.peer_id)
        self.kill()

    def fall_asleep(self) -> None:
        """The lid is closed: nobody is told, and the clock stands still."""
        self.transport.is_off = True
        self.clock.stop()
        self.street.network.silence(self.device.peer_id)

    def wake(self) -> None:
        """The lid is open again."""
        self.transport.is_off = False
        self.clock.go_on()
        self.street.network.awaken(self.device.peer_id, is_new=False)

    def set_trap(self, calls: int) -> None:
        """Kill the daemon at one of its next calls of the store."""
        if self._processes:
            self._processes[0].kill_in = calls

    def unset_traps(self) -> None:
        """Let everything live."""
        for process in self._processes:
            process.kill_in = None

    # --- parts ---

    def _new_process(self) -> Process:
        process = Process(self.disk)
        self._processes.append(process)
        return process

    def _open_sound(self, process: Process) -> Store:
        """The store; one on a rotten disk that fsck, or opening it, finds damaged is begun anew."""
        try:
            return self._open(process)
        except (oracles.Rotten, FedretailError) as error:
            if not self.is_rotten or self.disk.is_full:
                raise
            self.world.note("rotten", self.name, type(error).__name__)
            self.world.counts["rotten disks replaced"] += 1
            process.bury()
            self._processes.remove(process)
            self.wipe()
            raise Killed from None

    def _open(self, process: Process) -> Store:
        """The store, made where there is none; what was acknowledged must be in it."""
        if not self.path.is_file():
            connection = process.connect(self.path)
            name = self.name.encode("utf-8").hex().ljust(32, "0")[:32]
            schema.create(connection, store_id=name, now_ms=self.clock.now_ms())
            connection.close()
        store = self._store(process)
        shop = self.plan.shop
        if shop is not None and store.meta("device") is None:
            store.add_auth(shop.grants)
            device = shop.devices[self.plan.device].public
            store.set_meta({"owner": shop.owner, "device": device})
        oracles.check_after_start(self, store)
        return store

    def _store(self, process: Process) -> Store:
        return Store.create(self.path, clock=self.clock, kinds=registry(), connect=process.connect)

    def _new_service(self, store: Store) -> SyncService:
        nonce = f"{self.name} {next(self._boots)}".encode().ljust(16, b".")
        service = SyncService(
            Mirror(store, NETWORK, has_space=lambda: not self.disk.is_full),
            self.transport,
            me=(NETWORK, self.name.encode("utf-8").ljust(16, b".")),
            clock=self.clock,
            random=self.world.choose.random,
            data_version=store.data_version,
            in_threads=False,
            nonce=nonce,
        )
        service.on_effect = self._on_effect
        for address in self.addresses:
            service.add_address(address, "ticket")
        return service

    def _new_tap(self, stream: Stream) -> Callable[[bytes], bytes]:
        peers = self.street.network.names
        place = (self.name, peers[stream.peer_id])
        if self.plan.lies:
            return Liar(self.world, place, list(self.plan.lies))
        tap = WireTap(self.world, self.street.ledger, place=place, held=self.held)
        return Newer(self.world, tap) if self.plan.is_newer else tap

    def held(self, log: bytes) -> int:
        """The seq at which this node's file holds a log now."""
        state = None if self.store is None else self.store.log(log)
        return 0 if state is None else state.point.seq

    def _on_effect(self, link: Link, effect: Effect) -> None:
        if isinstance(effect, Moved) and self.store is not None:
            oracles.check_moved(self, self.store, effect.log)

    async def _follow(self) -> None:
        """Read the feed, as the index does, and do what the daemon does once a minute."""
        assert self.store is not None
        self.follower.start(self.store)
        for turn in count():
            with suppress(FedretailError):
                self.follower.follow(self.store)
                if turn % _UPKEEP_TURNS == 0:
                    self.store.refold_due()
                    self.store.prune()
            await trio.sleep(_FOLLOW_S)

    # --- trade: the commands of the shop, each a process of its own ---

    async def _trade(self) -> None:
        if self.plan.shop is None:
            return
        while True:
            await trio.sleep(self.world.choose.expovariate(1 / _COMMIT_S))
            if self.world.is_faulty:
                self.commit()

    def commit(self) -> None:
        """One command of the shop, from its start to its end or its death."""
        process = self._new_process()
        self.is_busy = True
        try:
            store = self._store(process)
            self._commit(store)
            store.close()
        except FedretailError as error:
            self.world.note("no commit", self.name, type(error).__name__)
            self.world.counts["commits refused"] += 1
        except Killed:
            if self._is_power_cut or (self._scope is not None and self._scope.cancel_called):
                raise
            self.world.note("command killed", self.name)
        finally:
            self.is_busy = False
            process.bury()
            if process in self._processes:
                self._processes.remove(process)

    def _commit(self, store: Store) -> None:
        author, name = self.author, self.log_name
        assert author is not None
        assert name is not None
        ledger = self.street.ledger
        ledger.settle(log_id(name), own_head(store, name))
        edits = (
            []
            if self.world.happens(0.1)
            else trade.edits(self.world, is_large=self.world.happens(0.15))
        )
        is_renewal = not edits
        ledger.begin(name, edits)
        signed = store.renew(author, SITE) if is_renewal else store.commit(author, SITE, edits)
        if signed is not None:
            ledger.acknowledge(signed)
            self.world.note("commit", self.name, signed.head.seq, signed.id.hex()[:8])
            self.world.counts["commits"] += 1
            if self.world.is_faulty and self.world.happens(0.03):
                # The moment at which an answer too early shows.
                self.cut_power() if self.world.happens(0.7) else self.kill()

    def _meanwhile(self, sql: str) -> None:
        """Between two statements of the daemon: another process commits."""
        knobs, world = self.world.knobs, self.world
        if self.plan.shop is None or self.is_busy or not world.is_faulty:
            return
        if world.counts["interleaved"] >= _MOST_INTERLEAVED:
            return
        if any(process.is_writing for process in self._processes):
            return
        # Between a head and its rows it is most worth a try.
        is_rows = sql.startswith("SELECT kind, key, row")
        if world.happens(min(1.0, knobs.interleaving * (50 if is_rows else 1))):
            world.counts["interleaved"] += 1
            self.commit()
            self._processes[0].check()


def own_head(store: Store, name: LogName) -> SignedHead | None:
    """The newest head of a log in a store."""
    state = store.log(log_id(name))
    return None if state is None or state.head is None else SignedHead.parse(state.head)
