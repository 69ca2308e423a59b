"""Who is signed in: cookies of twelve hours, known here by their digests alone.

So an update of fedretail or a crash throws nobody out in the middle of a form: the digests wait in
a file for the next daemon. What a form must bring along follows from the cookie, and is in no file.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fedretail.clock import Clock
from fedretail.node.entrance import digest
from fedretail.web.manage import kept

_COOKIE = "fedretail"
# A day in the shop; who does nothing for so long is signed out.
IDLE_MS = 12 * 3600 * 1000
# A few browsers of one computer; the one that was silent longest gives way.
_MOST = 8
_BYTES = 32
# When somebody was seen last is written down no more often: a daemon that is killed shortens a
# session by so much at most.
_NOTED_MS = 10 * 60 * 1000


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
    form: str = ""
    told: list[tuple[str, str]] = field(default_factory=list)

    def is_form(self, token: str) -> bool:
        """Whether a form was made for this very session."""
        made = self.form.encode()
        return bool(made) and hmac.compare_digest(made, token.encode("utf-8", "surrogatepass"))

    def is_over(self, now_ms: int) -> bool:
        """Whether nothing was heard of it for too long, by whichever clock."""
        return abs(now_ms - self.seen_ms) > IDLE_MS


class Sessions:
    """All who are signed in.

    take_link: whether a token is that of the last link, which is of no use then.
    """

    def __init__(self, clock: Clock, take_link: Callable[[str], bool]) -> None:
        self._clock = clock
        self.take_link = take_link
        self._sessions: list[Session] = []
        self._path: Path | None = None
        self._noted_ms = 0
        self._lock = threading.Lock()

    def keep_in(self, folder: Path) -> None:
        """Go on with who was signed in when the last daemon ended, and write down who is."""
        with self._lock:
            self._path = folder / kept.FILE
            found = [Session(*one) for one in kept.load(self._path)]
            self._sessions = [*found, *self._sessions][-_MOST:]
            self._clear()
            with suppress(OSError):
                self._note()

    def sign_in(self, token: str) -> str | None:
        """The cookie for whoever brings the token of a link; None where it opens nothing."""
        with self._lock:
            if not self.take_link(token):
                return None
            cookie = secrets.token_urlsafe(_BYTES)
            self._sessions = sorted(self._sessions, key=lambda one: one.seen_ms)[1 - _MOST :]
            self._sessions.append(Session(digest(cookie), self._clock.now_ms()))
            with suppress(OSError):
                self._note()
        return cookie

    def find(self, cookie: str) -> Session | None:
        """The session of a cookie; None where there is none, or it was idle for too long."""
        wanted, now_ms = digest(cookie), self._clock.now_ms()
        with self._lock:
            self._clear()
            found = None
            for one in self._sessions:
                if hmac.compare_digest(one.digest, wanted):
                    found = one
            if found is not None:
                found.seen_ms, found.form = now_ms, _form_of(cookie)
                if abs(now_ms - self._noted_ms) >= _NOTED_MS:
                    with suppress(OSError):
                        self._note()
        return found

    def end(self, session: Session) -> None:
        """Sign out; OSError where the disk may still hold the session for a later daemon."""
        with self._lock:
            self._sessions = [one for one in self._sessions if one is not session]
            self._note()

    def _clear(self) -> None:
        now_ms = self._clock.now_ms()
        self._sessions = [one for one in self._sessions if not one.is_over(now_ms)]

    def _note(self) -> None:
        if self._path is not None:
            self._noted_ms = self._clock.now_ms()
            kept.save(self._path, ((one.digest, one.seen_ms) for one in self._sessions))


def _form_of(cookie: str) -> str:
    """What the forms of a session bear: only who has the cookie can work it out."""
    return hmac.new(cookie.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()
