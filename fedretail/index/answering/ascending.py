"""Sorting no further than somebody looks."""

from collections.abc import Iterator

import numpy as np

from fedretail.index.memory.arrays import Array

# How many rows are put in order at first; then eight times as many, and so on.
_FIRST, _MORE = 64, 8


def ascending(keys: list[Array], more: int = _MORE) -> Iterator[Array]:
    """The places of the keys in ascending order, some at a time; equal ones come together."""
    main, count, begun = keys[-1], _FIRST, None
    while count * 4 < len(main):
        limit = np.partition(main, count)[count]
        some = main <= limit if begun is None else (main <= limit) & (main > begun)
        yield _sorted(keys, np.flatnonzero(some))
        begun, count = limit, count * more
    yield _sorted(keys, np.flatnonzero(main > begun) if begun is not None else None)


def _sorted(keys: list[Array], some: Array | None) -> Array:
    if some is None:
        return np.lexsort(keys)
    ordered: Array = some[np.lexsort([key[some] for key in keys])]
    return ordered
