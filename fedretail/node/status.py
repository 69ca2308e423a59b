"""How this node stands: what the daemon noted, counted together with store and index."""

from datetime import tzinfo
from typing import Any, Literal, NamedTuple

from fedretail import __version__
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import log_id
from fedretail.domain.hours import zone_of
from fedretail.domain.texts import count
from fedretail.domain.times import rfc3339, to_datetime
from fedretail.node import directory
from fedretail.node.base import BaseNode
from fedretail.node.frozen import frozen, is_believed_no_more
from fedretail.p2p.heads import is_public
from fedretail.store.writing import stopped

_OLDER_COPY = "This folder is an older copy"
_WHEN_SERVING = "when `fedretail serve` runs"
_DISBELIEVED = "Neighbours take nothing of this shop any more: two lists were signed at once."
_DAMAGED = (
    "What this shop has published is damaged on this disk. Nothing is changed until it is "
    "mended from a neighbour's copy; or put a copy of the data directory back. Where there is "
    "neither, end `fedretail serve` and start it once with `fedretail serve --as original`: it "
    "goes on with what can be read."
)


def status(node: BaseNode) -> dict[str, Any]:
    """The object of `fedretail status --json`; times RFC 3339, sizes in bytes."""
    state = node.daemon_state()
    counts, found = node.store.statistics(), node.index.statistics()
    return {
        "version": __version__,
        "daemon": state is not None,
        "members": counts["members"],
        "sites": sum(1 for _ in directory.sites(node)),
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
        "pictures": _pictures(state),
    }


def _pictures(state: dict[str, Any] | None) -> dict[str, int] | None:
    """What the daemon counts of pictures; None where none runs, or pictures are switched off."""
    counts = {} if state is None else state.get("statistics", {})
    if "pictures" not in counts:
        return None
    return {
        "kept": counts["pictures"],
        "bytes": counts["picture_bytes_kept"],
        "waiting": counts.get("pictures_waiting", 0),
        "given_up": counts.get("pictures_given_up", 0),
    }


def own_heads(node: BaseNode) -> dict[str, int]:
    """The seq of each public log of this node's member, by the log's id in hex."""
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


State = Literal[
    "stopped",
    "disbelieved",
    "damaged",
    "restoring",
    "news",
    "off",
    "alone",
    "reached",
    "all",
    "some",
]


class Standing(NamedTuple):
    """How it stands; having: neighbours, of all that are switched on, with the newest prices.

    since_ms: since when all of them have. Where nobody can be reached, total is 0 and is_on says
    whether this shop can be. told: the whole sentence of a state that has only one.
    """

    state: State
    having: int = 0
    total: int = 0
    since_ms: int | None = None
    is_on: bool = True
    told: str = ""


def standing(node: BaseNode) -> Standing:
    """How it stands with this shop's prices, counted only from what neighbours reported."""
    state = node.daemon_state()
    reason = node.store.own_logs.stopped
    if reason is not None:
        refused = stopped(reason)
        return Standing("stopped", told=f"{refused.message}\n{refused.hint}")
    if is_believed_no_more(node):
        return Standing("disbelieved", told=_DISBELIEVED)
    if node.store.repairs.has_own():
        return Standing("damaged", told=_DAMAGED)
    peers, is_on = _peers(node, state), state is not None
    having = sum(peer["has_mine"] for peer in peers)
    counted = {"having": having, "total": len(peers), "is_on": is_on}
    if (state or {}).get("restoring") or node.store.own_logs.drafts():
        return Standing("restoring", **counted)
    if node.is_reader:
        return Standing("reached" if peers else "news", **counted)
    if not peers:
        return Standing("alone" if is_on else "off", **counted)
    if having < len(peers):
        return Standing("some", **counted)
    return Standing("all", **counted, since_ms=(state or {}).get("all_since_ms"))


def sentence(node: BaseNode) -> str:
    """How it stands with this shop's prices, in one sentence.

    Where there is something to decide, the lines behind the first say what to do.
    """
    now = standing(node)
    match now.state:
        case "restoring":
            how = "is being fetched from neighbours" if now.total else _when_fetched(now)
            return f"{_OLDER_COPY}: what changed since {how}; what you enter now is kept."
        case "news":
            when = "as soon as a neighbour can be reached" if now.is_on else _WHEN_SERVING
            return f"What is here can be searched. News comes {when}."
        case "off":
            return f"Saved here. Neighbours get it {_WHEN_SERVING}."
        case "alone":
            return "Saved here. Sent as soon as a neighbour can be reached."
        case "reached":
            return f"{count(now.total, 'neighbour')} can be reached."
        case "all":
            # "newest" says it of this moment; since when is known while the daemon runs.
            since = _since(node, now.since_ms)
            prices = f"your prices since {since}" if since else "your newest prices"
            now_ = "" if since else " now"
            return f"{_all(now.total)} switched on{now_} {_has(now.total)} {prices}."
        case "some" if now.total == 1:
            return f"{_all(1)} switched on now does not have your newest prices yet."
        case "some":
            has = _has(now.having)
            return f"{now.having} of {count(now.total, 'neighbour')} {has} your newest prices."
    return now.told


def present_peers(node: BaseNode) -> list[dict[str, Any]]:
    """The neighbours with a session now, as the daemon noted them."""
    return _peers(node, node.daemon_state())


def _since(node: BaseNode, at_ms: int | None) -> str:
    """ "14:02" of today, "9 Nov" of an earlier day, by the shop's own time; "" where unknown.

    Where this computer's clock shows another hour, the zone is said: "14:02 (Europe/Berlin)".
    """
    if at_ms is None:
        return ""
    zone = shop_zone(node)
    then, now = to_datetime(at_ms, zone), to_datetime(node.clock.now_ms(), zone)
    said = f"{then:%H:%M}" if then.date() == now.date() else f"{then.day} {then:%b}"
    return said if then.utcoffset() == then.astimezone().utcoffset() else f"{said} ({zone})"


def shop_zone(node: BaseNode) -> tzinfo:
    """The time zone of the shop's first place; this computer's where none is known."""
    name = next((own.site.time_zone for own in node.sites()), "")
    return zone_of(name, at_ms=node.clock.now_ms())


def _when_fetched(now: Standing) -> str:
    """When what this copy lacks comes, while no neighbour is there."""
    if not now.is_on:
        return f"is fetched from neighbours {_WHEN_SERVING}"
    return "is fetched as soon as a neighbour can be reached"


def _all(number: int) -> str:
    are = "is" if number == 1 else "are"
    return f"{'The' if number == 1 else 'All'} {count(number, 'neighbour')} that {are}"


def _has(number: int) -> str:
    return "has" if number == 1 else "have"
