"""Who telephones as those do whose numbers serve fraud: the figures of a number, and what is learned from them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Ran
from saqta.fraud.subscribers.usage import RECORDS_MAX, read_labels, read_records
from saqta.model.errors import InputError
from saqta.simulate.fraud import telephony

HEADER = "time,caller,callee,trunk,imei,cell,seconds\n"
ANNA, BORIS, NEW = "+77011110001", "+77012220002", "+77013330003"


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory, saqta: Callable[..., Ran]) -> Callable[[int], Path]:
    """A small country's call records of a seed."""

    def written(seed: int) -> Path:
        folder = tmp_path_factory.mktemp(f"country{seed}")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(telephony, "PEOPLE", 600)
            assert saqta("simulate", "telephony", "--seed", seed, "--out", folder).code == 0
        return folder

    return written


@pytest.fixture(scope="module")
def learned(
    country: Callable[[int], Path], saqta: Callable[..., Ran], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    known, model = country(1), tmp_path_factory.mktemp("model")
    asked = ("--records", known / "calls.csv", "--labels", known / "labels.csv", "--out", model, "--json")
    ran = saqta("fraud", "subscribers", "train", *asked)
    assert ran.code == 0, ran.err
    assert ran.summary["frauds"] == sum(line["fraud"] for line in json.loads((known / "truth.json").read_text()))
    return model


def records(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return path


def test_the_figures_of_a_number(tmp_path: Path) -> None:
    path = records(
        tmp_path,
        f"2026-01-01T08:00:00Z,{ANNA},{BORIS},national,1,a,2",
        f"2026-01-01T08:30:00.500Z,{ANNA},{BORIS},national,1,a,60",
        f"2026-01-01T09:00:00Z,{BORIS},{ANNA},national,2,,700",
        f"2026-01-03T10:00:00Z,{ANNA},{NEW},foreign,2,b,",
        f"2026-01-03T10:01:00Z,{ANNA},{NEW},national,,,640",
        f"2026-01-04T10:00:00Z,{ANNA},{BORIS},,1,b,10",
    )
    usage = read_records(path)
    assert usage.numbers == [ANNA], "of who called less than five times nothing is said"
    found = dict(zip(usage.names, usage.features[0].tolist(), strict=True))
    assert found == pytest.approx(
        {
            "calls_1d": 5 / 3,
            "active_share": 3 / 4,
            "age_d": 4,
            "busiest_hour": 2,
            "hours_1d": 1,
            "callees": 2,
            "callee_share": 2 / 5,
            "prefix_share": 2 / 5,
            "seconds_mean": 712 / 4,
            "seconds_spread": found["seconds_spread"],
            "short_share": 1 / 4,
            "long_share": 1 / 4,
            "received_to_made": 1 / 5,
            "known_share": 1 / 2,
            "foreign_share": 1 / 5,
            "devices": 2,
            "numbers_on_device": 2,
            "cells_1d": 2 / 3,
        }
    )
    lengths = [2, 60, 640, 10]
    deviation = (sum(length**2 for length in lengths) / 4 - 178.0**2) ** 0.5
    assert found["seconds_spread"] == pytest.approx(deviation / 178)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("time,caller\n2026-01-01T08:00:00Z,+77011110001\n", "callee"),
        (f"{HEADER}yesterday,{ANNA},{BORIS},,,,1\n", "RFC 3339"),
        (f"{HEADER}2026-01-01T08:00:00+05:00,{ANNA},{BORIS},,,,1\n", "UTC"),
        (f"{HEADER}2026-01-01T08:00:00Z,{ANNA},{BORIS},,,,long\n", "seconds"),
        (HEADER, f"1 to {RECORDS_MAX}"),
        (f"{HEADER}2026-01-01T08:00:00Z,{ANNA}\n", "CSV"),
    ],
)
def test_bad_records_are_one_clear_error(tmp_path: Path, text: str, field: str) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=field):
        read_records(path)


@pytest.mark.parametrize(
    "content", [b"time,call\xffer\n1,2\n", HEADER.encode() + b"\xff,1,2,,,,1\n", bytes(range(256))]
)
def test_records_that_are_no_text_are_one_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match="CSV in UTF-8"):
        read_records(path)


def test_labels_are_0_or_1(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"number,fraud\n{ANNA},1\n{BORIS},0\n")
    assert read_labels(path, [NEW, ANNA, BORIS]).tolist() == [False, True, False]
    path.write_text(f"number,fraud\n{ANNA},perhaps\n")
    with pytest.raises(InputError, match="0 or 1"):
        read_labels(path, [ANNA])


def test_what_was_learned_in_one_country_holds_in_another(
    country: Callable[[int], Path], learned: Path, saqta: Callable[..., Ran]
) -> None:
    other = country(2)
    ran = saqta("fraud", "subscribers", "judge", other / "calls.csv", "--model", learned, "--json")
    assert ran.code == 0, ran.err
    truth = {line["number"]: line["fraud"] for line in json.loads((other / "truth.json").read_text())}
    suspects = [line["number"] for line in ran.lines[:-1]]
    assert ran.summary["suspects"] == len(suspects) > 0
    assert sum(truth[number] for number in suspects) > 0.6 * sum(truth.values())
    assert sum(not truth[number] for number in suspects) < 0.02 * len(truth)
    assert all(line["reasons"] for line in ran.lines[:-1])
    told = saqta("fraud", "subscribers", "judge", other / "calls.csv", "--model", learned)
    assert f"{suspects[0]} " in told.out


def test_figures_of_somebody_else_are_measured_beside_other_models(tmp_path: Path, saqta: Callable[..., Ran]) -> None:
    path = tmp_path / "usage.csv"
    rows = [f"n{n},{n % 7},{(n * 7919) % 100 + 300 * (n % 5 == 0)},{int(n % 5 == 0)}" for n in range(300)]
    path.write_text("name,noise,calls,churn\n" + "\n".join(rows))
    ran = saqta("fraud", "subscribers", "evaluate", "--usage", path, "--label-column", "churn", "--json")
    assert ran.code == 0, ran.err
    assert [line["model"] for line in ran.lines[:-1]] == ["saqta", "logistic_regression", "random_forest"]
    assert ran.summary["auc_roc"] == pytest.approx(1.0)
    assert (ran.summary["subscribers"], ran.summary["frauds"]) == (300, 60)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["evaluate"], "--records with --labels, or --usage"),
        (["evaluate", "--usage", "usage.csv", "--label-column", "none"], "none"),
        (["evaluate", "--usage", "usage.csv", "--label-column", "name"], "columns of numbers"),
        (["evaluate", "--usage", "usage.csv", "--label-column", "calls"], "at least 10 of both kinds"),
        (["judge", "missing.csv", "--model", "missing"], "subscribers train"),
        (["evaluate", "--records", "calls.csv", "--labels", "usage.csv"], "records.callee: got 'nothing in line 3'"),
    ],
)
def test_bad_input_is_one_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saqta: Callable[..., Ran], arguments: list[str], says: str
) -> None:
    (tmp_path / "usage.csv").write_text("name,calls,cells\na,1,2\nb,0,2\n")
    (tmp_path / "calls.csv").write_text("time,caller,callee\n2026-01-01T08:00:00Z,1,2\n2026-01-01T08:00:00Z,1,\n")
    monkeypatch.chdir(tmp_path)
    ran = saqta("fraud", "subscribers", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_a_model_of_other_trees_or_features_is_refused(
    learned: Path, country: Callable[[int], Path], saqta: Callable[..., Ran], tmp_path: Path
) -> None:
    def refused(manifest: str, trees: str) -> str:
        (tmp_path / "subscribers.json").write_text(manifest)
        (tmp_path / "subscribers.txt").write_text(trees)
        ran = saqta("fraud", "subscribers", "judge", tmp_path / "none.csv", "--model", tmp_path)
        assert ran.code == 2
        return ran.err

    manifest, trees = ((learned / name).read_text() for name in ("subscribers.json", "subscribers.txt"))
    assert "the trees that the manifest names" in refused(manifest, trees + "\n")
    features = json.loads(manifest)["features"]
    assert "this program's features" in refused(manifest.replace(features, "0" * 64), trees)
