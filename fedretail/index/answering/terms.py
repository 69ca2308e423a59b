"""From what a shopper typed to the terms that are looked for.

Each term is a word or amount asked for, with the tokens that answer it: the word itself, its
stems in the languages of the catalog, the same amount in other units, the word written together
with its neighbour. A word that no offer has is taken apart or corrected.
"""

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise, product

from fedretail.index.language.amounts import Amount
from fedretail.index.language.compounds import parted
from fedretail.index.language.spelling import MIN_LETTERS, slips
from fedretail.index.language.stems import asked
from fedretail.index.language.text import (
    MAX_QUERY_CHARACTERS,
    MAX_QUERY_WORDS,
    MAX_WORD_CHARACTERS,
    grams,
    language_mark,
    split,
)
from fedretail.index.language.vocabulary import Similar, Vocabulary
from fedretail.index.rules.ranking import BEHIND_HEAD, Form, Term

# "60 vanity" means a vanity of 60 in; but 60 may as well be another size of it.
_BARE_NUMBER = 0.6
# A stem stands for other forms of the word too; two words written as one for less than both.
_STEM = 0.97
_JOINED = 0.9
# Words that a question is put in and no offer is told by, where other words are asked for too.
_IDLE = frozenset(
    ("the", "a", "an", "of", "and", "with", "w", "for", "in", "to", "on", "at", "by", "from",
     "und", "mit", "fur", "de", "du", "des", "et", "avec", "con", "del", "di", "y")
)  # fmt: skip
# Corrections of one word are held against all words of the catalog, 1 to 10 ms each; a text in
# another language than the catalog's has nothing to correct.
_MOST_CORRECTED = 3
# "WD-40", "3000 PSI", as they are often typed.
_CODE = re.compile("([a-z]+)([0-9]{1,7})|([0-9]{1,7})([a-z]+)")
# A stem that takes off more than "-es" leaves no compound to be parted.
_MOST_END = 2


def query_words(text: str) -> list[str | Amount]:
    """The words and amounts of a query, each once, at most MAX_QUERY_WORDS; none for `!?"`."""
    found: dict[str | Amount, None] = {}
    for one in split(text[:MAX_QUERY_CHARACTERS]):
        for part in grams(one, single=False) if isinstance(one, str) else [one]:
            found[part] = None
    return list(found)[:MAX_QUERY_WORDS]


def query_terms(
    text: str, vocabulary: Vocabulary, *, begun: bool = False, as_typed: bool = False
) -> list[Term]:
    """What to look for; none where the text has no word.

    begun: the last word may go on; of several, one letter or digit that is not done says nothing
    yet (a tenth of all offers have a word with it, and reading them takes a second).
    as_typed: a word that no offer has stays as it is.
    """
    words = query_words(text)
    head = _head(words)
    if len(words) > 1 and not begun:
        words = _telling(words) or words
    if len(words) > 1 and begun and _is_one_character(words[-1]):
        words.pop()
    languages = vocabulary.languages()
    last = len(words) - 1
    terms = [
        _term(one, vocabulary, begun and i == last)._replace(is_head=one == head)
        for i, one in enumerate(words)
    ]
    corrected = 0
    found: list[Term] = []
    for term in _joined(terms, vocabulary, languages):
        if _is_held(term, vocabulary):
            found.append(_held_forms(term, vocabulary))
            continue
        if as_typed:
            found.append(term)
            continue
        corrected += 1
        found += _others(term, vocabulary, languages, is_corrected=corrected <= _MOST_CORRECTED)
    return found[:MAX_QUERY_WORDS]


def _telling(words: list[str | Amount]) -> list[str | Amount]:
    """Without those that a question is put in; the "a" of "a/c" is none of them."""
    pairs = zip(words, [*words[1:], ""], strict=True)
    return [
        one for one, next_one in pairs if one not in _IDLE or (one == "a" and len(next_one) < 2)
    ]


def _head(words: list[str | Amount]) -> str | Amount | None:
    """The word before what goes with the thing: "fan" of "fan with remote"; None for none."""
    # "fan w/ light"; in names it is a width.
    end = next((i for i, one in enumerate(words) if i and (one in BEHIND_HEAD or one == "w")), 0)
    return next((one for one in reversed(words[:end]) if isinstance(one, str)), None)


def _is_one_character(one: str | Amount) -> bool:
    if isinstance(one, Amount):
        return not one.united and len(one.number) == 1
    return len(one) == 1 and one.isascii()


def _term(one: str | Amount, vocabulary: Vocabulary, begun: bool) -> Term:
    if isinstance(one, str):
        forms = [Form(token, 1.0 if token == one else _STEM) for token in _asked(one, vocabulary)]
        if begun:
            forms = [Form(one, begun=True), *(form for form in forms if form.token != one)]
        return Term(one, tuple(forms))
    # A number that is still typed may get further digits or a unit.
    number = Form(one.number, begun=begun and not one.united)
    if not one.united:
        return Term(one.number, (number,))
    worth = 1.0 if one.is_size else _BARE_NUMBER
    return Term(one.united, (Form(one.united), number._replace(worth=worth)))


def _asked(word: str, vocabulary: Vocabulary) -> list[str]:
    """The word, and its stems but those that only offers in other languages than theirs have.

    In English "tubes" are no tubs, whatever a German "Tube" is held by.
    """
    found: dict[str, None] = {}
    for language in vocabulary.languages():
        (_, *stems) = asked(word, (language,))
        for one in stems:
            if one not in found and _is_stem_in(one, language, vocabulary):
                found[one] = None
    return list(dict.fromkeys([word, *found]))


def _is_stem_in(token: str, language: str, vocabulary: Vocabulary) -> bool:
    mark = language_mark(language)
    return not mark or not vocabulary.holds(token) or vocabulary.holds_both(token, mark)


def _joined(terms: list[Term], vocabulary: Vocabulary, languages: tuple[str, ...]) -> list[Term]:
    """The terms, neighbours also as one word where offers have them so."""
    joined = list(terms)
    for number, (first, second) in enumerate(pairwise(terms)):
        if not _may_be_one(first.text, second.text):
            continue
        whole = first.text + second.text
        if len(whole) > MAX_WORD_CHARACTERS:
            continue
        # A stem holds both: Dutch takes the "ge" off "gewater".
        stems = (one for one in asked(whole, languages) if len(one) > len(first.text))
        tokens = (one for one in stems if one.startswith(first.text) and vocabulary.holds(one))
        forms = tuple(Form(token, _JOINED) for token in tokens)
        for place in (number, number + 1):
            joined[place] = joined[place]._replace(forms=joined[place].forms + forms)
    return joined


def _may_be_one(first: str, second: str) -> bool:
    """Whether two texts may be written as one word: "door knob", "wd 40", "3000 psi"."""
    kinds = [one.isalpha() for one in (first, second) if one.isalpha() or one.isdecimal()]
    return len(kinds) == 2 and any(kinds)


def _is_held(term: Term, vocabulary: Vocabulary) -> bool:
    return any(vocabulary.holds(form.token, begun=form.begun) for form in term.forms)


def _held_forms(term: Term, vocabulary: Vocabulary) -> Term:
    """The term without the forms that no offer has: each costs time at every candidate."""
    if len(term.forms) == 1:
        return term
    held = (form for form in term.forms if vocabulary.holds(form.token, begun=form.begun))
    return term._replace(forms=tuple(held))


def _others(
    term: Term, vocabulary: Vocabulary, languages: tuple[str, ...], *, is_corrected: bool
) -> list[Term]:
    """What a word that no offer has may mean; the term itself where that is nothing known.

    What begins as it was typed comes before its parts, and a correction last.
    """
    code = _CODE.fullmatch(term.text)
    pieces = [] if code is None else [piece for piece in code.groups() if piece]
    if pieces and all(map(vocabulary.holds, pieces)):
        return [term._replace(text=piece, forms=(Form(piece),)) for piece in pieces]
    if not slips(term.text):
        return [term]
    longer = vocabulary.beginning(term.text)
    if longer:
        return [_instead(term, longer)]
    stems = [form.token for form in term.forms]

    @cache
    def forms(part: str) -> list[str]:
        return [token for token in asked(part, languages) if vocabulary.holds(token)]

    def are_held(first: str, second: str) -> bool:
        pairs = product(forms(first), forms(second))
        return any(vocabulary.holds_both(*pair) for pair in pairs)

    parts = _parts(term, forms, are_held)
    if parts:
        return parts
    short = min(stems, key=len)
    near = vocabulary.beginning(short) if len(short) >= MIN_LETTERS else []
    if not near and is_corrected:
        near = vocabulary.similar(dict.fromkeys(stems))
    if near:
        return [_instead(term, near)]
    # No offer has both parts; one with either is better than none.
    return _parts(term, forms, lambda first, second: True) or [term]


def _parts(
    term: Term, forms: Callable[[str], list[str]], are_held: Callable[[str, str], bool]
) -> list[Term]:
    """The terms that a word is written together from; none where it is not.

    forms: the tokens of a part that offers have.
    """
    stems = (form.token for form in term.forms)
    for token in (one for one in stems if len(term.text) - len(one) <= _MOST_END):
        parts = parted(token, lambda part: bool(forms(part)), are_held)
        if parts is not None:
            first, second = (Term(part, tuple(map(Form, forms(part)))) for part in parts)
            return [first, second._replace(is_head=term.is_head)]
    return []


def _instead(term: Term, others: list[Similar]) -> Term:
    forms = tuple(Form(one.token, one.worth) for one in others)
    return term._replace(forms=forms, is_guessed=True)
