"""The third act: a shop's disk is put back, rows are damaged, and a cheat is unmasked."""

from typing import Any

import trio

from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import log_id
from fedretail.crdt.row import stored_row
from fedretail.store.logs import rows_of
from fedretail.testing.sim import oracles
from fedretail.testing.sim.calm import CONVERGE_S, Calm
from fedretail.testing.sim.liars import SUBTLE
from fedretail.testing.sim.node import SimNode
from fedretail.testing.sim.plans import Street

# In one of so many runs a shop's own rows are damaged.
_OWN_ROT = 4
_LOOK_S = 2.0
# A liar alone with somebody who repairs: a neighbour is asked once in 90 s, be it only one.
_ALONE_S = 100.0
# What a proof must stop from then on would be everywhere by then.
_STILL_S = 20.0


class Trials:
    """What is looked at after that."""

    def __init__(self, street: Street, nodes: list[SimNode], calm: Calm) -> None:
        self._street = street
        self._world = street.world
        self._calm = calm
        self._honest = [node for node in nodes if node.plan.is_honest]
        self._shops = [node for node in self._honest if node.plan.shop is not None]
        self._liars = [node for node in nodes if node.plan.lies]
        self._cheats = [node for node in nodes if node.plan.is_cheat]

    # --- a disk is put back ---

    async def put_back(self) -> None:
        """A shop's computer comes back with an older copy of its disk, and is disturbed in that."""
        world = self._world
        if world.happens(0.5):
            return
        node = world.choose.choice(self._shops)
        if node.copy is None or world.happens(0.5):
            node.copy_disk()
        for _ in range(world.choose.choice((0, 1, 3))):
            node.trader.commit()
        # All that was shown is with all: one of two neighbours that answer will know.
        await self._calm.agree()
        if world.happens(0.3):
            # This one nobody sees.
            node.trader.commit()
        world.note("put back", node.name)
        # Who is left by a neighbour without power waits for it.
        world.calm_since_ms = None
        node.down_s = 0.5
        node.put_back()
        await self._disturb(node)
        world.calm_since_ms = world.now_ms()
        await self._calm.agree()
        for one in self._honest:
            assert one.store is not None
            oracles.check_logs(one, one.store)
            oracles.check_kept(one, one.store, [name for name in [node.log_name] if name])

    async def _disturb(self, node: SimNode) -> None:
        """While neighbours are asked: commits, crashes, lost pieces, one of them away."""
        world = self._world
        world.knobs.loss = world.choose.choice((0.0, 0.0, 0.05))
        if world.happens(0.3):
            away = world.choose.choice([one for one in self._honest if one is not node])
            away.down_s = 20.0
            away.kill()
        for _ in range(world.choose.choice((0, 1, 2, 4))):
            await trio.sleep(world.choose.choice((0.1, 0.6, 1.0, 3.0)))
            match world.choose.randrange(5):
                case 0:
                    node.set_trap(world.choose.randrange(1, 200))
                case 1 if node.is_up:
                    node.cut_power()
                case 2 if node.copy is not None and world.happens(0.3):
                    node.put_back()
                case _:
                    node.trader.commit()
        await trio.sleep(world.choose.choice((1.0, 15.0)))
        node.unset_traps()
        node.down_s = 1.0
        world.knobs.loss = 0.0
        # So that there is something that only the log as it was begun anew can tell.
        node.trader.commit()

    # --- rows are damaged ---

    async def mend(self) -> None:
        """Rows of somebody's copies are damaged; found by a recount, they are mended in time."""
        world = self._world
        if world.happens(0.5):
            return
        victim = world.choose.choice(self._honest)
        logs = self._damage(victim)
        if not logs:
            return
        world.damaged.add(victim.name)
        self._recount(victim, logs)
        accused = self._accused_by(victim)
        wasted = victim.wasted_repairs
        if self._liars:
            await self._leave_alone_with_liar(victim)
        began_s = trio.current_time()
        while told := self._unmended(victim):
            if trio.current_time() - began_s > CONVERGE_S:
                world.violated("mended", f"{victim.name}: {told}")
            await trio.sleep(_LOOK_S)
        world.damaged.clear()
        world.counts["mended after s"] = round(trio.current_time() - began_s)
        if victim.wasted_repairs - wasted > self._accused_by(victim) - accused:
            world.violated("mended", f"{victim.name} has let somebody waste more than one repair")

    def _damage(self, victim: SimNode) -> list[bytes]:
        """Change rows of one or two logs of others, or of its own, behind the back of the store."""
        assert victim.store is not None
        is_own = victim in self._shops and self._world.seed % _OWN_ROT == 0
        names = [node.log_name for node in self._shops if (node is victim) is is_own]
        held = oracles.seqs_of(victim.store)
        logs = [log_id(name) for name in names if name is not None and log_id(name) in held]
        chosen = self._world.choose.sample(logs, min(len(logs), self._world.choose.choice((1, 2))))
        process = victim.new_process()
        connection = process.connect(victim.path)
        with connection.transaction(durable=True):
            for log in chosen:
                state = victim.store.log(log)
                assert state is not None
                rows = list(rows_of(connection, state.number))
                if rows:
                    self._damage_row(connection, state.number, self._world.choose.choice(rows))
                    victim.damaged.add(log)
                    self._world.counts["own log damaged" if is_own else "log damaged"] += 1
        connection.close()
        victim.end_process(process)
        return sorted(victim.damaged)

    def _damage_row(self, connection: Any, number: int, row: tuple[Any, int, bytes]) -> None:
        key, _, packed = row
        place = (number, *key)
        where = "WHERE log = ? AND kind = ? AND key = ?"
        what = self._world.choose.choice(("gone", "torn", "other", "older"))
        self._world.counts[f"row {what}"] += 1
        found = stored_row(packed)
        match what:
            case "gone":
                connection.execute(f"DELETE FROM row {where}", place)
                return
            case "torn":
                new = packed[: len(packed) // 2]
            case "other":
                new = found._replace(groups=[(1, {"name": "damaged"})]).pack()
            case _:
                new = found._replace(groups=found.groups[1:]).pack()
                # Of a row with one group there is nothing older.
                new = new if found.groups else packed[:1]
        connection.execute(f"UPDATE row SET row = ? {where}", (new, *place))

    def _recount(self, victim: SimNode, logs: list[bytes]) -> None:
        """What the daemon does once a day, with one log each time."""
        assert victim.store is not None
        count = len(victim.store.heads())
        for number in range(count):
            victim.store.upkeep.check_one((number + 0.5) / count)
        if missed := set(logs) - set(victim.store.repairs.damaged()):
            self._world.violated("fsck", f"{victim.name} overlooks {len(missed)} damaged logs")

    async def _leave_alone_with_liar(self, victim: SimNode) -> None:
        network, liar = self._street.network, self._liars[0]
        for other in self._honest:
            if other is not victim:
                network.part(victim.device.peer_id, other.device.peer_id)
                network.part(other.device.peer_id, victim.device.peer_id)
        # Longer than anybody waits for an answer.
        self._world.calm_since_ms = None
        self._world.knobs.lying = 0.8
        liar.lies[:] = self._world.choose.sample(SUBTLE, 2)
        await trio.sleep(_ALONE_S)
        self._world.knobs.lying = 0.5
        network.mend()
        self._world.calm_since_ms = self._world.now_ms()

    def _accused_by(self, victim: SimNode) -> int:
        accusations = self._world.accusations
        return sum(accusations[place] for place in accusations if place[0] == victim.name)

    def _unmended(self, victim: SimNode) -> str:
        """What is still wrong; a log that is right again is no longer among the damaged."""
        if victim.store is None:
            return "is down"
        for log in sorted(victim.damaged):
            oracles.check_log(victim, victim.store, log)
        left = len(victim.damaged), len(victim.store.repairs.damaged())
        return f"{left[0]} logs damaged, {left[1]} noted" if any(left) else ""

    # --- a cheat is unmasked ---

    async def unmask(self) -> None:
        """Two states of one number are signed; all come to know, and stay where they are."""
        if not self._cheats:
            return
        self._sign_twice()
        await self._all_have_proof()
        self._check_frozen()
        for cheat in self._cheats:
            cheat.trader.commit()
        await trio.sleep(_STILL_S)
        self._check_frozen()
        # Who knows nothing is told by neighbours, whatever has become of the cheat.
        for cheat in self._cheats:
            cheat.down_s = 2 * CONVERGE_S
            cheat.kill()
        reader = next(node for node in self._honest if node.plan.shop is None)
        reader.begin_anew()
        await trio.sleep(_STILL_S)
        await self._all_have_proof()
        await self._calm.agree()

    async def _all_have_proof(self) -> None:
        began_s = trio.current_time()
        while told := [node.name for node in self._honest if not self._has_proof(node)]:
            if trio.current_time() - began_s > CONVERGE_S:
                self._world.violated("proof", f"{', '.join(told)}: no proof against the cheat")
            await trio.sleep(_LOOK_S)
        self._world.counts["unmasked after s"] = round(trio.current_time() - began_s)

    def _check_frozen(self) -> None:
        for node in self._honest:
            assert node.store is not None
            oracles.check_frozen(node, node.store)
            self._check_accused(node)

    def _sign_twice(self) -> None:
        """Both go on to one number, and sign it over other rows."""
        one, other = self._cheats
        while True:
            heads = [self._head(node) for node in (one, other)]
            seqs = [0 if head is None else head.head.seq for head in heads]
            digests = [b"" if head is None else head.head.digest for head in heads]
            if seqs[0] == seqs[1] and digests[0] != digests[1]:
                return
            behind = one if seqs[0] <= seqs[1] else other
            behind.trader.commit()
            if seqs[0] == seqs[1]:
                other.trader.commit()

    def _head(self, node: SimNode) -> SignedHead | None:
        name = node.log_name
        if node.store is None or name is None:
            return None
        state = node.store.log(log_id(name))
        return None if state is None or state.head is None else SignedHead.parse(state.head)

    def _has_proof(self, node: SimNode) -> bool:
        cheat = self._cheats[0].plan.shop
        assert cheat is not None
        if node.store is None:
            return False
        return any(found.name.owner == cheat.owner for _, found in node.store.trust.proofs())

    def _check_accused(self, node: SimNode) -> None:
        """Nobody else has signed anything twice."""
        assert node.store is not None
        cheat = self._cheats[0].plan.shop
        assert cheat is not None
        for _, found in node.store.trust.proofs():
            if found.name.owner != cheat.owner:
                self._world.violated("proof", f"{node.name} has one against an honest shop")
