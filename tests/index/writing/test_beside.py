"""Two things at once end together, whichever fails."""

import threading

import pytest

from fedretail.index.writing.beside import _await, beside


def test_the_deed_is_done_while_the_block_runs() -> None:
    begun, went_on = threading.Event(), threading.Event()

    def deed() -> None:
        begun.set()
        assert went_on.wait(10)

    with beside(deed):
        assert begun.wait(10)
        went_on.set()


def test_what_the_deed_raised_is_raised() -> None:
    with pytest.raises(BrokenPipeError), beside(fail):
        pass


def test_what_the_block_raised_is_raised_when_the_deed_has_ended() -> None:
    done, hold = [], threading.Event()

    def deed() -> None:
        hold.wait(10)
        done.append(True)
        raise BrokenPipeError

    def stumble() -> None:
        hold.set()
        raise KeyError

    with pytest.raises(KeyError), beside(deed):
        stumble()
    assert done


def test_who_interrupts_waits_for_the_end() -> None:
    ended = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        _await(ended)
    assert ended.is_set()


class Interrupted(threading.Event):
    """Ctrl-C comes first, the end after it."""

    _was_waited_for = False

    def wait(self, timeout: float | None = None) -> bool:
        if self._was_waited_for:
            self.set()
            return True
        self._was_waited_for = True
        raise KeyboardInterrupt


def fail() -> None:
    raise BrokenPipeError
