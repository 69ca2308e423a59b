"""Errors as problem details (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from fedretail.domain.texts import calm_json
from fedretail.errors import (
    BugError,
    FedretailError,
    MalformedInput,
    Refused,
    Unavailable,
    UsageError,
)
from fedretail.node.changes import CursorGone

MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[FedretailError], int], ...] = (
    (UsageError, 400),
    (MalformedInput, 400),
    (CursorGone, 410),
    (Refused, 403),
    (Unavailable, 503),
    (BugError, 500),
)
# What the framework says of these is said better here.
_DETAILS = {
    404: "There is nothing at this address.",
    405: "This address does not know that method.",
    500: "Something is wrong with the program here. Its log says what.",
}


class Problem(Exception):
    """An answer that is a problem, raised where it is found."""

    def __init__(
        self, status: int, detail: str, hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.hint, self.headers = status, detail, hint, headers


def body(status: int, detail: str, hint: str | None = None) -> bytes:
    """The object that says what went wrong, and what to do next."""
    title = HTTPStatus(status).phrase
    said = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if hint:
        said["hint"] = hint
    return calm_json(json.dumps(said, ensure_ascii=False)).encode("utf-8", "replace")


def problem(
    status: int, detail: str, hint: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer that is a problem."""
    told = {**(headers or {}), "cache-control": "no-store"}
    return Response(body(status, detail, hint), status, told, MEDIA_TYPE)


def status_of(error: FedretailError) -> int:
    """Who can act on it, as an HTTP status."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


async def on_error(request: Request, error: Exception) -> Response:
    """An error of ours, told."""
    assert isinstance(error, FedretailError)
    return problem(status_of(error), error.message, error.hint)


async def on_problem(request: Request, error: Exception) -> Response:
    """A problem that was raised."""
    assert isinstance(error, Problem)
    return problem(error.status, error.detail, error.hint, error.headers)


async def on_bug(request: Request, error: Exception) -> Response:
    """A fault of the program: nothing of it leaves the computer."""
    return problem(500, _DETAILS[500])


def of_status(
    status: int, detail: str, headers: Mapping[str, str] | None = None, hint: str | None = None
) -> Response:
    """What the framework has refused, told as ours."""
    return problem(status, _DETAILS.get(status, detail), hint, headers)
