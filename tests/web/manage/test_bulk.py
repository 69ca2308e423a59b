"""Many prices at once in the back office: seen first, one touch back."""

from fedretail.domain.catalog import Offer


def put(node, key: str, amount: int, category: str) -> None:
    fields = {"name": key, "currency": "EUR", "prices": [[amount]], "category": category}
    node.write("offer", key, fields)


def price(node, key: str) -> int:
    return Offer.from_fields(node.record(node.place("offer", key)).fields).prices[0].amount_minor


def mark(page: str) -> str:
    return page.partition('name="seen" value="')[2].partition('"')[0]


def test_seen_changed_taken_back(office) -> None:
    put(office.node, "Milk", 129, "Dairy")
    put(office.node, "Soap", 349, "Care")
    page = office.get("/offers/prices?percent=%2B5&category=Dairy").text
    assert "1 price would change" in page
    assert "€1.29" in page
    assert "€1.35" in page
    assert price(office.node, "Milk") == 129
    done = office.post("/offers/prices", percent="+5", category="Dairy", seen=mark(page))
    assert "1 price is changed." in done.text
    assert "Prices of Dairy" in done.text
    assert (price(office.node, "Milk"), price(office.node, "Soap")) == (135, 349)
    change = done.text.partition('name="change" value="')[2].partition('"')[0]
    office.post("/undo", change=change)
    assert price(office.node, "Milk") == 129


def test_what_is_no_percent_takes_the_focus(office) -> None:
    for answer in (office.get("/offers/prices?percent=lots"),
                   office.post("/offers/prices", percent="lots")):  # fmt: skip
        assert answer.status_code == 422
        assert '<div class="summary" role="alert" tabindex="-1" autofocus>' in answer.text
        assert '<a href="#percent">' in answer.text
    german = office.get("/offers/prices?percent=&lang=de")
    assert german.status_code == 422


def test_last_changes_in_german(office) -> None:
    put(office.node, "Milk", 129, "Dairy")
    page = office.get("/offers/prices?percent=-2.5").text
    office.post("/offers/prices", percent="-2.5", category="", seen=mark(page))
    assert "Alle Preise</b> -2,5\u00a0%, 1 geändert" in office.get("?lang=de").text


def test_who_presses_twice_changes_prices_once(office) -> None:
    put(office.node, "Milk", 129, "Dairy")
    page = office.get("/offers/prices?percent=%2B5").text
    for _ in range(2):
        answer = office.post("/offers/prices", percent="+5", seen=mark(page))
        assert price(office.node, "Milk") == 135
    assert "Prices have changed meanwhile. Look once more." in answer.text
    # What would change now stands there, to be pressed knowingly.
    assert "€1.42" in answer.text
    office.post("/offers/prices", percent="+5", seen=mark(answer.text))
    assert price(office.node, "Milk") == 142


def test_prices_that_nobody_has_seen_are_not_changed(office) -> None:
    put(office.node, "Milk", 129, "Dairy")
    page = office.get("/offers/prices?percent=%2B5").text
    # In another tab, and at the till.
    put(office.node, "Milk", 229, "Dairy")
    put(office.node, "Soap", 349, "Care")
    for seen in (mark(page), ""):
        office.post("/offers/prices", percent="+5", seen=seen)
        assert (price(office.node, "Milk"), price(office.node, "Soap")) == (229, 349)
