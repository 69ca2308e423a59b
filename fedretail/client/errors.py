"""What may go wrong between a client and a node."""

from typing import Any

from fedretail.errors import FedretailError, Unavailable


class ApiError(FedretailError):
    """The node has answered with a problem; status: as in HTTP."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        detail = problem.get("detail") or problem.get("title") or f"The node answered {status}."
        super().__init__(str(detail), hint=str(problem.get("hint", "")))
        self.status = status


class NoAnswer(Unavailable):
    """Nobody answers there, or in time."""
