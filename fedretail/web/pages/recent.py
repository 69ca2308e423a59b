"""What was answered a moment ago, for whoever asks the same: everybody types "mil" before "milk".

Nothing older than a few seconds is held, nothing that the index knows better by now, and nothing
that says who has asked.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from starlette.responses import Response

from fedretail.web.pages.house import House
from fedretail.web.pages.rendering import HEADERS

# As the street that pages show is kept; hours and ages change by the minute.
_KEPT_MS = 5_000
# Some twenty kilobytes each.
_MOST = 200


class Recent:
    """Answers of the last seconds."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._lock = threading.Lock()
        # When each was made, the oldest first.
        self._answers: OrderedDict[Hashable, tuple[int, int, bytes]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Response]) -> Response:
        """The answer to what `key` says in full; made where there is none of now.

        make: gives no header that the next asker may not have.
        """
        now_ms, followed = self._house.now_ms(), self._house.node.index.followed()
        with self._lock:
            self._forget(now_ms)
            found = self._answers.get(key)
        if found is not None and found[1] == followed:
            return Response(found[2], headers=HEADERS, media_type="text/html")
        answer = make()
        if answer.status_code == 200:
            with self._lock:
                self._answers[key] = now_ms, followed, bytes(answer.body)
                self._answers.move_to_end(key)
                while len(self._answers) > _MOST:
                    self._answers.popitem(last=False)
        return answer

    def _forget(self, now_ms: int) -> None:
        while self._answers:
            key, (made_ms, *_) = next(iter(self._answers.items()))
            if 0 <= now_ms - made_ms < _KEPT_MS:
                return
            del self._answers[key]
