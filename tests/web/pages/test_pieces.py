"""Marks of a page: escaped, whatever shops write, and turned the right way."""

import re

from hypothesis import given
from hypothesis import strategies as st

from fedretail.web.pages import pieces
from fedretail.web.pages.figures import Amount
from fedretail.web.pages.goods import Tag
from fedretail.web.pages.speech import Said

ANY = st.text(max_size=20)
HOSTILE = "<b>\"'&"


def words(markup: str) -> str:
    return re.sub(r"<[^>]*>", "", markup)


@given(ANY, st.sampled_from(["", "ok", "warn"]), st.sampled_from(["", "stock"]))
def test_no_fact_is_markup(text, tone, icon) -> None:
    said = pieces.fact(Said(text + HOSTILE, tone, icon))
    assert "<b>" not in said
    assert words(said).endswith("&lt;b&gt;&#34;&#39;&amp;")
    assert bool(tone) == (f'class="f {tone}"' in said)


@given(ANY, ANY)
def test_no_price_tag_is_markup(text, unit) -> None:
    amount = Amount(text, HOSTILE, HOSTILE, HOSTILE)
    for tag in (Tag(amount, unit + HOSTILE, text + HOSTILE, True), Tag(None, "", HOSTILE, False)):
        said = pieces.pricetag(tag)
        assert "&lt;b&gt;" in said
        assert '<b>"' not in said
        assert ('class="tag best"' in said) == tag.is_cheapest


@given(st.floats(0, 360))
def test_an_arrow_is_turned_to_the_nearest_of_sixteen(bearing) -> None:
    turn = pieces.turned(bearing)
    off = abs(turn - bearing) % 360
    assert min(off, 360 - off) <= 11.25
    assert turn in {step * 22.5 for step in range(16)}
