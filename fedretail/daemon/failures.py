"""What may go wrong while a daemon works, and what of it is told."""

import contextlib
import logging
from collections.abc import Iterator

import trio

from fedretail.errors import FedretailError

log = logging.getLogger(__name__)


@contextlib.contextmanager
def noted_failure(what: str) -> Iterator[None]:
    """What goes wrong inside is written to the log; the daemon goes on."""
    try:
        yield
    except FedretailError as error:
        log.warning("%s: %s", what, error.message)


def ours(group: BaseExceptionGroup[BaseException]) -> FedretailError | None:
    """The error in a nursery's group that says what to do; None where something else failed."""
    failures = group.split(trio.Cancelled)[1]
    if failures is None or failures.split(FedretailError)[1] is not None:
        return None
    error: BaseException = failures
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, FedretailError) else None
