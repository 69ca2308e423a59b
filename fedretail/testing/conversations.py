"""Two sessions over real stores, joined by a line that a test cuts and delays as it likes."""

from collections.abc import Callable
from pathlib import Path

from fedretail.crdt.names import LogName
from fedretail.errors import FedretailError
from fedretail.p2p import wire
from fedretail.p2p.effects import Effect, GoOn, Send
from fedretail.p2p.fetches import Fetches
from fedretail.p2p.mirror import Mirror
from fedretail.p2p.own import Own
from fedretail.p2p.session import Me, Session, State
from fedretail.store.store import Store
from fedretail.testing import builders
from fedretail.testing.clock import ManualClock

NETWORK = b"network".ljust(32, b".")
# The greeting of somebody who holds nothing and will say whatever a test likes.
HELLO = wire.Hello(1, 1, NETWORK, b"s" * 16, b"n" * 16, 5, [], [])


class Neighbour:
    """A node without a network part: its store, and what its sessions share."""

    def __init__(
        self,
        store: Store,
        name: str,
        *,
        network: bytes = NETWORK,
        has_space: Callable[[], bool] = lambda: True,
        own: Own | None = None,
    ) -> None:
        self.store = store
        self.name = name
        self.network = network
        self.own = own
        self.mirror = Mirror(store, network, has_space=has_space, own=own)
        self.fetches = Fetches()

    def me(self, nonce: int = 0) -> Me:
        """How it introduces itself in its session of this number."""
        called = self.name.encode("utf-8").ljust(16, b".")[:16]
        return Me(self.network, called, (self.name + str(nonce)).encode("utf-8").ljust(16, b"?"))

    def state(self) -> dict[LogName, bytes]:
        """The newest head of every log: what two neighbours agree on in the end."""
        return {name: raw for _, name, raw in self.store.heads()}

    def folds(self) -> list[object]:
        """Every offer as a shopper would find it."""
        return [(place, found.fields) for place, found in self.store.records("offer")]


def neighbour(folder: Path, name: str, *shops: builders.Shop) -> Neighbour:
    """A node that holds what `shops` have committed in its store so far: nothing."""
    store = builders.new_store(folder, name, clock=ManualClock())
    for shop in shops:
        store.add_auth(shop.grants)
    return Neighbour(store, name)


def stocked(folder: Path, name: str, shop: builders.Shop, offers: int) -> Neighbour:
    """A shop's own node with so many offers."""
    node = neighbour(folder, name, shop)
    node.store.set_meta({"owner": shop.owner, "device": shop.devices[0].public})
    node.mirror = Neighbour(node.store, name).mirror
    sell(node, shop, range(offers))
    return node


def sell(node: Neighbour, shop: builders.Shop, numbers: range, *, amount_minor: int = 129) -> None:
    """Commit these offers, at most 500 at once."""
    for start in range(numbers.start, numbers.stop, 500):
        some = range(start, min(numbers.stop, start + 500))
        edits = builders.offer_edits(some, amount_minor=amount_minor)
        node.store.commit(shop.author(), builders.SITE, edits)


def same(*nodes: Neighbour) -> bool:
    """Whether all hold the same heads and show the same offers, and `check` finds nothing."""
    first = nodes[0]
    return all(
        node.state() == first.state()
        and node.folds() == first.folds()
        and builders.problems(node.store) == []
        for node in nodes
    )


class Side:
    """One end of a conversation: a session, what it has to send, and what it has done."""

    def __init__(self, node: Neighbour, nonce: int = 0) -> None:
        self.node = node
        self.session = Session(node.me(nonce), node.mirror, node.fetches)
        self.outbox = bytearray()
        self.effects: list[Effect] = []
        self.sent: list[wire.Message] = []
        self.failure: FedretailError | None = None
        self._decoder = wire.Decoder()

    def start(self) -> None:
        """Say the first thing."""
        self.take(self.session.start(ManualClock.START_MS))

    def take(self, effects: list[Effect]) -> None:
        """Let effects happen: what is to be sent waits in `outbox`."""
        for effect in effects:
            if isinstance(effect, Send):
                self.outbox += effect.frame
                self.sent += [
                    one.message for one in wire.Decoder().feed(effect.frame) if one.message
                ]
            elif isinstance(effect, GoOn):
                self.take(self.session.go_on(0))
            else:
                self.effects.append(effect)

    def receive(self, data: bytes, now_ms: int = 0) -> None:
        """Bytes arrive; a neighbour that breaks the rules is told so, as a link does."""
        try:
            for received in self._decoder.feed(data):
                self.take(self.session.handle(received, now_ms))
        except FedretailError as error:
            self.failure = error
            self.take(self.session.end("protocol", error.message, 60))

    def hear(self, message: wire.Message, now_ms: int = 0) -> None:
        """A message arrives whole."""
        self.receive(wire.encode(message), now_ms)

    def push_moves(self) -> None:
        """Tell the neighbour of all that moved here, as gossip would after a quiet while."""
        for log, seq in self.node.mirror.refresh():
            base = self.session.view.shown.get(log)
            if base is None or base.seq < seq:
                self.take(self.session.push(log, base))

    def first(self, kind: type) -> bool:
        """Whether it has sent a message of this type."""
        return any(isinstance(message, kind) for message in self.sent)


def greeted(node: Neighbour) -> Side:
    """A side that has heard HELLO; what the other says is up to the test."""
    side = Side(node)
    side.start()
    side.hear(HELLO._replace(network=node.network))
    assert side.session.state is State.OPEN
    return side


class Conversation:
    """Two sides and the line between them."""

    def __init__(self, a: Neighbour, b: Neighbour, nonce: int = 0) -> None:
        self.sides = (Side(a, nonce), Side(b, nonce))
        self.carried = [0, 0]
        for side in self.sides:
            side.start()

    def deliver(self, to: int, most: int = 1 << 30) -> bool:
        """Up to `most` bytes reach the side `to`; whether there were any."""
        source, target = self.sides[1 - to], self.sides[to]
        data = bytes(source.outbox[:most])
        del source.outbox[:most]
        self.carried[to] += len(data)
        if data:
            target.receive(data)
        return bool(data)

    def settle(self, most: int = 1 << 30) -> "Conversation":
        """Let everything arrive, in turns, until nobody has anything more to say."""
        while self.deliver(0, most) | self.deliver(1, most):
            pass
        return self

    def drop(self) -> None:
        """The line is cut; what was under way is lost."""
        for side in self.sides:
            side.session.close()

    @property
    def is_live(self) -> bool:
        """Whether both sides are past the first round."""
        return all(side.session.state is State.LIVE for side in self.sides)
