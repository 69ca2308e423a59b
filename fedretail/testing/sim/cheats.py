"""A shop that lets a copy of its computer write too, and hears no proof."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import log_id
from fedretail.crdt.proof import Proof
from fedretail.p2p.mirror import Mirror
from fedretail.testing.sim.ledger import Truth
from fedretail.testing.sim.world import World

if TYPE_CHECKING:
    from fedretail.testing.sim.node import SimNode

# When the copy begins to write: with a log of some commits, and long before the faults end.
_EARLIEST_S, _LATEST_S = 5.0, 80.0


class CheatMirror(Mirror):
    """The replica of somebody who goes on whatever was proved."""

    def saw(self, heads: Iterable[SignedHead]) -> None:
        """Look at nothing."""

    def prove(self, proofs: Iterable[Proof]) -> None:
        """Keep nothing."""


def carried(world: World, place: tuple[str, str]) -> Callable[[bytes], bytes]:
    """A tap that only looks on."""

    def tap(data: bytes) -> bytes:
        world.carried(*place, data)
        return data

    return tap


async def live_as_copy(node: "SimNode", original: "SimNode") -> None:
    """Begin some time after the original, with its disk; runs for ever."""
    await trio.sleep(node.world.choose.uniform(_EARLIEST_S, _LATEST_S))
    files = original.disk.snapshot()
    node.disk.restore({str(node.path.parent / Path(path).name): files[path] for path in files})
    name = original.log_name
    ledger = node.street.ledger
    if name is not None:
        truth = ledger.truths.setdefault(log_id(name), Truth(name))
        twin = truth.until(truth.log.seq)
        twin.open_edits = truth.open_edits
        ledger.twins[log_id(name)] = node.diary.private[log_id(name)] = twin
    node.world.note("copied", node.name)
    await node.live()
