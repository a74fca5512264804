"""The table of rules: what must hold for every line of it, and for kinds that have none."""

import pytest

from saqta.correlate.cells import NEAR_MAX_M
from saqta.correlate.rules import KIND_CHARS_MAX, RULES, rule_of
from saqta.model.errors import InputError

PROMISED = {
    "abandoned_object",
    "intrusion",
    "crowd",
    "stopped_vehicle",
    "wrong_way",
    "queue",
    "camera_blind",
    "camera_moved",
    "camera_frozen",
    "camera_lost",
}


def test_every_promised_kind_has_a_rule() -> None:
    assert set(RULES) >= PROMISED


@pytest.mark.parametrize("kind", [*RULES, "smoke"])
def test_an_alert_never_joins_what_is_less_urgent(kind: str) -> None:
    rule = rule_of(kind)
    assert kind in rule.joins
    assert all(rule_of(other).priority <= rule.priority for other in rule.joins)


@pytest.mark.parametrize("kind", [*RULES, "smoke"])
def test_a_radius_is_no_longer_than_the_index_reaches(kind: str) -> None:
    assert 0 <= rule_of(kind).radius_m <= NEAR_MAX_M


def test_a_partners_kind_has_a_title_of_its_words() -> None:
    assert rule_of("gas_leak").title == "Gas leak"
    assert rule_of("gas_leak").joins == ("gas_leak",)


@pytest.mark.parametrize("kind", ["", "x" * (KIND_CHARS_MAX + 1)])
def test_a_kind_without_end_or_without_a_word_is_bad_input(kind: str) -> None:
    with pytest.raises(InputError, match="kind"):
        rule_of(kind)
