"""Answers of the API: JSON with an ETag, or a word that nothing has changed."""

import json
from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fedretail.domain.texts import calm_json, quoted
from fedretail.errors import UsageError
from fedretail.index.views import View
from fedretail.node.node import Node
from fedretail.node.shown import Shown
from fedretail.web.problems import Problem

# Of a hash that tells two answers of one address apart.
_ETAG_BYTES = 12


def node_of(request: Request) -> Node:
    """The node that is asked."""
    node: Node = request.app.state.node
    return node


def view_of(request: Request, asked: str | None) -> View | None:
    """What an answer shows: the view that the API is bound to, else the one asked for, or all.

    Problem where it is bound to another than the one asked for, or to one that cannot be.
    """
    node = node_of(request)
    bound = node.config.api_view
    if bound and asked not in (None, bound):
        raise Problem(403, f"Here only the view {quoted(bound)} is shown.", "Leave `view` out.")
    try:
        name = bound or asked
        return node.view(name) if name else None
    except UsageError as error:
        if not bound:
            raise
        # Nothing that the asker said; what stands in the settings is not the asker's to read.
        what = "What is shown here is not set up yet."
        raise Problem(
            503, what, "`fedretail serve` says on this computer what is missing."
        ) from error


def shown_by(request: Request, asked: str | None) -> Shown | None:
    """Which records an answer shows; None: all. As view_of."""
    view = view_of(request, asked)
    return None if view is None else Shown(node_of(request), view)


def answer(
    request: Request,
    body: Mapping[str, Any],
    *,
    version: str = "",
    leave_out: Collection[str] = (),
    status: int = 200,
) -> Response:
    """The body with its ETag; 304 where the asker has it already.

    version: of what If-Match means, stands first in the ETag. leave_out: fields that change
    without anything having changed.
    """
    said = {name: value for name, value in body.items() if name not in leave_out}
    tag = f'"{version}{"." if version else ""}{_digest(dumped(said))}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if status == 200 and holds(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(dumped(body), status, headers, "application/json")


def holds(header: str, tag: str) -> bool:
    """Whether a header If-None-Match names this ETag."""
    named = {one.strip().removeprefix("W/") for one in header.split(",")}
    return "*" in named or tag in named


def version_of(stamps: object) -> str:
    """The version of a record, from the stamps of its fields."""
    return _digest(repr(stamps).encode())


def dumped(body: Mapping[str, Any]) -> bytes:
    """JSON without a space too many; half a character of a broken text is written as `?`.

    Nothing in it acts on the terminal of who looks at it there.
    """
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return calm_json(text).encode("utf-8", "replace")


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=_ETAG_BYTES).hexdigest()
