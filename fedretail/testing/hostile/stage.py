"""What hostile bytes are thrown at: a shop's real store, and real conversations to break.

The victim is a shop with offers, own fields and a member record. Its neighbours are an honest shop
and a liar, a member like any other with keys of its own; both have been recorded while they spoke
with the victim, frame by frame. `Stage.copy` gives the victim's store as it was before.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from fedretail.crdt.access import DOMAIN as AUTH_DOMAIN
from fedretail.crdt.access import renewal
from fedretail.crdt.charter import Charter
from fedretail.crdt.head import DOMAIN as HEAD_DOMAIN
from fedretail.crdt.head import SignedHead
from fedretail.domain.kind import RecordId
from fedretail.domain.kinds import registry
from fedretail.p2p import wire
from fedretail.store import logs
from fedretail.store.commits import Edit
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.builders import SITE
from fedretail.testing.clock import ManualClock
from fedretail.testing.conversations import Conversation, Neighbour

VICTIM, HONEST = builders.shop("victim"), builders.shop("honest", devices=2)
LIAR = builders.shop("liar", devices=2)
CHARTER = Charter("Hostile street", (HONEST.root.public,))
OWN = RecordId(VICTIM.owner, SITE, "offer", "sku1")
# Few offers and small parts: a conversation has all that a long one has, in milliseconds.
_OFFERS, _PART_BYTES = 24, 1500


class Recording(NamedTuple):
    """All frames of one neighbour in one conversation; `me`: the number of the victim's nonce."""

    name: str
    frames: tuple[bytes, ...]
    nonce: int


class Stage:
    """The victim's store as it was, the recordings, and what may be in the store afterwards."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._before = _victim(folder)
        # Rows of honest logs at each head that was ever signed.
        self.rows: dict[tuple[bytes, int], dict[tuple[str, str], bytes]] = {}
        self.heads: set[bytes] = set()
        self.recordings = tuple(self._record())
        self.frames = tuple(dict.fromkeys(one for told in self.recordings for one in told.frames))
        self.types = {one: type(_read(one)).__name__.upper() for one in self.frames}

    @contextmanager
    def copy(self) -> Iterator[Neighbour]:
        """The victim as it was before anybody spoke to it."""
        path = self._folder / "copy.db"
        _remove(path)
        shutil.copyfile(self._before, path)
        store = Store.open(
            path, clock=ManualClock(), kinds=registry(), connect=builders.QuickConnection
        )
        try:
            yield Neighbour(store, "victim", network=CHARTER.id)
        finally:
            store.close()
            _remove(path)

    def _record(self) -> Iterator[Recording]:
        for nonce, (name, shop) in enumerate((("honest", HONEST), ("liar", LIAR))):
            neighbour = self._neighbour(name, shop)
            with self.copy() as victim, patch.object(logs, "PART_BYTES", _PART_BYTES):
                cold = Conversation(neighbour, victim, nonce).settle()
                self._live_through(cold, shop)
                yield Recording(f"{name}, first time", _said(cold), nonce)
                again = Conversation(neighbour, victim, nonce).settle()
                yield Recording(f"{name}, all known", _said(again), nonce)
                _sell(neighbour.store, shop, range(0, _OFFERS, 3), 777)
                self._note(neighbour.store)
                later = Conversation(neighbour, victim, nonce).settle()
                yield Recording(f"{name}, away for a while", _said(later), nonce)
            neighbour.store.close()

    def _neighbour(self, name: str, shop: builders.Shop) -> Neighbour:
        store = builders.new_store(self._folder, name)
        store.add_auth(shop.grants)
        store.set_meta({"owner": shop.owner, "device": shop.devices[0].public})
        store.set_meta({"charter": CHARTER.pack()})
        self._note(store)
        _sell(store, shop, range(_OFFERS), 129)
        author = shop.author(1)
        store.commit(author, "member", [Edit("member", "self", {"name": name})])
        self._note(store)
        return Neighbour(store, name, network=CHARTER.id)

    def _note(self, store: Store) -> None:
        """What may come into the victim's store by right, from now on."""
        for _, _, raw in store.heads():
            head = SignedHead.parse(raw).head
            self.heads.add(raw)
            self.rows[head.log, head.seq] = dict(builders.rows(store, head.log))

    def _live_through(self, talk: Conversation, shop: builders.Shop) -> None:
        """All that happens in a long session: pushes both ways, deletions, grants, comparisons."""
        neighbour, victim = (side.node for side in talk.sides)
        store = neighbour.store
        for step in range(3):
            _sell(store, shop, range(step, step + 3), 200 + step)
            self._note(store)
            _push(talk)
        store.commit(shop.author(), SITE, [Edit("offer", "sku0", is_deletion=True)])
        self._note(store)
        _push(talk)
        _sell(store, shop, range(2 * _OFFERS), 300)
        self._note(store)
        _push(talk)
        store.add_auth(
            [renewal(shop.grants[1].record, shop.devices[0], now_ms=ManualClock.START_MS + 1)]
        )
        store.renew(shop.author(), SITE)
        self._note(store)
        _push(talk)
        victim.store.commit(VICTIM.author(), SITE, builders.offer_edits([99]))
        _push(talk)
        for side in talk.sides:
            side.take(side.session.tell_addresses(["/ip4/192.0.2.7/tcp/4817/p2p/" + "x" * 40]))
            side.take(side.session.resync())
            talk.settle()
        talk.sides[0].take(talk.sides[0].session.end())
        talk.settle()


def signed_by_liar(pair: list[Any]) -> list[Any]:
    """[body, signature] of a head or record, signed with the liar's key as its body is now."""
    body = pair[0]
    is_head = len(body) > 1 and body[:2] in {b"\x9c\x01", b"\x9d\x01"}
    key = LIAR.devices[0] if is_head else LIAR.root
    return [body, key.sign((HEAD_DOMAIN if is_head else AUTH_DOMAIN) + body)]


def _victim(folder: Path) -> Path:
    store = builders.new_store(folder, "victim")
    store.add_auth(VICTIM.grants)
    store.set_meta({"owner": VICTIM.owner, "device": VICTIM.devices[0].public})
    _sell(store, VICTIM, range(_OFFERS), 129)
    store.commit(VICTIM.author(), SITE, [Edit("offer", "sku1", {"name": "Tea", "cost": 77})])
    store.commit(VICTIM.author(), "member", [Edit("member", "self", {"name": "Victim"})])
    path = store.path
    store.close()
    return path


def _sell(store: Store, shop: builders.Shop, numbers: range, amount_minor: int) -> None:
    store.commit(shop.author(), SITE, builders.offer_edits(numbers, amount_minor=amount_minor))


def _push(talk: Conversation) -> None:
    for side in talk.sides:
        side.push_moves()
    talk.settle()


def _said(talk: Conversation) -> tuple[bytes, ...]:
    assert talk.sides[1].failure is None, talk.sides[1].failure
    return tuple(wire.encode(message) for message in talk.sides[0].sent)


def _read(frame: bytes) -> wire.Message | None:
    (received,) = wire.Decoder().feed(frame)
    return received.message


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
