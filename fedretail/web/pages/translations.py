"""The languages of the pages, and the words of each."""

from functools import cache
from pathlib import Path

from babel.support import NullTranslations, Translations

# Each by the name that its own speakers know.
LANGUAGES = {"en": "English", "de": "Deutsch"}
FOLDER = Path(__file__).parent.parent / "locale"


@cache
def translations(language: str) -> NullTranslations:
    """The words of a language; those of the templates themselves are English."""
    return Translations.load(FOLDER, [language])
