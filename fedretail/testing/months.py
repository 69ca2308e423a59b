"""Months in the life of one shop's devices and their neighbours: what all such runs share.

Real stores with a clock in hand and small alphabets. Each step is some days, and who is awake
tidies up.
"""

import random  # noqa: TID251 - seeded once a run
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from fedretail.store.commits import Author
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock

DAY_MS = 24 * 3600 * 1000
FIELDS = ("name", "brand")
# What the rules must bear: nodes that sleep so long, or cannot get one of the logs.
NAP_DAYS = (10, 150)
# Who has met nobody for longer does not count the days: nothing leaves a log meanwhile.
_COUNTED_DAYS = 7


@dataclass(slots=True)
class Sleeper:
    """A node: its store, until which day it sleeps, when it last met somebody."""

    store: Store
    author: Author | None = None
    asleep_until: int = 0
    met_day: int = 0


SleeperT = TypeVar("SleeperT", bound=Sleeper)


class Months(Generic[SleeperT]):
    """One run of a shop with so many devices, and peers; `vacated`: rows that were emptied."""

    def __init__(
        self, folder: Path, seed: int, *, devices: int, peers: int, node: Callable[..., SleeperT]
    ) -> None:
        """`node`: makes one of its store, and its author where it is a device."""
        self.chance = random.Random(seed)
        self.clock = ManualClock()
        self.day = 0
        self.vacated = 0
        self.shop = builders.shop(devices=devices)
        stores = [
            builders.shop_store(folder, self.shop, clock=self.clock, device=number)
            for number in range(devices)
        ]
        self.devices = [node(one, self.shop.author(n)) for n, one in enumerate(stores)]
        strangers = [
            node(builders.peer_store(folder, f"peer{number}", self.shop, clock=self.clock))
            for number in range(peers)
        ]
        self.nodes = [*self.devices, *strangers]

    def close(self) -> None:
        """End all stores."""
        for node in self.nodes:
            node.store.close()

    def is_awake(self, node: SleeperT) -> bool:
        """Whether a node takes part on this day."""
        return self.day >= node.asleep_until

    def tidy_up(self, device: SleeperT, days: int) -> None:
        """What a device does about its log every few days, these having passed."""
        assert device.author is not None
        if self.day - device.met_day <= _COUNTED_DAYS:
            device.store.vacating.add_running(days * DAY_MS)
        self.vacated += device.store.vacating.run(device.author)
        device.store.renew(device.author, SITE)
