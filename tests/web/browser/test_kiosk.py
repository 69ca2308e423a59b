"""What shoppers do, done in a real browser: search, scan, look, take a list along, leave."""

import re

from fedretail.node.node import Node

MILK = "4260349420006"
SECOND = 1_000


def heading(page, said: str) -> None:
    page.get_by_role("heading", level=1, name=said).wait_for()


# Keys at a scanner's pace, which a driver on a busy machine does not keep.
SCAN = """(keys) => { for (const key of keys) {
  const field = document.activeElement;
  const down = new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true});
  if (field.dispatchEvent(down) && key.length === 1 && field.matches("input")) {
    field.setRangeText(key, field.value.length, field.value.length, "end");
    field.dispatchEvent(new Event("input", {bubbles: true}));
  }
} }"""


def scan(page, digits: str, *, end: str = "") -> None:
    page.evaluate(SCAN, [*digits, *([end] if end else [])])


def test_results_as_one_types(look) -> None:
    page = look("/")
    page.keyboard.type("milk", delay=70)  # the field has the focus
    heading(page, "1 product for “milk” at 3 shops")
    assert page.url.endswith("/?q=milk&begun=1")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("Control+a")
    page.keyboard.type("zebra", delay=70)
    heading(page, "Nobody here has “zebra”")
    page.go_back()
    heading(page, "What are you looking for?")


def test_while_one_types_only_the_middle_of_the_page_comes(look) -> None:
    page = look("/?q=milk")
    parts = []
    page.on("response", lambda answer: parts.append(answer) if "begun" in answer.url else None)
    page.focus("#q")
    page.keyboard.press("Control+a")
    page.keyboard.type("cheese", delay=70)
    heading(page, "1 product for “cheese” at 1 shop")
    assert parts
    assert all("<footer" not in one.text() for one in parts if one.status == 200)
    # What stands around it goes on with the new search.
    page.get_by_role("link", name="Deutsch").click()
    heading(page, "1 Produkt für „cheese“ in 1 Laden")
    assert page.input_value("#q") == "cheese"


def test_a_single_letter_is_no_question_yet(look) -> None:
    page = look("/?q=milk")
    page.focus("#q")
    page.keyboard.press("Control+a")
    page.keyboard.type("c", delay=70)
    page.wait_for_timeout(400)
    heading(page, "1 product for “milk” at 3 shops")


def test_a_price_that_changes_is_told_and_moves_nothing(look, home) -> None:
    page = look("/?q=cheese")
    card = page.locator(".over")
    place = card.bounding_box()
    with Node.open(home) as node:
        node.write("offer", "C1", {"prices": [[595]]})
    news = page.get_by_role("link", name="1 price has changed. Show")
    news.wait_for()
    assert card.bounding_box() == place
    assert "€5.85" in card.inner_text().replace("\n", "")
    news.click()
    page.get_by_text("€5.95").first.wait_for()
    assert not news.is_visible()
    with Node.open(home) as node:
        node.write("offer", "C1", {"prices": [[585]]})


def test_answers_to_older_questions_are_dropped(look) -> None:
    page = look("/")
    given_up = []
    page.on("requestfailed", lambda request: given_up.append(request.url))
    # It is never answered.
    page.route(re.compile(r"q=mil&"), lambda route: None)
    page.evaluate(
        """() => { const q = document.querySelector("#q");
        const typed = new Event("input", {bubbles: true});
        const say = (text) => { q.value = text; q.dispatchEvent(typed); };
        say("mil"); setTimeout(() => say("cheese"), 250); }"""
    )
    heading(page, "1 product for “cheese” at 1 shop")
    assert [url.rpartition("?")[2] for url in given_up] == ["q=mil&begun=1"]


def test_a_scan_opens_the_product_and_leaves_nothing_in_the_field(look) -> None:
    page = look("/?q=cheese")
    page.focus("#q")
    scan(page, MILK, end="Enter")
    page.get_by_role("heading", name="3 shops have it").wait_for()
    assert page.url.endswith(f"/product/{MILK}")
    assert page.input_value("#q") == ""


def test_a_scan_keeps_language_and_light(look) -> None:
    page = look("/?q=cheese&sort=cheapest-unit&lang=de&theme=dark")
    scan(page, f"01{MILK:0>14}", end="Enter")
    page.wait_for_url(f"**/product/0{MILK}?lang=de&theme=dark")
    assert page.locator("html[lang=de][data-theme=dark]").count() == 1


def test_a_scan_without_a_field_or_an_enter_is_one_too(look) -> None:
    page = look("/map")
    scan(page, f"]E0{MILK}")
    page.get_by_role("heading", name="3 shops have it").wait_for()
    scan(page, "4260349420007")
    heading(page, "Could not read that. Hold it once more.")


def test_what_a_scanner_adds_is_taken_off(look) -> None:
    page = look("/map")
    page.evaluate("""Object.assign(document.querySelector("#words").dataset,
        {prefix: "~S", suffix: "#"})""")
    scan(page, f"~S]E0{MILK}#", end="Enter")
    page.get_by_role("heading", name="3 shops have it").wait_for()
    assert page.url.endswith(f"/product/{MILK}")


def test_digits_typed_by_hand_are_no_scan(look) -> None:
    page = look("/")
    page.keyboard.type("12345678", delay=80)
    page.wait_for_timeout(400)
    assert page.input_value("#q") == "12345678"
    assert "/product/" not in page.url


def test_the_list_leaves_as_a_code_and_is_gone_with_the_visitor(look) -> None:
    page = look(f"/product/{MILK}", kiosk=True)
    page.get_by_role("button", name="One more").click()
    page.get_by_role("button", name="Add to my list").click()
    page.get_by_role("button", name=re.compile("from Brook Farm")).click()
    page.locator(".mylist").click()
    heading(page, "My list 2 lines")
    assert page.get_by_role("img", name=re.compile("code")).locator("svg").count() == 1
    assert page.locator(".total").inner_text().split() == ["Together", "€4.37"]
    assert "o=" not in page.url
    assert page.evaluate("history.length") <= 3
    page.get_by_role("button", name="Take Whole milk off").first.click()
    heading(page, "My list 1 line")
    page.get_by_role("link", name="Start again").click()
    heading(page, "What are you looking for?")
    page.goto("/list")
    heading(page, "My list 0 lines")
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_what_is_sold_no_more_is_struck_and_counted_no_more(look, home) -> None:
    honey = {"name": "Honey", "currency": "EUR", "prices": [[450]]}
    with Node.open(home) as node:
        node.write("offer", "T1", honey)
        site = node.site().id
    page = look(f"/list?o={site}/M1~1&o={site}/T1~2")
    heading(page, "My list 2 lines")
    badge = page.locator(".mylist [data-count]")
    assert badge.inner_text() == "3"
    with Node.open(home) as node:
        node.remove("offer", "T1")
    page.locator(".mylist").click()
    heading(page, "My list 1 line")
    assert page.locator(".lost s").inner_text() == "2 × Honey"
    assert page.locator(".total").inner_text().split() == ["Together", "€1.44"]
    assert badge.inner_text() == "1"
    page.get_by_role("link", name="Deutsch").click()
    heading(page, "Meine Liste 1 Zeile")
    assert page.locator(".lost s").inner_text() == "2 × Honey"
    page.locator(".lost button").click()
    page.locator(".lost").wait_for(state="detached")
    assert badge.inner_text() == "1"


def test_an_idle_kiosk_asks_and_then_forgets(look) -> None:
    page = look("/", kiosk=True)
    page.clock.install()
    page.goto("/?q=milk&lang=de&theme=dark")
    page.clock.fast_forward(59 * SECOND)
    assert not page.locator("#idle").is_visible()
    page.clock.fast_forward(2 * SECOND)
    page.get_by_role("dialog").wait_for()
    page.get_by_role("button", name="Ja, weiter").click()
    assert not page.locator("#idle").is_visible()
    heading(page, "1 Produkt für „milk“ in 3 Läden")
    page.clock.fast_forward(61 * SECOND)
    page.get_by_role("dialog").wait_for()
    page.clock.run_for(31 * SECOND)
    heading(page, "What are you looking for?")
    assert page.evaluate("document.documentElement.dataset.theme") is None
    assert "?" not in page.url


def test_a_phone_is_never_wiped(look) -> None:
    page = look("/", "phone")
    assert page.locator("#idle").count() == 0
    assert page.context.cookies() == []


def test_by_keyboard_alone(look) -> None:
    page = look("/?q=milk")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="3 shops have it").wait_for()
    page.get_by_role("button", name="Add to my list").focus()
    page.keyboard.press("Enter")
    page.locator(".mylist").focus()
    page.keyboard.press("Enter")
    heading(page, "My list 1 line")
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="3 shops have it").wait_for()


def test_our_own_keyboard_comes_with_a_touch(look) -> None:
    page = look("/?lang=de", "portrait", kiosk=True, has_touch=True)
    page.goto("/?lang=de")
    page.tap("#q")
    for key in ("k", "ä", "s", "e"):
        page.locator(f'[data-key="{key}"]').tap()
    assert page.input_value("#q") == "käse"
    page.locator('[data-key="Delete"]').tap()
    assert page.input_value("#q") == "käs"
    assert page.get_attribute("#q", "inputmode") == "none"
    page.keyboard.press("x")
    assert not page.locator("#keys").is_visible()


def test_german_and_english(look) -> None:
    page = look("/?q=milk")
    page.get_by_role("link", name="Deutsch").click()
    heading(page, "1 Produkt für „milk“ in 3 Läden")
    assert page.evaluate("document.documentElement.lang") == "de"
    page.get_by_role("link", name="English").click()
    heading(page, "1 product for “milk” at 3 shops")


def test_without_javascript(look) -> None:
    page = look("/", java_script_enabled=False)
    page.fill("#q", "milk")
    page.press("#q", "Enter")
    heading(page, "1 product for “milk” at 3 shops")
    page.get_by_role("link", name=re.compile("Whole milk")).click()
    page.get_by_role("heading", name="3 shops have it").wait_for()
    page.get_by_role("button", name="Add to my list").click()
    heading(page, "My list 1 line")
    page.fill("#q", MILK)
    page.press("#q", "Enter")
    assert page.url.endswith(f"/product/{MILK}")


def test_when_the_shops_computer_is_silent_the_page_says_so(look) -> None:
    page = look(f"/product/{MILK}")
    page.get_by_role("button", name="Add to my list").click()
    page.route("**/list*", lambda route: route.abort())
    page.locator(".mylist").click()
    page.get_by_role("heading", name="The shop's computer is not answering").wait_for()
    page.unroute("**/list*")
    page.get_by_role("button", name="Try again now").click()
    heading(page, "My list 1 line")
