"""Every error class of fedretail, by who can act on it.

    FedretailError            base: a message for people and a hint, the next thing to do
    ├── UsageError            you misused us: a wrong option, a call out of order     exit 2
    ├── MalformedInput        the input is bad: a file, a ticket, a frame             exit 1
    ├── PeerError             a neighbour's machine broke the protocol                exit 1
    ├── Unavailable           the world failed: disk full, port in use, no network    exit 1
    ├── Refused               a rule says no: the reason stands in the message        exit 1
    └── BugError              we are broken                                           exit 70

An error is raised or handled, once. The message is what a shopkeeper reads.
"""

from typing import ClassVar


class FedretailError(Exception):
    """Base of all errors that fedretail raises on purpose."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(FedretailError):
    """The caller asked for something that cannot be meant."""

    exit_code = 2


class MalformedInput(FedretailError):
    """Untrusted input is not what it claims to be."""


class PeerError(FedretailError):
    """A neighbour's machine broke the protocol; its connection is dropped."""


class Unavailable(FedretailError):
    """Something outside the program is missing or failed."""


class Refused(FedretailError):
    """A rule of the network, the store or the shop says no."""


class BugError(FedretailError):
    """An invariant of our own is broken."""

    exit_code = 70
