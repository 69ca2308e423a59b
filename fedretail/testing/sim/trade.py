"""What simulated shops do: small batches of edits on few records, so that they meet."""

from typing import Any

from fedretail.crdt.head import Head, SignedHead
from fedretail.crdt.lineage import Absorbed
from fedretail.crdt.names import log_id
from fedretail.domain.kinds import registry
from fedretail.store import commits
from fedretail.store.commits import Author, Commit, Edit
from fedretail.store.store import Store
from fedretail.testing.builders import SITE
from fedretail.testing.sim.world import World

KEYS = tuple(f"k{n}" for n in range(8))
_NAMES = ("name", "stock", "regular", "brand", "from-a-later-version")


def signed(store: Store, author: Author, edits: list[Edit], lost: Absorbed) -> SignedHead | None:
    """The head of a commit; of a renewal where there are no edits.

    lost: logs that a new one takes the place of, as its first head names them.
    """
    if not edits:
        return store.renew(author, SITE)
    name = store.own_logs.written(author.log(SITE))
    if not lost or name != author.log(SITE) or store.log(log_id(name)) is not None:
        return store.commit(author, SITE, edits)
    before = Head(b"", 0, 0, 0, 0, 0, b"", absorbed=lost)
    commit = Commit(author, SITE, edits, store._clock.now_ms(), before=before)
    return commits.commit(store._write, commit, registry())


def edits(world: World, *, is_large: bool) -> list[Edit]:
    """The edits of the next commit, at least one of them of a public field."""
    choose = world.choose
    count = choose.choice((1, 1, 2, 3)) if not is_large else len(KEYS)
    return [edit for key in choose.sample(KEYS, count) for edit in _edits_of(world, key, is_large)]


def _edits_of(world: World, key: str, is_large: bool) -> list[Edit]:
    what = world.choose.random()
    if what < 0.15 and not is_large:
        return [Edit("offer", key, is_deletion=True)]
    fresh = Edit("offer", key, _fields(world, is_large), keep_unknown=True)
    if what < 0.3:
        return [Edit("offer", key, is_deletion=True), fresh]
    return [fresh]


def _fields(world: World, is_large: bool) -> dict[str, Any]:
    choose = world.choose
    names = choose.sample(_NAMES, choose.choice((1, 1, 2)))
    fields: dict[str, Any] = {name: _value(world) for name in names}
    if is_large:
        # Few rows in a part, so that a transfer takes several.
        fields["description"] = choose.choice("xyz") * choose.randrange(200, 1500)
    if world.happens(0.1):
        fields["cost"] = choose.randrange(1000)
    return fields


def _value(world: World) -> Any:
    choose = world.choose
    number = choose.randrange(100)
    return choose.choice((number, f"value {number}", [[number]], {"n": number}, None))
