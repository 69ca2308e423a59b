"""Categories as paths: "Food > Dairy > Milk". Shops write them in their own way."""

import re

from fedretail.index.language.text import fold

_STEP = re.compile(r"\s*[>»|/]\s*")


def steps_of(text: str) -> list[str]:
    """The steps of a path as they are written: ["Food", "Dairy", "Milk"]."""
    return [step for step in _STEP.split(text.strip()) if step]


def category_matches(text: str, wanted: str) -> bool:
    """Whether a category is the one wanted, or one step or the beginning of its path is."""
    steps = [fold(step) for step in _STEP.split(text.strip())]
    asked = [fold(step) for step in _STEP.split(wanted.strip())]
    return asked == steps[: len(asked)] or (len(asked) == 1 and asked[0] in steps)


def shelf_of(text: str, wanted: str | None) -> tuple[str, ...]:
    """The path one step below the wanted category, or as far as it goes; () for no category.

    By these shelves a shopper browses: first "Food", then "Food > Dairy".
    """
    steps = steps_of(text)
    if not wanted:
        return tuple(steps[:1])
    asked = [fold(step) for step in steps_of(wanted)]
    folded = [fold(step) for step in steps]
    if asked == folded[: len(asked)]:
        return tuple(steps[: len(asked) + 1])
    if len(asked) == 1 and asked[0] in folded:
        return tuple(steps[: folded.index(asked[0]) + 2])
    return tuple(steps[:1])
