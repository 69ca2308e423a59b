"""What goes wrong in a run, at random: the nemesis of all nodes."""

from collections.abc import Callable, Sequence

import trio

from fedretail.testing.sim.network import SimNetwork
from fedretail.testing.sim.node import SimNode
from fedretail.testing.sim.world import Knobs, World

# Between two faults, on the average.
_FAULT_S = 6.0
# Beyond what a clock may be off before stamps count as early.
_AHEAD_MS = 20 * 60 * 1000
_DAY_MS = 24 * 3600 * 1000


class Nemesis:
    """Lets one thing after the other go wrong until told to end."""

    def __init__(self, world: World, network: SimNetwork, nodes: Sequence[SimNode]) -> None:
        self._world = world
        self._network = network
        self._nodes = nodes
        deeds: dict[str, Callable[[], None]] = {
            "kill": self._kill,
            "power": self._power,
            "power after reading": self._cut_after_reading,
            "clock ahead for a while": self._run_ahead,
            "crash in a call": self._crash_in_a_call,
            "crash in a write": self._crash_in_a_write,
            "disk full": self._fill,
            "disk full in a write": self._fill_in_a_write,
            "disk freed": self._free,
            "partition": self._part,
            "mend": self._network.mend,
            "lines lost": self._lose,
            "lines dead": self._hang,
            "called twice": self._call,
            "command killed": self._kill_a_command,
            "eclipse": self._eclipse,
            "sleep": self._sleep,
            "wake": self._wake,
            "clock": self._jump,
            "begun anew": self._begin_anew,
            "slow": self._slow,
        }
        # A run has some of these faults, so that each is seen without the others too.
        names = sorted(deeds)
        kept = world.choose.sample(names, world.choose.randrange(4, len(names)))
        self._deeds = {name: deeds[name] for name in names if name in kept}
        self._asleep: list[SimNode] = []
        self._ahead: dict[SimNode, None] = {}

    async def run(self) -> None:
        """Faults until cancelled."""
        choose = self._world.choose
        knobs = self._world.knobs
        knobs.loss = choose.choice((0.0, 0.0, 0.05, 0.3))
        knobs.hints_lost = choose.choice((0.0, 0.0, 0.3, 0.95))
        knobs.interleaving = choose.choice((0.0, 0.002, 0.01))
        self._world.note("knobs", knobs)
        for node in self._nodes:
            node.clock.drift = choose.choice((0.0, 0.0, 0.2, -0.2))
        while True:
            await trio.sleep(choose.expovariate(1 / _FAULT_S))
            name = choose.choice(sorted(self._deeds))
            self._world.note("fault", name)
            self._world.counts[name] += 1
            self._deeds[name]()

    def end(self) -> None:
        """All faults are over: lines, disks, clocks and nodes are as they should be."""
        self._world.is_faulty = False
        self._world.calm_since_ms = self._world.now_ms()
        self._world.knobs = Knobs()
        self._network.mend()
        for node in self._nodes:
            if node in self._asleep:
                node.wake()
            node.clock.mend()
            node.transport.slowness_s = 0.0
            disk = node.disk
            disk.is_full, disk.full_in, disk.dead_in = False, None, None
            node.unset_traps()
            node.is_cut_after_reading = False
            node.down_s = 1.0

    def _one(self) -> SimNode:
        return self._world.choose.choice(self._nodes)

    def _kill(self) -> None:
        node = self._one()
        node.down_s = self._world.choose.choice((0.5, 5.0, 60.0))
        node.kill()

    def _power(self) -> None:
        node = self._one()
        node.down_s = self._world.choose.choice((0.5, 5.0, 60.0))
        node.cut_power()

    def _cut_after_reading(self) -> None:
        self._one().is_cut_after_reading = True

    def _run_ahead(self) -> None:
        """The clocks of a shop and of a reader are ahead; the reader's is right again before."""
        node = next(one for one in self._nodes if one.plan.shop is None)
        if node in self._ahead:
            del self._ahead[node]
            node.clock.jump(-_AHEAD_MS)
            return
        self._ahead[node] = None
        node.clock.jump(_AHEAD_MS)
        shops = [one for one in self._nodes if one.plan.shop is not None]
        self._world.choose.choice(shops).clock.jump(_AHEAD_MS)

    def _crash_in_a_call(self) -> None:
        self._one().set_trap(self._world.choose.randrange(1, 60))

    def _crash_in_a_write(self) -> None:
        self._one().disk.dead_in = self._world.choose.randrange(1, 80)

    def _fill(self) -> None:
        self._one().disk.is_full = True

    def _fill_in_a_write(self) -> None:
        self._one().disk.full_in = self._world.choose.randrange(1, 80)

    def _free(self) -> None:
        for node in self._nodes:
            node.disk.is_full = False

    def _part(self) -> None:
        some = set(self._world.choose.sample(range(len(self._nodes)), len(self._nodes) // 2))
        is_both = self._world.happens(0.6)
        for a, one in enumerate(self._nodes):
            for b, other in enumerate(self._nodes):
                if (a in some) != (b in some) and (is_both or a in some):
                    self._network.part(one.device.peer_id, other.device.peer_id)

    def _lose(self) -> None:
        one, other = self._world.choose.sample(list(self._nodes), 2)
        self._network.lose(one.device.peer_id, other.device.peer_id)

    def _hang(self) -> None:
        one, other = self._world.choose.sample(list(self._nodes), 2)
        self._network.hang(one.device.peer_id, other.device.peer_id)
        if self._world.happens(0.5):
            self._network.hang(other.device.peer_id, one.device.peer_id)

    def _call(self) -> None:
        one, other = self._world.choose.sample(list(self._nodes), 2)
        one.call(other)
        if self._world.happens(0.3):
            other.call(one)

    def _kill_a_command(self) -> None:
        node = self._one()
        # Which of two states a killed command of a cheat has left, the ledger would have to guess.
        if not node.plan.is_cheat:
            node.trader.kill_in = self._world.choose.randrange(1, 60)

    def _eclipse(self) -> None:
        """One node reaches nobody but one other: the liar, if there is one."""
        honest = [node for node in self._nodes if node.plan.is_honest]
        node = self._world.choose.choice(honest)
        others = [one for one in self._nodes if one is not node]
        liars = [one for one in others if not one.plan.is_honest]
        kept = self._world.choose.choice(liars or others)
        for other in others:
            if other is not kept:
                self._network.part(node.device.peer_id, other.device.peer_id)
                self._network.part(other.device.peer_id, node.device.peer_id)

    def _sleep(self) -> None:
        node = self._one()
        if node.is_up and node not in self._asleep:
            self._asleep.append(node)
            node.fall_asleep()

    def _wake(self) -> None:
        if self._asleep:
            self._asleep.pop().wake()

    def _begin_anew(self) -> None:
        node = self._one()
        is_shop = node.plan.shop is not None and not node.plan.is_cheat
        if is_shop and node.is_up and self._world.happens(0.6):
            node.begin_anew()

    def _jump(self) -> None:
        jump_ms = self._world.choose.choice((-_DAY_MS, -5000, 5000, 900_000, _DAY_MS))
        self._one().clock.jump(jump_ms)

    def _slow(self) -> None:
        node = self._one()
        node.transport.slowness_s = 0.0 if node.transport.slowness_s else 0.3
