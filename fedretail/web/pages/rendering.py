"""Templates: escaped, in the visitor's language, with the same few names on every page."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from fedretail.web.pages.pieces import FILTERS
from fedretail.web.pages.translations import LANGUAGES, translations
from fedretail.web.pages.visit import Visit

_WEB = Path(__file__).parent.parent
# The rows of a kiosk's own keyboard, of each language of ours.
KEYS = {
    "de": ("1234567890ß", "qwertzuiopü", "asdfghjklöä", "yxcvbnm,.-"),
    "en": ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm,.-"),
}
# An answer holds for the moment, and for nobody else: the next visitor's Back finds nothing.
HEADERS = {"cache-control": "no-store"}


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_WEB / "templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.globals["languages"] = LANGUAGES
    environment.globals["keys"] = KEYS
    environment.filters.update(FILTERS)
    return environment


def render(visit: Visit, name: str, *, status: int = 200, **said: Any) -> HTMLResponse:
    """The page of a template."""
    template = _environment(visit.language).get_template(name)
    frame = "part.html" if visit.is_part else "base.html"
    text = template.render(visit=visit, say=visit.speech, frame=frame, **said)
    return HTMLResponse(text, status_code=status, headers=HEADERS)
