"""Many prices at once in the back office: seen first, one touch back."""

from fedretail.domain.catalog import Offer


def put(node, key: str, amount: int, category: str) -> None:
    fields = {"name": key, "currency": "EUR", "prices": [[amount]], "category": category}
    node.write("offer", key, fields)


def price(node, key: str) -> int:
    return Offer.from_fields(node.record(node.place("offer", key)).fields).prices[0].amount_minor


def test_seen_changed_taken_back(office) -> None:
    put(office.node, "Milk", 129, "Dairy")
    put(office.node, "Soap", 349, "Care")
    page = office.get("/offers/prices?percent=%2B5&category=Dairy").text
    assert "1 price would change" in page
    assert "€1.29" in page
    assert "€1.35" in page
    assert price(office.node, "Milk") == 129
    done = office.post("/offers/prices", percent="+5", category="Dairy", rounded="")
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
    office.post("/offers/prices", percent="-2.5", category="")
    assert "Alle Preise</b> -2,5\u00a0%, 1 geändert" in office.get("?lang=de").text
