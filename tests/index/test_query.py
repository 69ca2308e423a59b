"""What may be asked."""

import pytest

from fedretail.domain.geo import Position
from fedretail.errors import UsageError
from fedretail.index.query import Query


def test_what_cannot_be_meant_is_refused() -> None:
    for wrong in (
        {"within_m": 5.0},
        {"sort": "nearest"},
        {"near": Position(48.5, 9.05), "within_m": float("nan")},
        {"max_price_minor": 5},
        {"limit": -1},
    ):
        with pytest.raises(UsageError):
            Query(words="milk", **wrong)  # type: ignore[arg-type]
