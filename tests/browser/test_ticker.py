"""The rates ticker in the console's strip, in the sizes of a desk."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.server import Serving, serving
from conftest import SAQTA

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

RATES = """publisher,day,currency,units,quote,worth
nationalbank.kz,2026-01-30,USD,1,KZT,512.80
nationalbank.kz,2026-01-31,USD,1,KZT,512.82
nbkr.kg,2026-01-31,USD,1,KGS,87.45
nbt.tj,2026-01-31,USD,1,TJS,10.65
cbu.uz,2026-01-31,USD,1,UZS,12180.55
cbt.tm,2026-01-31,USD,1,TMT,3.5
"""
STICKING_OUT = """() => [...document.querySelectorAll('.strip, .strip *')].filter(element => {
  const box = element.getBoundingClientRect()
  return box.width > 0 && (box.left < -0.5 || box.right > innerWidth + 0.5)
}).map(element => element.outerHTML.slice(0, 120))"""
SQUEEZED = """() => [...document.querySelectorAll('.strip .rates *')].filter(
  element => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline'
).map(element => element.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The program over a log that holds rates, imported as an operator does it."""
    folder = tmp_path_factory.mktemp("centre")
    data = folder / "data"
    (folder / "rates.csv").write_text(RATES)
    subprocess.run([SAQTA, "import", "rates", folder / "rates.csv", "--data", data], check=True, capture_output=True)
    with serving(data) as started:
        yield started


@pytest.mark.parametrize(("size", "shown"), [((1280, 720), 1), ((1920, 1080), 3), ((2560, 1440), 5)])
def test_as_many_rates_as_there_is_room_for(console: Page, tmp_path: Path, size: tuple[int, int], shown: int) -> None:
    console.set_viewport_size({"width": size[0], "height": size[1]})
    cell = console.locator(".strip .rates")
    expect(cell.locator(".quote:visible")).to_have_count(shown)
    expect(cell.locator(".quote").first).to_have_text("KZT/USD 0.00195 −0 %")
    assert console.evaluate(STICKING_OUT) == []
    assert console.evaluate(SQUEEZED) == []
    cell.get_by_role("button").click()
    expect(cell.get_by_role("listitem")).to_have_text(
        [
            "KZT/USD 0.00195 −0 % nationalbank.kz 2026-01-31",
            "KGS/USD 0.0114 – nbkr.kg 2026-01-31",
            "TJS/USD 0.0939 – nbt.tj 2026-01-31",
            "UZS/USD 0.0000821 – cbu.uz 2026-01-31",
            "TMT/USD 0.286 – cbt.tm 2026-01-31",
        ]
    )
    assert console.evaluate(STICKING_OUT) == []
    console.screenshot(path=tmp_path / "strip.png")
    console.keyboard.press("Escape")
    expect(cell.get_by_role("listitem")).to_have_count(0)
