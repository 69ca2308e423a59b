"""One simulated computer: its disk, clock and line, the processes on it, and how they end."""

from pathlib import Path

import trio

from fedretail.store.store import FILE_NAME
from fedretail.testing.memory_network import MemoryTransport
from fedretail.testing.sim.clock import WallClock
from fedretail.testing.sim.disk import Disk
from fedretail.testing.sim.plans import Plan, Street
from fedretail.testing.sim.process import Process

# A computer that is down, or did not start, is started again after so long, unless told else.
_AGAIN_S = 5.0


class Computer:
    """What a node runs on; all of its processes end together, a single one by its own fault."""

    def __init__(self, street: Street, plan: Plan, folder: Path) -> None:
        folder.mkdir()
        self.plan = plan
        self.name = plan.name
        self.street = street
        self.world = street.world
        self.clock = WallClock(street.world)
        self.disk = Disk(street.world, folder)
        self.disk.on_death = self.cut_power
        self.device: MemoryTransport = street.network.transport(plan.seed)
        street.network.names[self.device.peer_id] = plan.name
        self.path = folder / FILE_NAME
        # Of the daemon, which is the first, and of commands.
        self.processes: list[Process] = []
        self.scope: trio.CancelScope | None = None
        self.is_off = False
        self.is_power_cut = False
        # The disk has lost a bit: what fsck finds from here on is no fault of the store.
        self.is_rotten = False
        self.down_s = _AGAIN_S
        # An older state of the disk, and how much was saved in all by then.
        self.copy: dict[str, bytes] | None = None
        self.copied_at = 0

    @property
    def is_up(self) -> bool:
        """Whether the node is running just now."""
        return self.scope is not None and not any(one.is_dead for one in self.processes)

    @property
    def is_ending(self) -> bool:
        """Whether all of it is about to end, not one process alone."""
        return self.is_power_cut or (self.scope is not None and self.scope.cancel_called)

    def new_process(self) -> Process:
        """One more process."""
        process = Process(self.disk)
        self.processes.append(process)
        return process

    def end_process(self, process: Process) -> None:
        """A process is over, in whatever way."""
        process.bury()
        if process in self.processes:
            self.processes.remove(process)

    def kill(self) -> None:
        """Kill all processes of this computer."""
        for process in self.processes:
            process.stop()
        if self.scope is not None:
            self.scope.cancel()

    def cut_power(self) -> None:
        """The computer is off: nothing more is written, and nobody is told."""
        if self.scope is None:
            return
        self.is_power_cut = True
        self.device.streams.clear()
        self.street.network.silence(self.device.peer_id)
        self.kill()

    def clear_up(self) -> None:
        """What is left when all processes are gone."""
        self.world.note("down", self.name, "power" if self.is_power_cut else "")
        self.scope = None
        for process in self.processes:
            process.bury()
        self.processes.clear()
        if self.is_power_cut:
            self.disk.lose_power()
        self.disk.forget_shared()
        self.is_power_cut = False

    def switch_on(self) -> None:
        """The line is there again; it knows nothing of the connections it had."""
        self.street.network.awaken(self.device.peer_id, is_new=True)
        self.is_off = False

    def fall_asleep(self) -> None:
        """The lid is closed: nobody is told, and the clock stands still."""
        self.is_off = True
        self.clock.stop()
        self.street.network.silence(self.device.peer_id)

    def wake(self) -> None:
        """The lid is open again."""
        self.is_off = False
        self.clock.go_on()
        self.street.network.awaken(self.device.peer_id, is_new=False)

    def set_trap(self, calls: int) -> None:
        """Kill the daemon at one of its next calls of the store."""
        if self.processes:
            self.processes[0].kill_in = calls

    def unset_traps(self) -> None:
        """Let everything live."""
        for process in self.processes:
            process.kill_in = None

    def copy_disk(self) -> None:
        """Keep a copy of the disk as it is; a daemon may be running, no command."""
        self.copy, self.copied_at = self.disk.snapshot(), self.street.ledger.said_count

    def wipe(self) -> None:
        """A new disk."""
        self.disk.restore({})
        self.path.unlink(missing_ok=True)
        self.is_rotten, self.copy = False, None
