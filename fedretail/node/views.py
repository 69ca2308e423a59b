"""Views of this node by their names in the settings."""

from dataclasses import replace

from fedretail.domain.texts import quoted
from fedretail.errors import UsageError
from fedretail.index.view_settings import parse_view
from fedretail.index.views import View
from fedretail.node.base import BaseNode
from fedretail.node.retailers import retailers


def view(node: BaseNode, name: str) -> View:
    """The view with everything said: whose own offers, from where, which shops.

    UsageError where the settings have no such view, or it needs a place that nobody has told.
    """
    table = node.config.views.get(name)
    if table is None:
        names = ", ".join(node.config.views)
        hint = f"Views are: {names}." if names else "Write [views.NAME] into config.toml."
        raise UsageError(f"There is no view {quoted(name)}.", hint=hint)
    said = parse_view(name, table)
    if said.within_m is not None and said.near is None and node.position is None:
        raise UsageError(
            f"The view {quoted(name)} has a radius and no place.",
            hint=f'Add near = "LATITUDE, LONGITUDE" to [views.{name}] in config.toml.',
        )
    # A neighbour that is named here may come later, or leave: the view goes on without it.
    wanted, hidden = said.retailers, said.hidden_retailers
    return replace(
        said,
        owner=node.owner,
        near=said.near or (None if said.within_m is None else node.position),
        retailers=None if wanted is None else retailers(node, wanted, or_nobody=True),
        hidden_retailers=retailers(node, hidden, or_nobody=True),
    )
