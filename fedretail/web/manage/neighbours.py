"""Neighbours: who is switched on, who has this shop's prices; how to meet another."""

from starlette.responses import Response

from fedretail.errors import FedretailError, MalformedInput
from fedretail.node import samples
from fedretail.node.neighbours import neighbours
from fedretail.node.networks import check_ticket
from fedretail.web.manage.desk import Desk


def page(desk: Desk) -> Response:
    """The list, the line that a neighbour needs, the field for theirs."""
    return _page(desk, {})


def _page(desk: Desk, faults: dict[str, str]) -> Response:
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
        faults=faults,
        labels={"ticket": desk.translated("Their ticket")},
        typed=desk.get("ticket") if faults else "",
        status=422 if faults else 200,
    )


def join(desk: Desk) -> Response:
    """Enter the network of a ticket."""
    try:
        check_ticket(desk.get("ticket"))
    except MalformedInput:
        text = "That is no ticket. Paste the whole line that a neighbour gave you."
        return _page(desk, {"ticket": desk.translated(text)})
    joined = desk.node.join(desk.get("ticket"))
    name = joined.network_name or desk.translated("your neighbours")
    desk.tell("ok", desk.translated("You belong to %(name)s now.", name=name))
    return desk.go("/neighbours")
