"""Two analysts and a rule: one writes it by form and as text and tries it on the past, the other publishes it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browser.test_fraud import STICKING_OUT, City, opened, queue, tell, told, violations
from saqta import wiring
from saqta.model.terms import Role
from saqta.web.accounts import add_user

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NAME = "much_to_a_stranger"
SIZES = [(1280, 800), (1920, 1080), (3840, 2160)]


class Analysts(NamedTuple):
    """Farid and Gulnar, each at a desk of their own, and what they watch over."""

    farid: Page
    gulnar: Page
    city: City


@pytest.fixture(scope="module")
def analysts(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analysts]:
    data = tmp_path_factory.mktemp("centre")
    link = add_user(
        lambda events: wiring.append(data, events),
        wiring.now_ms,
        wiring.new_secret,
        "gulnar",
        Role.FRAUD_ANALYST,
        "test",
    )
    with opened(data) as city:
        tell(city)
        faults: list[str] = []
        pages = [
            signed_in(browser, each, faults)
            for each in (city.server.sign_in_link, f"{city.server.url}/sign-in?link={link}")
        ]
        yield Analysts(*pages, city)
        assert faults == []


def signed_in(browser: Browser, link: str, faults: list[str]) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Live", exact=True).wait_for()
    return page


def test_a_rule_is_written_tried_and_published_by_another(analysts: Analysts) -> None:
    farid, gulnar, city = analysts
    by_form(farid)
    expect(text_of(farid)).to_have_value("amount > 100000 && pair_payments == 0")
    expect(farid.get_by_text("Right. It reads amount, pair_payments.")).to_be_visible()
    by_hand(farid)
    farid.get_by_role("button", name=re.compile("^Try")).click()
    trial = farid.get_by_role("table")
    expect(trial.get_by_role("columnheader")).to_have_text(["Now", "With it", "It alone"])
    expect(trial.get_by_role("row").filter(has_text="Money stopped")).to_contain_text(
        "2 050 000 KZT".replace(" ", "\u202f", 2)
    )
    for size in SIZES:
        farid.set_viewport_size({"width": size[0], "height": size[1]})
        assert farid.evaluate(STICKING_OUT) == []
    assert violations(farid) == []
    text_of(farid).focus()
    farid.keyboard.press("Control+Enter")
    expect(told(farid)).to_contain_text(f"{NAME} is proposed")
    expect(panel(farid).get_by_role("button", name="Publish")).to_be_disabled()
    gulnar.keyboard.press("4")
    queue(gulnar).get_by_role("button").filter(has_text=NAME).click()
    gulnar.keyboard.press("c")
    expect(told(gulnar)).to_contain_text(f"{NAME} is published")
    expect(panel(gulnar).get_by_role("heading", level=1)).to_have_text(f"{NAME}: in force")
    city.pay("after", 20, "KZ-M-77", "120000.00")
    expect(panel(farid).get_by_text("It acted on 1 calls or payments")).to_be_visible()
    for theme in ("light", "dark"):
        gulnar.keyboard.press("l")
        assert gulnar.locator("html").get_attribute("data-theme") == theme
        assert violations(gulnar) == []


def test_it_sleeps_with_an_end_wakes_and_goes_out_of_force(analysts: Analysts) -> None:
    """After the test above."""
    gulnar = analysts.gulnar
    heading = panel(gulnar).get_by_role("heading", level=1)
    gulnar.keyboard.press("s")
    ends = (datetime.now(UTC) + timedelta(hours=12)).astimezone()
    expect(panel(gulnar)).to_contain_text(f"It does nothing until {ends:%Y-%m-%d}")
    assert violations(gulnar) == []
    gulnar.keyboard.type("salaries")
    gulnar.keyboard.press("Enter")
    expect(heading).to_have_text(f"{NAME}: asleep")
    expect(gulnar.get_by_role("button", name="Undo")).to_be_visible()
    gulnar.keyboard.press("z")
    expect(heading).to_have_text(f"{NAME}: in force")
    gulnar.keyboard.press("e")
    expect(text_of(gulnar)).to_be_focused()
    gulnar.keyboard.press("Escape")
    expect(queue(gulnar).get_by_role("button").filter(has_text="draft")).to_be_visible()
    queue(gulnar).get_by_role("button").filter(has_text="in force").first.click()
    gulnar.keyboard.press("x")
    gulnar.keyboard.type("the model finds these")
    gulnar.keyboard.press("Enter")
    expect(heading).to_have_text(f"{NAME}: withdrawn")
    expect(panel(gulnar).get_by_text("Last said of it: the model finds these")).to_be_visible()


def by_form(page: Page) -> None:
    """Two conditions, and what is said when they hold."""
    page.keyboard.press("4")
    expect(page.get_by_role("button", name="Write a rule")).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.type(NAME)
    for n, (field, comparison, value) in enumerate((("amount", ">", "100000"), ("pair_payments", "==", "0")), 1):
        page.get_by_role("button", name="Add a condition").click()
        page.get_by_label(f"Field of condition {n}").select_option(field)
        page.get_by_label(f"Comparison of condition {n}").select_option(comparison)
        page.get_by_label(f"Value of condition {n}").fill(value)
    page.get_by_label(re.compile("^Reason")).fill("{amount} to a payee never paid before")
    page.get_by_label("How it begins").select_option("enforced")


def by_hand(page: Page) -> None:
    """What the form can't show is typed, with a mistake that is marked where it is."""
    good = "amount > 100000 && (pair_payments == 0 || call_on == 1)"
    text_of(page).fill(good.replace("pair_payments", "pair_payment"))
    expect(
        page.get_by_text("Line 1, column 21: pair_payment is no field of a payment; is pair_payments meant?")
    ).to_be_visible()
    expect(page.locator("mark")).to_have_text("pair_payment")
    expect(page.get_by_role("button", name="Propose")).to_be_disabled()
    text_of(page).fill(good)
    expect(page.get_by_text("change it as text")).to_be_visible()
    expect(page.get_by_text("Right. It reads amount, pair_payments, call_on.")).to_be_visible()


def text_of(page: Page) -> Locator:
    return page.get_by_label("The same as text (CEL)")


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Rule", exact=True)
