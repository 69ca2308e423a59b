"""A shop's store, an older copy of it that is put back, and neighbours who know more."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fedretail.crdt.changes import START
from fedretail.crdt.codec import pack
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName, log_id
from fedretail.domain.kind import RecordId
from fedretail.domain.kinds import registry
from fedretail.errors import BugError
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE, QuickConnection
from fedretail.testing.clock import ManualClock

SHOP = builders.shop()
AUTHOR = SHOP.author()
LOG = SHOP.log()
MINUTE_MS = 60_000


class World:
    """A shop's store, an older copy of it put back later, and a neighbour that saw it all."""

    def __init__(self, folder: Path, closing: Callable[[Store], Store]) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.closing = closing
        self._copies = 0
        self.store = closing(builders.shop_store(folder, SHOP, clock=self.clock))
        self.peer = self.stranger("peer")
        self.sell(*range(20))
        self.show()

    def stranger(self, name: str) -> Store:
        """A neighbour that knows nothing yet."""
        return self.closing(builders.peer_store(self.folder, name, SHOP, clock=self.clock))

    def sell(self, *numbers: int, amount_minor: int = 129) -> SignedHead:
        """The shop offers these at a price."""
        signed = self.store.commit(
            AUTHOR, SITE, builders.offer_edits(numbers, amount_minor=amount_minor)
        )
        assert signed is not None
        return signed

    def show(self) -> None:
        """Neighbours have seen the log as it is."""
        name = self.store.own_logs.written(SHOP.log_name())
        state = self.store.log(log_id(name))
        assert state is not None
        self.store.own_logs.note_seen([(name, state.point)])
        take(self.peer, self.store, name)

    def copy(self) -> Path:
        """The file as it is now, for later."""
        self.store.close()
        self._copies += 1
        target = self.folder / f"copy{self._copies}.db"
        shutil.copyfile(self.store.path, target)
        self.store = self.opened(self.store.path)
        return target

    def put_back(self, copy: Path) -> None:
        """An older file takes the place of the present one, some time later."""
        self.clock.advance(MINUTE_MS)
        self.store.close()
        self.store = self.opened(copy)

    def opened(self, path: Path) -> Store:
        """The store in a file."""
        return self.closing(
            Store.open(path, clock=self.clock, kinds=registry(), connect=QuickConnection)
        )

    def fetch_lost(self) -> None:
        """What a daemon does when the neighbour has shown its head."""
        self.store.own_logs.begin_draft(AUTHOR, SITE)
        builders.fetch(self.store, self.peer, LOG)


def take(target: Store, source: Store, name: LogName) -> int:
    """Let `target` fetch a log by name, as a session does; the parts that came with no base."""
    builders.add_log(target, name)
    log = log_id(name)
    state = source.log(log)
    assert state is not None
    assert state.head is not None
    head = SignedHead.parse(state.head)
    cold = 0
    while (place := target.wanted(log, head)) is not None:
        part = source.changes_since(log, place.base, place.after)
        if part is None:
            return cold
        cold += place.base == START
        changes = pack(part.changes)
        target.advance(head, place.base.seq, changes, after=part.after)
    raise BugError("A log without a name.")


def amounts(store: Store, *numbers: int) -> list[Any]:
    """The prices of offers, None where there is none."""
    found = [store.record(RecordId(SHOP.owner, SITE, "offer", f"sku{n}")) for n in numbers]
    return [one and one.fields["prices"][0][0] for one in found]
