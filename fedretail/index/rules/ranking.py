"""How well an offer answers, and the order of results. Pure functions of a few numbers.

The score is worked out here, not by FTS5: its bm25 walks through all rows of a word to weigh it
(1.8 ms become 40), and loses nothing in relevance when left out (measured: NDCG@10 0.378
against 0.381).
"""

import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from fedretail.index.rules.stock import STOCK_LIKELY, STOCK_NONE, STOCK_UNKNOWN

# A word in the name says what a thing is; in brand, category or code only what it has to do with.
BESIDE_NAME = 0.5
# Each further word of a name makes it a little less likely that the thing asked for is meant:
# "Milk" before "Milk chocolate with hazelnuts".
WORD_COST = 0.05
# The long names of tools and taps tell sizes and what comes with them; they mean no less by it.
_FEW_WORDS, _FURTHER_COST = 10, 0.02
# "shower head" asked for: "rain shower head" before "head for a hand shower". Small, so that it
# decides between offers that answer alike. A stem may stand beside its whole word.
APART_COST = 0.1
BESIDE = 2
# "Toilet in white" is a toilet, "toilet seat in white" none; and who asks for a "toilet seat" wants
# the seat, which is said last.
NOT_HEAD = 0.75
NOT_LAST = 0.95
# What a name says behind these words goes with the thing.
BEHIND_HEAD = frozenset(
    ("in", "with", "for", "mit", "fur", "aus", "ohne", "avec", "sans", "au", "aux", "de", "con",
     "di", "sin", "al", "en")
)  # fmt: skip
# Nor are these what a name is of, at its end: colours and finishes, and words for many things and
# none; as typed and as stems.
_FEATURES = frozenset(
    ("white", "black", "red", "blue", "green", "yellow", "brown", "gray", "grey", "beige", "beig",
     "tan", "almond", "ivory", "ivori", "silver", "gold", "chrome", "nickel", "bronze", "bronz",
     "brass", "stainless", "steel", "satin", "brushed", "brush", "clear", "natural", "natur",
     "weiss", "schwarz", "rot", "blau", "grun", "gelb", "braun", "grau", "silber",
     "kit", "set", "pack", "unit", "control", "system", "combo", "fixture", "fixtur", "included",
     "includ", "only", "case")
)  # fmt: skip
# English and its like say last what a thing is, all others with a language of their own here may
# say it first: "Lait entier".
_HEAD_LAST = frozenset(f".{one}" for one in ("de", "nl", "da", "nb", "nn", "no", "sv"))
# Stem and whole word stand side by side and begin alike: "vaniti vanity".
_LEAST_ALIKE, _MOST_END = 3, 2
# The logarithm alone lets one rare word outweigh two that say what is meant ("crab cheese best").
_RARITY_POWER = 0.7
# At this distance a hit counts half of one next door: about what people drive for groceries.
HALF_DISTANCE_M = 5_000.0
# A trip for something sold out is a trip for nothing; unknown stock is mostly there.
_STOCK_WEIGHT = {STOCK_LIKELY: 1.0, STOCK_UNKNOWN: 0.9, STOCK_NONE: 0.3}
# The same by code.
STOCK_WEIGHTS = tuple(_STOCK_WEIGHT[code] for code in range(3))
# Prices that somebody stood behind this month are those of today; of last year's most are not.
# Little is lost all the same: an old price at the next shop is worth a call.
FRESH_DAYS, STALE_DAYS = 30, 365
DAY_MS = 24 * 3600 * 1000
STALE_COST = 0.2
# The least that where words stand leaves.
LEAST_SHAPE = (1 - APART_COST) * NOT_HEAD


class Form(NamedTuple):
    """A token that answers a term, and how well, 0 to 1; `begun`: a longer one does too."""

    token: str
    worth: float = 1.0
    begun: bool = False


class Term(NamedTuple):
    """A word or amount asked for, the tokens that answer it, and what it weighs."""

    text: str
    forms: tuple[Form, ...]
    weight: float = 1.0
    is_guessed: bool = False
    """Whether no offer has the word, and the tokens are those of others."""
    is_head: bool = False
    """Whether it stands before what the thing asked for is to go with: "fan with remote"."""


class Found(NamedTuple):
    """How an offer answers one term: with which token, where ("name", "beside" or "no")."""

    text: str
    weight: float
    token: str
    where: Literal["name", "beside", "no"]
    place: int | None
    """The place of the token in the name; None where it is not there."""
    points: float
    """What it adds before coverage and length are reckoned: weight, worth and place."""


def rarity(offers: int, holding: int) -> float:
    """The weight of a word that `holding` of `offers` offers hold: rare words say more."""
    power: float = math.log(1 + (offers + 1) / (holding + 1)) ** _RARITY_POWER
    return power


class Asked(NamedTuple):
    """Where the words of a query stand: what is asked for, and what is typed side by side."""

    head: int
    """The number of the term that says what is asked for."""
    pairs: tuple[int, ...]
    """The numbers of the terms that the next one stands beside."""


def asked_of(terms: Sequence[Term]) -> Asked:
    """How the terms of a query stand: the last word but amounts and colours is asked for."""
    heads = [i for i, term in enumerate(terms) if term.is_head]
    words = [i for i, term in enumerate(terms) if not term.text[:1].isdigit()]
    things = [i for i in words if terms[i].text not in _FEATURES]
    last = (heads or things or words or [len(terms) - 1])[-1]
    return Asked(last, tuple(i for i in range(len(terms) - 1) if i not in heads))


def shape(
    places: Sequence[int | None], name: Sequence[str], asked: Asked, *, is_begun: bool
) -> float:
    """What a score keeps for where the terms stand in a name, at most 1.

    places: of each term the place in the name, None for none. is_begun: the name may begin with
    what it is of. Words asked for side by side say more side by side, and more where they say what
    the thing is than what goes with it.
    """
    pairs = [(places[i], places[i + 1]) for i in asked.pairs]
    apart = sum(a is None or b is None or abs(b - a) > BESIDE for a, b in pairs)
    kept = 1 - APART_COST * apart / len(pairs) if pairs else 1.0
    heads, head = heads_of(name), places[asked.head]
    # "Cookies, chocolate chip" and "Chocolat noir" begin with it; elsewhere a brand stands there.
    if head == 0 or head in heads or (is_begun and 0 in places):
        return kept
    return kept * (NOT_LAST if any(one in heads for one in places) else NOT_HEAD)


def most_lacking(terms: Sequence[Term]) -> float:
    """What `shape` leaves at most of an offer that lacks one of the terms, whichever."""
    pairs = asked_of(terms).pairs
    beside = {place for one in pairs for place in (one, one + 1)}
    return 1 - APART_COST / len(pairs) if len(beside) == len(terms) else 1.0


def most_nowhere(terms: Sequence[Term]) -> float:
    """The same of an offer whose name holds none of the terms."""
    return shape([None] * len(terms), (), asked_of(terms), is_begun=False)


def is_begun_with_head(last_word: str) -> bool:
    """Whether the name of an offer may begin with what it is of, by the last of its words."""
    return last_word.startswith(".") and last_word not in _HEAD_LAST


def heads_of(name: Sequence[str]) -> range:
    """The places of the word that says what a name is of: "Toilet Seat | in White (2-Pack)".

    A word may be held by several tokens: its stem, itself, what its compound is a kind of.
    """
    end = next((i for i, word in enumerate(name) if i and word in BEHIND_HEAD), len(name))
    while end > 1 and (name[end - 1][0].isdigit() or name[end - 1] in _FEATURES):
        end -= 1
    start = end - 1
    while start > 0 and any(_are_alike(name[start - 1], one) for one in name[start:end]):
        start -= 1
    return range(start, end)


class Name(NamedTuple):
    """The words of a name, single spaces between, and where it says what it is of.

    head, behind: the place of the first word that says so, and the one behind the last. is_begun:
    whether the name may begin with it.
    """

    words: str
    head: int
    behind: int
    is_begun: bool


def name_of(words: str, last: str) -> Name:
    """The name of these words; last: the word that tells the offer's language."""
    heads = heads_of(words.split(" ")) if words else range(0)
    return Name(words, heads.start, heads.stop, is_begun_with_head(last))


def _are_alike(one: str, other: str) -> bool:
    """Whether two neighbours may be tokens of one word."""
    alike = max(_LEAST_ALIKE, min(len(one), len(other)) - _MOST_END)
    return one[:alike] == other[:alike] or (len(other) > _LEAST_ALIKE and one.endswith(other))


def answered(terms: Sequence[Term], words: Sequence[str], named: int) -> list[Found]:
    """How an offer answers each of the terms, as `search --explain` tells it."""
    return [_answered(term, words, named) for term in terms]


def telling(terms: Sequence[Term]) -> list[Term]:
    """The weightiest of the terms, which carry more than half of the weight together.

    An offer with none of them answers less than half of what was asked: it is no partial answer.
    So the commonest words, "in white", find nothing alone and their long lists stay unread.
    """
    rest, chosen = sum(term.weight for term in terms), []
    half = rest / 2
    for term in sorted(terms, key=lambda term: -term.weight):
        if rest < half:
            break
        chosen.append(term)
        rest -= term.weight
    return chosen


def total_of(terms: Iterable[Term]) -> float:
    """What terms weigh together, added one by one as all sums of them are.

    Each step of such a sum rounds no smaller one above a greater: so what is worked out in the same
    steps from nothing smaller is a bound to the last bit. Newer Pythons' `sum` rounds otherwise.
    """
    total = 0.0
    for term in terms:
        total += term.weight
    return total


def sought_of(term: Term) -> list[tuple[str, float]]:
    """What is looked for in a text of words with a space before and behind each; its points."""
    return [
        (f" {form.token}" if form.begun else f" {form.token} ", term.weight * form.worth)
        for form in term.forms
    ]


class Relevance:
    """How much of what was asked an offer answers, for the terms of one query."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._sought = [sought_of(term) for term in terms]
        self._total = total_of(terms)
        self._asked = asked_of(terms)

    def of(self, words: str, named: int) -> float:
        """0 to 1; 1 when nothing was asked.

        words: the offer's, each once, joined by single spaces, the first `named` of them those of
        its name.
        """
        if not self._sought:
            return 1.0
        text = f" {words} "
        found = 0.0
        places: list[int | None] = []
        for forms in self._sought:
            points, place = _best(forms, text, named)
            found += points
            places.append(place)
        last = words[words.rfind(" ") + 1 :]
        kept = shape(
            places, words.split(" ", named)[:named], self._asked, is_begun=is_begun_with_head(last)
        )
        return found / self._total / length(named) * kept

    def of_name(self, words: str, last: str, lacks: Sequence[int] = ()) -> float | None:
        """The same, from the words of the name alone; None where the others may tell more.

        last: the word that tells the offer's language, "" for the usual one. lacks: the numbers of
        terms that the offer is known not to hold anywhere.
        """
        if not self._sought:
            return 1.0
        text, name = f" {words} ", words.split(" ") if words else []
        found = 0.0
        places: list[int | None] = []
        for number, forms in enumerate(self._sought):
            if number in lacks:
                places.append(None)
                continue
            points, place = _best(forms, text, len(name))
            missing = (weight for sought, weight in forms if sought not in text)
            if points <= max(missing, default=0.0) * BESIDE_NAME:
                return None
            found += points
            places.append(place)
        kept = shape(places, name, self._asked, is_begun=is_begun_with_head(last))
        return found / self._total / length(len(name)) * kept


def _best(forms: Sequence[tuple[str, float]], text: str, named: int) -> tuple[float, int | None]:
    """The greatest points that a form has in a text, and its place in the name; 0 for none."""
    best, best_place = 0.0, None
    for sought, weight in forms:
        start = text.find(sought)
        if start >= 0:
            # As many spaces stand before a word as words.
            place = text.count(" ", 0, start)
            points = weight if place < named else weight * BESIDE_NAME
            if points > best:
                best, best_place = points, place if place < named else None
    return best, best_place


def length(named: int) -> float:
    """What a score is divided by for the words of a name."""
    return 1 + WORD_COST * min(named, _FEW_WORDS) + _FURTHER_COST * max(named - _FEW_WORDS, 0)


# The same by how many words a cell counts.
LENGTHS = tuple(map(length, range(256)))


def most_relevant(cover: float, named: int) -> float:
    """The greatest Relevance of an offer that holds this share of the terms' weight.

    cover: each term counts with the best of its forms, as if it stood in the name. named: not
    more than the words of its name.
    """
    return cover / length(named)


def score(
    relevant: float, distance_m: float | None, stock: int, *, age_ms: int | None = None
) -> float:
    """Relevance, weakened by distance, by what is known of the stock, and by the price's age."""
    return relevant * nearness(distance_m) * presence(stock) * freshness(age_ms)


def nearness(distance_m: float | None) -> float:
    """What distance leaves of a score: 1 next door or where nobody asked from where."""
    return 1 / (1 + (distance_m or 0.0) / HALF_DISTANCE_M)


def presence(stock: int) -> float:
    """What a STOCK_ code leaves of a score."""
    return STOCK_WEIGHTS[stock]


def freshness(age_ms: int | None) -> float:
    """What the age of a price leaves of a score: all in the first month; 1 where it is unknown.

    It goes by whole days, so that prices told together stay together.
    """
    past = min(max((age_ms or 0) // DAY_MS - FRESH_DAYS, 0), STALE_DAYS - FRESH_DAYS)
    return 1 - STALE_COST * past / (STALE_DAYS - FRESH_DAYS)


def _answered(term: Term, words: Sequence[str], named: int) -> Found:
    best = Found(term.text, term.weight, "", "no", None, 0.0)
    for form in term.forms:
        place = next((i for i, word in enumerate(words) if _answers(form, word)), None)
        if place is None:
            continue
        points = term.weight * form.worth
        where: Literal["name", "beside"] = "name"
        if place >= named:
            where, points = "beside", points * BESIDE_NAME
        if points > best.points:
            best = Found(
                term.text,
                term.weight,
                words[place],
                where,
                place if place < named else None,
                points,
            )
    return best


def _answers(form: Form, word: str) -> bool:
    return word.startswith(form.token) if form.begun else word == form.token
