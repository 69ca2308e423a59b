"""What the web faces have done since they began, for /metrics."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """Since the start, and now.

    answers: how many of each status; refused: connections for which there was no room; limited:
    requests that came too fast; connections, streams: open now.
    """

    answers: dict[int, int] = field(default_factory=dict)
    refused: int = 0
    limited: int = 0
    connections: int = 0
    streams: int = 0

    def answered(self, status: int) -> None:
        """One more answer of this status."""
        self.answers[status] = self.answers.get(status, 0) + 1
