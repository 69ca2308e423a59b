"""Plain text out of the HTML that shop systems keep their descriptions in."""

import re

# Longer descriptions are cut first: 2,000 characters are kept in the end, markup may be ten times
# as long, and the work on one cell stays bounded whatever it holds.
_MAX_CHARS = 30_000
_NOT_TEXT = re.compile(
    r"<(script|style|iframe)\b[^>]*>.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE
)
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?h[1-6]|/?ul|/?ol|/?tr|/?table)\b[^<>]*>", re.IGNORECASE)
_ITEM = re.compile(r"<li\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_SPACES = re.compile(r"[ \t\u00a0]+")
_BLANKS = re.compile(r"\s*\n\s*(?:\n\s*)?")


def html_text(markup: str) -> str:
    """The text of a piece of HTML: a line for each paragraph or point, entities as letters."""
    if "<" not in markup and "&" not in markup:
        return markup.strip()
    text = _NOT_TEXT.sub(" ", markup[:_MAX_CHARS])
    text = _ITEM.sub("\n- ", _BREAK.sub("\n", text))
    text = _TAG.sub("", text)
    if "&" in text:
        # Its table of 2,200 names would cost every start 2 ms.
        from html import unescape

        text = unescape(text)
    return _BLANKS.sub("\n", _SPACES.sub(" ", text)).strip()
