"""Which page of the back office stands at which address, and who gets there.

Only this computer itself; only who is signed in; and what changes something must come from a form
that was made for this very session (the guard has looked at the Origin before).
"""

from collections.abc import Callable
from functools import partial
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fedretail.errors import FedretailError, Unavailable
from fedretail.web.askers import is_loopback
from fedretail.web.manage import (
    bulk,
    computer,
    importing,
    later,
    neighbours,
    offers,
    settings,
    today,
    undoing,
)
from fedretail.web.manage.desk import Desk, Office, parse_form
from fedretail.web.manage.sessions import Session, Sessions, cookie_name
from fedretail.web.manage.uploads import FileTooLarge, Upload
from fedretail.web.pages.house import House
from fedretail.web.pages.rendering import render
from fedretail.web.pages.visit import Visit

Page = Callable[[Desk], Response]
UploadPage = Callable[[Desk, Upload], Response]
# A file of the shop's own name, or a form, and the session's own token beside it.
FORM, FORM_HEADER = "form", "x-form"
UPLOAD_PATH = "/manage/import/file"
_SIGN_IN_BYTES = 1000


def office_routes(house: House, sessions: Sessions | None = None) -> list[BaseRoute]:
    """All pages of the back office of a shop; `sessions`: of who is signed in already."""
    office = Office.of(house, sessions)

    def route(path: str, page: Page, *, posts: bool) -> Route:
        answer, method = (_post, "POST") if posts else (_get, "GET")
        return Route(f"/manage{path}", partial(answer, office, page), methods=[method])

    return [
        Route("/manage/", partial(_without_slash, office)),
        Route("/manage/sign-in", partial(_sign_in, office), methods=["POST"]),
        Route(UPLOAD_PATH, partial(_take_file, office), methods=["POST"]),
        *(route(path, page, posts=False) for path, page in _PAGES.items()),
        *(route(path, page, posts=True) for path, page in _DEEDS.items()),
        *(route(path, _page_of(path), posts=False) for path in _DEEDS.keys() - _PAGES.keys()),
        *(route(f"/import/{{place:str}}{path}", _preview_of, posts=False)
          for path in _UPLOADS.keys() - _SEEN),
        *(route(f"/import/{{place:str}}{path}", _of_upload(page), posts=path not in _SEEN)
          for path, page in _UPLOADS.items()),
    ]  # fmt: skip


async def _without_slash(office: Office, request: Request) -> Response:
    """To the back office, for whoever has typed its address with a slash."""
    return RedirectResponse(_visit(office, request).url("/manage"), status_code=308)


def _page_of(deed: str) -> Page:
    """To the page with the form of a deed, for whoever comes back to the address of the deed."""
    above = deed.rpartition("/")[0]
    return lambda desk: desk.go(above if above in _PAGES else "")


def _preview_of(desk: Desk) -> Response:
    """To the preview of a file that waits."""
    return desk.go(f"/import/{desk.place}")


def _of_upload(page: UploadPage) -> Page:
    """The page of a file that waits; back to where files are dropped when it waits no more."""

    def found(desk: Desk) -> Response:
        held = desk.office.uploads.find(desk.place)
        if held is None:
            desk.tell("warn", desk.translated("That file is not here any more."))
            return desk.go("/import")
        return page(desk, held)

    return found


async def _get(office: Office, page: Page, request: Request) -> Response:
    stranger = _stranger(office, request)
    if isinstance(stranger, Response):
        return dressed(stranger)
    return dressed(
        await _run(page, Desk(office, _visit(office, request), stranger, place=_place(request)))
    )


async def _post(office: Office, page: Page, request: Request) -> Response:
    session = _stranger(office, request)
    if isinstance(session, Response):
        return dressed(session)
    said = parse_form(await request.body())
    if not session.is_form(said.get(FORM, [""])[-1]):
        return dressed(_refused(_visit(office, request), "form"))
    return dressed(
        await _run(
            page, Desk(office, _visit(office, request), session, said, place=_place(request))
        )
    )


async def _run(page: Page, desk: Desk) -> Response:
    """The page, made in a thread, where it may wait for the disk; or what went wrong, told."""
    try:
        return await run_in_threadpool(page, desk)
    except FedretailError as error:
        fault = error
    except OSError as error:
        what = f"The disk does not do what it should: {error.strerror or error}."
        fault = Unavailable(what, hint="Free some space, and repeat what you did.")
    return await run_in_threadpool(desk.show, "failed", status=409, error=fault, place="")


def _place(request: Request) -> str:
    """What the address names in its path."""
    return str(request.path_params.get("place", ""))


def _visit(office: Office, request: Request) -> Visit:
    return Visit.of(office.house, request)


def _stranger(office: Office, request: Request) -> Session | Response:
    """The session of who asks; the answer to whoever has none."""
    if not is_loopback(request.scope):
        return _refused(_visit(office, request), "elsewhere")
    session = office.sessions.find(request.cookies.get(cookie_name(request.url.netloc), ""))
    return _refused(_visit(office, request), "door") if session is None else session


def _refused(visit: Visit, why: str) -> Response:
    """The page that says why there is nothing to see here; `door` lets links in."""
    status = 401 if why == "door" else 403
    return render(visit, "manage/door.html", status=status, why=why)


async def _take_file(office: Office, request: Request) -> Response:
    """A price list as it comes, to a file; the address of its preview."""
    session = _stranger(office, request)
    if isinstance(session, Response):
        return dressed(session)
    if not session.is_form(request.headers.get(FORM_HEADER, "")):
        return dressed(_refused(_visit(office, request), "form"))
    name, site = unquote(request.headers.get("x-name", "")), request.headers.get("x-site")
    try:
        taken = await office.uploads.take(name, request.stream())
    except FileTooLarge as error:
        return dressed(JSONResponse({"detail": error.message}, status_code=413))
    except FedretailError as error:
        return dressed(JSONResponse({"detail": error.message}, status_code=507))
    taken.site = site
    address = _visit(office, request).url(f"/manage/import/{taken.id}")
    progress = _visit(office, request).url(f"/manage/import/{taken.id}/progress")
    return dressed(JSONResponse({"next": address, "progress": progress}))


async def _sign_in(office: Office, request: Request) -> Response:
    return await sign_in(office.sessions, _visit(office, request), request)


async def sign_in(sessions: Sessions, visit: Visit, request: Request) -> Response:
    """Exchange the token of a link for a cookie that no script can read."""
    if not is_loopback(request.scope):
        return dressed(_refused(visit, "elsewhere"))
    body = await request.body()
    said = parse_form(body).get("token", [""])[-1] if len(body) <= _SIGN_IN_BYTES else ""
    # Without JavaScript the whole link is pasted into a field.
    token = said.strip().rpartition("#")[2]
    cookie = await run_in_threadpool(sessions.sign_in, token)
    if cookie is None:
        return dressed(_refused(visit, "spent"))
    response = RedirectResponse(visit.url("/manage"), status_code=303)
    name = cookie_name(visit.host)
    response.set_cookie(name, cookie, path="/manage", httponly=True, samesite="strict")
    return dressed(response)


def _sign_out(desk: Desk) -> Response:
    desk.office.sessions.end(desk.session)
    response = render(desk.visit, "manage/door.html", why="out")
    name = cookie_name(desk.visit.host)
    response.delete_cookie(name, path="/manage", httponly=True, samesite="strict")
    return response


def dressed(response: Response) -> Response:
    """Nothing of it stays in the browser; forms of its pages say from where they come."""
    response.headers["cache-control"] = "no-store"
    # With no-referrer a browser sends "Origin: null" with every form.
    response.headers["referrer-policy"] = "same-origin"
    return response


_PAGES: dict[str, Page] = {
    "": today.page,
    "/changes": today.changes_page,
    "/offers": offers.page,
    "/offers/prices": bulk.page,
    "/import": importing.page,
    "/wanted": later.wanted,
    "/neighbours": neighbours.page,
    "/devices": later.devices,
    "/backup": later.backup,
    "/computer": computer.page,
    "/settings": settings.page,
}
_DEEDS: dict[str, Page] = {
    "/sign-out": _sign_out,
    "/undo": undoing.deed,
    "/import/mend": importing.mend,
    "/offers/save": offers.save,
    "/offers/right": offers.still_right,
    "/offers/add": offers.add,
    "/offers/remove": offers.remove,
    "/offers/prices": bulk.change,
    "/samples/remove": offers.remove_samples,
    "/neighbours/join": neighbours.join,
    "/settings/member": settings.member,
    "/settings/colour": settings.colour,
    "/settings/shown": settings.shown,
    "/settings/site": settings.site,
    "/settings/holiday": settings.holiday,
    "/settings/closure": settings.closure,
}
# Of a file that waits: those that only show, and the rest.
_SEEN = frozenset({"", "/rows", "/progress"})
_UPLOADS: dict[str, UploadPage] = {
    "": importing.preview,
    "/rows": importing.save_rows,
    "/progress": importing.progress,
    "/columns": importing.columns,
    "/row": importing.row,
    "/choose": importing.choose,
    "/publish": importing.publish,
    "/drop": importing.drop,
}
