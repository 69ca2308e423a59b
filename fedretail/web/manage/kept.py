"""Who was signed in when the daemon ended: a small file of digests, which open nothing."""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from fedretail.files import whole_file

FILE = "sessions"
# A line for each of a few browsers; whatever is longer was not written here.
_MOST_BYTES = 4096
_DIGEST = re.compile(r"[0-9a-f]{64}")
# Beyond the year 9999 no clock stands.
_MOST_MS = 10**15

Seen = tuple[str, int]


def load(path: Path) -> list[Seen]:
    """(digest of a cookie, when it was seen last in ms); nothing where the file is not whole."""
    try:
        with path.open("rb") as file:
            said = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return []
    if not isinstance(said, dict):
        return []
    return [
        (digest, seen_ms)
        for digest, seen_ms in said.items()
        if _DIGEST.fullmatch(digest) and type(seen_ms) is int and 0 <= seen_ms < _MOST_MS
    ]


def save(path: Path, sessions: Iterable[Seen]) -> None:
    """Write these and no others, for this user alone; OSError where the disk holds the old ones."""
    said = dict(sessions)
    try:
        if said:
            with whole_file(path, is_private=True) as file:
                json.dump(said, file)
            return
    except OSError:
        # A full disk still lets go of a file: rather nobody is signed in than who has signed out.
        with suppress(OSError):
            path.unlink(missing_ok=True)
            return
        raise
    path.unlink(missing_ok=True)
