"""What a camera is told is checked before anything runs."""

from typing import Any

import pytest

from saqta.edge.settings import (
    FIXTURES_MAX,
    LINES_MAX,
    MODEL_THREADS_MAX,
    POLYGON_POINTS_MAX,
    ZONES_MAX,
    CameraSettings,
    parse_abandoned_zone,
    parse_line,
    parse_zone,
)
from saqta.model.errors import InputError

TRIANGLE = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("camera", {"camera": "C 1"}),
        ("camera", {"camera": ""}),
        ("camera", {"camera": "a/b"}),
        ("source", {"source": ""}),
        ("lines.gate", {"lines": {"gate": (0.0, 0.5, 1.1, 0.5)}}),
        ("lines.gate", {"lines": {"gate": (0.0, float("nan"), 1.0, 0.5)}}),
        ("lines.gate", {"lines": {"gate": (0.5, 0.5, 0.5, 0.5)}}),
        ("lines", {"lines": {str(n): (0.0, 0.0, 1.0, 1.0) for n in range(LINES_MAX + 1)}}),
        ("zones.yard", {"zones": {"yard": ((0.0, 0.0), (1.0, 0.0))}}),
        ("zones.yard", {"zones": {"yard": ((0.0, 0.0), (1.0, 0.0), (1.0, 0.0))}}),
        ("zones.yard", {"zones": {"yard": ((0.0, 0.0), (1.0, 0.0), (0.0, -0.1))}}),
        ("zones.yard", {"zones": {"yard": tuple((n / 100, n * n / 10_000) for n in range(POLYGON_POINTS_MAX + 1))}}),
        ("zones.yard", {"zones": {"yard": ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0))}}),
        ("zones.yard", {"zones": {"yard": ((0.0, 0.0), (0.5, 0.5), (0.2, 0.7), (0.5, 0.5))}}),
        ("model_threads", {"model_threads": MODEL_THREADS_MAX + 1}),
        ("zones", {"zones": {str(n): TRIANGLE for n in range(ZONES_MAX + 1)}}),
        ("zones.", {"zones": {"": TRIANGLE}}),
        ("zones." + "y" * 65, {"zones": {"y" * 65: TRIANGLE}}),
        ("restricted", {"zones": {"yard": TRIANGLE}, "restricted": ("garden",)}),
        ("intrusion_after_s", {"intrusion_after_s": -1.0}),
        ("abandoned_after_s", {"abandoned_after_s": -1.0}),
        ("abandoned_zones", {"abandoned_zones": {"platform": 30.0}}),
        ("abandoned_zones.yard", {"zones": {"yard": TRIANGLE}, "abandoned_zones": {"yard": -1.0}}),
        ("keep_clear", {"keep_clear": ("exit",)}),
        ("fixtures", {"fixtures": ((0.5, 0.5, 0.4, 0.6),)}),
        ("fixtures", {"fixtures": ((0.1, 0.1, 0.2, 0.2),) * (FIXTURES_MAX + 1)}),
        ("analysed_fps", {"analysed_fps": 0.0}),
        ("analysed_fps", {"analysed_fps": float("inf")}),
        ("before_s", {"before_s": 3600.0}),
    ],
)
def test_names_the_field_that_does_not_fit(field: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refused:
        CameraSettings(**({"camera": "C1", "source": "a.mp4"} | wrong))
    assert refused.value.field == field


def test_takes_as_much_as_the_limits_allow() -> None:
    zone = tuple((n / 100, n * n / 10_000) for n in range(POLYGON_POINTS_MAX))
    settings = CameraSettings(camera="C1", source="a.mp4", zones={"yard": zone}, model_threads=MODEL_THREADS_MAX)
    assert settings.zones["yard"] == zone


def test_takes_lines_and_zones_as_text() -> None:
    assert parse_line("gate=0,0.5,1,0.5") == ("gate", (0.0, 0.5, 1.0, 0.5))
    assert parse_zone("yard=0,0,1,0,0,1") == ("yard", TRIANGLE)


@pytest.mark.parametrize("text", ["gate", "=0,0,1,1", "gate=0,0,1", "gate=0,0,1,x", "gate=0,0,1,2", "gate=0,0,1,1,1"])
def test_refuses_other_texts_for_a_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^line"):
        parse_line(text)


@pytest.mark.parametrize("text", ["yard", "yard=0,0,1,0", "yard=0,0,1,0,1", "yard=0,0,1,0,1,7"])
def test_refuses_other_texts_for_a_zone(text: str) -> None:
    with pytest.raises(InputError, match=r"^zone"):
        parse_zone(text)


@pytest.mark.parametrize("text", ["yard", "yard=", "yard=soon"])
def test_refuses_other_texts_for_a_zones_rule(text: str) -> None:
    with pytest.raises(InputError, match=r"^abandoned_zone"):
        parse_abandoned_zone(text)
