"""A thing left behind at the console: its three pictures, and the dispatcher who knows that it belongs there."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from browser.server import Serving, serving
from saqta import wiring
from saqta.edge.frames import Planes
from saqta.edge.keeping.evidence import Cut, Still, keep
from saqta.model import kinds
from saqta.model.event import Event
from saqta.model.place import Place

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

BOX = (0.4, 0.5, 0.5, 0.6)
WAY = tuple((0.9 - 0.03 * step, 0.6, float(step)) for step in range(14))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The program over a log in which a camera told of a thing left behind."""
    data = tmp_path_factory.mktemp("centre")
    wiring.append(data, _story(data / "evidence"))
    with serving(data) as started:
        yield started


def test_the_pictures_are_shown_when_asked_for_and_the_thing_is_marked_and_taken_back(console: Page) -> None:
    console.get_by_role("region", name="Incidents").get_by_role("button").filter(has_text="Object left").click()
    panel = console.get_by_role("region", name="Incident", exact=True)
    expect(panel.get_by_role("button", name="Put down")).to_contain_text("01:05 earlier")
    assert panel.locator("img").count() == 0, "a look is recorded, so nobody looks unasked"
    console.keyboard.press("v")
    expect(panel.get_by_role("img", name="At the alert")).to_be_visible()
    panel.get_by_role("button", name="Put down").click()
    expect(panel.get_by_role("img", name="Put down")).to_be_visible()
    expect(panel.locator("img").first).to_have_js_property("naturalWidth", 320)
    expect(panel.locator(".large polyline")).to_have_count(1)
    console.keyboard.press("f")
    expect(panel.get_by_text("Closed as")).to_be_visible()
    expect(_timeline(panel).filter(has_text="alice said that it belongs there")).to_be_visible()
    expect(_timeline(panel).filter(has_text="alice looked at the evidence")).to_have_count(2)
    console.keyboard.press("z")
    expect(panel.get_by_role("button", name="What was left belongs there")).to_be_visible()
    expect(_timeline(panel).filter(has_text="alice opened it again")).to_be_visible()
    expect(_timeline(panel).filter(has_text="alice took back that it belongs there")).to_be_visible()


def _timeline(panel: Locator) -> Locator:
    return panel.get_by_role("listitem")


def _story(evidence: Path) -> list[Event]:
    evidence.mkdir()
    camera = kinds.CameraRegistered(camera="C1", name="Platform 2", source="gone.mp4", place=Place(51.128, 71.43))
    alert = kinds.AlertRaised(
        kind="abandoned_object",
        camera="C1",
        box=BOX,
        at_s=75.2,
        confidence=0.83,
        state="abandoned",
        object="a-1",
        track=7,
        put_down_s=9.4,
        left_s=15.2,
        path=WAY,
        reasons=("its owner has been away for 60.0 s, 60 s are allowed",),
    )
    events = wiring.announce([camera, alert], "test")
    for shows, at_s in (("before", 8.0), ("drop", 9.4), ("now", 75.2)):
        kept = keep(evidence, Cut(events[1].key, [Still(at_s, _picture(at_s))], shows))
        record = kinds.EvidenceKept(
            alert=events[1].key,
            camera="C1",
            sha256=kept.sha256,
            media_type=kept.media_type,
            size_bytes=kept.size_bytes,
            from_s=at_s,
            until_s=at_s,
            shows=shows,
        )
        events += wiring.announce([record], "test")
    return events


def _picture(at_s: float) -> Planes:
    """A wall, and from 9 s on a bag before it; each moment's light is another."""
    luma = np.full((180, 320), 110 + round(at_s), np.uint8)
    if at_s > 9:
        cv2.rectangle(luma, (128, 90), (160, 108), 30, cv2.FILLED)
    return Planes(luma, np.full((90, 160), 128, np.uint8), np.full((90, 160), 128, np.uint8))
