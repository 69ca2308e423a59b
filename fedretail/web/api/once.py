"""Idempotency keys: an edit that is sent twice is made once."""

from collections.abc import Callable
from hashlib import blake2b

from fedretail.node.node import Node
from fedretail.web.problems import Problem

_PREFIX = "once:"
# Nobody tries again for longer.
KEPT_MS = 24 * 3600 * 1000
MAX_KEPT = 1000


def once(node: Node, key: str | None, asked: str, make: Callable[[], None]) -> None:
    """Make an edit, unless it was made under this key within a day; key: None makes it anyway.

    422 where something else was asked for under this key.
    """
    if key is None:
        make()
        return
    name, wanted = _PREFIX + _hash(key), _hash(asked)
    _forget(node)
    noted = node.store.noted(name)
    if noted is not None and noted.value != wanted:
        raise Problem(422, "Something else was asked for under this Idempotency-Key.")
    if noted is None:
        make()
        node.store.note(name, wanted)


def _forget(node: Node) -> None:
    """Keys of yesterday, and the oldest where there are too many."""
    kept = sorted(node.store.notes(_PREFIX), key=lambda pair: pair[1].at_ms)
    oldest_ms = node.clock.now_ms() - KEPT_MS
    for index, (name, note) in enumerate(kept):
        if note.at_ms < oldest_ms or len(kept) - index >= MAX_KEPT:
            node.store.note(name, None)


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
