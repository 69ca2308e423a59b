"""Gathers the texts of the pages into fedretail/web/locale, and compiles what is translated.

python tools/texts.py            new texts into each messages.po, then each messages.mo
python tools/texts.py --check    writes nothing; fails where a text lacks its translation
"""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

WEB = Path(__file__).resolve().parent.parent / "fedretail" / "web"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"newstyle_gettext": "true", "trim_blocks": "true"}}
KEYWORDS = {
    "_": None, "gettext": None, "translated": None,
    "ngettext": (1, 2), "_n": (1, 2), "many": (1, 2),
}  # fmt: skip
WIDTH = 100
_NO_DAY = datetime(2000, 1, 1, tzinfo=UTC)
_OF_THE_RUN = (
    *('"POT-Creation-Date', '"PO-Revision-Date', '"Last-Translator', '"Language-Team'),
    *('"Report-Msgid-Bugs-To', '"Generated-By', '"Project-Id-Version'),
)


def template() -> Catalog:
    """All texts that the pages say, in English."""
    found = Catalog(project="fedretail", charset="utf-8")
    texts = extract_from_dir(WEB, METHODS, OPTIONS, KEYWORDS)
    for path, _, text, _, context in sorted(texts, key=lambda one: (one[0], one[1])):
        # No line numbers: a text that moves is no new text.
        found.add(text, locations=[(Path(path).as_posix(), 0)], context=context)
    return found


def languages() -> list[Path]:
    """The messages.po of each language."""
    return sorted(WEB.glob("locale/*/LC_MESSAGES/messages.po"))


def read(path: Path) -> Catalog:
    """The translations of a language."""
    with path.open("rb") as file:
        catalog = pofile.read_po(file, locale=path.parent.parent.name)
    # What the file does not say, Babel takes from the clock.
    catalog.creation_date = catalog.revision_date = _NO_DAY
    return catalog


def compiled(catalog: Catalog) -> bytes:
    """What a .mo of these translations holds."""
    out = io.BytesIO()
    mofile.write_mo(out, catalog)
    return out.getvalue()


def faults() -> list[str]:
    """What is not translated, or not compiled, by language."""
    found = []
    texts = {message.id for message in template() if message.id}
    for path in languages():
        catalog, name = read(path), path.parent.parent.name
        said = [message for message in catalog if message.id]
        open_ = [one for one in said if one.fuzzy or not all(_strings(one.string))]
        found += [f"{name}: not translated: {one.id!r}" for one in open_]
        known = {one.id for one in said}
        found += [f"{name}: new: {text!r}" for text in sorted(texts - known, key=str)]
        found += [f"{name}: said no more: {text!r}" for text in sorted(known - texts, key=str)]
        target = path.with_suffix(".mo")
        if not target.is_file() or target.read_bytes() != compiled(catalog):
            found.append(f"{name}: messages.mo is older than messages.po")
    return found


def _strings(text: object) -> tuple[object, ...]:
    return tuple(text) if isinstance(text, tuple | list) else (text,)


def write() -> None:
    """Bring each messages.po up to the pages, and compile it."""
    texts = template()
    for path in languages():
        catalog = read(path)
        catalog.update(texts, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        out = io.BytesIO()
        pofile.write_po(out, catalog, width=WIDTH, sort_output=True, include_lineno=False)
        lines = out.getvalue().decode().splitlines()
        # Dates and names that Babel writes of itself would differ with every run.
        kept = [line for line in lines if not line.startswith(_OF_THE_RUN)]
        path.write_text("\n".join(kept) + "\n", encoding="utf-8", newline="\n")
        path.with_suffix(".mo").write_bytes(compiled(read(path)))


if __name__ == "__main__":
    if sys.argv[1:] != ["--check"]:
        write()
    found = faults()
    sys.stdout.write("".join(f"{one}\n" for one in found))
    sys.exit(1 if found else 0)
