"""Whom people mean by the name of a shop or of a member."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fedretail.domain.ids import is_site_id
from fedretail.domain.texts import quoted
from fedretail.errors import UsageError
from fedretail.index.language.text import fold
from fedretail.node import directory
from fedretail.node.base import BaseNode

if TYPE_CHECKING:
    from fedretail.index.views import View


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
    return ids.union(*(known.get(fold(name), ()) for name in names))


def _is_id(text: str) -> bool:
    return is_site_id(text) or directory.parse_owner(text) is not None


def _known(node: BaseNode, view: "View | None") -> dict[str, set[str]]:
    """Ids by folded name, of all sites and members here that the view shows."""
    shown = None
    if view is not None:
        from fedretail.node.shown import Shown

        shown = Shown(node, view)
    known: dict[str, set[str]] = {}
    for one in directory.sites(node):
        if one.site.name and (shown is None or shown.site(one.owner, one.id)):
            known.setdefault(fold(one.site.name), set()).add(one.id)
    for owner, member in directory.members(node):
        if shown is None or shown.member(owner):
            for name in filter(None, (member.name, member.imprint.legal_name)):
                known.setdefault(fold(name), set()).add(owner.hex())
    return known


def _nearest(name: str, known: Iterable[str]) -> str:
    import difflib

    # Names that hold the word are meant more often than those that are written alike.
    inside = sorted(one for one in known if fold(name) in one)
    close = inside[:1] or difflib.get_close_matches(fold(name), list(known), n=1)
    return f"Did you mean {quoted(close[0])}?" if close else "Look at their names with a search."
