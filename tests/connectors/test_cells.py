"""Single cells, as spreadsheets and shop systems write them."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.connectors import cells
from fedretail.connectors.markup import html_text
from fedretail.errors import MalformedInput


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("4001842100121", "04001842100121"), ("4001842 100121", "04001842100121"),
        ('="4001842100121"', "04001842100121"), ("'4001842100121", "04001842100121"),
        ("4001842100121.0", "04001842100121"), ("n/a", None), ("-", None),
    ],
)  # fmt: skip
def test_barcodes(text, gtin):
    assert cells.read_gtin(text) == gtin


@pytest.mark.parametrize(
    ("text", "words", "guess"),
    [
        ("400184210012", "the last digit is missing", "4001842100121"),
        ("4001842100122", "check digit 2 does not fit", "4001842100121"),
        ("4,00184E+12", "a spreadsheet has shortened", ""),
    ],
)
def test_barcodes_that_are_none(text, words, guess):
    with pytest.raises(MalformedInput, match=words) as error:
        cells.read_gtin(text)
    assert error.value.hint == guess


@pytest.mark.parametrize(
    ("text", "count"),
    [("12", 12), ("12.000", 12), ("3,5", 3), ("-2", -2), ("10+", 10), ("> 5", 5), ("8 Stk.", 8),
     ("yes", True), ("auf Lager", True), ("ausverkauft", False), ("-", None)],
)  # fmt: skip
def test_stocks(text, count):
    assert cells.read_count(text) is count or cells.read_count(text) == count


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026-11-21", 21), ("21.11.2026", 21), ("21/11/26", 21), ("11/21/2026", 21)],
)
def test_days(text, day):
    read = cells.time_reader(UTC, month_first=False)
    midnight = 1795219200000
    assert day == 21
    assert read(text, False) == midnight
    assert read(text, True) == midnight + 24 * 3600 * 1000


def test_american_days():
    read = cells.time_reader(UTC, month_first=True)
    assert read("02/01/2026", False) == read("2026-02-01", False)


@given(st.text())
def test_descriptions_fit_a_record(text):
    block = cells.read_block(text * 50)
    assert block is None or (isinstance(block, str) and len(block.encode()) <= 5000)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One</p><p>Two &amp; three</p>", "One\nTwo & three"),
        ("a < b and b > c", "a < b and b > c"),
        ("<script>x()</script>Soap<br/>mild", "Soap\nmild"),
        ("<!-- no --><ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("&lt;script&gt;", "<script>"),
    ],
)
def test_html_becomes_text(markup, text):
    assert html_text(markup) == text


@given(st.text(alphabet="<>!-/abpscriptli &;\n"))
def test_any_markup_becomes_text(markup):
    assert isinstance(html_text(markup), str)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://a.example/x.jpg", "https://a.example/x.jpg"),
        ("HTTP://a.example/x.jpg", "https://a.example/x.jpg"),
        ("https://a.example/ä.jpg", "https://a.example/%C3%A4.jpg"),
        ("https://a.example/x,y.jpg, https://a.example/z.jpg", "https://a.example/x,y.jpg"),
        ("https://a.example/1.jpg|https://a.example/2.jpg", "https://a.example/1.jpg"),
        ("https://a.example/1.jpg https://a.example/2.jpg", "https://a.example/1.jpg"),
        ("jar.jpg", None),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("https://a.example/" + "x" * 2000, None),
    ],
)
def test_the_first_address_of_a_picture(text: str, url: str | None) -> None:
    assert cells.read_picture(text) == url
