"""Who lives in a simulated street, and what all of them share."""

from dataclasses import dataclass, replace

from fedretail.testing.builders import Shop, shop
from fedretail.testing.sim import liars
from fedretail.testing.sim.ledger import Ledger
from fedretail.testing.sim.network import SimNetwork
from fedretail.testing.sim.wiretap import CHEATS, LIAR
from fedretail.testing.sim.world import World

# With a cheat, who is two: two honest shops and a reader.
_LEAST = 5


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
    # What it lies about; whether it speaks as a later version would, or says things twice.
    lies: tuple[str, ...] = ()
    # One of two computers that sign with one device key, each what it likes.
    is_cheat: bool = False
    is_newer: bool = False
    is_stuttering: bool = False

    @property
    def is_honest(self) -> bool:
        """Whether what it says is so."""
        return not self.lies and not self.is_cheat


def plans(world: World, count: int) -> list[Plan]:
    """Who lives in the street: shops, one with two devices at times, a reader, a rogue."""
    shops = [shop(f"shop {n}") for n in range(count - 2)]
    found = [_plan(one, 0) for one in shops]
    if world.happens(0.3):
        twin = shop("shop 0", devices=2)
        found[:1] = [_plan(twin, 0), _plan(twin, 1)]
        found.pop()
    found.append(Plan("reader", b"reader".ljust(32, b".")))
    last = shop("last")
    lies = tuple(liars.any_lie(world)) if world.happens(0.7) else ()
    found.append(Plan(LIAR if lies else "last", _seed(last, 0), last, 0, lies=lies))
    if world.happens(0.3):
        found[0] = replace(found[0], is_newer=True)
    if world.happens(0.3):
        found[1] = replace(found[1], is_stuttering=True)
    if world.happens(0.2):
        found[-1:] = _cheats()
        if len(found) > _LEAST:
            del found[2]
    return found


def _cheats() -> list[Plan]:
    """A shop that runs a copy of its computer, and lets both write."""
    owner = shop("cheat")
    one, other = CHEATS
    return [
        Plan(one, _seed(owner, 0), owner, 0, is_cheat=True),
        Plan(other, b"copy".ljust(32, b"."), owner, 0, is_cheat=True),
    ]


def _plan(owner: Shop, device: int) -> Plan:
    return Plan(f"{owner.owner.hex()[:4]}-{device}", _seed(owner, device), owner, device)


def _seed(owner: Shop, device: int) -> bytes:
    """A 32-byte seed of the network's device, which need not be the one that signs."""
    return owner.devices[device].public
