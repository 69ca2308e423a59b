"""Everything about pictures in a daemon: own ones made, neighbours' fetched, both passed on."""

from collections.abc import Callable

import trio

from fedretail.daemon.own_pictures import OwnPictureWork
from fedretail.daemon.shown_pictures import ShownPictureWork
from fedretail.daemon.threads import in_thread
from fedretail.node.node import Node
from fedretail.node.room import Room
from fedretail.p2p.blobs import BlobService
from fedretail.p2p.service import SyncService
from fedretail.p2p.transport import Carrier


class PictureWork:
    """The work on pictures of one daemon."""

    def __init__(
        self, node: Node, room: Room, on_event: Callable[[str], None], *, ahead: bool
    ) -> None:
        """`ahead`: pages are shown, so pictures are fetched before anybody looks at them."""
        self._node = node
        self._own = OwnPictureWork(node, on_event)
        self._shown = ShownPictureWork(node, room, looks_ahead=ahead)
        self._blobs: BlobService | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Work until cancelled; started when it is known what is kept."""
        await in_thread(lambda: self._node.pictures)
        task_status.started()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._own.run)
            nursery.start_soon(self._shown.run)

    def attach(self, carrier: Carrier, service: SyncService) -> None:
        """Ask and answer by this network part; said before it begins."""
        self._blobs = BlobService(
            carrier, is_neighbour=lambda peer: peer in service.shown(), read=self._shown.read
        )
        self._shown.attach(service, self._blobs)

    def statistics(self) -> dict[str, int]:
        """Counters since the start, and what is kept now."""
        passed_on = {} if self._blobs is None else self._blobs.statistics()
        kept = self._node.pictures.blobs.statistics()
        return {**kept, **self._own.statistics(), **passed_on}
