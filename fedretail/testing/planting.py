"""Planting: a bug in the place of something, for as long as a test wants it there."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch


class Bug(NamedTuple):
    """Something put in the place of an attribute of a class or a module."""

    target: Any
    name: str
    value: Any


@contextmanager
def planted(bugs: Iterable[Bug]) -> Iterator[None]:
    """These bugs are there inside."""
    with ExitStack() as stack:
        for bug in bugs:
            stack.enter_context(patch.object(bug.target, bug.name, bug.value))
        yield
