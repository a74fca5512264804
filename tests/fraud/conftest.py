"""Payments and a model that learned from them, made once for all tests of this folder."""

from pathlib import Path

import pytest

from fraud import made_payments
from saqta.fraud.engine.rules import STANDARD, Rules, read_rules
from saqta.fraud.learning.folder import write_model
from saqta.fraud.learning.payments import Payments, read_payments
from saqta.fraud.learning.training import Learned, Replay, learn, lesson
from saqta.model.moment import from_text

UNTIL = "2026-03-12"


@pytest.fixture(scope="session")
def payments_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_payments.write(tmp_path_factory.mktemp("payments") / "payments.parquet")


@pytest.fixture(scope="session")
def payments(payments_file: Path) -> Payments:
    return read_payments([payments_file])


@pytest.fixture(scope="session")
def rules() -> Rules:
    return read_rules(STANDARD)


@pytest.fixture(scope="session")
def learned(payments: Payments, rules: Rules, tmp_path_factory: pytest.TempPathFactory) -> tuple[Learned, Path]:
    """What was learned from seven weeks, and the folder of the model."""
    until_ms = from_text(f"{UNTIL}T00:00:00Z")
    replay = Replay(payments, 7, rules)
    model = learn(lesson(replay, until_ms - 56 * 86_400_000, until_ms - 7 * 86_400_000))
    replay.until(until_ms)
    folder = tmp_path_factory.mktemp("model")
    write_model(folder, model, replay.state, 7, UNTIL)
    return model, folder
