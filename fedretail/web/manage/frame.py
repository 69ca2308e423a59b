"""What stands beside every page of the back office: the shop's name and sign, counts."""

from dataclasses import dataclass

from fedretail.domain.members import Member
from fedretail.index.query import Query
from fedretail.node.neighbours import neighbours
from fedretail.node.node import Node
from fedretail.web.pages.signs import colour, initials


@dataclass(frozen=True, slots=True)
class Frame:
    """The shop; counts: what the navigation shows behind its entries."""

    name: str
    initials: str
    colour: int
    counts: dict[str, int]

    @classmethod
    def of(cls, node: Node) -> "Frame":
        """The shop of a node."""
        sites = node.sites()
        name = Member.from_fields(node.member()).name or (sites[0].name if sites else "")
        sign = colour(sites[0].site, sites[0].id) if sites else 0
        counts = {"offers": own_offers(node), "neighbours": len(neighbours(node))}
        return cls(name, initials(name), sign, counts)


def own_offers(node: Node) -> int:
    """How many offers this shop has, at all its places."""
    mine = frozenset(f"{own.id}" for own in node.sites())
    if not mine:
        return 0
    return node.search(Query(words="", retailers=mine, limit=0)).total
