"""The second act: nothing fails any more, so what is new is everywhere soon, and costs little."""

import trio

from fedretail.crdt.names import LogName, log_id
from fedretail.testing.sim import oracles
from fedretail.testing.sim.liars import SUBTLE
from fedretail.testing.sim.node import SimNode
from fedretail.testing.sim.plans import Street

# After the last fault all must have converged: a neighbour that was dropped is left alone for
# 60 s, dialled again 90 s later at worst, and a liar may hold a transfer for as long before.
CONVERGE_S = 600.0
# A commit is pushed after 5 s of quiet and looked for every second, over three neighbours at most;
# where a session was given up, or a liar owes the rows, all as above.
PROMPT_S, PROMPT_BESIDE_LIAR_S = 10.0, 60.0
# Nothing happens any more, so nothing much may be said.
QUIET_S = 30.0
_LOOK_S = 2.0
FAR_AHEAD_MS = 30 * 24 * 3600 * 1000
_AWAY_S, _ECHO_S = 20.0, 8.0
# So long after that it is called.
_CALL_S = 5.0
# Lies that one node hears in a row, and for how long each: a start, a dial, a push, a transfer.
_TEMPTATIONS, _TEMPTED_S = 3, 12.0
# What a session costs beside what differs, both ways: greetings, ids, addresses; what a later head
# costs beside its rows: itself, its name, a question, an answer. The most of 900 runs, and one
# message more: who greets a shop tells it of heads of its own whose rows never came.
_SESSION_BYTES, _HEAD_BYTES = 1700, 350
_SESSION_MESSAGES, _HEAD_MESSAGES = 17, 4
# Deflated rows; changes name fewer fields, and a push that crosses a transfer brings them again.
_ROWS_FACTOR = 2.0
# Whoever is lied to asks another.
_BESIDE_LIAR_FACTOR = 2.0


class Calm:
    """What is looked at when all faults are over."""

    def __init__(self, street: Street, nodes: list[SimNode]) -> None:
        self._street = street
        self._world = street.world
        self._liars = [node for node in nodes if node.plan.lies]
        self._honest = [node for node in nodes if node.plan.is_honest]
        self._has_rogue = len(self._honest) < len(nodes)

    async def converge(self) -> None:
        """All come to the same."""
        took_s = await self.agree()
        self._world.counts["converged after s"] = round(took_s)

    async def agree(self) -> float:
        """Seconds until all have the newest of all honest logs."""
        return await self._agree("convergence", self._honest, CONVERGE_S)

    async def judge(self) -> None:
        """All is quiet: files and folds must be right, and nobody may chatter."""
        before = self._world.spoken()
        await trio.sleep(QUIET_S)
        oracles.check_quiet(self._world, self._honest, spoken=self._world.spoken() - before)
        oracles.check_folds(self._honest)
        for node in self._honest:
            assert node.store is not None
            oracles.check_file(node, node.store)
            oracles.check_logs(node, node.store)

    async def trade(self) -> None:
        """Commits are everywhere soon; who was away meanwhile catches up for little."""
        busy_ms = self._world.busy_until_ms - self._world.now_ms()
        if busy_ms > 0:
            await trio.sleep(busy_ms / 1000 + _CALL_S)
        away = self._world.choose.choice(self._honest)
        others = [node for node in self._honest if node is not away]
        held = {} if away.store is None else oracles.seqs_of(away.store)
        away.down_s = _AWAY_S
        away.kill()
        for node in others:
            if node.plan.shop is not None:
                node.trader.commit(is_large=self._world.happens(0.5))
        self._world.forget_spoken()
        limit_s = PROMPT_BESIDE_LIAR_S if self._has_rogue else PROMPT_S
        took_s = await self._agree("prompt", others, limit_s)
        self._world.counts["told after s"] = round(took_s)
        await trio.sleep(max(0.0, _AWAY_S - took_s))
        took_s = await self._agree("prompt", self._honest, CONVERGE_S)
        self._world.counts["caught up after s"] = round(took_s)
        # Until pushes that crossed the transfer have gone out too.
        await trio.sleep(_ECHO_S)
        self._check_budget(away, held)

    async def tempt(self) -> None:
        """Somebody hears of the others from a liar alone, who has one lie after the other."""
        if not self._liars:
            return
        world, network = self._world, self._street.network
        victim, liar = world.choose.choice(self._honest), self._liars[0]
        world.calm_since_ms = None
        for other in self._honest:
            if other is not victim:
                network.part(victim.device.peer_id, other.device.peer_id)
                network.part(other.device.peer_id, victim.device.peer_id)
        world.knobs.lying = 0.8
        for lie in world.choose.sample(SUBTLE, _TEMPTATIONS):
            liar.lies[:] = [lie]
            # One that has just started bears no grudge, and asks for all that it has missed.
            victim.down_s = 0.5
            victim.kill()
            for node in self._honest:
                if node is not victim and node.plan.shop is not None:
                    node.trader.commit()
            await trio.sleep(_TEMPTED_S)
        world.knobs.lying = 0.5
        network.mend()
        # Who has waited for somebody behind the partition may still give up.
        world.calm_since_ms = world.now_ms()
        await self.agree()

    async def whisper(self) -> None:
        """Where no push arrives any more, comparisons find what is new."""
        world = self._world
        if world.happens(0.75):
            return
        world.knobs.hints_lost = 1.0
        shops = [node for node in self._honest if node.plan.shop is not None]
        world.choose.choice(shops).trader.commit()
        took_s = await self.agree()
        world.counts["compared after s"] = round(took_s)
        world.knobs.hints_lost = 0.0

    def end(self) -> None:
        """Who has read every feed to its end knows every record."""
        for node in self._honest:
            assert node.store is not None
            # Stamps of clocks that ran ahead are in force by then, wherever they were seen.
            node.clock.jump(FAR_AHEAD_MS)
            oracles.check_follower(node, node.store)
            oracles.check_kept(node, node.store, self._names())
            if node.store.own_logs.stopped:
                self._world.violated("stopped", f"{node.name} writes no more, and has no copy")

    async def _agree(self, oracle: str, nodes: list[SimNode], limit_s: float) -> float:
        """Seconds until these nodes have the newest of all honest logs."""
        began_s = trio.current_time()
        while told := oracles.differences(nodes, self._logs()):
            if trio.current_time() - began_s > limit_s:
                self._world.violated(oracle, "; ".join(told))
            await trio.sleep(_LOOK_S)
        return trio.current_time() - began_s

    def _logs(self) -> list[bytes]:
        """The logs that honest devices write now; one begun anew has taken another's place."""
        return [log for log in map(log_id, self._names()) if log in self._street.ledger.truths]

    def _names(self) -> list[LogName]:
        return [node.log_name for node in self._honest if node.log_name is not None]

    def _check_budget(self, away: SimNode, held: dict[bytes, int]) -> None:
        """What honest neighbours and one who was away have said to catch up."""
        if away.store is None or oracles.is_new(away, away.store):
            # A shop that has not written anything yet asks again and again for what it gave up.
            return
        missed = self._street.ledger.missed(held)
        sessions = len(self._honest) - 1
        heads = len(missed) * sessions
        factor = _BESIDE_LIAR_FACTOR if self._has_rogue else 1.0
        rows_bytes = _ROWS_FACTOR * sum(missed.values())
        most_bytes = factor * (sessions * _SESSION_BYTES + heads * _HEAD_BYTES + rows_bytes)
        most_messages = factor * (sessions * _SESSION_MESSAGES + heads * _HEAD_MESSAGES)
        spoken, messages = self._world.spoken_with(away.name)
        self._world.counts["caught up bytes"] = spoken
        self._world.counts["caught up bytes at most"] = round(most_bytes)
        if spoken > most_bytes or messages > most_messages:
            what = f"{spoken} of {most_bytes:.0f} bytes, {messages} of {most_messages:.0f} messages"
            self._world.violated("budget", f"{away.name} has caught up with {what}")
