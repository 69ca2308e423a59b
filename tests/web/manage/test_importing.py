"""A price list in the back office: looked at, mended, published, undone."""

import errno
import re
from pathlib import Path

import pytest

from fedretail.domain.reasons import ENGLISH, SAID, Reason
from fedretail.web.manage import uploads
from fedretail.web.manage.reasons import WORDS, reason

LIST = "Name;EAN;Preis\nMilch;4001842100121;1,29\nTee;400184210012;2,10\nRoggen;;abc\n"

VALUE = re.compile(r"%\((\w+)\)s")


def names(node) -> set[str]:
    return {str(value.fields["name"]) for _, value in node.records("offer")}


def test_nothing_is_written_before_publish(office) -> None:
    path = office.send("list.csv", LIST.encode())
    page = office.get(path).text
    assert "1 offer is ready. 2 rows need you." in page
    assert "4001842100121" in page
    assert names(office.node) == set()
    assert list((office.node.path / "uploads").rglob("*.csv"))
    office.post(f"{path}/drop")
    assert names(office.node) == set()
    assert not (office.node.path / "uploads").exists()


def test_rows_are_mended_or_left_out(office) -> None:
    path = office.send("list.csv", LIST.encode())
    page = office.post(f"{path}/row", row="use-3", **{"cell-3": "x"}).text
    assert "Line 3 cannot be read like this either" in page
    page = office.post(f"{path}/row", row="use-3", **{"cell-3": "4001842100145"}).text
    assert "2 offers are ready. 1 row needs you." in page
    page = office.post(f"{path}/row", row="leave-4").text
    assert "1 mended, 1 left out" in page
    page = office.post(f"{path}/publish").text
    assert "Published: 2 offers." in page
    assert "was not read" not in page
    assert names(office.node) == {"Milch", "Tee"}
    assert not (office.node.path / "uploads").exists()
    change = page.partition('name="change" value="')[2].partition('"')[0]
    assert "are as before" in office.post("/undo", change=change).text
    assert names(office.node) == set()


def test_rows_that_nobody_mended_wait(office) -> None:
    path = office.send("list.csv", LIST.encode())
    assert "2 rows were not read" in office.post(f"{path}/publish").text
    answer = office.post("/import/mend")
    assert "2 rows need you" in answer.text
    again = str(answer.url).partition("/manage")[2]
    office.post(f"{again}/row", row="use-3", **{"cell-3": "3,00"})
    office.post(f"{again}/row", row="leave-2")
    assert "rows were not read" not in office.post(f"{again}/publish").text
    assert names(office.node) == {"Milch", "Roggen"}


def test_rows_that_find_no_room_are_told_and_wait_on(office, monkeypatch) -> None:
    office.post(f"{office.send('list.csv', LIST.encode())}/publish")

    def copy(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", copy)
    answer = office.post("/import/mend")
    assert answer.status_code == 409
    assert "No space left on device" in answer.text
    assert not (office.node.path / "uploads").exists()
    monkeypatch.undo()
    assert "2 rows need you" in office.post("/import/mend").text


def test_columns_are_named_anew(office) -> None:
    body = b"Was;Wieviel;Zahl\nMilch;1,29;7\n"
    path = office.send("list.csv", body)
    assert "cannot be read like this" in office.get(path).text
    said = {"heading": ["Was", "Wieviel", "Zahl"], "role": ["name", "price", ""]}
    page = office.post(f"{path}/columns", **said).text
    assert "1 offer is ready." in page
    office.post(f"{path}/publish")
    assert names(office.node) == {"Milch"}


def shop_with(office, *rows: str) -> None:
    body = "SKU,Name,Price\n" + "".join(f"{row}\n" for row in rows)
    path = office.send("a.csv", body.encode())
    office.post(f"{path}/publish")


def test_offers_that_are_gone_are_kept_unless_somebody_says(office) -> None:
    shop_with(office, "1,Milk,1.00", "2,Tea,2.00", "3,Rye,3.00")
    path = office.send("b.csv", b"SKU,Name,Price\n1,Milk,1.00\n2,Tea,2.00\n")
    assert "1 of your offers is not in this file" in office.get(path).text
    page = office.post(f"{path}/choose", choose="withdraw").text
    assert "withdrawn when you publish" in page
    office.post(f"{path}/choose", choose="keep")
    office.post(f"{path}/publish")
    assert names(office.node) == {"Milk", "Tea", "Rye"}
    path = office.send("b.csv", b"SKU,Name,Price\n1,Milk,1.00\n2,Tea,2.00\n")
    office.post(f"{path}/choose", choose="withdraw")
    office.post(f"{path}/publish")
    assert names(office.node) == {"Milk", "Tea"}


@pytest.mark.parametrize(("said", "left"), [("part", 3), ("whole", 1)])
def test_a_file_with_few_of_the_offers_stops(office, said: str, left: int) -> None:
    shop_with(office, "1,Milk,1.00", "2,Tea,2.00", "3,Rye,3.00")
    path = office.send("b.csv", b"SKU,Name,Price\n1,Milk,1.10\n")
    assert "holds only a few of your offers" in office.get(path).text
    office.post(f"{path}/publish")
    assert "1.10" not in office.get("/offers").text
    assert "Publish 1 offer" in office.post(f"{path}/choose", choose=said).text
    office.post(f"{path}/publish")
    assert len(names(office.node)) == left


def test_prices_that_moved_far_wait_for_a_yes(office) -> None:
    shop_with(office, "1,Milk,1.00", "2,Tea,2.00")
    path = office.send("b.csv", b"SKU,Name,Price\n1,Milk,9.00\n2,Tea,2.00\n")
    assert "moved by more than half" in office.get(path).text
    office.post(f"{path}/choose", choose="take")
    office.post(f"{path}/publish")
    assert "9.00" in office.get("/offers").text


def test_a_file_that_is_too_large_leaves_nothing(office, monkeypatch) -> None:
    monkeypatch.setattr(uploads, "MAX_FILE_BYTES", 100_000)
    headers = {"x-form": office.form, "x-name": "a.csv"}
    path = "/manage/import/file"
    answer = office.client.post(path, content=b"x" * 100_001, headers=headers)
    assert answer.status_code == 413
    assert not (office.node.path / "uploads").exists()
    assert office.client.post(path, content=b"x" * 100_000, headers=headers).status_code == 200


def test_only_a_file_is_larger_than_a_form(office) -> None:
    for path in ("/import/file0/columns", "/import/file/", "/import/filefile"):
        assert office.post(path, heading="x" * 70_000).status_code == 413


def test_a_file_needs_session_and_form(office, browsers) -> None:
    path = "/manage/import/file"
    assert office.client.post(path, content=b"x").status_code == 403
    headers = {"x-form": office.form}
    assert browsers().client.post(path, content=b"x", headers=headers).status_code == 401
    assert not (office.node.path / "uploads").exists()


@pytest.mark.parametrize("name", ["../../keys", "..\\..\\keys", "/etc/passwd", "..", "", "a\0b"])
def test_no_name_leads_out_of_the_folder(office, name: str) -> None:
    from urllib.parse import quote

    path = office.send(quote(name), b"SKU,Name,Price\n1,Milk,1.00\n")
    files = [one for one in (office.node.path / "uploads").rglob("*") if one.is_file()]
    assert len(files) == 1
    assert office.get(path).status_code == 200


def test_what_a_killed_daemon_left_is_removed(farm, tmp_path) -> None:
    left = farm.path / "uploads" / "x" / "list.csv"
    left.parent.mkdir(parents=True)
    left.write_text("x", encoding="utf-8")
    uploads.Uploads(farm.path)
    assert not left.exists()


def test_a_mended_row_whose_price_moves_far_is_told_and_waits(office) -> None:
    shop_with(office, "1,Milk,1.00", "2,Tea,2.00")
    path = office.send("b.csv", b"SKU,Name,Price\n1,Milk,9.x0\n2,Tea,2.00\n")
    page = office.post(f"{path}/row", **{"row": "use-2", "cell-2": "9.00"}).text
    assert "Line 2: this price moves by more than half (€1.00 → €9.00)" in page
    assert "1 offer is ready." in page
    assert "They are right" in page
    office.post(f"{path}/publish")
    assert 'value="1.00"' in office.get("/offers").text


def test_and_is_taken_where_somebody_says_that_it_is_right(office) -> None:
    shop_with(office, "1,Milk,1.00", "2,Tea,2.00")
    path = office.send("b.csv", b"SKU,Name,Price\n1,Milk,9.x0\n2,Tea,2.00\n")
    office.post(f"{path}/row", **{"row": "use-2", "cell-2": "9.00"})
    assert "2 offers are ready." in office.post(f"{path}/choose", choose="take").text
    office.post(f"{path}/publish")
    assert 'value="9.00"' in office.get("/offers").text


BAD = """Name;EAN;Preis;Bestand;Packung
Milch;400184210014;1,29;;
Brot;4001842100122;1,30;;
Tee;;1,49.;;
Kaffee;;-3;;
;;1,00;;
Salz;;;;
Reis;;1,00;viele;
Mehl;;1,00;;0
Nudeln;4E+12;1,00;;
Zucker;$;1,00;;
"""


def test_why_rows_were_not_read_is_said_in_german(office) -> None:
    path = office.send("bad.csv", BAD.encode())
    page = office.get(f"{path}?lang=de").text
    told = (
        "die letzte Ziffer fehlt; 400184210014", "die Prüfziffer 2 passt nicht, 1 würde passen",
        "ein Preis wie 1,49", "ein Preis ist nicht negativ", "der Name fehlt", "der Preis fehlt",
        "eine Stückzahl wie 12", "wie viele in einer Packung sind, wie 6",
        "eine Tabelle hat die Zahl gekürzt", "nur Ziffern, Leerzeichen und Striche",
    )  # fmt: skip
    assert [said for said in told if said not in page] == []
    for english in ("expected", "missing", "does not fit"):
        assert english not in page, english


def test_what_nobody_has_translated_stays_as_it_is(office) -> None:
    class Desk:
        def translated(self, text: str, **values: object) -> str:
            return text % values if values else text

        def many(self, one: str, many: str, number: int, **values: object) -> str:
            return (one if number == 1 else many) % {"num": number, **values}

    odd = Reason(SAID, {"text": "odd <b> %(x)s 100%"})
    assert reason(Desk(), odd) == "odd <b> %(x)s 100%"
    assert reason(Desk(), Reason("price_like", {"like": "5 % off"})) == "a price such as 5 % off"


def test_every_reason_has_words_of_the_pages_with_the_same_values() -> None:
    assert set(WORDS) == set(ENGLISH) - {SAID}
    for name, words in WORDS.items():
        known = ENGLISH[name]
        assert type(words) is type(known), name
        for one, other in zip(
            [words] if isinstance(words, str) else words,
            [known] if isinstance(known, str) else known,
            strict=True,
        ):
            assert set(VALUE.findall(one)) <= set(VALUE.findall(other)), name


def test_columns_of_a_shop_system_stay_what_they_are_when_another_is_named(office) -> None:
    body = "Handle,Title,Variant Price,Image Src,Status,Shelf\n"
    body += "milk,Milk,1.29,https://shop.example/1.jpg,active,Dairy\n"
    path = office.send("products.csv", body.encode())
    page = office.get(path).text
    headings = re.findall(r'name="heading" value="([^"]*)"', page)
    roles = [
        (re.search(r'<option value="([^"]*)" selected', select) or ["", ""])[1]
        for select in re.findall(r'<select name="role">.*?</select>', page)
    ]
    assert dict(zip(headings, roles, strict=True))["Handle"] == "handle"
    assert ">handle<" not in page
    roles[-1] = "category"
    page = office.post(f"{path}/columns", heading=headings, role=roles).text
    assert "1 offer is ready." in page
    office.post(f"{path}/publish")
    place = office.node.place("offer", "milk")
    assert office.node.record(place).fields["category"] == "Dairy"
    assert office.node.store.own(place)["picture_from"] == "https://shop.example/1.jpg"


def test_a_unit_of_pieces_is_said_in_the_language_of_the_page(office) -> None:
    path = office.send("list.csv", b"Name;Preis;Bestand\nSemmel;0,45;7\n")
    assert "0,45\u00a0€/Stück" in office.get(f"{path}?lang=de").text


def test_how_a_file_was_read_is_told_in_the_language_of_the_page(office) -> None:
    body = "Handle,Title,Variant Price,Image Src,Status\n" + (
        "milk,Milk,1.29,,active\nmilk,,,https://shop.example/2.jpg,\n"
        "milk,,,https://shop.example/3.jpg,\nold,Old,2.00,,draft\n"
    )
    path = office.send("products.csv", body.encode())
    english, german = office.get(path).text, office.get(f"{path}?lang=de").text
    for said in ("2 rows are left out: pictures only.", "1 row is left out: status draft.",
                 "The file names no currency; EUR is taken."):  # fmt: skip
        assert said in english
    for said in ("2 Zeilen bleiben weg: nur Bilder.", "1 Zeile bleibt weg: Status draft.",
                 "Die Datei nennt keine Währung; EUR wird angenommen."):  # fmt: skip
        assert said in german


def test_how_much_of_a_file_is_read_can_be_asked(office) -> None:
    path = office.send("a.csv", b"SKU,Name,Price\n1,Milk,1.00\n")
    assert office.get(f"{path}/progress").json() == {"read": 0.0}
    assert f'data-progress="/manage{path}/progress"' in office.get(path).text
    assert office.get(f"{path}/progress").json() == {"read": 1.0}
