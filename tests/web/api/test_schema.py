"""Whatever the API's description allows is asked of a real face, and answered as described.

Schemathesis makes the requests up: legal ones, and ones that break each rule.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from fedretail.clock import SystemClock
from fedretail.node import tokens
from fedretail.testing.faces import Face, shown
from fedretail.testing.nodes import new_shop, sell
from fedretail.web.api.app import description

DESCRIPTION = description()
# No parameter is a longer number.
_MOST_DIGITS = 20


def breaks_are_rejected(context: Any, response: Any, case: Any) -> Any:
    """As negative_data_rejection, where what is wrong has not become right in the address.

    There everything is text: of a list of texts -65 is one entry, and an empty list is none.
    """
    if is_legal(case.path, case.method, response.request.url):
        return None
    return negative_data_rejection(context, response, case)


def is_legal(path: str, method: str, url: str) -> bool:
    """Whether the address of a request with nothing else in it is as described."""
    if "{" in path or method.upper() not in ("GET", "HEAD"):
        return False
    known = DESCRIPTION["paths"][path][method.lower()].get("parameters", ())
    schemas = {one["name"]: one["schema"] for one in known if one["in"] == "query"}
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    return set(query) <= set(schemas) and all(
        any(jsonschema_rs.is_valid(schemas[name], one) for one in readings(texts))
        for name, texts in query.items()
    )


def readings(texts: list[str]) -> Iterator[Any]:
    """What the texts of one parameter may be."""
    yield texts
    if len(texts) == 1:
        (text,) = texts
        yield text
        if len(text) < _MOST_DIGITS and text.lstrip("-").isdecimal():
            yield int(text)


# What the schema alone allows may still mean nothing ("near=north", a shop that nobody knows), so
# that not every legal request is answered with 200.
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    breaks_are_rejected,
    unsupported_method,
)
# Events have no end; tests/web/api/test_changes.py listens to them.
schema: Any = schemathesis.openapi.from_dict(DESCRIPTION).exclude(path="/changes/stream")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Face, str]]:
    """A face, and the header of a program that may write."""
    path = tmp_path_factory.mktemp("schema") / "shop"
    with new_shop(path, "Brook Farm", clock=SystemClock()) as shop:
        for n in range(30):
            sell(shop, f"bread {n}", 100 + n)
        token = tokens.add(shop, "till", [tokens.WRITE_OFFERS])
        with shown(shop) as face:
            yield face, f"Bearer {token}"


@schema.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_asked_is_answered_as_described(case: Any, asked: tuple[Face, str]) -> None:
    face, bearer = asked
    headers = {"authorization": bearer} if case.method == "PATCH" else {}
    case.call_and_validate(
        base_url=f"{face.url}/api/v1", headers=headers, checks=CHECKS, timeout=30
    )
