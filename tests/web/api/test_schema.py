"""Whatever the API's description allows is asked of a real face, and answered as described.

Schemathesis makes the requests up: legal ones, and ones that break each rule.
"""

from collections.abc import Iterator
from typing import Any

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

# What the schema alone allows may still mean nothing ("near=north", a shop that nobody knows), so
# that not every legal request is answered with 200.
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
)
# Events have no end; tests/web/api/test_changes.py listens to them.
schema: Any = schemathesis.openapi.from_dict(description()).exclude(path="/changes/stream")


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
