"""Answers made small on the way: zstd or gzip, as the browser likes; streams piece by piece."""

import re
import zlib
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import zstandard
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Below this the headers cost more than is won.
_LEAST_BYTES = 600
# Text. Pictures and fonts are small already; of events each must arrive at once.
_PACKED = (
    *(b"text/html", b"text/css", b"text/javascript", b"text/plain", b"image/svg+xml"),
    *(b"application/json", b"application/problem+json", b"application/x-ndjson"),
    *(b"application/javascript", b"application/manifest+json"),
)
# Half a millisecond for a page of results; higher levels win a few percent.
_GZIP_LEVEL, _ZSTD_LEVEL = 5, 3
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_ETAG = re.compile(rb'\.(?:gzip|zstd)"')


class _Packer(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...


Flush = Callable[[], bytes]


class Packed:
    """Packs what is text. An ETag says how; one that comes back is that of the bare text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = [(name, _bare(name, value)) for name, value in scope["headers"]]
        accepted = b",".join(value for name, value in headers if name == b"accept-encoding")
        scope = {**scope, "headers": headers}
        await self._app(scope, receive, _Sender(send, preferred(accepted.decode("latin-1"))))


def preferred(accepted: str) -> str | None:
    """Of zstd and gzip what a header Accept-Encoding likes best, zstd where both alike."""
    weights: dict[str, float] = {}
    for part in accepted.split(",")[:20]:
        name, _, quality = part.partition(";")
        text = quality.strip().removeprefix("q=")
        try:
            weights[name.strip().lower()] = float(text) if text else 1.0
        except ValueError:
            continue
    best = max(("zstd", "gzip"), key=lambda name: weights.get(name, 0.0))
    return best if weights.get(best, 0.0) > 0 else None


class _Sender:
    """Sends on one answer, packed where that is of use."""

    def __init__(self, send: Send, how: str | None) -> None:
        self._send = send
        self._how = how
        self._start: Message | None = None
        self._packer: _Packer | None = None
        self._flush: Flush = bytes
        self._end: Flush = bytes

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        body, is_more = message.get("body", b""), message.get("more_body", False)
        if self._start is not None:
            start, self._start = self._start, None
            is_long = is_more or len(body) >= _LEAST_BYTES
            if _is_text(start) and is_long and self._how is not None:
                self._packer, self._flush, self._end = _packer(self._how)
                start = _said(start, self._how)
            elif _is_text(start):
                start = _varying(start)
            if self._packer is not None and not is_more:
                body = self._packer.compress(body) + self._end()
                headers = [*start["headers"], (b"content-length", str(len(body)).encode())]
                await self._send({**start, "headers": headers})
                await self._send({"type": "http.response.body", "body": body})
                return
            await self._send(start)
        if self._packer is not None:
            body = self._packer.compress(body) + (self._flush() if is_more else self._end())
        await self._send({**message, "body": body})


def _packer(how: str) -> tuple[_Packer, Flush, Flush]:
    if how == "zstd":
        zstd = zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()
        return zstd, lambda: zstd.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK), zstd.flush
    gzip = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    return gzip, lambda: gzip.flush(zlib.Z_SYNC_FLUSH), gzip.flush


def _is_text(start: Message) -> bool:
    headers = dict(_lowered(start["headers"]))
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip()
    is_bare = b"content-encoding" not in headers
    return is_bare and kind in _PACKED and start["status"] not in (204, 206, 304)


def _said(start: Message, how: str) -> Message:
    headers: list[tuple[bytes, bytes]] = []
    for name, value in _lowered(_varying(start)["headers"]):
        if name == b"etag":
            headers.append((name, value[:-1] + f'.{how}"'.encode()))
        elif name not in (b"content-length", b"accept-ranges"):
            headers.append((name, value))
    return {**start, "headers": [*headers, (b"content-encoding", how.encode())]}


def _varying(start: Message) -> Message:
    headers = list(_lowered(start["headers"]))
    vary = b", ".join([*(v for n, v in headers if n == b"vary"), b"accept-encoding"])
    return {**start, "headers": [*(p for p in headers if p[0] != b"vary"), (b"vary", vary)]}


def _lowered(headers: Iterable[Any]) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in headers]


def _bare(name: bytes, value: bytes) -> bytes:
    """A header of the request; ETags in it without the word for how they were packed."""
    return _ETAG.sub(b'"', value) if name in (b"if-none-match", b"if-match") else value
