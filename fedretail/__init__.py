"""Shops share catalogs, prices and stock with their neighbours, without a server between them.

The public names are resolved when they are first asked for, so that `import fedretail` costs
next to nothing and loads neither libp2p nor numpy.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Public name -> the module that defines it.
_HOMES = {
    "BugError": "fedretail.errors",
    "Client": "fedretail.client.client",
    "FedretailError": "fedretail.errors",
    "ImportOptions": "fedretail.node.import_report",
    "MalformedInput": "fedretail.errors",
    "Node": "fedretail.node.node",
    "PeerError": "fedretail.errors",
    "Position": "fedretail.domain.geo",
    "Query": "fedretail.index.query",
    "Refused": "fedretail.errors",
    "Unavailable": "fedretail.errors",
    "UsageError": "fedretail.errors",
    "running": "fedretail.daemon.running",
    "serve_in_thread": "fedretail.daemon.running",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 (a dict of str gives its keys)


def __getattr__(name: str) -> Any:
    """The public object of this name; AttributeError where there is none."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'fedretail' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """All public names, loaded or not."""
    return sorted({*globals(), *_HOMES})
