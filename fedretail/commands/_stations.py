"""Where a shop's pages are found: by other screens, by a phone, by the shopkeeper."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fedretail.commands import Invocation, output
from fedretail.commands._common import opened, own_name
from fedretail.errors import FedretailError, MalformedInput

if TYPE_CHECKING:
    from fedretail.daemon.daemon import Ready

_EVERYWHERE = ("0.0.0.0", "[::]")


def stations(now: "Ready") -> list[str]:
    """Addresses of the pages as browsers call them: those of this computer for "all of them"."""
    found: list[str] = []
    for page in now.pages:
        host, _, port = urlsplit(page).netloc.rpartition(":")
        if host not in _EVERYWHERE:
            found.append(page)
            continue
        found += [f"http://{one}:{port}" for one in (*_in_the_shop(now), "127.0.0.1")]
    return found


def _in_the_shop(now: "Ready") -> list[str]:
    """This computer's addresses in the shop's own network, as the neighbours' part found them."""
    import ipaddress

    from fedretail.p2p.address import parse_address

    hosts: dict[str, None] = {}
    for address in now.addresses:
        try:
            host = parse_address(address).host
            place = ipaddress.ip_address(host)
        except (MalformedInput, ValueError):
            continue
        if place.version == 4 and place.is_private and not place.is_loopback:
            hosts[host] = None
    return list(hosts)


def show_way_in(invocation: Invocation, now: "Ready") -> None:
    """The link to the back office, and a code for phones where these get to the pages.

    For a terminal alone: whoever reads the link gets in.
    """
    from fedretail.node.entrance import make_link

    try:
        with opened(invocation) as node:
            link = make_link(node)
    except FedretailError:
        # A reader has none; and one that lasts for two minutes is not worth a failure.
        return
    output.note(f"Back office: {link}")
    output.note(f"It opens once, within 2 minutes; later: `{own_name()} manage`", tone="dim")
    for address in stations(now):
        if "127.0.0.1" not in address:
            output.show_code(f"{address}/", code(f"{address}/"))
            return


def code(text: str) -> list[list[bool]]:
    """The modules of a QR code, its quiet zone too; True is dark."""
    import segno

    made = segno.make(text, error="m", boost_error=False, micro=False)
    return [[bool(module) for module in row] for row in made.matrix_iter(border=2)]
