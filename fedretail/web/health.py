"""/healthz and /metrics: for those who watch over the computer."""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from fedretail import __version__
from fedretail.errors import FedretailError
from fedretail.node.node import Node
from fedretail.web import problems
from fedretail.web.askers import is_loopback
from fedretail.web.counts import Counts

_KIND = "text/plain; version=0.0.4; charset=utf-8"
# What only grows; all else goes up and down.
_GROWING = ("bytes_", "_total", "messages", "sessions_", "rejected", "refused")


def health_routes(node: Node, counts: Counts) -> list[BaseRoute]:
    """Both addresses."""

    def healthz(request: Request) -> Response:
        try:
            behind = node.index.statistics()["behind"]
        except FedretailError as error:
            return problems.problem(503, error.message, error.hint)
        said = {"status": "ok", "version": __version__, "behind": behind}
        return JSONResponse(said, headers={"cache-control": "no-store"})

    def metrics(request: Request) -> Response:
        if not (node.config.metrics_lan or is_loopback(request.scope)):
            hint = "`metrics_lan = true` in config.toml shows them to the network."
            return problems.problem(403, "Figures are shown on this computer alone.", hint)
        return PlainTextResponse(text(node, counts), media_type=_KIND)

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]


def text(node: Node, counts: Counts) -> str:
    """All figures in the text format of Prometheus."""
    return "".join(_lines(node, counts))


def _lines(node: Node, counts: Counts) -> Iterator[str]:
    yield from _figures("store", node.store.statistics())
    yield from _figures("index", node.index.statistics())
    state = node.daemon_state()
    if state is not None:
        yield from _figures("sync", state["statistics"])
        yield from _figures("sync", {"started_seconds": state["started_ms"] / 1000})
    web = {
        "connections": counts.connections,
        "streams": counts.streams,
        "refused_total": counts.refused,
        "limited_total": counts.limited,
    }
    yield from _figures("web", web)
    yield "# TYPE fedretail_web_answers_total counter\n"
    for status, number in sorted(counts.answers.items()):
        yield f'fedretail_web_answers_total{{status="{status}"}} {number}\n'


def _figures(part: str, figures: object) -> Iterator[str]:
    assert isinstance(figures, dict)
    for name, value in figures.items():
        if isinstance(value, int | float):
            full = f"fedretail_{part}_{name}"
            kind = "counter" if any(word in name for word in _GROWING) else "gauge"
            yield f"# TYPE {full} {kind}\n{full} {float(value):.17g}\n"
