"""Pages of a street of three shops, asked for as a browser without JavaScript asks."""

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from fedretail.config import Config
from fedretail.domain.ids import record_key
from fedretail.node.setup import create_reader
from fedretail.testing.nodes import new_shop, take_in
from fedretail.web.app import make_app
from fedretail.web.pages.goods import shown_gtin

MILK = "4260349420006"
HOSTILE = "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;&lt;b&gt;Bell&lt;/b&gt; &amp; more"
PAGES = ("/", "/?q=milk", f"/product/{MILK}", "/map", "/shops", "/list", "/about", "/nothing")


def text(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def link(answer, pattern: str) -> str:
    found = re.search(rf'href="({pattern})"', answer.text)
    assert found is not None, pattern
    return found[1].replace("&amp;", "&")


def test_the_start_page(ask) -> None:
    said = text(ask("/"))
    assert "What are you looking for?" in said
    assert "Corner &amp; Sons" in said
    assert "2 shops share their shelves with us" in said
    assert "Dairy" in said
    assert "Fresh on our shelf today" in said
    assert "Prices of 3 shops, checked" in said


def test_a_reader_counts_no_shop_of_its_own(tmp_path) -> None:
    with (
        new_shop(tmp_path / "farm", "Brook Farm") as farm,
        create_reader(tmp_path / "reader", None, clock=farm.clock) as reader,
    ):
        farm.write("offer", "A", {"name": "Milk", "currency": "EUR", "prices": [[149]]})
        take_in(reader, farm)
        reader.follow()
        with TestClient(make_app(reader), base_url="http://localhost", backend="trio") as client:
            said = text(client.get("/about", headers={"accept-language": "en"}))
    assert "Prices of 1 shop" in said


def test_results_are_products_with_the_own_offer_first(ask) -> None:
    answer = ask("/?q=milk")
    assert "1 product for “milk” at 3 shops" in text(answer)
    assert answer.text.count('class="rc card') == 1
    assert "Here, in this shop" in text(answer)
    assert "3 shops" in text(answer)
    # The neighbour's is cheaper, and stands yellow on the map.
    assert 'class="tag best' not in answer.text
    assert re.search(r'class="pt best".*?€1\.19', answer.text, re.DOTALL)


def test_a_struck_price_bears_the_lowest_of_the_month(ask) -> None:
    said = text(ask("/?q=cheese"))
    assert "€6.49 lowest of 30 days: €5.69" in said


def test_chips_lead_to_the_same_search(ask) -> None:
    sorted_ = ask(link(ask("/?q=milk"), r"/\?q=milk&amp;sort=cheapest-unit"))
    assert sorted_.status_code == 200
    organic = ask(link(ask("/?q=milk"), r"/\?q=milk&amp;claim=organic"))
    assert "1 product for “milk” at 1 shop" in text(organic)
    assert link(organic, r"/\?q=milk") == "/?q=milk"


def test_the_next_page_has_all_that_was_asked_for(ask, street) -> None:
    for number in range(30):
        fields = {"name": f"Oats {number}", "claims": ["organic", "raw"], "prices": [[100]]}
        street.write("offer", f"oats{number}", fields)
    street.follow()
    address = link(ask("/?q=oats&claim=organic&claim=raw"), r"/\?[^\"]*cursor=[^\"]*")
    assert "claim=organic&claim=raw" in address.replace("&amp;", "&")
    assert "Oats" in text(ask(address.replace("&amp;", "&")))


@pytest.mark.parametrize("path", ["//evil.example/", "///evil.example/%2e%2e", "//evil.example"])
def test_no_link_leads_to_a_host_that_the_address_names(ask, path) -> None:
    answer = ask(f"http://localhost{path}")
    assert answer.status_code == 404
    assert "evil.example" in answer.text
    assert not re.findall(r'(?:href|action|src)="(?:[^/"#]|/[/\\])', answer.text)


@pytest.mark.parametrize("key", ["../../kiosk?end=1", "..?#", "a\nb", "%2e%2e/x", "\\..\\x"])
def test_no_key_of_a_stranger_leads_elsewhere(ask, street, key) -> None:
    fields = {"name": "Strange thing", "currency": "EUR", "prices": [[100]]}
    street.write("offer", key, fields)
    street.follow()
    answer = ask("/?q=strange")
    (found,) = re.findall(r'class="over" href="([^"]*)"', answer.text)
    site = street.site().id
    assert re.fullmatch(rf"/offer/{site}/[^/?#\s\\]+\?q=strange", found)
    assert ask(found).status_code < 500


def test_nothing_within_reach_names_the_nearest(ask, street) -> None:
    found = ask("/?q=milk&within=1m&near=0,0")
    assert found.status_code == 200
    assert "Nobody here has “zebra”" in text(ask("/?q=zebra"))


def test_the_product_page_has_all_shops(ask) -> None:
    said = text(ask(f"/product/{MILK}"))
    assert "3 shops have it" in said
    assert said.index("Here, in this shop") < said.index("Mill Street 9 Cheapest")
    assert "Brook Farm Nearest other shop" in said
    assert "plus €0.15 deposit" in said
    assert "organic (own claim)" in said
    assert f"Barcode {MILK}" in said


def test_an_offer_without_a_barcode_has_a_page(ask) -> None:
    offer = link(ask("/?q=bell"), r"/offer/[^?]+\?q=bell")
    answer = ask(offer)
    assert answer.status_code == 200
    assert HOSTILE in answer.text
    assert "<script>alert" not in answer.text


def test_an_offer_with_a_barcode_is_shown_as_its_product(ask, street) -> None:
    answer = ask(f"/offer/{street.sites()[0].id}/M1")
    assert answer.url.path == f"/product/{MILK}"


def test_a_hostile_name_is_text_everywhere(ask, street) -> None:
    site = street.sites()[0].id
    for path in (
        "/?q=bell",
        f"/list?o={site}/X1",
        f"/shop/{link(ask('/shops'), '/shop/[a-z0-9]+')[6:]}",
    ):
        answer = ask(path)
        assert HOSTILE in answer.text, path
        assert "<script>alert" not in answer.text
        assert "<b>Bell" not in answer.text


def test_a_barcode_in_the_field_is_a_product_and_never_words(ask) -> None:
    assert ask(f"/?q={MILK}").url.path == f"/product/{MILK}"
    wrong = ask("/?q=4260349420007")
    assert wrong.status_code == 404
    assert "Could not read that. Hold it once more." in text(wrong)
    unknown = ask("/?q=4012345678901")
    assert "Nobody here sells 4012345678901 yet" in text(unknown)


def test_a_long_word_of_a_shelf_may_be_parted(ask, street) -> None:
    own = {"name": "Soap", "category": "Haushaltswaren", "currency": "EUR", "prices": [[100]]}
    street.write("offer", "S1", own)
    street.follow()
    assert "<b>Haus\u00adhalts\u00adwa\u00adren</b>" in ask("/").text


def test_a_shop_has_its_shelf_and_its_week(ask, street) -> None:
    answer = ask(link(ask(f"/product/{MILK}"), r"/shop/[a-z0-9]+"))
    said = text(answer)
    assert "5 offers on this shelf" in said
    assert "Saturday" in said
    assert "00:00–24:00" in said
    assert "Corner Ltd" in said
    assert "Here, in this shop" in said
    within = ask(f"{answer.url.path}?q=cheese")
    assert "1 offer on this shelf" in text(within)


def test_on_the_map_of_another_shop_home_has_its_own_colour(ask, street) -> None:
    street.set_site(street.site(), {"colour": 5})
    for path in re.findall(r"/shop/[a-z0-9]+", ask("/shops").text)[1:]:
        assert '<g class="home c5"' in ask(path).text


def test_another_shop_has_its_own_name_and_way(ask) -> None:
    other = re.search(
        r'href="(/shop/[a-z0-9]+)"[^>]*>(?:(?!</a>).)*Brook Farm', ask("/shops").text, re.DOTALL
    )
    assert other is not None
    answer = ask(re.findall(r"/shop/[a-z0-9]+", other[0])[-1])
    assert re.search(r"<h1>Brook Farm</h1>", answer.text)
    assert "Here, in this shop" not in text(answer)
    assert "1.1\u00a0km south" in answer.text.replace("</b> ", " ").replace("<b>", "")


def test_the_list_holds_lines_sums_and_a_code(ask, street) -> None:
    site = street.sites()[0].id
    answer = ask(f"/list?o={site}/M1~2&o={site}/C1&o=nothing&o={site}/gone~1")
    said = text(answer)
    assert "2 lines" in said
    # Two bottles with their deposit, and a cheese.
    assert "Together €8.73" in said
    assert "2 lines are sold no more" in said
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in answer.text


def test_the_about_page_says_who_and_what(ask) -> None:
    for path in ("/about", "/privacy", "/imprint"):
        said = text(ask(path))
        assert "Corner Ltd" in said
        assert "writes down no searches" in said


def test_german_is_complete_and_kept(ask) -> None:
    answer = ask("/?q=milk", language="de-AT,en;q=0.5")
    assert '<html lang="de"' in answer.text
    assert "1 Produkt für „milk“ in 3 Läden" in text(answer)
    assert "1,29" in text(answer)
    kept = ask("/?q=milk&lang=de")
    assert link(kept, r"/map\?lang=de")


@pytest.mark.parametrize("path", PAGES)
def test_pages_hold_no_inline_code_and_are_not_kept(ask, path) -> None:
    answer = ask(path)
    assert not re.search(r"\sstyle=|\son[a-z]+=|<script>|javascript:", answer.text)
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.content) < 60_000
    assert "set-cookie" not in answer.headers


def test_faults_have_the_same_shape(ask) -> None:
    for path, status in (("/nothing", 404), ("/?q=milk&sort=odd", 400), ("/offer/x", 404)):
        answer = ask(path)
        assert answer.status_code == status
        assert 'role="search"' in answer.text
    assert ask("/?q=milk&cursor=broken").status_code == 400


def test_a_fault_of_ours_is_a_page_with_a_number(ask, street, monkeypatch, caplog) -> None:
    monkeypatch.setattr(type(street), "search", lambda *_: 1 / 0)
    answer = ask("/?q=milk")
    assert answer.status_code == 500
    number = re.search(r"this number: ([0-9a-f]{6})", text(answer))
    assert number is not None
    assert number[1] in caplog.text
    assert "ZeroDivisionError" not in answer.text


def test_a_kiosk_is_a_cookie(ask) -> None:
    assert "data-kiosk" not in ask("/").text
    assert "data-kiosk" in ask("/kiosk").text
    assert 'id="idle"' in ask("/").text
    assert "data-kiosk" not in ask("/kiosk?end=1").text


def test_a_view_that_shows_own_goods_alone_hides_the_street(ask, street) -> None:
    config = Config(web_view="mine", views={"mine": {"own": "only"}})
    street.__dict__["config"] = replace(
        street.config, **{n: getattr(config, n) for n in ("web_view", "views")}
    )
    start, results = ask("/"), ask("/?q=milk")
    for answer in (start, results, ask(f"/product/{MILK}")):
        assert "Brook Farm" not in answer.text
        assert 'class="map"' not in answer.text
        assert "/map" not in answer.text
        assert "Nearest" not in text(answer)
    assert "1 product for “milk”" in text(results)
    assert ask("/map").status_code == 404


@pytest.mark.parametrize(
    ("gtin", "shown"),
    [
        ("04260349420006", MILK),
        ("00000096385074", "96385074"),
        ("14260349420003", "14260349420003"),
    ],
)
def test_a_barcode_as_it_is_printed(gtin, shown) -> None:
    assert shown_gtin(gtin) == shown


def configured(street, **settings: object) -> None:
    street.__dict__["config"] = replace(street.config, **settings)


def test_two_offers_of_one_shop_are_no_two_shops(ask, street) -> None:
    fields = {"name": "Whole milk, bottled", "gtin": f"0{MILK}", "prices": [[139]]}
    street.write("offer", "M2", {**fields, "currency": "EUR"})
    street.follow()
    assert "3 shops" in text(ask("/?q=milk"))
    own = Config(web_view="mine", views={"mine": {"retailers": ["Corner & Sons"]}})
    configured(street, web_view=own.web_view, views=own.views)
    street.clock.advance(6_000)
    said = text(ask("/?q=milk"))
    assert "2 offers" in said
    assert "2 shops" not in said


def test_a_slip_of_the_pen_is_asked_about_with_its_count(ask) -> None:
    answer = ask("/?q=chese")
    assert "Nobody has “chese”. Did you mean cheese ? (1)" in text(answer)
    assert ask(link(answer, r"/\?q=cheese")).status_code == 200
    several = ask("/?q=hard+chese&sort=cheapest-unit")
    assert link(several, r"/\?q=hard\+cheese&amp;sort=cheapest-unit")


def test_the_footer_says_how_far_the_index_is(ask, street, monkeypatch) -> None:
    monkeypatch.setattr(type(street.index), "reading", lambda _: (4200, 14202))
    answer = ask("/", language="de")
    assert "Noch am Lesen: 4.200 von 18.402 Angeboten" in text(answer)
    assert '<progress aria-label="liest" value="4200" max="18402">' in answer.text


def test_a_view_that_narrows_says_its_name(ask, street) -> None:
    shown = {
        "kiosk": {"own": "first"},
        "dairy": {"categories": ["Dairy"]},
        "titled": {"categories": ["Dairy"], "title": "Milk <& more>"},
    }
    for name, label in (("kiosk", ""), ("dairy", "dairy"), ("titled", "Milk &lt;&amp; more&gt;")):
        configured(street, web_view=name, views=shown)
        street.clock.advance(6_000)
        for path in ("/", "/?q=milk"):
            found = re.findall(r'<span class="pill off">([^<]*)</span>', ask(path).text)
            assert found == ([label] if label else []), (name, path)


def test_a_view_that_lacks_its_place_is_the_shops_to_mend(ask, street) -> None:
    site = street.site()
    street.set_site(site, {"lat_e7": None, "lon_e7": None})
    configured(street, web_view="near by", views={"near by": {"within": "5km"}, "zzyx": {}})
    street.clock.advance(6_000)
    said = {
        "en": ("This screen is not set up yet", "has a radius and no place", "[views.near by]"),
        "de": ("Dieser Bildschirm ist noch nicht eingerichtet", "Umkreis", "[views.near by]"),
    }
    for path in ("/", "/?q=milk", f"/product/{MILK}", "/map", "/list", "/about", "/nothing"):
        for language, words in said.items():
            answer = ask(path, language=language)
            assert answer.status_code == 503
            assert not [one for one in words if one not in answer.text]
            assert "Brook Farm" not in answer.text
            assert "zzyx" not in answer.text
    # Whose shop it is stands there as ever.
    assert "Corner &amp; Sons" in text(answer)
    configured(street, views={"near by": {"within": "5km", "near": "48.52,9.05"}})
    street.clock.advance(6_000)
    assert ask("/").status_code == 200


def test_goods_on_the_start_page_are_no_choice_of_which_one_is_cheapest(ask, street) -> None:
    configured(street, web_fresh=("W1", "X1", "C1"))
    shelf = ask("/").text.partition("Fresh on our shelf today")[2].partition("</ul>")[0]
    assert shelf.count('class="tag') == 3
    assert "best" not in shelf
    assert "cheapest" not in shelf


def test_the_shop_chooses_what_is_fresh(ask, street) -> None:
    street.write(
        "offer", "S1", {"name": "Sold", "prices": [[1]], "currency": "EUR", "stock": "none"}
    )
    street.write("offer", record_key("7/b"), {"name": "Tea", "prices": [[1]], "currency": "EUR"})
    street.follow()
    configured(street, web_fresh=("W1", "gone", "S1", " ", "7/b", "C1"))
    names = re.findall(r'class="ow card".*?<b[^>]*>([^<]*)</b>', ask("/").text, re.DOTALL)
    assert names == ["Red wine", "Tea", "Hard cheese"]


def test_what_the_scanner_adds_is_told_to_the_page(ask, street) -> None:
    configured(street, scanner_prefix='~"', scanner_suffix="#")
    assert 'data-prefix="~&#34;" data-suffix="#"' in ask("/").text
