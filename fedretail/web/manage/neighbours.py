"""Neighbours: who is switched on, who has this shop's prices; how to meet another."""

from starlette.responses import Response

from fedretail.errors import FedretailError
from fedretail.node import samples
from fedretail.node.neighbours import neighbours
from fedretail.web.manage.desk import Desk


def page(desk: Desk) -> Response:
    """The list, the line that a neighbour needs, the field for theirs."""
    try:
        ticket = desk.node.ticket()
    except FedretailError:
        ticket = ""
    return desk.show(
        "neighbours",
        place="neighbours",
        found=neighbours(desk.node),
        ticket=ticket,
        has_samples=samples.count(desk.node) > 0,
    )


def join(desk: Desk) -> Response:
    """Enter the network of a ticket."""
    joined = desk.node.join(desk.get("ticket"))
    name = joined.network_name or desk.translated("your neighbours")
    desk.tell("ok", desk.translated("You belong to %(name)s now.", name=name))
    return desk.go("/neighbours")
