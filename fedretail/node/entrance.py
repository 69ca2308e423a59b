"""The way into the back office: a link that works once and for two minutes.

Who can read this shop's data directory may make one. Only the digest of its token is written down,
so that no copy of the store lets anybody in; a new link makes the one before useless.
"""

import hashlib
import hmac
import secrets

from fedretail.errors import Refused, Unavailable
from fedretail.node.base import BaseNode

# As long as it takes to click on a line of the terminal, or to copy it into a browser.
LINK_MS = 2 * 60 * 1000
# Under this key the store notes the digest of the last link's token.
_LINK = "manage"
TOKEN_BYTES = 32


def make_link(node: BaseNode) -> str:
    """The address that lets its first visitor in; Unavailable where no pages are shown.

    The token stands behind the #, which browsers send to nobody.
    """
    if node.is_reader:
        hint = "A shop is made with `fedretail --data-dir NEW init`."
        raise Refused("This node only searches: there is nothing to manage.", hint=hint)
    state = node.daemon_state()
    if state is None:
        raise Unavailable("The back office opens while the shop runs.", hint="`fedretail serve`")
    if not state["pages"]:
        hint = "Start `fedretail serve` without `--web off`."
        raise Unavailable("This shop shows no pages.", hint=hint)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    node.store.note(_LINK, digest(token))
    return link_to(state["pages"][0], token)


def link_to(page: str, token: str) -> str:
    """The address that hands this token over to the pages at `page`."""
    return f"{_here(page)}/manage#{token}"


def take_link(node: BaseNode, token: str) -> bool:
    """Whether this is the token of the last link, which no one can use again.

    To be called by one at a time.
    """
    noted = node.store.noted(_LINK)
    if noted is None:
        return False
    is_timely = 0 <= node.clock.now_ms() - noted.at_ms <= LINK_MS
    is_right = hmac.compare_digest(str(noted.value), digest(token))
    if is_right or not is_timely:
        node.store.note(_LINK, None)
    return is_right and is_timely


def digest(token: str) -> str:
    """What is kept of a token: it has 256 bits of chance, so that nobody finds it from this."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _here(page: str) -> str:
    """An address of pages as this very computer reaches it."""
    scheme, _, address = page.partition("://")
    host, _, port = address.rpartition(":")
    return f"{scheme}://{'127.0.0.1' if host in ('0.0.0.0', '[::]', '::') else host}:{port}"
