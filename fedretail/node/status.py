"""How this node stands: what the daemon noted, counted together with store and index."""

from typing import Any

from fedretail import __version__
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import log_id, site_id
from fedretail.crdt.registers import Folded
from fedretail.domain.ids import collection_of
from fedretail.domain.kind import RecordId
from fedretail.domain.sites import Site
from fedretail.domain.texts import count
from fedretail.domain.times import rfc3339
from fedretail.node.base import BaseNode
from fedretail.node.frozen import frozen, is_believed_no_more
from fedretail.store.writing import stopped

_OLDER_COPY = "This folder is an older copy"


def status(node: BaseNode) -> dict[str, Any]:
    """The object of `fedretail status --json`; times RFC 3339, sizes in bytes."""
    state = node.daemon_state()
    counts, found = node.store.statistics(), node.index.statistics()
    return {
        "version": __version__,
        "daemon": state is not None,
        "members": counts["members"],
        "sites": sum(1 for place, value in node.records("site") if _is_genuine(place, value)),
        "offers": found["offers"],
        "logs": counts["logs"],
        "peers": [_peer(peer) for peer in _peers(node, state)],
        "feed_position": counts["feed_position"],
        "index_lag": found["behind"],
        "store_bytes": counts["store_bytes"],
        "index_bytes": found["bytes"],
        "clock_offset_ms": state["clock_offset_ms"] if state else 0,
        "signed_twice": frozen(node),
        "stopped": node.store.own_logs.stopped,
        "damaged": len(node.store.repairs.damaged()),
    }


def _is_genuine(place: RecordId, value: Folded) -> bool:
    """Whether a site stands where it belongs and its name follows from its owner."""
    nonce = Site.from_fields(value.fields).nonce
    return place.collection == collection_of(place.key) and site_id(place.owner, nonce) == place.key


def own_heads(node: BaseNode) -> dict[str, int]:
    """The seq of each public log of this node's member, by the log's id in hex."""
    # Every search asks here for the clock, and needs no more of replication.
    from fedretail.p2p.heads import is_public

    heads = node.store.heads() if node.owner else []
    return {
        log_id(name).hex(): SignedHead.parse(raw).head.seq
        for _, name, raw in heads
        if name.owner == node.owner and is_public(name.collection)
    }


def _peers(node: BaseNode, state: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The neighbours that the daemon noted; what was written since its note, none of them has."""
    if state is None:
        return []
    is_newest = state["own"] == own_heads(node)
    return [{**peer, "has_mine": peer["has_mine"] and is_newest} for peer in state["peers"]]


def _peer(noted: dict[str, Any]) -> dict[str, Any]:
    """A neighbour as the daemon notes it, with its times in words."""
    last = noted["last_sync_ms"]
    return {
        "id": noted["id"],
        "address": noted["address"],
        "since": rfc3339(noted["since_ms"]),
        "last_sync": None if last is None else rfc3339(last),
        "has_mine": noted["has_mine"],
    }


def sentence(node: BaseNode) -> str:
    """How it stands with this shop's prices, counted only from what neighbours reported.

    Where there is something to decide, the lines behind the first say what to do.
    """
    state = node.daemon_state()
    reason = node.store.own_logs.stopped
    if reason is not None:
        refused = stopped(reason)
        return f"{refused.message}\n{refused.hint}"
    if is_believed_no_more(node):
        return "Neighbours take nothing of this shop any more: two lists were signed at once."
    if node.store.repairs.has_own():
        return (
            "What this shop has published is damaged on this disk. Nothing is changed until it is "
            "mended from a neighbour's copy; or put a copy of the data directory back."
        )
    peers = _peers(node, state)
    if (state or {}).get("restoring") or node.store.own_logs.drafts():
        how = "is being fetched from neighbours" if peers else _when_fetched(state)
        return f"{_OLDER_COPY}: what changed since {how}; what you enter now is kept."
    if node.is_reader and not peers:
        return _of_reader(state)
    if state is None:
        return "Saved here. Neighbours get it when `fedretail serve` runs."
    if not peers:
        return "Saved here. Sent as soon as a neighbour can be reached."
    having = [peer for peer in peers if peer["has_mine"]]
    if node.is_reader:
        return f"{count(len(peers), 'neighbour')} can be reached."
    if len(having) == len(peers):
        return f"{_all(len(peers))} switched on now {_has(len(peers))} your newest prices."
    if len(peers) == 1:
        return f"{_all(1)} switched on now does not have your newest prices yet."
    has = _has(len(having))
    return f"{len(having)} of {count(len(peers), 'neighbour')} {has} your newest prices."


def _when_fetched(state: dict[str, Any] | None) -> str:
    """When what this copy lacks comes, while no neighbour is there."""
    if state is None:
        return "is fetched from neighbours when `fedretail serve` runs"
    return "is fetched as soon as a neighbour can be reached"


def _of_reader(state: dict[str, Any] | None) -> str:
    """How it stands with what others sell, where nobody can be reached."""
    if state is None:
        return "What is here can be searched. News comes when `fedretail serve` runs."
    return "What is here can be searched. News comes as soon as a neighbour can be reached."


def _all(number: int) -> str:
    are = "is" if number == 1 else "are"
    return f"{'The' if number == 1 else 'All'} {count(number, 'neighbour')} that {are}"


def _has(number: int) -> str:
    return "has" if number == 1 else "have"
