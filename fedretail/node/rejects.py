"""The file of rows to mend: where it is written, and that nobody's work in it is lost.

An import that runs every night writes it anew, and whoever mends rows in it may not have imported
them yet. So a file is written over only while it is as it was written here, or was taken in whole.
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from fedretail.connectors import BadRow, Reader
from fedretail.errors import Unavailable
from fedretail.node.base import BaseNode

_MARK = ".rejects"
# Under this key stand the digests of files that may be written over, the newest last.
_SPENT = "rejects"
# More than the reject files of a shop's sources; one that is forgotten is kept, and takes a name.
_MOST = 100


def write_rejects(
    node: BaseNode, reader: Reader, path: Path, bad: Callable[[], Iterator[BadRow]]
) -> Path:
    """Write the reject file beside the source, or into the data directory if that cannot be."""
    for folder in (path.parent, node.path):
        try:
            target = _free(node, folder / _next_name(path))
            reader.write_rejects(target, bad())
            note_spent(node, fingerprint(target))
        except OSError:
            continue
        return target
    raise Unavailable(f"The rows to mend could not be written beside {path}.", hint="Free space.")


def fingerprint(path: Path) -> str | None:
    """What tells this state of a reject file from all others; None for any other file."""
    if _MARK not in path.stem:
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:32]


def note_spent(node: BaseNode, state: str | None) -> None:
    """Note that a file in this state holds nobody's work that is not elsewhere too."""
    spent = _spent(node)
    if state is not None and state not in spent:
        node.store.note(_SPENT, [*spent, state][-_MOST:])


def _spent(node: BaseNode) -> list[str]:
    noted = node.store.noted(_SPENT)
    return [] if noted is None else list(noted.value)


def _free(node: BaseNode, target: Path) -> Path:
    """The first name from this one on under which nothing stands that a person has changed."""
    spent = _spent(node)
    while target.is_file() and fingerprint(target) not in spent:
        target = target.with_name(_next_name(target))
    return target


def _next_name(path: Path) -> str:
    """prices.csv -> prices.rejects.csv -> prices.rejects.2.csv -> prices.rejects.3.csv."""
    stem, _, tail = path.stem.rpartition(_MARK)
    if not stem:
        return f"{path.stem}{_MARK}{path.suffix}"
    number = int(tail[1:]) + 1 if tail[1:].isdigit() else 2
    return f"{stem}{_MARK}.{number}{path.suffix}"
