"""Who is signed in: cookies that live as long as the daemon, known here by their digests alone."""

import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from fedretail.clock import Clock
from fedretail.node.entrance import digest

_COOKIE = "fedretail"
# A day in the shop; who does nothing for so long is signed out.
IDLE_MS = 12 * 3600 * 1000
# A few browsers of one computer; the one that was silent longest gives way.
_MOST = 8
_BYTES = 32


def cookie_name(host: str) -> str:
    """The name of the cookie of who has signed in at this host, as in "127.0.0.1:8765".

    It bears the port, by which browsers keep no cookies apart: of two shops on one computer, who
    signed in to one would be signed out of the other.
    """
    port = host.rpartition(":")[2]
    return f"{_COOKIE}-{port}" if port.isascii() and port.isdigit() else _COOKIE


@dataclass(slots=True)
class Session:
    """One browser that is signed in.

    form: what each form of this session must bring along. told: what the next page says first, a
    mark ("ok", "warn" or "bad") and a sentence.
    """

    digest: str
    seen_ms: int
    form: str = field(default_factory=lambda: secrets.token_urlsafe(_BYTES))
    told: list[tuple[str, str]] = field(default_factory=list)

    def is_form(self, token: str) -> bool:
        """Whether a form was made for this very session."""
        return hmac.compare_digest(self.form.encode(), token.encode("utf-8", "surrogatepass"))


class Sessions:
    """All who are signed in, in memory: none outlives the daemon.

    take_link: whether a token is that of the last link, which is of no use then.
    """

    def __init__(self, clock: Clock, take_link: Callable[[str], bool]) -> None:
        self._clock = clock
        self.take_link = take_link
        self._sessions: list[Session] = []
        self._lock = threading.Lock()

    def sign_in(self, token: str) -> str | None:
        """The cookie for whoever brings the token of a link; None where it opens nothing."""
        with self._lock:
            if not self.take_link(token):
                return None
            cookie = secrets.token_urlsafe(_BYTES)
            self._sessions = sorted(self._sessions, key=lambda one: one.seen_ms)[1 - _MOST :]
            self._sessions.append(Session(digest(cookie), self._clock.now_ms()))
        return cookie

    def find(self, cookie: str) -> Session | None:
        """The session of a cookie; None where there is none, or it was idle for too long."""
        wanted, now_ms = digest(cookie), self._clock.now_ms()
        with self._lock:
            self._sessions = [one for one in self._sessions if now_ms - one.seen_ms <= IDLE_MS]
            found = None
            for one in self._sessions:
                if hmac.compare_digest(one.digest, wanted):
                    found = one
            if found is not None:
                found.seen_ms = now_ms
        return found

    def end(self, session: Session) -> None:
        """Sign out."""
        with self._lock:
            self._sessions = [one for one in self._sessions if one is not session]
