"""Ages of trade by the words of a category."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.ages import min_age_for


@pytest.mark.parametrize(
    "category",
    ["Wine", "Drinks > Wine", "Rotwein", "Getränke/Bier", "Beer & Wine", "TABAK", "Taschenmesser",
     "Home > Kitchen Knives", "Fireworks", "Silvester > Feuerwerk", "Gin", "Spirituosen",
     "Food, Beverages & Tobacco > Tobacco Products > Cigarettes",
     "Food, Beverages & Tobacco > Beverages > Alcoholic Beverages > Beer"],
)  # fmt: skip
def test_restricted(category: str) -> None:
    assert min_age_for(category) == 18


@pytest.mark.parametrize(
    "category",
    ["", ">", "Bread", "Food, Beverages & Tobacco > Food Items > Bread", "Alcohol-free beer",
     "Alkoholfreies Bier", "Schweinefleisch", "Wine vinegar", "Weinessig", "Wine glasses", "Ginger",
     "Ginger Ale", "Bierschinken", "Himbeeren", "Durchmesser", "Messbecher", "Imbiss", "\ud800"],
)  # fmt: skip
def test_free(category: str) -> None:
    assert min_age_for(category) is None


@given(st.text())
def test_never_raises(category: str) -> None:
    assert min_age_for(category) in (None, 18)
