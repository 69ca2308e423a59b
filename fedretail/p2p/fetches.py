"""Which session fetches which log: one neighbour a log at a time, few neighbours at once."""

# More than four at once share one uplink and one disk and are no faster together.
MAX_FETCHING = 4


class Fetches:
    """The claims of all sessions of a node; a claim is given up when its session ends."""

    def __init__(self) -> None:
        self._holder: dict[bytes, object] = {}

    def claim(self, log: bytes, session: object) -> bool:
        """Whether this session may fetch the log now; it holds the log then until `release`."""
        holders = set(map(id, self._holder.values()))
        if id(session) not in holders and len(holders) >= MAX_FETCHING:
            return False
        return self._holder.setdefault(log, session) is session

    def release(self, log: bytes, session: object) -> None:
        """Give up a claim; one that another session holds stays."""
        if self._holder.get(log) is session:
            del self._holder[log]

    def release_all(self, session: object) -> None:
        """Give up all claims of a session that has ended."""
        self._holder = {
            log: holder for log, holder in self._holder.items() if holder is not session
        }

    def __len__(self) -> int:
        return len(self._holder)
