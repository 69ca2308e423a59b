"""The commands of a simulated shop: each a process of its own, begun, ended or killed."""

from typing import TYPE_CHECKING

import trio

from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName, log_id
from fedretail.domain.kinds import registry
from fedretail.errors import FedretailError
from fedretail.store.store import Store
from fedretail.testing.faults import Killed
from fedretail.testing.sim import trade
from fedretail.testing.sim.process import Process

if TYPE_CHECKING:
    from fedretail.testing.sim.node import SimNode

# Between two commits of a shop, on the average.
_COMMIT_S = 12.0
# Each is a transfer to all others: more make a run longer and show nothing more.
_MOST_INTERLEAVED = 25


class Trader:
    """Who commits at one computer of a shop."""

    def __init__(self, node: "SimNode") -> None:
        self.is_busy = False
        # Statements until the next command is killed; None: it is not.
        self.kill_in: int | None = None
        self._node = node
        self._world = node.world

    async def trade(self) -> None:
        """Commit now and then, as long as there are faults."""
        while True:
            await trio.sleep(self._world.choose.expovariate(1 / _COMMIT_S))
            if self._world.is_faulty:
                self.commit(is_large=self._world.happens(0.15))

    def commit(self, *, is_large: bool = False) -> None:
        """One command of the shop, from its start to its end or its death."""
        node, world = self._node, self._world
        process = node.new_process()
        process.kill_in, self.kill_in = self.kill_in, None
        self.is_busy = True
        try:
            store = open_store(node, process)
            self._commit(store, is_large=is_large)
            store.close()
        except FedretailError as error:
            world.note("no commit", node.name, type(error).__name__)
            world.counts["commits refused"] += 1
        except Killed:
            if node.is_ending:
                raise
            world.note("command killed", node.name)
            world.counts["commands killed"] += 1
        finally:
            self.is_busy = False
            node.end_process(process)

    def _commit(self, store: Store, *, is_large: bool) -> None:
        node, world = self._node, self._world
        node.diary.look(store)
        author, name = node.author, node.log_name
        assert author is not None
        assert name is not None
        ledger = node.street.ledger
        ledger.settle(node.diary.truth(log_id(name)), own_head(store, name))
        edits = [] if world.happens(0.1) else trade.edits(world, is_large=is_large)
        truth = node.diary.opened(name)
        ledger.begin(truth, edits)
        signed = trade.signed(store, author, edits, node.lost)
        if signed is not None:
            ledger.acknowledge(truth, signed)
            world.note("commit", node.name, signed.head.seq, signed.id.hex()[:8])
            world.counts["commits"] += 1
            if world.is_faulty and world.happens(0.03):
                # The moment at which an answer too early shows.
                node.cut_power() if world.happens(0.7) else node.kill()

    def interfere(self, sql: str) -> None:
        """Between two statements of the daemon: another process commits."""
        node, world = self._node, self._world
        if not world.knobs.interleaving or self.is_busy or not world.is_faulty:
            return
        if world.counts["interleaved"] >= _MOST_INTERLEAVED:
            return
        if any(process.is_writing for process in node.processes):
            return
        # Between a head and its rows it is most worth a try.
        is_rows = sql.startswith("SELECT kind, key, row")
        if world.happens(min(1.0, world.knobs.interleaving * (50 if is_rows else 1))):
            world.counts["interleaved"] += 1
            self.commit(is_large=world.happens(0.15))
            node.processes[0].check()


def open_store(node: "SimNode", process: Process) -> Store:
    """The store of a node as one of its processes opens it."""
    return Store.create(node.path, clock=node.clock, kinds=registry(), connect=process.connect)


def own_head(store: Store, name: LogName) -> SignedHead | None:
    """The newest head of a log in a store."""
    state = store.log(log_id(name))
    return None if state is None or state.head is None else SignedHead.parse(state.head)
