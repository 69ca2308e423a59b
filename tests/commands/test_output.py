"""What is printed: on a terminal, into a pipe, as JSON; and what never is."""

import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.commands import output
from fedretail.commands._progress import Progress
from fedretail.commands._stations import code, stations
from fedretail.commands.output import Cell, Column, note, print_table, tell
from fedretail.daemon.daemon import Ready

COLUMNS = [
    Column("product", gives_way=True),
    Column("price", right=True),
    Column("per unit", right=True, from_width=70),
    Column("shop", gives_way=True),
    Column("distance", right=True),
    Column("open", from_width=80),
    Column("stock", from_width=90),
    Column("confirmed", from_width=100),
]
ROW: list[str | Cell] = [
    "Oat milk",
    Cell("€1.29", cheapest=True),
    "€1.29/l",
    "Miller",
    "↗ 580 m",
    "till 19:00",
]
ROW += ["3 left", "today 10:12"]


class Screen(io.StringIO):
    """A text stream that is a terminal, or only has an encoding of its own."""

    def __init__(self, *, terminal: bool = True, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal = terminal
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(output, "_json_printed", False)


def shown(width: int, row: list[str | Cell] = ROW) -> str:
    screen = Screen()
    print_table(COLUMNS, [row], file=screen, width=width)
    return screen.getvalue()


def plain(text: str) -> str:
    """The text without colours and weights."""
    return re.sub("\x1b\\[[0-9;]*m", "", text)


def test_a_pipe_gets_all_columns_between_tabs_and_no_headings() -> None:
    pipe = Screen(terminal=False)
    print_table(COLUMNS, [ROW, ROW], file=pipe)
    line = "Oat milk\t€1.29\t€1.29/l\tMiller\t↗ 580 m\ttill 19:00\t3 left\ttoday 10:12\n"
    assert pipe.getvalue() == line * 2


@pytest.mark.parametrize(
    ("width", "gone"),
    [
        (100, []),
        (99, ["confirmed"]),
        (89, ["confirmed", "stock"]),
        (79, ["confirmed", "stock", "open"]),
        (69, ["confirmed", "stock", "open", "per unit"]),
    ],
)
def test_columns_go_in_their_order(width: int, gone: list[str]) -> None:
    heading = shown(width).splitlines()[0]
    assert [c.heading for c in COLUMNS if c.heading not in heading] == sorted(
        gone, key=[c.heading for c in COLUMNS].index
    )


@pytest.mark.parametrize("width", [60, 70, 80, 100, 160])
def test_a_hit_is_one_line_that_fits(width: int) -> None:
    lines = plain(shown(width)).splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("width", [60, 69, 70, 99, 100, 120])
def test_long_names_give_way_to_the_figures(width: int) -> None:
    row: list[str | Cell] = ["Very long product name " * 4, *ROW[1:3], "Very long shop " * 4]
    lines = plain(shown(width, row + ROW[4:])).splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= width
    assert "Very long p" in lines[1]
    assert "…" in lines[1]
    assert "↗ 580 m" in lines[1]
    assert ("today 10:12" in lines[1]) == (width >= 100)


@pytest.mark.parametrize("width", [30, 40, 59])
def test_under_60_a_hit_takes_two_lines(width: int) -> None:
    lines = plain(shown(width)).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("Oat milk")
    assert lines[0].endswith("€1.29")
    assert "Miller" in lines[1]
    assert max(map(len, lines)) <= width


def test_only_the_cheapest_has_the_yellow_ground(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(100).count("\x1b[30;43m") == 1
    monkeypatch.setenv("NO_COLOR", "1")
    assert "43m" not in shown(100)


def test_brackets_in_a_name_are_no_markup() -> None:
    screen = Screen()
    print_table([Column("product")], [["Tea [bold]12[/bold]"]], file=screen, width=80)
    assert "Tea [bold]12[/bold]" in screen.getvalue()


@given(st.text(), st.booleans())
def test_no_control_character_of_a_stranger_gets_through(name: str, terminal: bool) -> None:
    screen = Screen(terminal=terminal)
    print_table([Column("product"), Column("price")], [[name, "1"]], file=screen, width=80)
    output.print_line(name, file=screen)
    tell("done", name, name, file=screen)
    own = {"\x1b", "\n", "\t"} if terminal else {"\n", "\t"}
    assert not {c for c in screen.getvalue() if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0} - own
    assert not set(screen.getvalue()) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068")
    assert "\x1b" not in plain(screen.getvalue())


@given(st.text(), st.sampled_from(["ascii", "cp1252", "cp437", "utf-8"]))
def test_every_text_goes_into_every_encoding(text: str, encoding: str) -> None:
    screen = Screen(terminal=False, encoding=encoding)
    output.print_line(text, file=screen)
    tell("failed", text, file=screen)
    if encoding != "utf-8":
        screen.getvalue().encode(encoding)


@pytest.mark.parametrize(
    ("mark", "sign", "plain"),
    [("done", "✓", "+"), ("attention", "!", "!"), ("failed", "✗", "x"), ("on", "●", "*")],
)
def test_marks_have_plain_forms(mark: output.Mark, sign: str, plain: str) -> None:
    for encoding, expected in (("utf-8", sign), ("ascii", plain)):
        screen = Screen(terminal=False, encoding=encoding)
        tell(mark, "580 m ↗ · €1.29", file=screen)
        assert screen.getvalue().startswith(f"{expected} 580 m")
        assert screen.getvalue().isascii() == (encoding == "ascii")


def test_a_message_takes_three_lines_at_most() -> None:
    screen = Screen(terminal=False)
    tell("failed", "What.\nWhere.", "Next.\nAnd more.", file=screen)
    assert screen.getvalue() == "✗ What.\n  Where.\n  Next.\n"


def test_a_long_message_breaks_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    for terminal in (True, False):
        screen = Screen(terminal=terminal)
        note("  line 3  $2.20  is in another currency; EUR is expected", file=screen)
        lines = screen.getvalue().splitlines()
        assert [len(line) <= 40 for line in lines] == [terminal] * len(lines)
        assert " ".join(screen.getvalue().split()).endswith("currency; EUR is expected")
        assert all(line.startswith("    ") for line in lines)


def test_a_command_is_never_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    screen = Screen()
    tell("failed", "No.", "Type `fedretail --data-dir a/rather/long/folder init`.", file=screen)
    assert len(screen.getvalue().splitlines()) == 2


def test_marks_are_coloured_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    tell("done", "Saved.", file=screen)
    assert screen.getvalue() == "\x1b[32m✓\x1b[0m Saved.\n"
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen()
    tell("done", "Saved.", file=screen)
    assert screen.getvalue() == "✓ Saved.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_json_survives_every_encoding(encoding: str) -> None:
    screen = Screen(encoding=encoding)
    output.print_json({"name": "Käse ↗ \x1b[31m"}, file=screen)
    assert json.loads(screen.getvalue()) == {"name": "Käse ↗ \x1b[31m"}
    assert screen.getvalue().isascii() == (encoding != "utf-8")


def test_an_error_object_only_where_none_stands(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json_error("No.", "Ask.")
    output.print_json_error("No.", "Ask.")
    assert json.loads(capsys.readouterr().out) == {"error": {"message": "No.", "hint": "Ask."}}


class Watch:
    """A stopwatch turned by hand, in seconds."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_quick_deed_shows_no_bar() -> None:
    screen, watch = Screen(), Watch()
    with Progress("Import", unit="row", file=screen, now_s=watch) as progress:
        progress.update(10, 0.5)
        watch.now_s += 0.49
        progress.update(20, 0.9)
    assert screen.getvalue() == ""


def test_a_long_deed_shows_count_rate_and_time_left() -> None:
    screen, watch = Screen(), Watch()
    with Progress("Import", unit="row", file=screen, now_s=watch) as progress:
        watch.now_s += 5
        progress.update(48_000, 0.04)
    assert "48,000 rows · 9,600/s · 2:00 left" in screen.getvalue()


def test_no_bar_where_nobody_looks() -> None:
    pipe, watch = Screen(terminal=False), Watch()
    with Progress("Import", unit="row", file=pipe, now_s=watch) as progress:
        watch.now_s += 5
        progress.update(48_000, 0.04)
    assert pipe.getvalue() == ""


def test_a_deed_of_unknown_length_tells_no_time_left() -> None:
    screen, watch = Screen(), Watch()
    with Progress("First sync", unit="offer", file=screen, now_s=watch) as progress:
        watch.now_s += 2
        progress.update(100)
    assert "100 offers · 50/s" in screen.getvalue()
    assert "left" not in screen.getvalue()


@pytest.mark.parametrize("sign", ["\x1b", "\x7f", "\x9b", "\u202e", "\u2066", "\x00"])
def test_json_holds_no_sign_that_acts_on_a_terminal(sign: str) -> None:
    screen = Screen()
    output.print_json({"name": f"Milk{sign}", f"key{sign}": "Käse"}, file=screen)
    assert sign not in screen.getvalue()
    assert "Käse" in screen.getvalue()
    assert json.loads(screen.getvalue()) == {"name": f"Milk{sign}", f"key{sign}": "Käse"}


PARTS = {"█": (True, True), "▀": (True, False), "▄": (False, True), " ": (False, False)}


def test_a_code_on_a_terminal_has_the_modules_of_the_code() -> None:
    modules = code("http://192.168.1.20:8765/")
    screen = Screen()
    output.show_code("http://192.168.1.20:8765/", modules, file=screen)
    *rows, text = screen.getvalue().splitlines()
    assert text == "  http://192.168.1.20:8765/"
    drawn: list[list[bool]] = []
    for row in rows:
        # Black on white, also where the theme is dark: a phone reads no code in negative.
        found = re.fullmatch("  \x1b\\[30;107m(.*)\x1b\\[0m", row)
        assert found
        pairs = [PARTS[sign] for sign in found[1]]
        drawn += [[upper for upper, _ in pairs], [lower for _, lower in pairs]]
    assert drawn[: len(modules)] == modules
    assert not any(any(row) for row in drawn[len(modules) :])
    # A quiet zone on all sides.
    assert not any(modules[0])
    assert not any(row[0] or row[-1] for row in modules)


@pytest.mark.parametrize("screen", [Screen(terminal=False), Screen(encoding="ascii")])
def test_no_code_where_it_could_not_be_read(screen: Screen, monkeypatch) -> None:
    output.show_code("x", code("x"), file=screen)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Screen()
    output.show_code("x", code("x"), file=plain)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("COLUMNS", "20")
    narrow = Screen()
    output.show_code("x", code("x"), file=narrow)
    assert [one.getvalue() for one in (screen, plain, narrow)] == ["", "", ""]


def test_where_other_screens_find_the_pages() -> None:
    dialled = ("/ip4/192.168.1.20/tcp/4817", "/ip4/127.0.0.1/tcp/4817", "/ip4/8.8.8.8/tcp/1",
               "/ip6/fe80::1/tcp/1")  # fmt: skip
    here = Ready(list(dialled), None, ["http://127.0.0.1:8765"])
    assert stations(here) == ["http://127.0.0.1:8765"]
    lan = Ready(list(dialled), None, ["http://0.0.0.0:8765"])
    assert stations(lan) == ["http://192.168.1.20:8765", "http://127.0.0.1:8765"]
