"""Who holds the few long answers that there are: streams and exports."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Scope

from fedretail.web.askers import asker_of
from fedretail.web.problems import Problem


class Shares:
    """Counts long answers: `most` in all, a quarter of them to each address of the network.

    All addresses together leave a quarter to programs of this computer, which may take all.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._each = most // 4
        self._of_others = most - self._each
        self._here = 0
        self._others: Counter[str] = Counter()

    @contextmanager
    def held(self, scope: Scope) -> Iterator[None]:
        """A long answer to whoever asks; a Problem where it would be one too many."""
        asker = asker_of(scope)
        if not self._has_room(asker):
            raise Problem(503, "Too many are being served.", headers={"retry-after": "30"})
        self._count(asker, 1)
        try:
            yield
        finally:
            self._count(asker, -1)

    def _has_room(self, asker: str) -> bool:
        others = self._others.total()
        if self._here + others >= self._most:
            return False
        return not asker or (others < self._of_others and self._others[asker] < self._each)

    def _count(self, asker: str, number: int) -> None:
        if not asker:
            self._here += number
            return
        self._others[asker] += number
        if not self._others[asker]:
            del self._others[asker]
