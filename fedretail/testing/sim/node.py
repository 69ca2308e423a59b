"""One simulated node: the real store, sessions and service, on a disk and a line that fail."""

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import trio

from fedretail.crdt.lineage import Absorbed
from fedretail.crdt.names import LogName
from fedretail.errors import FedretailError
from fedretail.p2p.asker import settle_own
from fedretail.p2p.effects import Effect, Moved
from fedretail.p2p.link import Link
from fedretail.p2p.mirror import Mirror
from fedretail.p2p.own import Own
from fedretail.p2p.service import SyncService
from fedretail.p2p.transport import Stream
from fedretail.store import schema
from fedretail.store.commits import Author
from fedretail.store.store import Store
from fedretail.testing.builders import SITE
from fedretail.testing.faults import Killed
from fedretail.testing.sim import oracles
from fedretail.testing.sim.cheats import CheatMirror, carried
from fedretail.testing.sim.computer import Computer
from fedretail.testing.sim.counting import CountingMirror
from fedretail.testing.sim.diary import Diary, WatchedLogs
from fedretail.testing.sim.liars import Liar
from fedretail.testing.sim.network import SimTransport
from fedretail.testing.sim.plans import Plan, Street
from fedretail.testing.sim.process import Process
from fedretail.testing.sim.speakers import Newer, Stutterer
from fedretail.testing.sim.trader import Trader, open_store
from fedretail.testing.sim.wiretap import Told, WireTap

NETWORK = b"network".ljust(32, b".")
_FOLLOW_S, _LATE_S = 3.0, 20.0
_UPKEEP_TURNS = 10


class SimNode(Computer):
    """A node that lives, dies and lives again."""

    def __init__(self, street: Street, plan: Plan, folder: Path) -> None:
        super().__init__(street, plan, folder)
        self.transport = SimTransport(self.device, self._new_tap, is_off=lambda: self.is_off)
        self.trader = Trader(self)
        self.store: Store | None = None
        self.service: SyncService | None = None
        self.addresses: list[str] = []
        self.follower = oracles.Follower()
        # When its log was begun, the last time.
        self.incarnation = 0 if plan.shop is None else plan.shop.incarnation
        # What its log has taken the place of.
        self.lost: Absorbed = ()
        self.diary = Diary(self)
        # Logs whose rows were damaged behind the back of its store, and not mended yet.
        self.damaged: set[bytes] = set()
        # Where logs stood when the proof came that they were signed twice.
        self.frozen: dict[tuple[bytes, str, bytes], dict[bytes, bytes | None]] = {}
        self.wasted_repairs = 0
        # What it lies about now, and whether the power fails when its index has read the feed.
        self.lies = list(plan.lies)
        self.is_cut_after_reading = False
        self._is_log_lost = self._is_put_back = False
        self._boots = count()
        # At what seq this process has held each log, at least.
        self._seen: dict[bytes, int] = {}
        self._told: Told = {}
        self._nursery: trio.Nursery | None = None

    @property
    def author(self) -> Author | None:
        """As whom this node commits."""
        shop, device = self.plan.shop, self.plan.device
        return None if shop is None else shop.author(device, incarnation=self.incarnation)

    @property
    def log_name(self) -> LogName | None:
        """The log that this node writes, which it may have begun anew."""
        return self.diary.written or (None if self.author is None else self.author.log(SITE))

    # --- life ---

    async def live(self) -> None:
        """Runs for ever: start, run until a crash, lose what a crash loses, start again."""
        while True:
            try:
                async with trio.open_nursery() as nursery:
                    self.scope, self._nursery = nursery.cancel_scope, nursery
                    await self._run(nursery)
            except* Killed:
                pass
            except* FedretailError as group:
                self.world.note("no start", self.name, type(group.exceptions[0]).__name__)
            self._end()
            await trio.sleep(self.down_s)

    async def _run(self, nursery: trio.Nursery) -> None:
        daemon = self.new_process()
        self.store = self._open_sound(daemon)
        self._seen.update(oracles.seqs_of(self.store))
        # Not before: what is written onto a rotten disk is in nobody's books.
        if self.plan.shop is not None:
            daemon.meanwhile = self.trader.interfere
        if self.lost and oracles.is_new(self, self.store):
            # As `init` does, which writes the site.
            self.trader.commit()
        own = self._new_own(self.store)
        self.service = self._new_service(self.store, own)
        await nursery.start(self.service.run)
        if own is not None:
            nursery.start_soon(settle_own, self.service, own)
        if self.plan.shop is not None:
            nursery.start_soon(self.trader.trade)
        nursery.start_soon(self._follow)
        self.world.note("up", self.name)
        await trio.sleep_forever()

    def _end(self) -> None:
        """What is left when all processes are gone, and what befalls the disk meanwhile."""
        self.store, self.service, self._nursery = None, None, None
        self._seen.clear()
        self._told, self.frozen = {}, {}
        self.clear_up()
        if self._is_log_lost:
            self._is_log_lost = False
            self._replace_disk()
        elif self._is_put_back:
            self._is_put_back = False
            self._put_copy_back()
        elif self.world.is_faulty and not self.plan.is_cheat:
            self._age()
        self.switch_on()

    def _age(self) -> None:
        """What befalls a disk: rot; of somebody who can have it all again, an older copy, loss."""
        what = self.world.choose.random()
        if self.plan.shop is not None:
            if what < 0.15:
                self._rot()
            elif what < 0.4:
                self.copy_disk()
        elif self.copy is None or what < 0.2:
            self.copy_disk()
        elif what < 0.4:
            self.world.counts["disk restored"] += 1
            self.disk.restore(self.copy)
            self.follower = oracles.Follower()
        elif what < 0.6:
            self._rot()
        elif what < 0.8:
            self.world.counts["disk lost"] += 1
            self._replace_disk()

    def _rot(self) -> None:
        """A bit rots; one that fsck cannot see is put right, as all else would be in doubt."""
        disk = self.disk
        if disk.is_full or disk.full_in is not None or disk.dead_in is not None:
            return
        self._checkpoint()
        sound = disk.snapshot()
        disk.flip(self.path)
        rotten = disk.snapshot()
        self.is_rotten = self._finds_damage()
        disk.restore(rotten if self.is_rotten else sound)
        self.world.counts["bits flipped" if self.is_rotten else "bits flipped unseen"] += 1

    def _checkpoint(self) -> None:
        """Move what stands in the WAL into the file, where rot would find it a day later."""
        process = self.new_process()
        connection = process.connect(self.path)
        connection.execute("SELECT 1 FROM sqlite_master").fetchall()
        connection.close()
        self.end_process(process)

    def _finds_damage(self) -> bool:
        process = self.new_process()
        try:
            return any(problems for _, problems in open_store(self, process).check())
        except FedretailError:
            return True
        finally:
            self.end_process(process)

    def _replace_disk(self) -> None:
        """All is lost; a shop begins another log with the same key on a new disk."""
        self.wipe()
        self.follower = oracles.Follower()
        if self.plan.shop is not None:
            name = self.log_name
            assert name is not None
            self.lost = self.street.ledger.given_up(name)
            newest = self.street.ledger.newest_incarnation(name)
            self.incarnation = max(self.incarnation, newest, self.clock.now_ms()) + 1
            self.diary = Diary(self)

    def _put_copy_back(self) -> None:
        """The disk of a shop is as it was once."""
        assert self.copy is not None
        self.world.counts["own disk restored"] += 1
        self.disk.restore(self.copy)
        self.follower = oracles.Follower()
        process = self.new_process()
        seqs = oracles.seqs_of(open_store(self, process))
        self.end_process(process)
        self.diary.put_back(seqs, self.copied_at)

    def put_back(self) -> None:
        """The computer of a shop ends, and comes back with an older copy of its disk."""
        self.kill()
        self._is_put_back = True

    def begin_anew(self) -> None:
        """The disk of a shop is lost; the same key begins another log on a new one."""
        self.kill()
        self._is_log_lost = True

    def call(self, other: "SimNode") -> None:
        """Dial a neighbour, whether there is a session with it or not."""
        if self.service is not None and self._nursery is not None:
            self._nursery.start_soon(self.service._call_neighbour, str(other.device.place))

    # --- parts ---

    def _open_sound(self, process: Process) -> Store:
        """The store; one on a rotten disk that fsck, or opening it, finds damaged is begun anew."""
        try:
            return self._open(process)
        except (oracles.Rotten, FedretailError) as error:
            is_full = isinstance(error, FedretailError) and self.disk.is_full
            if not self.is_rotten or is_full:
                raise
            self.world.note("rotten", self.name, type(error).__name__)
            self.world.counts["rotten disks replaced"] += 1
            self.end_process(process)
            self._replace_disk()
            raise Killed from None

    def _open(self, process: Process) -> Store:
        """The store, made where there is none; what was acknowledged must be in it."""
        if not self.path.is_file():
            connection = process.connect(self.path)
            name = self.name.encode("utf-8").hex().ljust(32, "0")[:32]
            schema.create(connection, store_id=name, now_ms=self.clock.now_ms())
            connection.close()
        store = open_store(self, process)
        shop = self.plan.shop
        if shop is not None and store.meta("device") is None:
            store.add_auth(shop.grants)
            device = shop.devices[self.plan.device].public
            # Whoever names the logs that it gives up knows how late they were.
            last = self.street.ledger.newest_stamp(device) if self.lost else 0
            store.set_meta({"owner": shop.owner, "device": device, "last_stamp": last})
        oracles.check_after_start(self, store)
        return store

    def _new_service(self, store: Store, own: Own | None) -> SyncService:
        nonce = f"{self.name} {next(self._boots)}".encode().ljust(16, b".")
        service = SyncService(
            self._new_mirror(store, own),
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

    def _new_own(self, store: Store) -> Own | None:
        """What asks neighbours for this node's own logs; who signs twice does not ask."""
        if self.author is None or self.plan.is_cheat:
            return None
        store.own_logs = WatchedLogs(self, store)
        return Own(store, self.author, is_asking=True)

    def _new_mirror(self, store: Store, own: Own | None) -> Mirror:
        def has_space() -> bool:
            return not self.disk.is_full

        if self.plan.is_cheat:
            return CheatMirror(store, NETWORK, has_space=has_space)
        mirror = CountingMirror(store, NETWORK, has_space=has_space, own=own)
        mirror.on_wasted = self._count_wasted
        return mirror

    def _count_wasted(self) -> None:
        self.world.counts["repairs wasted"] += 1
        self.wasted_repairs += 1

    def _new_tap(self, stream: Stream) -> Callable[[bytes], bytes]:
        peers = self.street.network.names
        place = (self.name, peers[stream.peer_id])
        if self.plan.lies:
            return Liar(self.world, place, self.lies)
        if self.plan.is_cheat:
            return carried(self.world, place)
        told = self._told
        tap = WireTap(self.world, self.street.ledger, place=place, holds=self.holds, told=told)
        if self.plan.is_newer:
            return Newer(self.world, tap)
        return Stutterer(self.world, tap) if self.plan.is_stuttering else tap

    def holds(self, log: bytes, seq: int) -> bool:
        """Whether this node's file holds a log at this seq, or a later one, or has until just now.

        What was on its way to a neighbour may name a log that a later one has taken the place of.
        """
        self.diary.show(log, seq)
        if self._seen.get(log, 0) < seq and self.store is not None:
            state = self.store.log(log)
            self._seen[log] = 0 if state is None else state.point.seq
        is_held = self._seen.get(log, 0) >= seq
        if is_held:
            self.street.ledger.hold(log, seq, by=self.author)
        return is_held

    def _on_effect(self, link: Link, effect: Effect) -> None:
        if isinstance(effect, Moved) and self.store is not None:
            oracles.check_moved(self, self.store, effect.log)
            self._seen.update(oracles.seqs_of(self.store))

    async def _follow(self) -> None:
        """Read the feed, as the index does, and do what the daemon does once a minute."""
        assert self.store is not None
        # An index that is busy otherwise looks late, when there are new entries already.
        await trio.sleep(self.world.choose.choice((0.0, 0.0, _LATE_S)))
        self.follower.start(self.store)
        for turn in count():
            cursor = self.follower.cursor
            with suppress(FedretailError):
                self.follower.follow(self.store)
                if self.is_cut_after_reading and self.follower.cursor != cursor:
                    self.is_cut_after_reading = False
                    self.cut_power()
                if turn % _UPKEEP_TURNS == 0:
                    self.store.refold_due()
                    self.store.prune()
            await trio.sleep(_FOLLOW_S)
