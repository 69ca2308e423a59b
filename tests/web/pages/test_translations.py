"""Every text is translated, and what is translated is compiled."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from fedretail.web.pages.translations import LANGUAGES, translations

_NAMES = re.compile(r"%\(\w+\)s")
ROOT = Path(__file__).parents[3]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("texts", ROOT / "tools" / "texts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_is_translated_and_compiled() -> None:
    texts = load()
    assert len(texts.languages()) == len(LANGUAGES) - 1
    assert not texts.faults(), "`make texts` gathers new texts; translate them in messages.po"


def test_a_text_that_lacks_its_translation_is_found(tmp_path, monkeypatch) -> None:
    texts = load()
    path = next(iter(texts.languages()))
    copy = tmp_path / "de" / "LC_MESSAGES" / "messages.po"
    copy.parent.mkdir(parents=True)
    text = path.read_text(encoding="utf-8")
    copy.write_text(text.replace('msgstr "Vorrätig"', 'msgstr ""'), encoding="utf-8")
    copy.with_suffix(".mo").write_bytes(path.with_suffix(".mo").read_bytes())
    monkeypatch.setattr(texts, "languages", lambda: [copy])
    assert texts.faults() == [
        "de: not translated: 'In stock'",
        "de: messages.mo is older than messages.po",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_load(language) -> None:
    assert translations(language).ugettext("In stock") in ("In stock", "Vorrätig")


def test_a_translation_holds_the_names_of_its_text() -> None:
    texts = load()
    for path in texts.languages():
        for message in texts.read(path):
            for said, meant in pairs_of(message.id, message.string):
                assert set(_NAMES.findall(said)) <= set(_NAMES.findall(meant)) | {"%(num)s"}, said


def pairs_of(texts_of: object, translated: object) -> list[tuple[str, str]]:
    """(translation, text) of each form of a message."""
    if isinstance(texts_of, str):
        return [(str(translated), texts_of)]
    assert isinstance(texts_of, tuple | list)
    assert isinstance(translated, tuple | list)
    return list(zip(map(str, translated), map(str, texts_of), strict=True))
