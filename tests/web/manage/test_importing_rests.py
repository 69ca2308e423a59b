"""What a price list rests on: offers that change after its preview are named and left alone."""

import re

import pytest

from fedretail.store.commits import Edit

TWO = b"SKU,Name,Price\n1,Milk,1.10\n2,Tea,2.20\n"


def shop_with(office, *rows: str) -> None:
    body = "SKU,Name,Price\n" + "".join(f"{row}\n" for row in rows)
    office.post(f"{office.send('a.csv', body.encode())}/publish")


def price(office, key: str) -> object:
    found = office.node.record(office.node.place("offer", key, office.node.site()))
    return None if found is None else found.fields["prices"][0][0]


def moved(office) -> str:
    """A file whose preview was seen before a till changed what costs 1.00."""
    shop_with(office, "1,Milk,1.00", "2,Tea,2.00")
    path = office.send("b.csv", TWO)
    office.get(path)
    office.node.write("offer", "1", {"prices": [[105]]})
    return path


def test_offers_that_changed_since_the_preview_are_named_and_left(office) -> None:
    path = moved(office)
    page = office.post(f"{path}/publish").text
    assert "Offers have changed meanwhile. Look once more." in page
    assert "<p>Milk</p>" in page
    assert "1.10" not in page
    assert (price(office, "1"), price(office, "2")) == (105, 200)
    page = office.post(f"{path}/publish").text
    assert "Published: 1 offer." in page
    assert "1 offer was changed meanwhile and stays as it is: Milk" in page
    assert (price(office, "1"), price(office, "2")) == (105, 220)


def test_the_file_is_taken_where_somebody_says_so(office) -> None:
    path = moved(office)
    office.get(path)
    page = office.post(f"{path}/choose", choose="over").text
    assert "They get what the file says." in page
    assert "2 offers are ready." in page
    office.post(f"{path}/choose", choose="leave")
    office.post(f"{path}/choose", choose="over")
    # What changes after that was not meant.
    office.node.write("offer", "2", {"prices": [[205]]})
    assert "Milk, Tea" in office.post(f"{path}/publish").text
    assert "Published: 1 offer." in office.post(f"{path}/publish").text
    assert (price(office, "1"), price(office, "2")) == (110, 205)


def test_what_the_file_does_not_change_may_change(office) -> None:
    """A till that counts its stock does not stop a list of prices."""
    shop_with(office, "1,Milk,1.00", "2,Tea,2.00")
    path = office.send("b.csv", TWO)
    office.get(path)
    office.node.write("offer", "1", {"stock": "few"})
    assert "Published: 2 offers." in office.post(f"{path}/publish").text
    assert (price(office, "1"), price(office, "2")) == (110, 220)


STOCK = b"SKU,Name,Price,Quantity\n1,Milk,1.00,%d\n2,Tea,2.00,40\n"


def pieces(office, key: str) -> object:
    return office.node.store.own(office.node.place("offer", key)).get("stock_count")


def test_a_list_that_changes_only_counts_says_so_and_does_it(office) -> None:
    office.post(f"{office.send('a.csv', STOCK % 40)}/publish")
    path = office.send("b.csv", STOCK % 30)
    page = office.get(path).text
    assert "1 changed" in " ".join(re.sub("<[^>]*>", " ", page).split())
    office.post(f"{path}/publish")
    assert (pieces(office, "1"), pieces(office, "2")) == (30, 40)


def test_pieces_that_a_till_has_sold_since_the_preview_are_named_and_left(office) -> None:
    office.post(f"{office.send('a.csv', STOCK % 40)}/publish")
    path = office.send("b.csv", STOCK % 30)
    office.get(path)
    # Still in stock: nothing that neighbours see has changed.
    office.node.write("offer", "1", {"stock_count": 37})
    assert "Offers have changed meanwhile." in office.post(f"{path}/publish").text
    assert pieces(office, "1") == 37
    assert "stays as it is: Milk" in office.post(f"{path}/publish").text
    assert pieces(office, "1") == 37


@pytest.mark.parametrize("cents", [100, 110])
def test_pieces_that_a_till_counts_at_the_very_commit_stay(office, monkeypatch, cents) -> None:
    office.post(f"{office.send('a.csv', STOCK % 40)}/publish")
    list_ = f"SKU,Name,Price,Quantity\n1,Milk,{cents / 100},30\n2,Tea,2.00,20\n"
    path = office.send("b.csv", list_.encode())
    office.get(path)
    commit, till = type(office.node).commit, [37, 36]

    def late(node, *said, **more):
        if till and more.get("check"):
            # Nothing that neighbours see: no new head, no stamp.
            node.write("offer", "1", {"stock_count": till.pop(0)})
        return commit(node, *said, **more)

    monkeypatch.setattr(type(office.node), "commit", late)
    page = office.post(f"{path}/publish").text
    assert till == []
    assert (pieces(office, "1"), pieces(office, "2")) == (36, 20)
    assert price(office, "1") == 100
    assert "Published: 1 offer." in page
    assert "stays as it is: Milk" in page


def test_pieces_that_a_till_counts_stop_no_list_without_them(office, monkeypatch) -> None:
    office.post(f"{office.send('a.csv', STOCK % 40)}/publish")
    path = office.send("b.csv", TWO)
    office.get(path)
    commit, till = type(office.node).commit, [37]

    def late(node, *said, **more):
        if till and more.get("check"):
            node.write("offer", "1", {"stock_count": till.pop(0)})
        return commit(node, *said, **more)

    monkeypatch.setattr(type(office.node), "commit", late)
    assert "Published: 2 offers." in office.post(f"{path}/publish").text
    assert (pieces(office, "1"), price(office, "1")) == (37, 110)


def test_a_mended_row_that_counts_again_is_no_till(office) -> None:
    office.post(f"{office.send('a.csv', STOCK % 40)}/publish")
    path = office.send("b.csv", (STOCK % 30) + b"1,Milk,dear,25\n")
    office.get(path)
    office.post(f"{path}/row", **{"row": "use-4", "cell-4": "1.00"})
    assert "meanwhile" not in office.post(f"{path}/publish").text
    assert pieces(office, "1") == 25


def test_what_was_withdrawn_since_stays_withdrawn(office) -> None:
    path = moved(office)
    office.node.remove("offer", "1")
    for _ in range(2):
        page = office.post(f"{path}/publish").text
    assert "stays as it is: 1" in page or "stays as it is: Milk" in page
    assert (price(office, "1"), price(office, "2")) == (None, 220)


def test_a_list_said_to_be_whole_withdraws_nothing_that_was_touched_since(office) -> None:
    shop_with(office, "1,Milk,1.00", "2,Tea,2.00", "3,Rye,3.00", "4,Oats,4.00")
    path = office.send("b.csv", TWO + b"4,Oats,4.00\n")
    office.post(f"{path}/choose", choose="withdraw")
    office.node.write("offer", "3", {"prices": [[310]]})
    office.post(f"{path}/publish")
    assert price(office, "3") == 310


def test_a_list_said_to_be_whole_withdraws_nothing_that_is_touched_while_it_is_read(
    office, monkeypatch
) -> None:
    shop_with(office, "1,Milk,1.00", "2,Tea,2.00", "3,Rye,3.00", "4,Oats,4.00", "5,Nuts,5.00")
    path = office.send("b.csv", TWO + b"4,Oats,4.00\n")
    office.post(f"{path}/choose", choose="withdraw")
    office.get(path)
    commit, others = type(office.node).commit, [310]

    def late(node, *said, **more):
        if others and more.get("check"):
            node.write("offer", "3", {"prices": [[others.pop()]]})
        return commit(node, *said, **more)

    monkeypatch.setattr(type(office.node), "commit", late)
    office.post(f"{path}/publish")
    assert others == []
    assert (price(office, "3"), price(office, "5")) == (310, None)


def test_a_mended_row_is_no_change_by_somebody_else(office) -> None:
    shop_with(office, "1,Milk,1.00", "2,Tea,2.00")
    path = office.send("b.csv", TWO + b"2,Tea,x\n")
    office.get(path)
    office.post(f"{path}/row", **{"row": "use-4", "cell-4": "2.30"})
    page = office.post(f"{path}/publish").text
    assert "changed meanwhile" not in page
    assert (price(office, "1"), price(office, "2")) == (110, 230)


def test_who_writes_between_the_look_and_the_commit_is_not_written_over(
    office, monkeypatch
) -> None:
    shop_with(office, "1,Milk,1.00", "2,Tea,2.00")
    path = office.send("b.csv", TWO)
    office.get(path)
    commit, store, site = type(office.node).commit, office.node.store, office.node.site()
    others = [105]

    def late(node, *said, **more):
        if others and more.get("check"):
            edit = Edit("offer", "1", {"prices": [[others.pop()]]})
            commit(node, site.id, [edit])
        return commit(node, *said, **more)

    monkeypatch.setattr(type(office.node), "commit", late)
    page = office.post(f"{path}/publish").text
    assert others == []
    assert store.meta("last_stamp")
    assert "Published: 1 offer." in page
    assert "stays as it is: Milk" in page
    assert (price(office, "1"), price(office, "2")) == (105, 220)
