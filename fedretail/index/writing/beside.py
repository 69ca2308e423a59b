"""Two things at once: a thread that writes while this one reads on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def beside(deed: Callable[[], object]) -> Iterator[None]:
    """Do `deed` in a thread of its own while the block runs; over when both are.

    What the block raises is raised, else what the deed did.
    """
    raised: list[BaseException] = []
    ended = threading.Event()

    def run() -> None:
        try:
            deed()
        except BaseException as error:  # noqa: BLE001 - raised below
            raised.append(error)
        finally:
            ended.set()

    threading.Thread(target=run, name="index writer").start()
    try:
        yield
    finally:
        _await(ended)
    if raised:
        raise raised[0]


def _await(ended: threading.Event) -> None:
    """Wait for the end, also where somebody interrupts: what is undone next must not go on."""
    interrupted: KeyboardInterrupt | None = None
    while not ended.is_set():
        try:
            ended.wait()
        except KeyboardInterrupt as error:
            interrupted = error
    if interrupted is not None:
        raise interrupted
