"""Where a daemon shows its pages: on this computer, in the shop's own network, or nowhere."""

import ipaddress
from dataclasses import dataclass

from fedretail.errors import MalformedInput

DEFAULT_PORT = 8765
DEFAULT = f"127.0.0.1:{DEFAULT_PORT}"
OFF, LAN = "off", "lan"
_HINT = f"Write HOST:PORT such as {DEFAULT}, lan, or off."


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An address to listen on; port 0 means any that is free."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this computer gets there."""
        if self.host == "localhost":
            return True
        return ipaddress.ip_address(self.host).is_loopback

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_web(text: str) -> WebAddress | None:
    """The address of "HOST:PORT" or "lan", None for "off"; MalformedInput says what is expected."""
    text = text.strip()
    if text == OFF:
        return None
    if text == LAN:
        return WebAddress("0.0.0.0", DEFAULT_PORT)
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise MalformedInput(f"{text!r:.60} is no address of pages", hint=_HINT)
    if host != "localhost":
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise MalformedInput(f"{host!r:.60} is no IP address", hint=_HINT) from None
    return WebAddress(host, int(port))
