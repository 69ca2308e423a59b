"""The pages of a computer that has no shop yet, and from then on those of its shop.

Only this computer itself gets any of them, and only who has opened the link sees more than where to
get one. The shop is made once, in a thread; the pages change while the socket stays.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fedretail.clock import Clock
from fedretail.config import Config
from fedretail.errors import FedretailError
from fedretail.index.views import View
from fedretail.node.first_run import FirstRun
from fedretail.node.node import Node
from fedretail.web import problems
from fedretail.web.app import make_app
from fedretail.web.askers import is_loopback
from fedretail.web.counts import Counts
from fedretail.web.first import steps
from fedretail.web.first.answers import STEPS, Answers, Machine
from fedretail.web.first.making import make_shop
from fedretail.web.first.price_list import PriceList
from fedretail.web.first.steps import Step
from fedretail.web.guard import Guard, Rules
from fedretail.web.manage.app import FORM, FORM_HEADER, dressed, sign_in
from fedretail.web.manage.desk import parse_form
from fedretail.web.manage.sessions import Session, Sessions, cookie_name
from fedretail.web.manage.uploads import FileTooLarge
from fedretail.web.packing import Packed
from fedretail.web.pages.app import STATIC, Static
from fedretail.web.pages.house import House, Street
from fedretail.web.pages.rendering import render
from fedretail.web.pages.visit import Visit

LIST_PATH, PROGRESS_PATH = "/manage/first/list", "/manage/first/progress"
_PROGRAMS = ("/api", "/healthz", "/metrics")
OnMade = Callable[[Node], None]


class NoShop(House):
    """The house of nobody: what pages ask of one before there is a shop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now_ms(self) -> int:
        """The time of this computer."""
        return self._clock.now_ms()

    def street(self) -> Street:
        """No shops."""
        return Street(View(own="first"), (), self.now_ms())


class FirstPages:
    """An ASGI application: the first run, then the shop. on_made: told in a thread, once."""

    def __init__(self, first: FirstRun, machine: Machine, config: Config, on_made: OnMade) -> None:
        self.counts = Counts()
        self.node: Node | None = None
        self._first = first
        self._machine = machine
        self._on_made = on_made
        self._making = threading.Lock()
        self._sessions = Sessions(first.clock, first.take_link)
        self._prices = PriceList(first.path, first.clock)
        self._prices.clean()
        self._house = NoShop(first.clock)
        rules = Rules(names=config.web_names, large=(LIST_PATH,))
        self._app: ASGIApp = Guard(Packed(Starlette(routes=self._routes())), rules, self.counts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: whatever is shown just now."""
        await self._app(scope, receive, send)

    def _routes(self) -> list[BaseRoute]:
        return [
            Route("/manage/sign-in", self._sign_in, methods=["POST"]),
            Route(LIST_PATH, self._take_list, methods=["POST"]),
            Route(PROGRESS_PATH, self._progress, methods=["GET"]),
            *(
                Route(f"/manage/first/{name}", partial(answer, name), methods=[method])
                for name in STEPS
                for method, answer in (("GET", self._get), ("POST", self._post))
            ),
            Mount("/static", Static(directory=STATIC)),
            Route("/{path:path}", self._elsewhere, methods=["GET"]),
        ]

    # --- who asks ---

    def _visit(self, request: Request) -> Visit:
        return Visit.of(self._house, request)

    def _refused(self, request: Request, why: str) -> Response:
        status = 401 if why == "door" else 403
        visit = self._visit(request)
        return dressed(render(visit, "manage/door.html", status=status, why=why))

    def _session(self, request: Request) -> Session | Response:
        if not is_loopback(request.scope):
            return self._refused(request, "elsewhere")
        found = self._sessions.find(request.cookies.get(cookie_name(request.url.netloc), ""))
        return self._refused(request, "door") if found is None else found

    def _step(self, name: str, request: Request, session: Session, **said: Any) -> Step:
        visit = self._visit(request)
        return Step(self._first, self._machine, self._prices, visit, session, name, **said)

    # --- pages ---

    async def _elsewhere(self, request: Request) -> Response:
        """Any other address: there is nothing yet but the first run."""
        if request.url.path.startswith(_PROGRAMS):
            return problems.problem(503, "There is no shop here yet.")
        if not is_loopback(request.scope):
            return self._refused(request, "elsewhere")
        # The cookie of who is signed in goes there alone.
        to = "/manage"
        if request.url.path.startswith(to):
            session = self._session(request)
            if isinstance(session, Response):
                return session
            to = f"/manage/first/{steps.current(self._first)}"
        return dressed(RedirectResponse(self._visit(request).url(to), status_code=303))

    async def _sign_in(self, request: Request) -> Response:
        return await sign_in(self._sessions, self._visit(request), request)

    async def _get(self, name: str, request: Request) -> Response:
        session = self._session(request)
        if isinstance(session, Response):
            return session
        return dressed(await run_in_threadpool(steps.page, self._step(name, request, session)))

    async def _post(self, name: str, request: Request) -> Response:
        session = self._session(request)
        if isinstance(session, Response):
            return session
        said = parse_form(await request.body())
        if not session.is_form(said.get(FORM, [""])[-1]):
            return self._refused(request, "form")
        step = self._step(name, request, session, said=said)
        is_last = name == STEPS[-1] and step.get("deed") in ("", "next")
        return dressed(await run_in_threadpool(self._finish if is_last else _deed, step))

    async def _take_list(self, request: Request) -> Response:
        """A price list as it comes; where it is shown."""
        session = self._session(request)
        if isinstance(session, Response):
            return session
        if not session.is_form(request.headers.get(FORM_HEADER, "")):
            return self._refused(request, "form")
        name = unquote(request.headers.get("x-name", ""))
        try:
            await self._prices.take(name, request.stream())
            self._first.keep({"columns": ""})
        except FileTooLarge as error:
            return dressed(JSONResponse({"detail": error.message}, status_code=413))
        except FedretailError as error:
            return dressed(JSONResponse({"detail": error.message}, status_code=507))
        url = self._visit(request).url
        said = {"next": url("/manage/first/prices"), "progress": url(PROGRESS_PATH)}
        return dressed(JSONResponse(said))

    async def _progress(self, request: Request) -> Response:
        """How much of the list is read, for a page that waits."""
        session = self._session(request)
        if isinstance(session, Response):
            return session
        return dressed(JSONResponse({"read": round(self._prices.done, 3)}))

    # --- the end ---

    def _finish(self, step: Step) -> Response:
        """Make the shop, once; what is wrong is told where it stands."""
        with self._making:
            if self.node is None:
                answers = steps.keep(step)
                try:
                    at = steps.first_fault(step, answers)
                    if at is not None:
                        return step.go(at, checked=1)
                    made = self._make(answers, step.visit.language)
                except (FedretailError, OSError) as error:
                    return _told(step, error)
                self._open(made)
                step.tell("ok", step.translated("Your shop is open."))
        return RedirectResponse(step.visit.url("/manage"), status_code=303)

    def _make(self, answers: Answers, language: str) -> Node:
        return make_shop(self._prices, answers, self._machine, first=self._first, language=language)

    def _open(self, node: Node) -> None:
        # What was entered just now is found when its shop opens; a long list comes bit by bit.
        node.follow()
        self._app = make_app(node, sessions=self._sessions, counts=self.counts)
        self.node = node
        self._first.end()
        self._on_made(node)


def _deed(step: Step) -> Response:
    try:
        return steps.deed(step)
    except (FedretailError, OSError) as error:
        return _told(step, error)


def _told(step: Step, error: FedretailError | OSError) -> Response:
    """The same step again, with what went wrong."""
    said = (error.message, error.hint) if isinstance(error, FedretailError) else (str(error),)
    step.tell("bad", " ".join(filter(None, said)))
    return step.go(step.name)
