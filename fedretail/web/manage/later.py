"""Places that are kept for what comes later, with calm words."""

from functools import partial

from starlette.responses import Response

from fedretail.web.manage.desk import Desk


def _page(place: str, desk: Desk) -> Response:
    return desk.show("later", place=place)


wanted, devices, backup = (partial(_page, name) for name in ("wanted", "devices", "backup"))
