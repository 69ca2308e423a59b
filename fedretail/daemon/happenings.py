"""What a daemon says on its terminal while it runs: one line when something begins, or ends."""

from typing import Any


class Happenings:
    """Compares one state of the daemon with the next; see `Daemon`."""

    def __init__(self) -> None:
        self._stopped: str | None = None
        self._restores = 0
        self._is_restoring = False
        self._damaged: frozenset[str] = frozenset()

    def lines(self, state: dict[str, Any]) -> list[str]:
        """What is new in this state, in words."""
        return [
            *self._of_stopping(state),
            *self._of_restoring(state),
            *self._of_damage(frozenset(state["damaged"])),
        ]

    def _of_damage(self, damaged: frozenset[str]) -> list[str]:
        begun, ended = sorted(damaged - self._damaged), sorted(self._damaged - damaged)
        self._damaged = damaged
        return [
            *(f"{name}: rows are damaged on this disk. Neighbours' copies mend them; "
              "`fedretail status` says how it stands." for name in begun),
            *(f"{name}: what was damaged is mended." for name in ended),
        ]  # fmt: skip

    def _of_stopping(self, state: dict[str, Any]) -> list[str]:
        before, self._stopped = self._stopped, state["stopped"]
        if before is not None or self._stopped is None:
            return []
        return [
            f"Nothing is written here any more: this folder was copied ({self._stopped}). "
            "`fedretail status` says what to do."
        ]

    def _of_restoring(self, state: dict[str, Any]) -> list[str]:
        """One that has begun and ended between two looks is told, too."""
        told = []
        has_begun = state["restores"] > self._restores or state["restoring"]
        if has_begun and not self._is_restoring:
            told.append(
                "This folder is an older copy: what changed since is being fetched from "
                "neighbours; what you enter now is kept."
            )
        if (has_begun or self._is_restoring) and not state["restoring"]:
            told.append("What changed since is here, and what you have entered goes out.")
        self._restores, self._is_restoring = state["restores"], state["restoring"]
        return told


def worth_noting(state: dict[str, Any]) -> tuple[Any, ...]:
    """The part of the state that is worth a note of its own as soon as it changes."""
    peers = [(peer["id"], peer["address"], peer["has_mine"]) for peer in state["peers"]]
    names = ("addresses", "own", "restoring", "stopped", "damaged")
    return (*(state[name] for name in names), state["clock_offset_ms"] // 1000, peers)
