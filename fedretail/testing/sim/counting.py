"""Honest nodes count the repairs that brought wrong rows."""

from collections.abc import Callable

from fedretail.crdt.head import SignedHead
from fedretail.crdt.transfer import Repair
from fedretail.errors import MalformedInput
from fedretail.p2p.mirror import Mirror
from fedretail.p2p.replica import WrongRows


class CountingMirror(Mirror):
    """The replica of an honest node; `on_wasted` hears of each repair with wrong rows."""

    on_wasted: Callable[[], None]

    def repair(self, wanted: Repair) -> SignedHead:
        """As it is."""
        try:
            return super().repair(wanted)
        except (MalformedInput, WrongRows):
            self.on_wasted()
            raise
