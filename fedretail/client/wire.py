"""Requests to a node and answers from it, by urllib alone."""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from fedretail.client.errors import ApiError, NoAnswer

# An answer is a page of records; who sends more is no node.
_MAX_BYTES = 64 * 1024 * 1024
_MAX_LINE = 4 * 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS
# Broken compression, broken text, brackets without end.
_NO_JSON = (ValueError, RecursionError, zlib.error)


class _Stay(HTTPRedirectHandler):
    """A node sends nobody elsewhere, least of all with a token."""

    def redirect_request(self, *args: Any, **more: Any) -> None:
        return None


class Wire:
    """One node, and how it is asked. No proxy: a node is in the same network."""

    def __init__(self, url: str, *, token: str | None, timeout_s: float) -> None:
        self._url = url.rstrip("/") + "/api/v1"
        self._timeout_s = timeout_s
        self._headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self._opener = build_opener(ProxyHandler({}), _Stay)

    def json(
        self,
        path: str,
        asked: Mapping[str, Any] | None = None,
        *,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The object that is answered; ApiError for a problem, NoAnswer where nobody answers."""
        more = {"accept-encoding": "gzip", **(headers or {})}
        with self.opened(path, asked, method=method, body=body, headers=more) as answer:
            data = answer.read(_MAX_BYTES)
        try:
            if answer.headers.get("content-encoding") == "gzip":
                data = zlib.decompressobj(_GZIP).decompress(data, _MAX_BYTES)
            found = json.loads(data)
        except _NO_JSON:
            found = None
        if not isinstance(found, dict):
            raise NoAnswer("What answers there is no node.")
        return found

    def lines(
        self, path: str, asked: Mapping[str, Any] | None = None, **headers: str
    ) -> Iterator[str]:
        """The lines of an answer as they come, without their ends."""
        with self.opened(path, asked, headers=headers) as answer:
            while line := answer.readline(_MAX_LINE):
                yield line.decode("utf-8", "replace").rstrip("\r\n")

    @contextmanager
    def opened(
        self,
        path: str,
        asked: Mapping[str, Any] | None = None,
        *,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[HTTPResponse]:
        """The answer, to be read while the block lasts."""
        query = urlencode(list(_said(asked or {})))
        data = None if body is None else json.dumps(body).encode()
        told = {**self._headers, **(headers or {})}
        if data is not None:
            told["content-type"] = "application/json"
        url = f"{self._url}{path}?{query}" if query else f"{self._url}{path}"
        request = Request(url, data, told, method=method)
        try:
            with closing(self._opener.open(request, timeout=self._timeout_s)) as answer:
                yield answer
        except HTTPError as error:
            with error:
                raise ApiError(error.code, _problem(error.read(_MAX_BYTES))) from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            hint = "Is that computer on, with `fedretail serve --web lan`?"
            raise NoAnswer(f"{self._url} does not answer: {reason}.", hint=hint) from None


def _problem(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except _NO_JSON:
        return {}
    return found if isinstance(found, dict) else {}


def _said(asked: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Parameters as they stand in an address; None is left out, a list is repeated."""
    for name, value in asked.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is not None:
                yield name, str(one).lower() if isinstance(one, bool) else str(one)
