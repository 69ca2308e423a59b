"""How many files and sockets this process may have open."""

from typing import Any

# The door lets in 256 neighbours, 64 shake hands, 64 wait, pages have 300 places, the store and
# pictures some tens. macOS gives a program 256 of its own accord: there a browser with as many
# sockets would keep neighbours out, and the store from its files.
_WANTED = 2048


def allow_open_files() -> int | None:
    """The number of files that may be open from now on; None where this system sets no bound.

    For a process that is ours alone: its own bound is raised as far as the system lets it.
    """
    try:
        import resource
    except ImportError:  # Windows
        return None
    # Not typed on Windows.
    limits: Any = resource
    present, most = limits.getrlimit(limits.RLIMIT_NOFILE)
    if present == limits.RLIM_INFINITY:
        return None
    wanted = _WANTED if most == limits.RLIM_INFINITY else min(_WANTED, most)
    if wanted > present:
        try:
            limits.setrlimit(limits.RLIMIT_NOFILE, (wanted, most))
        except (OSError, ValueError):
            # A system that has a lower bound than it says: what there is must do.
            return int(present)
    return int(max(wanted, present))
