"""The tap on a node's streams: traces all bytes, holds every claim against what the node has."""

from collections.abc import Callable

from fedretail.p2p import wire
from fedretail.testing.sim.ledger import Ledger
from fedretail.testing.sim.world import World

# The only nodes that may be told that they broke the rules: who lies, and who signs twice.
LIAR = "liar"
CHEATS = ("cheat-1", "cheat-2")
_ROGUES = (LIAR, *CHEATS)
# What rows of one state do to another that was signed under the same number.
WRONG_ROWS = (
    "sent rows that are not those",
    "sent a vacant row that was not replaced",
    "sent changes to a row that is not here",
)
Holds = Callable[[bytes, int], bool]
# By log and seq.
Told = dict[tuple[bytes, int], bytes]


class WireTap:
    """Everything that one honest node says on one stream."""

    def __init__(
        self, world: World, ledger: Ledger, *, place: tuple[str, str], holds: Holds, told: Told
    ) -> None:
        """`place`: who speaks to whom; `holds`: whether the speaker does, at a seq.

        `told`: the digests of the heads that the speaker has shown since it started.
        """
        self._world = world
        self._ledger = ledger
        self._place = place
        self._holds = holds
        self._told = told
        self._decoder = wire.Decoder()
        self._since_ms = world.now_ms()

    def __call__(self, data: bytes) -> bytes:
        """Look at bytes on their way out."""
        self._world.carried(*self._place, data)
        is_honest = self._place[1] not in _ROGUES
        self._world.counts["bytes" if is_honest else "bytes to rogues"] += len(data)
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
            case wire.Done(code, text, retry_s):
                self._world.note("done", *self._place, code, text)
                self._world.counts[f"done {code}"] += 1
                back_ms = self._world.now_ms() + retry_s * 1000
                if code == "busy":
                    self._world.busy_until_ms = max(self._world.busy_until_ms, back_ms)
                self._judge_end(code, text)

    def _judge_end(self, code: str, text: str) -> None:
        """Nobody honest breaks the rules, or keeps others waiting when nothing is in its way."""
        source, target = self._place
        calm_ms = self._world.calm_since_ms
        # Older streams may be dead since a fault, and nobody has waited for anything on them.
        is_calm = calm_ms is not None and self._since_ms > calm_ms
        if code == "protocol":
            self._world.accusations[self._place] += 1
        is_of_rows = any(one in text for one in WRONG_ROWS)
        if code == "protocol" and is_of_rows and self._ledger.twins:
            # Each holds another state of a log that was signed twice, and neither knows it yet.
            self._world.counts["accused beside a cheat"] += 1
            return
        if source in self._world.damaged:
            return
        if target not in _ROGUES and (code == "protocol" or (code == "slow" and is_calm)):
            self._world.violated("accused", f"{source} ends with {target}: {text}")

    def _claims_head(self, raw: bytes) -> None:
        log, seq, digest = self._ledger.place(raw)
        truth = self._ledger.truths.get(log)
        if truth is not None:
            truth.shown_seq = max(truth.shown_seq, seq)
        if self._told.setdefault((log, seq), digest) != digest:
            what = f"{self._place[0]} has shown two states of {log.hex()[:8]} at {seq}"
            self._world.violated("two states", what)
        self._claims(log, seq)

    def _claims(self, log: bytes, seq: int) -> None:
        """The speaker says that it holds this log at this seq."""
        if not self._holds(log, seq):
            source, target = self._place
            what = f"{source} told {target} of {log.hex()[:8]} at {seq}, and does not hold that"
            self._world.violated("claim", what)
