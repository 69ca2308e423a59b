"""Bodies of requests: read whole before anybody works on them, within bounds of size and time."""

import trio
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

# A form of a page, an edit of the API; files have a limit of their own where they are taken.
MOST_BYTES = 64 * 1024
# A phone with one bar sends that in a second.
WITHIN_S = 10.0
# Of a file that is sent, some must come within this time.
PIECE_S = 20.0


class Unwanted(Exception):
    """A body that is not taken."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


async def taken(scope: Scope, receive: Receive, most: int | None) -> Receive:
    """What hands out the body of a request, which has been read; Unwanted where it is too much.

    most: None where the endpoint reads it as it comes.
    """
    headers = dict(scope["headers"])
    if not (b"content-length" in headers or b"transfer-encoding" in headers):
        return receive
    if most is None:
        return _in_time(receive)
    said = headers.get(b"content-length", b"0")
    if not said.isdigit() or int(said[:20]) > most:
        raise _too_large(most)
    body = bytearray()
    with trio.move_on_after(WITHIN_S) as scope_of_time:
        is_more = True
        while is_more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body += message.get("body", b"")
            is_more = message.get("more_body", False)
            if len(body) > most:
                raise _too_large(most)
    if scope_of_time.cancelled_caught:
        raise Unwanted(408, "The body did not come in time.")
    return _replayed(bytes(body), receive)


def _too_large(most: int) -> Unwanted:
    return Unwanted(413, f"A body has at most {most:,} bytes here.")


def _in_time(receive: Receive) -> Receive:
    is_whole = False

    async def in_time() -> Message:
        nonlocal is_whole
        if is_whole:
            return await receive()
        with trio.move_on_after(PIECE_S):
            message = await receive()
            is_whole = not message.get("more_body", False)
            return message
        raise Unwanted(408, "The body did not come in time.")

    return in_time


def _replayed(body: bytes, receive: Receive) -> Receive:
    has_told = False

    async def replayed() -> Message:
        nonlocal has_told
        if has_told:
            return await receive()
        has_told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
