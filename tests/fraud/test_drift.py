"""How far payments have moved from those that a model learned from."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from saqta.fraud.engine.features import LEARNED
from saqta.fraud.learning.drift import BINS, bins_of, drift, psi
from saqta.model.errors import InputError


def values(seed: int, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.lognormal(size=(20_000, len(LEARNED))) * scale, rng.random(20_000)


def test_payments_like_those_of_the_training_have_not_moved() -> None:
    bins = bins_of(*values(1))
    assert all(len(one.shares) == BINS for one in bins.values())
    moved = drift(bins, *values(2))
    assert {one.word for one in moved} == {"stable"}
    assert max(one.psi for one in moved) < 0.01


def test_what_has_moved_stands_first() -> None:
    bins = bins_of(*values(1))
    features, scores = values(2)
    at = list(LEARNED).index("amount")
    features[:, at] *= 3
    first, second = drift(bins, features, scores)[:2]
    assert (first.name, first.word, second.word) == ("amount", "far", "stable")


def test_the_index_is_that_of_its_definition() -> None:
    bins = bins_of(np.tile(np.arange(10.0), (len(LEARNED), 1)).T, np.arange(10.0))["score"]
    now = np.array([0.0] * 5 + [9.0] * 5)
    then, share = np.full(10, 0.1), np.array([0.5, *[1e-4] * 8, 0.5])
    assert psi(bins, now) == pytest.approx(((share - then) * np.log(share / then)).sum())
    constant = bins_of(np.ones((50, len(LEARNED))), np.ones(50))["amount"]
    assert psi(constant, np.ones(9)) == 0.0


def test_no_payments_are_nothing_to_compare_with() -> None:
    with pytest.raises(InputError, match="payments"):
        drift(bins_of(*values(1)), np.zeros((0, len(LEARNED))), np.zeros(0))


def test_the_command_tells_features_and_score(payments_file: Path, learned: tuple[object, Path], saqta) -> None:
    folder = learned[1]
    ran = saqta("fraud", "drift", "--model", folder, "--payments", payments_file, "--from", "2026-03-13", "--json")
    assert ran.code == 0, ran.err
    assert {line["name"] for line in ran.lines[:-1]} == {*LEARNED, "score"}
    assert ran.summary["stable"] + ran.summary["moved"] + ran.summary["far"] == len(LEARNED) + 1
    assert ran.summary["payments"] > 1000
    assert "payer_age_d" in saqta("fraud", "drift", "--model", folder, "--payments", payments_file).out
    early = saqta("fraud", "drift", "--model", folder, "--payments", payments_file, "--from", "2026-03-05")
    assert (early.code, "2026-03-12 or later" in early.err) == (2, True)
    none = saqta("fraud", "drift", "--model", folder, "--payments", payments_file, "--from", "2027-01-01")
    assert (none.code, none.out) == (2, "")
    assert "none in this span" in none.err


def test_the_newest_payments_alone_tell_what_the_whole_history_tells(
    payments_file: Path, learned: tuple[object, Path], saqta, tmp_path: Path
) -> None:
    table, since = pq.read_table(payments_file), datetime(2026, 3, 5)  # noqa: DTZ001 - of the file; labels come a week late
    newest = tmp_path / "newest.parquet"
    pq.write_table(table.filter(pc.greater_equal(table["TX_DATETIME"], since)), newest)
    told = [saqta("fraud", "drift", "--model", learned[1], "--payments", file).out for file in (payments_file, newest)]
    assert told[0] == told[1]
    assert "score psi" in told[0]


@pytest.mark.parametrize("content", [None, b"{}", b"[1]", b'{"\xff": {}}'])
def test_a_model_without_its_bins_is_refused(
    payments_file: Path, learned: tuple[object, Path], saqta, tmp_path: Path, content: bytes | None
) -> None:
    for path in learned[1].iterdir():
        if path.name != "bins.json":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    if content is not None:
        (tmp_path / "bins.json").write_bytes(content)
    ran = saqta("fraud", "drift", "--model", tmp_path, "--payments", payments_file)
    assert ran.code == 2
    assert "bins" in ran.err
