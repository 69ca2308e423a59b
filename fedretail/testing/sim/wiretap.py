"""The tap on a node's streams: traces all bytes, holds every claim against what the node has."""

from collections.abc import Callable

from fedretail.p2p import wire
from fedretail.testing.sim.ledger import Ledger
from fedretail.testing.sim.world import World

# The only node that may be told that it broke the rules.
LIAR = "liar"
# What was waited for when the last fault ended may be given up until then.
STILL_LATE_MS = 60_000
Holds = Callable[[bytes, int], bool]


class WireTap:
    """Everything that one honest node says on one stream."""

    def __init__(
        self, world: World, ledger: Ledger, *, place: tuple[str, str], holds: Holds
    ) -> None:
        """`place`: who speaks to whom; `holds`: whether the speaker does, at a seq."""
        self._world = world
        self._ledger = ledger
        self._place = place
        self._holds = holds
        self._decoder = wire.Decoder()

    def __call__(self, data: bytes) -> bytes:
        """Look at bytes on their way out."""
        self._world.carried(*self._place, data)
        is_honest = self._place[1] != LIAR
        self._world.counts["bytes" if is_honest else "bytes to the liar"] += len(data)
        received_all = list(self._decoder.feed(data))
        self._world.counts["messages"] += len(received_all)
        if is_honest:
            self._world.said(self._place, size=len(data), messages=len(received_all))
        for received in received_all:
            if received.message is not None:
                self._look(received.message)
        return data

    def _look(self, message: wire.Message) -> None:
        match message:
            case wire.Heads(items):
                for item in items:
                    if isinstance(item, bytes):
                        self._claims_head(item)
                    else:
                        self._claims(item[0], item[1])
            # An ADVANCE without a head goes by the one claimed before.
            case wire.Advance(head=raw) | wire.Push(head=raw) if raw:
                self._claims_head(raw)
            case wire.Done(code, text):
                self._world.note("done", *self._place, code, text)
                self._world.counts[f"done {code}"] += 1
                self._judge_end(code, text)

    def _judge_end(self, code: str, text: str) -> None:
        """Nobody honest breaks the rules, or keeps others waiting when nothing is in its way."""
        source, target = self._place
        calm_ms = self._world.calm_since_ms
        is_calm = calm_ms is not None and self._world.now_ms() > calm_ms + STILL_LATE_MS
        if target != LIAR and (code == "protocol" or (code == "slow" and is_calm)):
            self._world.violated("accused", f"{source} ends with {target}: {text}")

    def _claims_head(self, raw: bytes) -> None:
        log, seq = self._ledger.place(raw)
        truth = self._ledger.truths.get(log)
        if truth is not None:
            truth.shown_seq = max(truth.shown_seq, seq)
        self._claims(log, seq)

    def _claims(self, log: bytes, seq: int) -> None:
        """The speaker says that it holds this log at this seq."""
        if not self._holds(log, seq):
            source, target = self._place
            what = f"{source} told {target} of {log.hex()[:8]} at {seq}, and does not hold that"
            self._world.violated("claim", what)
