"""Which drawing stands for a thing without a photo, and on which tint."""

import re
from dataclasses import dataclass
from functools import lru_cache

from fedretail.index.language.text import fold


@dataclass(frozen=True, slots=True)
class Drawing:
    """A symbol of static/drawings.svg and the class of its colours."""

    name: str
    tint: str


# The tint, and the beginnings of words (English and German) that a drawing stands for. The first
# that fits a category or a name is taken, so what is narrow stands before what is wide.
_TABLE: tuple[tuple[str, str, str], ...] = (
    ("bicycle", "home", "bicycle fahrrad rad- tyre reifen pannier inner-tube cycling"),
    ("tools", "serv", "tool werkzeug repair reparatur hardware eisenwaren spanner screw schraub"),
    ("service", "serv", "service dienstleistung check-up wrapping"),
    ("flower", "plant", "flower blume bouquet strauss"),
    ("plant", "plant", "plant pflanze garden garten seed samen herb kraut"),
    ("egg", "bake", "egg eier ei"),
    ("cheese", "dairy", "cheese kase butter curd quark"),
    ("milk", "dairy", "milk milch dairy molkerei yoghurt yogurt joghurt cream sahne kefir"),
    ("bread", "bake", "bread brot bakery back brotchen rusk crispbread"),
    ("cake", "bake", "cake kuchen torte biscuit keks gingerbread sweet suss chocolate schoko"),
    ("fish", "drink", "fish fisch"),
    ("meat", "meat", "meat fleisch sausage wurst ham schinken butcher metzger"),
    ("carrot", "veg", "vegetable gemuse carrot karotte potato kartoffel salad salat"),
    ("apple", "veg", "fruit obst apple apfel berry beere produce"),
    ("honey", "honey", "honey honig jam marmelade preserve konfiture konserven spread aufstrich"),
    ("cup", "dry", "coffee kaffee tea tee hot heiss cocoa kakao mug tasse becher"),
    ("wine", "meat", "wine wein beer bier spirit alcohol alkohol"),
    ("bottle", "drink", "drink getrank juice saft water wasser lemonade limo bottle flasche cold"),
    ("bag", "dry", "pantry vorrat flour mehl pasta nudel rice reis grain food lebensmittel"),
    ("spray", "home", "clean reinig putz laundry wasch household haushalt home washing"),
    ("soap", "home", "care pflege soap seife body korper cosmetic kosmetik"),
    ("paper", "dry", "paper papier stationery book buch tissue office buro"),
    ("candle", "honey", "candle kerze light licht lamp lampe lantern gift geschenk"),
    ("shirt", "serv", "cloth kleid textile textil wool wolle apron schurze towel tuch sock socke"),
    ("pot", "meat", "kitchen kuche cook koch camping outdoor"),
)  # fmt: skip
ANYTHING = Drawing("box", "dry")
# What follows says how a thing comes, not what it is: "milk in a glass bottle".
_HOW = re.compile(r"\s(?:in|aus|mit|with|from|von|for|für)\s|[,(–]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def _beginnings() -> list[tuple[Drawing, tuple[str, ...]]]:
    return [(Drawing(name, tint), tuple(words.split())) for name, tint, words in _TABLE]


_BEGINNINGS = _beginnings()
# What also ends a word means it, too: Vollmilch, Apfelsaft. Shorter ends are chance.
_LEAST_END = 4
NAMES = (*(name for name, _, _ in _TABLE), ANYTHING.name)


@lru_cache(maxsize=4096)
def drawing_for(category: str, name: str = "") -> Drawing:
    """The drawing of a thing: by its name, which is narrower, else by the last steps first."""
    steps = [step for step in re.split(r"[>»|/]", category) if step.strip()]
    for text in (_HOW.split(name)[0], name, *reversed(steps)):
        words = [fold(word) for word in _WORD.findall(text)]
        for word in reversed(words):
            found = _of_word(word)
            if found is not None:
                return found
    return ANYTHING


def _of_word(word: str) -> Drawing | None:
    for drawing, beginnings in _BEGINNINGS:
        if any(_means(word, one) for one in beginnings):
            return drawing
    return None


def _means(word: str, beginning: str) -> bool:
    if len(beginning) < _LEAST_END:
        return word in (beginning, beginning + "s")
    return word.startswith(beginning) or word.endswith(beginning)
