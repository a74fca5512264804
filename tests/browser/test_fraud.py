"""An analyst at the desk: from a payment that is held to money kept, its figures, a case, and a list's entry."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, StorageState, ViewportSize, expect

from browser.server import Serving, serving
from browser.test_console import AXE, RULES
from saqta import wiring
from saqta.model.terms import Role
from saqta.web.accounts import add_token, add_user

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

BANK = "+77272580000"
SIZES = [(1280, 720), (1920, 1080), (3840, 2160)]
VIEWPORT: ViewportSize = {"width": 1280, "height": 720}
STICKING_OUT = """() => [...document.querySelectorAll('body *')].filter(element => {
  const box = element.getBoundingClientRect()
  const clips = element.closest('.list, .body, .unseen, [class*=cut], h1, header p') !== null
  return !clips && box.width > 0 && (box.right > innerWidth + 0.5 || box.bottom > innerHeight + 0.5)
}).map(element => element.outerHTML.slice(0, 120))"""


class Partner(NamedTuple):
    """A telecom or a bank that asks over HTTP."""

    client: httpx.Client

    def ask(self, kind: str, **asked: Any) -> str:
        """Asks about one that happens now; gives the decision's id."""
        body = {"time": datetime.now(UTC).isoformat()} | asked
        for _ in range(600):
            response = self.client.post(f"/api/v1/decisions/{kind}", json=body)
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(0.1)
        response.raise_for_status()
        decision: str = response.json()["decision_id"]
        return decision


class City(NamedTuple):
    """The program with an analyst, and who asks it."""

    server: Serving
    telecom: Partner
    bank: Partner
    supervisor_link: str

    def pay(
        self, name: str, victim: int, payee: str = "KZ-M-1", amount: str = "450000.00", currency: str = "KZT"
    ) -> str:
        return self.bank.ask(
            "payment", id=name, account=f"KZ-A-{victim}", payee=payee, amount=amount, currency=currency,
            phone=number(victim),
        )  # fmt: skip

    def call(self, name: str, victim: int, caller: str = BANK, **more: object) -> str:
        """One that was connected before anybody asked."""
        told = {"trunk": "foreign", "seconds": 60} | more
        return self.telecom.ask("call", id=name, caller=caller, callee=number(victim), **told)


def number(citizen: int) -> str:
    return f"+77012{citizen:06d}"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The program in which a bank's number called six people, and four of them paid two accounts."""
    with opened(tmp_path_factory.mktemp("centre")) as city:
        tell(city)
        yield city


@pytest.fixture(scope="module")
def server(city: City) -> Serving:
    return city.server


@pytest.fixture
def desk(context: BrowserContext, server: Serving) -> Iterator[Page]:
    """The desk, live; a fault in the page's script fails the test."""
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{server.url}/fraud")
    page.get_by_text("Live", exact=True).wait_for()
    expect(queue(page).get_by_role("listitem").first).to_be_visible()
    yield page
    assert faults == []


def test_confirming_a_fraud_keeps_its_money_and_every_figure_leads_to_it(desk: Page) -> None:
    kept = desk.get_by_role("region", name="Money kept").locator(".sum")
    expect(kept).to_have_text("0 KZT")
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    case = panel(desk)
    expect(case.get_by_role("heading", level=1)).to_have_text("Payment of 900 000 KZT: held")
    expect(case.get_by_text("Hold ends in")).to_be_visible()
    desk.keyboard.press("c")
    expect(told(desk)).to_contain_text("900 000 KZT kept: confirmed as fraud.")
    expect(case.get_by_role("heading", level=1)).to_contain_text("held, confirmed as fraud")
    desk.keyboard.press("m")
    expect(kept).to_have_text("900 000 KZT")
    kept.get_by_role("button").click()
    expect(queue(desk).get_by_role("listitem")).to_have_count(1)
    expect(queue(desk).get_by_role("heading")).to_have_text("Kept")
    queue(desk).get_by_role("listitem").get_by_role("button").click()
    expect(panel(desk).get_by_role("heading", level=1)).to_contain_text("900 000 KZT")


def test_a_confirmation_is_taken_back_and_waits_again(desk: Page) -> None:
    case = open_case(desk, "300 000 KZT")
    desk.keyboard.press("c")
    expect(case.get_by_role("heading", level=1)).to_contain_text("confirmed as fraud")
    expect(row(desk, "300 000 KZT")).to_have_count(0)
    desk.keyboard.press("z")
    expect(told(desk)).to_contain_text("open again")
    expect(row(desk, "300 000 KZT")).to_have_count(1)


def test_what_is_held_goes_only_when_that_is_meant(desk: Page) -> None:
    case = open_case(desk, "200 000 KZT")
    desk.keyboard.press("r")
    expect(case.get_by_text("This can't be taken back.")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(case.get_by_text("This can't be taken back.")).to_have_count(0)
    desk.keyboard.press("r")
    desk.keyboard.press("Enter")
    expect(told(desk)).to_contain_text("is released")
    expect(told(desk).get_by_role("button", name="Undo")).to_have_count(0)
    expect(case.get_by_role("heading", level=1)).to_contain_text("held, honest")


def test_what_comes_waits_at_once_and_a_call_back_is_asked_for(desk: Page, city: City) -> None:
    decision = city.pay("late", 4, payee="KZ-M-9", amount="7700000.00")
    case = open_case(desk, "7 700 000 KZT")
    desk.keyboard.press("b")
    expect(told(desk)).to_contain_text("alfa is asked to call its customer back")
    expect(case.get_by_role("button", name="Call back asked")).to_be_disabled()
    told_bank = city.bank.client.get(f"/api/v1/decisions/{decision}").json()
    assert told_bank["call_back"]["by"] == "centre"


def test_a_case_shows_the_call_before_the_network_and_its_like(desk: Page) -> None:
    case = open_case(desk, "300 000 KZT")
    expect(case.get_by_text("on the phone since")).to_be_visible()
    doings = case.locator("section").filter(has_text="Calls and payments of these parties")
    expect(doings.get_by_role("listitem").filter(has_text="Call")).to_have_count(1)
    picture = case.locator("figure svg").first
    for head in ("Callers", "Called", "Pay", "Are paid"):
        expect(picture.get_by_text(head, exact=True)).to_be_visible()
    assert picture.locator("path.telephone").count() >= 3
    expect(case.get_by_text(re.compile(r"^\d+ fraud, \d+ honest, \d+ open$"))).to_be_visible()
    doings.get_by_role("button").filter(has_text="Call").click()
    expect(case.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Call from \w{4}: blocked$"))


def test_an_entry_is_proposed_and_waits_for_somebody_else(desk: Page) -> None:
    case = open_case(desk, "300 000 KZT")
    desk.keyboard.press("p")
    case.get_by_label("Whom").select_option("another, typed in full")
    case.get_by_label("Account or number, in full").fill("KZ-M-1")
    case.get_by_label("Why it should be blocked").fill("a mule of many")
    desk.keyboard.press("Enter")
    expect(told(desk)).to_contain_text("Proposed")
    expect(case.locator("form")).to_have_count(0)
    desk.keyboard.press("3")
    queue(desk).get_by_role("listitem").get_by_role("button").filter(has_text="a mule of many").click()
    entry = desk.get_by_role("region", name="Entry of a list")
    expect(entry.get_by_text("KZ-M-1", exact=True)).to_be_visible()
    desk.keyboard.press("c")
    expect(told(desk)).to_contain_text("Not done.")


def test_whom_a_case_knows_is_proposed_by_that_alone(desk: Page) -> None:
    case = open_case(desk, "300 000 KZT")
    desk.keyboard.press("p")
    expect(case.get_by_label("Whom")).to_be_focused()
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    expect(told(desk)).to_contain_text("Proposed")


def test_the_caller_of_a_campaign_waits_to_be_blocked(desk: Page) -> None:
    desk.keyboard.press("3")
    queue(desk).get_by_role("listitem").get_by_role("button").filter(has_text="one number called").click()
    entry = desk.get_by_role("region", name="Entry of a list")
    expect(entry.get_by_text("known by this pseudonym alone")).to_be_visible()
    desk.keyboard.press("c")
    expect(told(desk)).to_contain_text("In force")


def test_the_incident_of_a_campaign_has_a_warning_for_those_at_risk(city: City, browser: Browser) -> None:
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(city.supervisor_link)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button").filter(has_text="Scam campaign").first.click()
        warning = page.get_by_role("region", name="Warning for people at risk")
        expect(warning.locator("p[lang=kk]")).to_contain_text("102")
        expect(warning.get_by_role("button", name="Copy")).to_have_count(3)


def test_what_decisions_proved_is_looked_back_on(desk: Page) -> None:
    """After the first of the module, by which one of them is told to be fraud."""
    desk.get_by_role("button", name="Look back").click()
    hindsight = desk.get_by_role("region", name="In hindsight")
    within_a_day = hindsight.get_by_role("listitem").filter(has_text="within 1 d")
    expect(within_a_day).to_contain_text(re.compile(r"[1-9]\d* of [1-9]\d*"))
    expect(hindsight.get_by_role("listitem").filter(has_text="30 d or later")).to_contain_text("nothing told")
    expect(hindsight.get_by_text("No second model decides in shadow")).to_be_visible()
    assert violations(desk) == []


def test_the_desk_speaks_the_language_that_is_asked_for_or_chosen(
    browser: Browser, session: StorageState, server: Serving
) -> None:
    with closing(browser.new_context(viewport=VIEWPORT, storage_state=session, locale="kk-KZ")) as context:
        page = context.new_page()
        page.goto(f"{server.url}/fraud")
        for language, money, case, switch in (
            ("kk", "Сақталған ақша", "Неге ұсталды", "Тіл"),
            ("ru", "Сохранённые деньги", "Почему удержан", "Язык"),
        ):
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.get_by_role("region", name=money).get_by_role("table").first).to_be_visible()
            page.locator(".queue").get_by_role("button").filter(has_text=re.compile(r"300\s000\sKZT")).click()
            expect(page.get_by_text(case, exact=True)).to_be_visible()
            page.keyboard.press("?")
            expect(page.get_by_role("dialog")).to_be_visible()
            assert page.evaluate(STICKING_OUT) == []
            assert violations(page) == []
            page.keyboard.press("Escape")
            page.get_by_label(switch).select_option("ru" if language == "kk" else "en")
        expect(page.get_by_role("region", name="Money kept")).to_be_visible()


@pytest.mark.parametrize(("size", "theme"), [*((size, "dark") for size in SIZES), (SIZES[0], "light")])
def test_every_state_is_drawn_whole_and_axe_finds_nothing(desk: Page, theme: str, size: tuple[int, int]) -> None:
    desk.set_viewport_size({"width": size[0], "height": size[1]})
    desk.evaluate("theme => localStorage.setItem('saqta-theme', theme)", theme)
    desk.reload()
    expect(desk.get_by_role("region", name="Money kept").get_by_role("table").first).to_be_visible()
    for name, state in STATES.items():
        state(desk)
        assert desk.evaluate(STICKING_OUT) == [], name
        assert size != SIZES[0] or violations(desk) == [], name
        for _ in range(2):
            desk.keyboard.press("Escape")


STATES: dict[str, Callable[[Page], object]] = {
    "money": lambda desk: None,
    "case": lambda desk: open_case(desk, "300 000 KZT"),
    "list_form": lambda desk: list_form(open_case(desk, "300 000 KZT")),
    "keys": lambda desk: (desk.keyboard.press("?"), expect(desk.get_by_role("dialog")).to_be_visible()),
}


def queue(page: Page) -> Locator:
    return page.get_by_role("region", name="Stopped calls and payments")


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Case")


def told(page: Page) -> Locator:
    return page.get_by_role("status").filter(has=page.locator(".notice"))


def row(page: Page, amount: str) -> Locator:
    return queue(page).get_by_role("button").filter(has_text=re.compile(f" {amount}".replace(" ", r"\s")))


def open_case(page: Page, amount: str) -> Locator:
    page.keyboard.press("1")
    row(page, amount).click()
    expect(panel(page).get_by_role("heading", level=1)).to_contain_text(amount)
    return panel(page)


def list_form(case: Locator) -> None:
    case.page.keyboard.press("p")
    expect(case.locator("form")).to_be_visible()


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "async rules => (await axe.run(document, {runOnly: {type: 'tag', values: rules}})).violations", RULES
    )
    return [f"{one['id']}: {node['html'][:160]} {node['failureSummary']}" for one in found for node in one["nodes"]]


def tell(city: City) -> None:
    """What happened before the analyst looks."""
    for victim in range(6):
        city.call(f"c{victim}", victim)
    for victim, amount, payee in ((0, "300000.00", 1), (1, "900000.00", 1), (2, "200000.00", 2), (3, "650000.00", 2)):
        city.pay(f"p{victim}", victim, f"KZ-M-{payee}", amount)


@contextmanager
def opened(data: Path) -> Iterator[City]:
    """The program over a new log, with a telecom, a bank, farid, a fraud analyst, and samal, a supervisor."""
    into = (lambda events: wiring.append(data, events)), wiring.now_ms, wiring.new_secret
    tokens = [
        add_token(*into, Role.PARTNER, "test", name, source)
        for name, source in (("metro", "/telecoms/metro"), ("alfa", "/banks/alfa"))
    ]
    secret = add_user(*into, "samal", Role.SUPERVISOR, "test")
    with serving(data, "farid", Role.FRAUD_ANALYST) as server, ExitStack() as stack:
        headers = ({"authorization": f"Bearer {token}"} for token in tokens)
        clients = [stack.enter_context(httpx.Client(base_url=server.url, headers=each)) for each in headers]
        yield City(server, *map(Partner, clients), f"{server.url}/sign-in?link={secret}")
