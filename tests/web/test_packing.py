"""fedretail/web/packing.py: what a browser can unpack, and likes best."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.web.packing import preferred


@pytest.mark.parametrize(
    ("header", "best"),
    [
        ("", None),
        ("identity", None),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "gzip"),
        ("zstd;q=0.5, gzip", "gzip"),
        ("zstd;q=0, gzip;q=0", None),
        ("GZIP;q=0.1", "gzip"),
        ("gzip;q=x", None),
    ],
)
def test_the_best_of_what_is_liked(header: str, best: str | None) -> None:
    assert preferred(header) == best


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    assert preferred(header) in (None, "gzip", "zstd")
