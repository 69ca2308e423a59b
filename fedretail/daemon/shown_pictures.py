"""Pictures of neighbours' goods: fetched from neighbours when somebody looks, and ahead when idle.

A neighbour is asked for what an offer names; what it lacks the next one is asked for. All that is
sent counts in the day's share, and nothing is taken where the disk has only its reserve left.
"""

import logging
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from functools import partial
from typing import Never

import trio

from fedretail.daemon.threads import in_thread
from fedretail.domain.pictures import Picture
from fedretail.errors import FedretailError, MalformedInput, PeerError, Unavailable
from fedretail.node.node import Node
from fedretail.node.pictures import nearest_cards
from fedretail.node.room import Room
from fedretail.p2p.blob_frames import MAX_ASKED, Answered, Wanted
from fedretail.p2p.blobs import BlobService
from fedretail.p2p.service import SyncService

log = logging.getLogger(__name__)

# How soon a picture is asked for that somebody looks at.
_LOOK_S = 0.25
# Ahead of anybody's look: the offers that a kiosk shows first, some at a time.
NEAREST = 2000
_IDLE_BATCH, _IDLE_S = 16, 2.0
# How soon after the start, and how often at most, it is looked what lies nearest: half a second of
# work, where anything has changed.
_FIRST_LOOK_AHEAD_S, _LOOK_AHEAD_S = 20.0, 300.0
# Nobody had it: asked again after a minute, then ever later.
_AGAIN_S, _LAST_AGAIN_S, _MAX_MISSED = 60.0, 6 * 3600.0, 20_000
# A neighbour that has sent what nobody asked for, or does not answer.
_REST_S = 600.0


class ShownPictureWork:
    """Brings the pictures of neighbours' goods here."""

    def __init__(self, node: Node, room: Room, *, looks_ahead: bool) -> None:
        """`looks_ahead`: pictures are fetched before anybody looks; `attach` comes first."""
        self._node = node
        self._room = room
        self._looks_ahead = looks_ahead
        self._service: SyncService | None = None
        self._blobs: BlobService | None = None
        # Hash -> (when to ask again, how long that was waited for); missed last stands last.
        self._missed: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        self._resting: dict[str, float] = {}
        self._met: set[str] = set()
        # The nearest last; as the index had followed the feed to that number.
        self._ahead: list[Picture] = []
        self._ahead_followed: int | None = None
        self._ahead_due_s = trio.current_time() + _FIRST_LOOK_AHEAD_S

    def attach(self, service: SyncService, blobs: BlobService) -> None:
        """The network part that works now: whom to ask."""
        self._service, self._blobs = service, blobs

    async def read(self, name: bytes) -> bytes | None:
        """A picture for a neighbour who asks."""
        return await in_thread(partial(self._node.pictures.blobs.get, name))

    async def run(self) -> Never:
        """Work until cancelled; what fails is tried again."""
        while True:
            await trio.sleep(_LOOK_S)
            try:
                await self._round()
            except FedretailError as error:
                log.warning("Pictures wait: %s", error.message)
                await trio.sleep(_AGAIN_S)
            except Exception:
                log.exception("Pictures wait.")
                await trio.sleep(_AGAIN_S)

    async def _round(self) -> None:
        looked_at = self._node.pictures.wanted(MAX_ASKED)
        peers = self._peers()
        if not peers:
            return
        batch = self._due(looked_at) or await self._due_ahead()
        has_space = await in_thread(self._room.has_space) if batch else False
        if has_space:
            await self._ask(peers, batch)
            if not looked_at:
                await trio.sleep(_IDLE_S)

    def _peers(self) -> list[str]:
        """Neighbours with a session, in any order; a new one may have what nobody had."""
        now_s = trio.current_time()
        live = set() if self._service is None else set(self._service.shown())
        if live - self._met:
            self._missed.clear()
        self._met = live
        peers = [one for one in live if self._resting.get(one, 0.0) <= now_s]
        secrets.SystemRandom().shuffle(peers)
        return peers

    def _due(self, pictures: Iterable[Picture]) -> list[Wanted]:
        """Those that are not here, and were not asked for in vain a moment ago."""
        now_s = trio.current_time()
        return [
            Wanted(one.hash, one.size_bytes)
            for one in pictures
            if not self._node.pictures.blobs.has(one.hash)
            and self._missed.get(one.hash, (0.0, 0.0))[0] <= now_s
        ]

    async def _due_ahead(self) -> list[Wanted]:
        """Some cards of what lies nearest, as long as nothing must go for them."""
        if not self._looks_ahead:
            return []
        if trio.current_time() >= self._ahead_due_s:
            self._ahead_due_s = trio.current_time() + _LOOK_AHEAD_S
            # The index is what tells them, and may be behind the store.
            followed = await in_thread(self._node.index.followed)
            if followed != self._ahead_followed:
                self._ahead_followed = followed
                self._ahead = await in_thread(self._nearest)
        batch: list[Wanted] = []
        while self._ahead and len(batch) < _IDLE_BATCH:
            batch += self._due([self._ahead.pop()])
        room = self._node.pictures.blobs.room_bytes
        return batch if sum(one.size_bytes for one in batch) <= room else []

    def _nearest(self) -> list[Picture]:
        """The card pictures of the nearest offers that pages show, the nearest last."""
        name = self._node.config.web_view
        view = self._node.view(name) if name else None
        found = dict.fromkeys(nearest_cards(self._node, NEAREST, view))
        return list(found)[::-1]

    async def _ask(self, peers: list[str], batch: list[Wanted]) -> None:
        """Ask one neighbour after the other until all is here, or nobody is left."""
        assert self._blobs is not None
        left = {one.hash: one for one in batch}
        for peer in peers:
            if not left:
                return
            try:
                await self._blobs.fetch(peer, list(left.values()), partial(self._take, left))
            except (PeerError, Unavailable) as error:
                log.debug("%s: %s", peer, error.message)
                self._resting[peer] = trio.current_time() + _REST_S
        for name in left:
            self._miss(name)

    async def _take(self, left: dict[bytes, Wanted], one: Answered) -> None:
        if one.data is None:
            return
        left.pop(one.wanted.hash, None)
        try:
            await in_thread(partial(self._node.pictures.blobs.put, one.data, is_own=False))
        except MalformedInput:
            # Its shop has signed for what is no picture; that is not the fault of who passes it on.
            self._missed[one.wanted.hash] = trio.current_time() + _LAST_AGAIN_S, _LAST_AGAIN_S
        except Unavailable as error:
            log.warning("A picture is not kept: %s", error.message)
            self._miss(one.wanted.hash)

    def _miss(self, name: bytes) -> None:
        _, before_s = self._missed.pop(name, (0.0, _AGAIN_S / 4))
        pause_s = min(_LAST_AGAIN_S, before_s * 4)
        self._missed[name] = trio.current_time() + pause_s, pause_s
        while len(self._missed) > _MAX_MISSED:
            self._missed.popitem(last=False)
