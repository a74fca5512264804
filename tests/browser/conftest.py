"""A real browser, signed in before a real server (the fixture ``server``, a ``browser.server.Server``)."""

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, StorageState, sync_playwright

from browser.chromium import FLAGS, find_or_install
from browser.server import Server

SIZE = {"width": 1280, "height": 720}


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """For one file of tests: its event loop must have ended when another file runs its own."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright, request: pytest.FixtureRequest) -> Iterator[Browser]:
    terminal = request.config.pluginmanager.get_plugin("terminalreporter")
    path = find_or_install(playwright, lambda line: terminal.write_line(line) if terminal else None)
    if path is None:
        reason = "no Chromium: install chromium or google-chrome, or let Playwright or apt-get (as root) install one"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    started = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
    yield started
    started.close()


@pytest.fixture(scope="module")
def session(browser: Browser, server: Server) -> StorageState:
    """Signs in with the link, by hand, and keeps the cookie for the module's pages."""
    context = browser.new_context(viewport=SIZE)
    page = context.new_page()
    page.goto(server.sign_in_link)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/(console|fraud)$"))
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def context(browser: Browser, session: StorageState) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport=SIZE, storage_state=session)
    yield made
    made.close()


@pytest.fixture
def console(context: BrowserContext, server: Server) -> Iterator[Page]:
    """The console, live; a fault in the page's script fails the test."""
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if _is_refused(message.text) else None)
    page.goto(f"{server.url}/console")
    page.get_by_text("Live", exact=True).wait_for()
    yield page
    assert faults == []


def _is_refused(text: str) -> bool:
    """What the browser says when the page breaks its own security policy."""
    return "Content Security Policy" in text
