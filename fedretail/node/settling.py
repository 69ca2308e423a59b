"""The last step of setting up: what is whole takes its place in the data directory.

Many moves cannot be one. So a node that was made bears one mark that it is whole, the name of its
folder, and whoever comes next ends what was begun.
"""

import contextlib
from pathlib import Path

# Where a new node lies from the moment in which it is whole until all of it is in its place.
WHOLE = ".made"
# Of a data directory: by these a shop is known to be there, or to have been.
_STORE, _KEYS = "store.db", "keys"


def settle(path: Path) -> None:
    """Move a whole new node out of its folder; nothing where there is none."""
    whole = path / WHOLE
    if not whole.is_dir():
        return
    # Last the store, by which a node is known to be there.
    for one in sorted(whole.iterdir(), key=lambda one: one.name == _STORE):
        # Two who do this at once move each file once.
        with contextlib.suppress(FileNotFoundError):
            one.replace(path / one.name)
    with contextlib.suppress(OSError):
        whole.rmdir()


def is_new(path: Path) -> bool:
    """Whether a data directory holds neither a shop nor what is left of one."""
    settle(path)
    return not any((path / name).exists() for name in (_STORE, _KEYS))
