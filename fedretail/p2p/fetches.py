"""Which session fetches which log: one neighbour a log at a time, few neighbours at once."""

from fedretail.p2p.repairs import Helped

# More than four at once share one uplink and one disk and are no faster together.
MAX_FETCHING = 4


class Fetches:
    """The claims of all sessions of a node; a claim is given up when its session ends.

    Sessions may call from threads of their own, each session from one at a time: every step is
    one operation on one key, so that nothing is lost between them. At worst a fifth session begins
    to fetch when two ask at the same moment.
    """

    def __init__(self) -> None:
        self._holder: dict[bytes, object] = {}
        self._claims: dict[object, set[bytes]] = {}
        # What the same sessions have at hand for neighbours who repair their copies.
        self.helped = Helped()

    def claim(self, log: bytes, session: object) -> bool:
        """Whether this session may fetch the log now; it holds the log then until `release`."""
        if session not in self._claims and len(self._claims) >= MAX_FETCHING:
            return False
        if self._holder.setdefault(log, session) is not session:
            return False
        self._claims.setdefault(session, set()).add(log)
        return True

    def release(self, log: bytes, session: object) -> None:
        """Give up a claim; one that another session holds stays."""
        if self._holder.get(log) is not session:
            return
        del self._holder[log]
        self._claims[session].discard(log)
        if not self._claims[session]:
            del self._claims[session]

    def release_all(self, session: object) -> None:
        """Give up all claims of a session that has ended."""
        for log in self._claims.pop(session, set()):
            self._holder.pop(log, None)

    def __len__(self) -> int:
        return len(self._holder)
