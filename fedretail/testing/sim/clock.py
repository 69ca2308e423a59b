"""The clock on the wall of one simulated computer: wrong, drifting, jumping, asleep."""

from fedretail.testing.sim.world import World


class WallClock:
    """A Clock that is `offset_ms` ahead of the right time, and stands still while asleep."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.offset_ms = 0
        # Milliseconds gained in a second.
        self.drift = 0.0
        self._stopped_ms: int | None = None

    def now_ms(self) -> int:
        """What this computer takes for the time, in milliseconds since 1970."""
        if self._stopped_ms is not None:
            return self._stopped_ms
        gained = int(self._world.now_ms() * self.drift / 1000)
        return self._world.true_ms() + self.offset_ms + gained

    def jump(self, ms: int) -> None:
        """Somebody, or a time server, has set the clock."""
        self.offset_ms += ms

    def stop(self) -> None:
        """The computer falls asleep: its clock is right again when it wakes."""
        self._stopped_ms = self.now_ms()

    def go_on(self) -> None:
        """The computer wakes."""
        self._stopped_ms = None

    def mend(self) -> None:
        """The clock is right from now on."""
        self.offset_ms, self.drift = 0, 0.0
        self.go_on()
