"""Writes fedretail/web/static/drawings.svg: own drawings for goods without a photo.

Three colours of the tint where it stands: 1 light, 2 dark, 3 between. A field of 64 by 64.
"""

import re
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "fedretail" / "web" / "static" / "drawings.svg"
# `1`, `2`, `3` fill a path; `1-`, `2-`, `3-` draw a line of that colour, 3 wide.
DRAWINGS = {
    "milk": "1 M19 25l6-11h14l6 11v30a3 3 0 0 1-3 3H22a3 3 0 0 1-3-3z|3 M19 25l6-11h14l6 11z"
    "|2 M24 7h16v7H24z|2 M19 36q7-5 13 0t13 0v12q-7 5-13 0t-13 0z",
    "cheese": "3 M8 36L40 16q14 3 16 20z|1 M8 36h48v16H8z|2 M8 36h48v3H8z"
    "|3 M18 46m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0|3 M36 47m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0"
    "|2 M41 28m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    "bread": "3 M7 34q0-16 25-16t25 16q0 5-5 6v10q0 5-5 5H17q-5 0-5-5V40q-5-1-5-6z"
    "|2- M21 25l5 8M32 24l5 8M43 26l4 7|2 M12 47h40v3q0 5-5 5H17q-5 0-5-5z",
    "cake": "3 M10 32h44v20q0 4-4 4H14q-4 0-4-4z|1 M8 32q0-8 8-8h32q8 0 8 8q0 6-6 6t-6-5q0 7-6 7t-6-7"
    "q0 5-6 5t-6-5q0 6-6 6t-8-7z|2- M32 24V14|2 M32 6q4 4 0 8q-4-4 0-8",
    "egg": "1 M32 8q15 10 15 30q0 14-15 14T17 38Q17 18 32 8z|3 M9 40h46v10q0 7-7 7H16q-7 0-7-7z"
    "|2 M9 40h46v5H9z",
    "apple": "3 M32 21q-5-5-12-3q-9 3-8 16q1 14 11 22q4 2 9 0q5 2 9 0q10-8 11-22q1-13-8-16q-7-2-12 3z"
    "|2 M32 21q0-9 10-13q0 10-10 13z|1- M19 35q0-7 5-10",
    "carrot": "3 M42 22q6 6 0 14L16 56q-6 0-5-6l18-27q7-7 13-1z|2 M40 22q-4-9 3-15q5 6 2 15q9-4 14 2q-6 7-14 3z"
    "|1- M30 32l5 4M24 40l5 4",
    "meat": "3 M11 20q-3 30 33 36q9 0 9-8t-8-9q-18-3-18-19q0-8-8-8t-8 8z"
    "|2- M14 28l9-3M18 39l8-6M28 47l5-8M40 52l3-9|2 M47 18m-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0"
    "|1 M47 18m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
    "fish": "3 M6 33q14-18 36-6l14-9q-3 14 0 28l-14-8Q20 50 6 33z|1 M17 31m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0"
    "|2- M27 25q5 8 0 16M36 29l5 4l-5 4",
    "honey": "3 M15 23h34v29q0 6-6 6H21q-6 0-6-6z|2 M13 9h38v11H13z|1 M20 31h24v18H20z"
    "|2 M32 33l6 3.500v7L32 47l-6-3.500v-7z",
    "cup": "1 M12 26h34v16q0 14-14 14h-6q-14 0-14-14z|3 M12 26h34v8H12z|2- M46 31q9-1 9 7t-11 8M22 20q-4-5 0-10M33 20q-4-5 0-10",
    "wine": "3 M27 6h10v15q8 6 8 14v19q0 4-4 4H23q-4 0-4-4V35q0-8 8-14z|2 M26 4h12v8H26z|1 M19 37h26v13H19z|2- M25 43h14",
    "bottle": "1 M26 8h12v11q7 6 7 13v22q0 4-4 4H23q-4 0-4-4V32q0-7 7-13z|2 M25 5h14v8H25z|3 M19 34h26v20q0 4-4 4H23q-4 0-4-4z",
    "bag": "1 M16 15h32l4 7v32q0 4-4 4H16q-4 0-4-4V22z|3 M16 6h32v10H16z|2- M32 51V30"
    "|3 M32 36q-8 0-9-8q9 0 9 8zM32 36q8 0 9-8q-9 0-9 8zM32 46q-8 0-9-8q9 0 9 8zM32 46q8 0 9-8q-9 0-9 8z",
    "plant": "2 M32 34Q14 34 13 15q18 0 19 19zM32 30Q34 11 52 10q0 19-20 20z|2- M32 40V28|3 M14 38h36v7H14zM17 45h30l-4 13H21z",
    "flower": "2- M32 58V34M32 50q10 0 12-8|3 M32 9m-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0M20 19m-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0"
    "M44 19m-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0M25 31m-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0M39 31m-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0"
    "|1 M32 21m-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0",
    "tools": "3 M40 8q-14 4-10 18L11 45q-3 4 1 8t8 1l19-19q14 4 17-10l-9 3l-7-6z|2 M18 48m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0"
    "|1- M34 26L20 40",
    "service": "3 M9 30q8-12 18-6l5 4l5-4q10-6 18 6v20H9z|2 M32 24m-9-9a9 9 0 1 0 18 0a9 9 0 1 0-18 0|1- M19 42l8 7l17-14",
    "bicycle": "3- M17 42m-11 0a11 11 0 1 0 22 0a11 11 0 1 0-22 0M47 42m-11 0a11 11 0 1 0 22 0a11 11 0 1 0-22 0"
    "|2- M17 42l10-19h15l5 19M27 23l6 19h-16M33 42l9-19M24 18h7M40 17h8",
    "spray": "3 M20 27h22l3 8v19q0 4-4 4H21q-4 0-4-4V35z|2 M22 19h16v8H22zM20 9h22q6 0 8 6h-9l-3 4H22z|1 M22 37h18v13H22z"
    "|2- M54 10l5-3M55 15h5",
    "soap": "3 M8 34q0-8 8-8h32q8 0 8 8v10q0 10-8 10H16q-8 0-8-10z|1 M18 33h28v10H18z|2 M16 14m-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0"
    "M30 10m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0M40 18m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    "paper": "1 M14 8h27l10 10v38H14z|3 M41 8l10 10H41z|2- M21 27h22M21 36h22M21 45h14",
    "candle": "3 M22 28h20v26H22z|1 M22 28h20v7q-4 4-7-1t-7 4t-6-4z|2 M12 54h40v5H12z|2- M32 28v-6|3 M32 5q8 9 0 16q-8-7 0-16z",
    "shirt": "3 M22 9q10 9 20 0l16 9l-6 13l-7-3v28H19V28l-7 3l-6-13z|2- M22 9q10 9 20 0|1 M34 29h8v8h-8z",
    "pot": "3 M12 28h40v20q0 8-8 8H20q-8 0-8-8z|2 M10 22h44v6H10zM27 14h10v8H27z|2- M12 36H6v-4M52 36h6v-4",
    "box": "3 M10 22l22-9l22 9v26l-22 9l-22-9z|1 M10 22l22 9l22-9l-22-9z|2- M32 31v26M20 18l22 9v8",
}  # fmt: skip
_COLOURS = {"1": "var(--p1)", "2": "var(--p2)", "3": "var(--p3)"}


def main() -> None:
    """Write the sprite."""
    symbols = [
        f'<symbol id="{name}" viewBox="0 0 64 64">{"".join(map(_path, drawn.split("|")))}</symbol>'
        for name, drawn in sorted(DRAWINGS.items())
    ]
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    TARGET.write_text(f"{head}\n{chr(10).join(symbols)}\n</svg>\n", encoding="utf-8")


def _path(text: str) -> str:
    how, _, shape = text.partition(" ")
    colour = _COLOURS[how[0]]
    shape = re.sub(r"(\.\d*?)0+(?=\D|$)", r"\1", shape)
    if how.endswith("-"):
        line = 'stroke-width="3" stroke-linecap="round" stroke-linejoin="round"'
        return f'<path d="{shape}" fill="none" stroke="{colour}" {line}/>'
    return f'<path d="{shape}" fill="{colour}"/>'


if __name__ == "__main__":
    main()
