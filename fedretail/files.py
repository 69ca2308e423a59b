"""Files that appear under their name only when they are whole, and never through a link."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO


@contextmanager
def whole_file(
    target: Path,
    *,
    is_private: bool = False,
    encoding: str = "utf-8",
    errors: str = "strict",
    newline: str = "\n",
) -> Iterator[TextIO]:
    """A text file to write, which takes its name and the place of what has it at the end.

    Where something fails on the way, what was there stays as it was. A link at `target` is
    replaced, what it leads to is not. `is_private`: nobody but this user may read it.
    """
    # A name that nobody foresees, and for its owner alone while it grows: in a folder that others
    # write to, a link laid out in advance would lead elsewhere.
    number, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(number, "w", encoding=encoding, errors=errors, newline=newline) as file:
            yield file
        if not is_private:
            part.chmod(0o666 & ~_umask())
        part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """What this user's new files keep from others; asking for it means setting it."""
    present = os.umask(0o077)
    os.umask(present)
    return present
