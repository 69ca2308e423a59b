"""Whom people mean by the name of a shop or of a member."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from fedretail.domain.ids import is_site_id
from fedretail.domain.texts import quoted
from fedretail.errors import UsageError
from fedretail.index.language.text import fold
from fedretail.node import directory
from fedretail.node.base import BaseNode

if TYPE_CHECKING:
    from fedretail.index.views import View


_MOST_MEANT = 3


def retailers(
    node: BaseNode,
    asked: Iterable[str],
    *,
    view: "View | None" = None,
    or_nobody: bool = False,
) -> frozenset[str]:
    """Ids of the sites and names (in hex) of the members that are meant.

    Each is an id, or a name, case and accents aside; all who bear a name are meant.
    UsageError for a name that nobody bears; with `or_nobody` it stands for nobody. view: whom it
    leaves out bears no name, and is not guessed either.
    """
    asked = [text.strip() for text in asked]
    ids = frozenset(text for text in asked if _is_id(text))
    names = [text for text in asked if text not in ids]
    if not names:
        return ids
    known = _known(node, view)
    for name in names:
        if fold(name) not in known and not or_nobody:
            raise UsageError(f"There is no shop {quoted(name)} here.", hint=_nearest(name, known))
    return ids.union(*(known[fold(name)].ids for name in names if fold(name) in known))


def _is_id(text: str) -> bool:
    return is_site_id(text) or directory.parse_owner(text) is not None


class _Named(NamedTuple):
    """Who bears a name; name: as one of them spells it."""

    name: str
    ids: set[str]


def _known(node: BaseNode, view: "View | None") -> dict[str, _Named]:
    """By folded name, all sites and members here that the view shows."""
    shown = None
    if view is not None:
        from fedretail.node.shown import Shown

        shown = Shown(node, view)
    known: dict[str, _Named] = {}

    def note(name: str, number: str) -> None:
        known.setdefault(fold(name), _Named(name, set())).ids.add(number)

    for one in directory.sites(node):
        if one.site.name and (shown is None or shown.site(one.owner, one.id)):
            note(one.site.name, one.id)
    for owner, member in directory.members(node):
        if shown is None or shown.member(owner):
            for name in filter(None, (member.name, member.imprint.legal_name)):
                note(name, owner.hex())
    return known


def _nearest(name: str, known: dict[str, _Named]) -> str:
    import difflib

    # Names that hold the word are meant more often than those that are written alike; those that
    # begin with it most often.
    word = fold(name)
    inside = sorted((one for one in known if word in one), key=lambda one: (one.find(word), one))
    close = inside[:_MOST_MEANT] or difflib.get_close_matches(word, list(known), n=1)
    if not close:
        return "Look at their names with a search."
    return f"Did you mean {' or '.join(quoted(known[one].name) for one in close)}?"
