"""Writes fedretail/web/static/icons.svg from a folder of Lucide icons (npm: lucide-static).

One sprite, so that a page asks once; each is used as <use href="/static/icons.svg#NAME">.
"""

import re
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "fedretail" / "web" / "static" / "icons.svg"
# Our name for what it says: Lucide's name for the drawing.
ICONS = {
    "search": "search", "clear": "x", "scan": "scan-barcode", "list": "list-checks",
    "shop": "store", "clock": "clock", "stock": "package", "place": "map-pin", "map": "map",
    "north": "navigation", "arrow": "arrow-up", "next": "arrow-right", "back": "arrow-left",
    "check": "check", "warn": "triangle-alert", "bad": "circle-alert", "add": "plus",
    "less": "minus", "again": "undo-2", "larger": "a-large-small", "dark": "moon", "light": "sun",
    "language": "languages", "phone": "smartphone", "print": "printer", "home": "house",
    "import": "upload", "wanted": "chart-column", "backup": "key-round", "settings": "settings",
    "see": "eye", "edit": "pencil", "remove": "trash-2", "keyboard": "keyboard",
    "down": "chevron-down", "neighbours": "users", "info": "info",
    "computer": "monitor", "qr": "qr-code", "age": "id-card", "ask": "message-circle-question-mark",
}  # fmt: skip
_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def main(folder: Path) -> None:
    """Read the icons, write the sprite."""
    symbols = []
    for name, drawn in sorted(ICONS.items()):
        found = _BODY.search((folder / f"{drawn}.svg").read_text(encoding="utf-8"))
        if found is None:
            raise SystemExit(f"{drawn}.svg is no drawing")
        shapes = re.sub(r">\s+<", "><", found[1].strip())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    TARGET.write_text(f"{head}\n{chr(10).join(symbols)}\n</svg>\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
