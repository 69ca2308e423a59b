"""The pages of a daemon: shown as long as it runs, and no reason for it to end."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import trio

from fedretail.daemon.failures import ours
from fedretail.domain.web_addresses import WebAddress
from fedretail.errors import FedretailError, UsageError
from fedretail.node.node import Node

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from fedretail.web.counts import Counts
    from fedretail.web.guard import Guard

log = logging.getLogger(__name__)
# A port that another program has may be free again a little later.
_AGAIN_S = 30.0


@dataclass(frozen=True, slots=True)
class PageOptions:
    """Where pages are shown; must: somebody has asked for that very address."""

    address: WebAddress
    must: bool = False


async def show_pages(
    node: Node,
    options: PageOptions,
    on_event: Callable[[str], None],
    on_shown: Callable[[Sequence[str]], None],
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Show the pages of a node until cancelled; see `show`."""
    for name in dict.fromkeys((node.config.web_view, node.config.api_view)):
        if name and (why := await trio.to_thread.run_sync(_unfit, node, name)):
            on_event(why)
    # FastAPI takes a third of a second to load, which nobody pays for who shows no pages.
    app = await trio.to_thread.run_sync(_app, node)
    await show((app, app.counts), options, on_event, on_shown, task_status=task_status)


async def show(
    shown: "tuple[ASGIApp, Counts]",
    options: PageOptions,
    on_event: Callable[[str], None],
    on_shown: Callable[[Sequence[str]], None],
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Show pages until cancelled; started once they are there, or cannot be.

    shown: the application, and where its connections are counted. on_shown: told where they are,
    and that they are nowhere. Unavailable where they cannot be shown at an address that was asked
    for; else they come when the port is free.
    """
    from fedretail.web import server

    app, counts = shown
    serve = partial(server.run, app, options.address, counts=counts)
    is_first = True
    while True:
        try:
            async with trio.open_nursery() as nursery:
                addresses: list[str] = await nursery.start(serve)
                on_shown(addresses)
                if not is_first:
                    on_event(f"Pages are shown now: {addresses[0]}/")
                else:
                    task_status.started()
                is_first = False
        except* Exception as group:
            on_shown([])
            error = ours(group)
            if is_first and options.must and error is not None:
                raise error from None
            if error is None:
                log.warning("Pages are not shown.", exc_info=group)
            if is_first:
                on_event(_why(error))
                task_status.started()
            is_first = False
        await trio.sleep(_AGAIN_S)


def _why(error: FedretailError | None) -> str:
    if error is None:
        return "Pages are not shown: see the log."
    return f"{error.message} {error.hint}"


def _unfit(node: Node, name: str) -> str:
    """Why a view cannot be shown now, "" where it can; the place that it needs may come yet."""
    try:
        node.view(name)
    except UsageError as error:
        return f"{error.message} {error.hint}"
    return ""


def _app(node: Node) -> "Guard":
    from fedretail.web.app import make_app

    return make_app(node)
