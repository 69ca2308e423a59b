"""The pictures that this shop's own lists name: fetched politely, made small, said by offers."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Never
from urllib.parse import urlsplit

import trio

from fedretail.daemon.threads import in_thread
from fedretail.domain.pictures import parse_webp
from fedretail.domain.reasons import Reason, reason_of
from fedretail.domain.texts import count
from fedretail.errors import FedretailError, MalformedInput
from fedretail.node.node import Node
from fedretail.node.own_pictures import OwnPictures
from fedretail.pictures.encoding import encoded
from fedretail.pictures.fetching import Answer, fetch

log = logging.getLogger(__name__)

Fetch = Callable[[str], Awaitable[Answer]]
# How soon a new list is seen; one look at a number in the store.
_LOOK_S = 5.0
# Between two files: a shop's web server has its own customers.
POLITE_S = 0.5
# Offers say their pictures, and neighbours hear of it, after so many or so long.
_SETTLE_FILES, _SETTLE_S = 20, 10.0
# Addresses that did not answer, as when the internet is off, are asked again after this.
_OFFLINE_S = 600.0
# After a failure of this computer.
_AGAIN_S = 300.0


class OwnPictureWork:
    """Keeps what own offers show in step with what the shop's lists name."""

    def __init__(self, node: Node, on_event: Callable[[str], None], *, get: Fetch = fetch) -> None:
        """`get`: fetches an address, for tests."""
        self._node = node
        self._on_event = on_event
        self._get = get
        self._own: OwnPictures | None = None
        self._made = 0
        self._silent_until_s: dict[str, float] = {}

    async def run(self) -> Never:
        """Work until cancelled; what fails is tried again."""
        while True:
            pause_s = _LOOK_S
            try:
                await self._round(await self._opened())
            except FedretailError as error:
                # A full disk, no Pillow, a shop that may not write just now.
                log.warning("Pictures wait: %s %s", error.message, error.hint)
                pause_s = _AGAIN_S
            except Exception:
                # A picture that a fault of ours stumbles over must not end the daemon.
                log.exception("Pictures wait.")
                pause_s = _AGAIN_S
            await trio.sleep(pause_s)

    async def _opened(self) -> OwnPictures:
        if self._own is None:
            own = await in_thread(lambda: OwnPictures(self._node, self._node.pictures.blobs))
            await in_thread(own.tidy)
            self._own = own
        return self._own

    def statistics(self) -> dict[str, int]:
        """What waits, what was made since the start, what was given up."""
        counts = {} if self._own is None else self._own.counts()
        return {**counts, "pictures_made_total": self._made}

    async def _round(self, own: OwnPictures) -> None:
        """Fetch all that is due now."""
        for again in self._node.pictures.asked_again():
            self._silent_until_s.pop(_host(again), None)
            await in_thread(partial(own.forget, again))
        await in_thread(own.settle)
        unsettled, due_s = 0, trio.current_time() + _SETTLE_S
        made, failed = self._made, len(own.failures())
        while url := own.next(self._node.clock.now_ms(), self._is_silent):
            unsettled += await self._one(own, url)
            if unsettled >= _SETTLE_FILES or trio.current_time() >= due_s:
                await in_thread(own.settle)
                unsettled, due_s = 0, trio.current_time() + _SETTLE_S
            await trio.sleep(POLITE_S)
        await in_thread(own.settle)
        self._tell(own, self._made - made, len(own.failures()) - failed)

    def _is_silent(self, url: str) -> bool:
        """Whether the computer of an address did not answer a moment ago."""
        return self._silent_until_s.get(_host(url), 0.0) > trio.current_time()

    async def _one(self, own: OwnPictures, url: str) -> bool:
        """Ask one address; whether something is known of it now."""
        answer = await self._get(url)
        if answer.state == "unreachable":
            self._silent_until_s[_host(url)] = trio.current_time() + _OFFLINE_S
            return False
        if answer.state != "here":
            is_final = answer.state == "never"
            why = answer.why or Reason("picture_silent")
            await in_thread(partial(own.failed, url, why, is_final=is_final))
            return True
        try:
            files = await encoded(answer.data)
        except MalformedInput as error:
            await in_thread(partial(own.failed, url, reason_of(error), is_final=True))
            return True
        sized = [(file, *parse_webp(file)) for file in files]
        await in_thread(partial(own.made, url, sized))
        self._made += 1
        return True

    def _tell(self, own: OwnPictures, made: int, failed: int) -> None:
        if made:
            self._on_event(f"{count(made, 'picture')} of your goods made small.")
        if failed > 0:
            url, why = own.failures()[-1]
            self._on_event(
                f"{count(failed, 'picture')} cannot be had, such as {url}: {why.english}."
            )


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
