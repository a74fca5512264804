"""What a partner paid before it asked for decisions: imported into the log, and part of the state from then on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conftest import Ran
from fraud import made_payments
from fraud.running import payment, running
from fraud.test_youth import codes
from saqta.commands.options import readable_log
from saqta.fraud.engine.layout import LABEL, PAYMENT, State
from saqta.fraud.engine.rules import STANDARD, Rules
from saqta.fraud.engine.stored_state import in_use
from saqta.fraud.learning.payments import Payments, read_payments
from saqta.fraud.learning.training import Learned, Replay
from saqta.fraud.serving.history import events_of_past, imported
from saqta.fraud.serving.pseudonyms import name_keys
from saqta.model import catalogue
from saqta.model.errors import DamageError
from saqta.model.kinds import PAST_ROWS_MAX, PaymentsImported

KEYS = name_keys(bytes(16), bytes(range(16)))


def test_the_parts_hold_all_in_the_order_in_which_it_became_known(payments: Payments) -> None:
    parts = imported(payments, 7, "alfa", KEYS)
    events = np.concatenate([events_of_past(part) for part in parts])
    assert [len(events_of_past(part)) for part in parts[:-1]] == [PAST_ROWS_MAX] * (len(parts) - 1)
    assert [(part.part, part.parts) for part in parts] == [(n, len(parts)) for n in range(1, len(parts) + 1)]
    assert (events["kind"] == PAYMENT).sum() == len(payments.events)
    assert (events["kind"] == LABEL).sum() == payments.fraud.sum()
    assert (np.diff(events["time_ms"]) >= 0).all()
    assert not np.isin(payments.events["actor"], events["actor"]).any(), "names are pseudonyms"
    with pytest.raises(DamageError, match="part 1 of the past payments of alfa"):
        events_of_past(PaymentsImported(tenant="alfa", part=1, parts=1, rows=parts[0].rows[:-1]))


def known(state: State) -> list[tuple[float, ...]]:
    """What a state knows of each key, whatever the key."""
    lives = in_use(state)["life"]
    lives = lives[lives["key"] != 0][["first_ms", "last_ms", "count", "frauds", "mean", "variance"]]
    return sorted(lives.tolist())


@pytest.fixture
def past(tmp_path: Path) -> Path:
    """Ten weeks, until the day on which the path decides."""
    return made_payments.write(tmp_path / "past.parquet", days=70)


def test_who_imported_the_past_is_judged_by_the_model_at_once_from_the_state_that_training_has(
    saqta: Callable[..., Ran], tmp_path: Path, past: Path, learned: tuple[Learned, Path], rules: Rules
) -> None:
    words = ["fraud", "history", "--partner", "alfa", "--payments", past, "--data", tmp_path, "--json"]
    told, again = saqta(*words), saqta(*words)
    assert (told.code, again.code) == (0, 0), told.err
    payments = read_payments([past])
    assert (told.summary["payments"], told.summary["frauds"]) == (len(payments.events), payments.fraud.sum())
    with readable_log(tmp_path) as log:
        parts = [catalogue.read(recorded.event) for recorded in log.read(0)]
    assert len(parts) == told.summary["events"], "the same again adds nothing"
    replay = Replay(payments, 7, rules)
    replay.until(1 << 62)
    for number in range(2):
        with running(tmp_path, model=str(learned[1])) as path:
            if not number:
                assert known(path.path._judge.state) == known(replay.state)
            assert "young_state" not in codes(path.ask("payment", payment(number))[0])
            assert codes(path.ask("payment", payment(number), tenant=f"beta-{number}")[0]) == ["young_state"]
        for kept in (tmp_path / "fraud").iterdir():
            kept.unlink()
    late = saqta(*words)
    assert (late.code, "nothing was decided yet" in late.err) == (2, True)
    hits = saqta("fraud", "backtest", "--rule", STANDARD, "--data", tmp_path, "--json")
    assert hits.summary["decisions"] == 4
