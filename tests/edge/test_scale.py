"""How tall who walks here looks, though most of what is measured is pieces of people."""

import random

import pytest

from saqta.edge.tracking.scale import SAMPLES_MAX, SAMPLES_MIN, Scale

PICTURE = (320, 180)


def walker(y: float, tall: float, x: float = 100.0) -> tuple[float, float, float, float]:
    return x, y - tall, x + tall / 2.5, y


def true_px(y: float) -> float:
    return 0.4 * (y - 15)


def test_pieces_and_giants_do_not_change_the_scale() -> None:
    rng, scale = random.Random(3), Scale(PICTURE)
    for number in range(80):
        y = rng.uniform(60, 170)
        share = 1.0 if number % 5 < 2 else rng.uniform(0.15, 0.7) if number % 5 < 4 else rng.uniform(1.2, 2.2)
        scale.measure(number, walker(y, share * true_px(y) * rng.uniform(0.95, 1.05)))
    scale.refit(10.0)
    for y in (60.0, 110.0, 160.0):
        assert scale.tall_at(y) == pytest.approx(true_px(y), rel=0.15)


def test_knows_no_scale_before_some_have_walked() -> None:
    scale = Scale(PICTURE)
    for number in range(SAMPLES_MIN - 1):
        scale.measure(number, walker(100, 34))
    scale.measure(90, (0.0, 60.0, 14.0, 100.0))
    scale.measure(91, (60.0, 80.0, 120.0, 100.0))
    scale.measure(1, walker(100, 34, x=101))
    scale.refit(1.0)
    assert scale.tall_at(100) is None
    scale.measure(92, walker(100, 34))
    scale.refit(3.0)
    assert scale.tall_at(100) == pytest.approx(34, rel=0.01)


def test_remembers_who_walked_last() -> None:
    scale = Scale(PICTURE)
    for number in range(SAMPLES_MAX):
        scale.measure(number, walker(100, 60))
    for number in range(SAMPLES_MAX):
        scale.measure(SAMPLES_MAX + number, walker(100, 30))
    scale.refit(1.0)
    assert scale.tall_at(100) == pytest.approx(30, rel=0.01)
