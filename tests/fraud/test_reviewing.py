"""A challenger that is heard and never obeyed, and what decisions come to once it is known what they were."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fraud.running import NOW_MS, Running, call, payment, running
from saqta.__main__ import app
from saqta.fraud.engine.layout import Limits, empty
from saqta.fraud.learning.folder import CARD, read_model, write_model
from saqta.fraud.learning.training import Learned
from saqta.fraud.serving import reviewing
from saqta.fraud.serving.challenger import challenged_of
from saqta.fraud.serving.reviewing import ReviewDesk, review
from saqta.model.catalogue import make
from saqta.model.errors import BusyError, InputError
from saqta.model.kinds import OutcomeTold

DAY_MS = 86_400_000
EAGER = {"warn": 0.0, "hold": 0.0, "block": 0.0}
PAST = 14
"""So many payments come before, until the state is no young one."""
ASKED = [payment(n, phone=f"+7701234{n % 10:04d}") for n in range(60)]


@pytest.fixture(scope="module")
def models(learned: tuple[Learned, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of a model that raises nothing by itself, and of one that would block every payment."""
    folder = tmp_path_factory.mktemp("models")
    for name, thresholds in (("calm", dict.fromkeys(EAGER, 1.0)), ("eager", EAGER)):
        state = empty(7, Limits(keys_max=1024, busy_max=1024, memos_max=1024))
        write_model(folder / name, learned[0]._replace(thresholds=thresholds), state, 7, "2026-03-12")
    return folder / "calm", folder / "eager"


@pytest.fixture
def heard(tmp_path: Path, models: tuple[Path, Path]) -> Iterator[Running]:
    with running(tmp_path, model=str(models[0]), challenger=str(models[1])) as path:
        path.grow_old()
        yield path


def tell(path: Running, decision: str, outcome: str, after_d: float) -> None:
    known_ms = NOW_MS - 1_000_000 + round(after_d * DAY_MS)
    told = OutcomeTold(decision=decision, tenant="alfa", outcome=outcome, known_ms=known_ms, by="alfa")
    path.log.append([make(told, id=decision, source="/test", actor="test", time_ms=NOW_MS, recorded_ms=NOW_MS)])


def test_a_challenger_is_recorded_and_changes_nothing(
    tmp_path: Path, models: tuple[Path, Path], heard: Running
) -> None:
    calls = heard.ask("call", *(call(n) for n in range(5)))
    answers = heard.ask("payment", *ASKED)
    (tmp_path / "alone").mkdir()
    for keys in tmp_path.glob("keys.db*"):  # By other pseudonyms other payees would be taken for one.
        shutil.copy(keys, tmp_path / "alone")
    with running(tmp_path / "alone", model=str(models[0])) as alone:
        alone.grow_old()
        alone.ask("call", *(call(n) for n in range(5)))
        undisturbed = alone.ask("payment", *ASKED)
    assert [(each["action"], each["score"], each["model"]) for each in answers] == [
        (each["action"], each["score"], each["model"]) for each in undisturbed
    ]
    assert {each["action"] for each in answers} == {"allow", "hold"}
    made = heard.commits()[1:]
    assert {each.challenge.model for each in made} == {read_model(models[1]).version}
    of_calls, of_payments = (challenged_of(each.challenge) for each in (made[0], made[-1]))
    assert of_calls["action"].tolist() == [3] * 5, "as was done, for the rule beside it blocks"
    assert of_payments["action"].tolist() == [3] * len(of_payments)
    assert of_payments["score"].tolist() == pytest.approx([each["score"] for each in answers][-len(of_payments) :])
    why = heard.path.look(answers[0]["decision_id"], is_partner=False).why
    assert (why["challenger"]["model"], why["challenger"]["action"]) == (read_model(models[1]).version, "block")
    assert "challenger" not in heard.path.look(calls[0]["decision_id"], is_partner=True).why


def test_a_challenger_that_can_not_be_compared_is_refused(
    tmp_path: Path, models: tuple[Path, Path], learned: tuple[Learned, Path]
) -> None:
    state = empty(3, Limits(keys_max=1024, busy_max=1024, memos_max=1024))
    write_model(tmp_path / "hasty", learned[0], state, 3, "2026-03-12")
    for settings in ({"model": None, "challenger": models[1]}, {"model": models[0], "challenger": tmp_path / "hasty"}):
        with pytest.raises(InputError) as refused:
            Running(tmp_path, **{name: folder and str(folder) for name, folder in settings.items()})
        assert refused.value.field == "fraud.challenger"


def test_who_reviews_or_tries_rules_takes_labels_for_known_as_late_as_decisions_do(
    tmp_path: Path, learned: tuple[Learned, Path]
) -> None:
    """What is four days old is not ranked where labels take seven, and is where they take three."""
    state = empty(3, Limits(keys_max=1024, busy_max=1024, memos_max=1024))
    for name in ("hasty", "other"):
        write_model(tmp_path / name, learned[0]._replace(payments=len(name)), state, 3, "2026-03-12")
    with running(tmp_path, model=str(tmp_path / "hasty"), challenger=str(tmp_path / "other")) as path:
        assert path.path.label_delay_d == 3
        path.ask("payment", *ASKED)
        later_ms = NOW_MS + 4 * DAY_MS
        for delay_d, ranked in ((path.path.label_delay_d, len(ASKED)), (7, 0)):
            [match] = ReviewDesk(path.log.read, delay_d).review(0, later_ms)["matches"]
            assert match["ranked"] == ranked


def test_neither_a_challenger_nor_training_again_comes_into_force_by_itself(
    tmp_path: Path, models: tuple[Path, Path]
) -> None:
    """A running centre decides by what it was started with, and starts with what its settings name."""
    in_force = tmp_path / "in_force"
    shutil.copytree(models[0], in_force)
    version = read_model(in_force).version
    settings = {"model": str(in_force), "challenger": str(models[1])}
    with running(tmp_path, **settings) as path:
        before = path.ask("payment", *ASKED[:20])
        tell(path, before[0]["decision_id"], "fraud", 1)
        review(path.log.read, 0, NOW_MS + 1, 7).matches(NOW_MS)
        retrained = tmp_path / "retrained"
        shutil.copytree(models[1], retrained)
        after = path.ask("payment", *ASKED[20:40])
        shutil.copytree(models[1], in_force, dirs_exist_ok=True)
        overwritten = path.ask("payment", *ASKED[40:])
        shutil.copytree(models[0], in_force, dirs_exist_ok=True)
    with running(tmp_path, **settings) as path:
        restarted = path.ask("payment", payment(99))
    everything = [*before, *after, *overwritten, *restarted]
    assert {each["model"] for each in everything} == {version}
    assert {each["action"] for each in everything} == {"allow"}


def test_models_are_ranked_over_what_was_told_and_what_is_old_enough(heard: Running) -> None:
    answers = heard.ask("payment", *ASKED)
    for n in (3, 8):
        tell(heard, answers[n]["decision_id"], "fraud", 2)
    tell(heard, answers[4]["decision_id"], "honest", 2)
    young = review(heard.log.read, 0, NOW_MS + 1, 7)
    [match] = young.matches(NOW_MS)
    assert (match.payments, match.ranked, match.frauds) == (PAST + 60, 8 + 3, 2)
    [match] = young.matches(NOW_MS + 8 * DAY_MS)
    assert (match.ranked, match.in_force.raised, match.challenger.raised) == (PAST + 60, 0, 60)
    assert (match.challenger.alone, match.challenger.alone_frauds, match.in_force.alone) == (60, 2, 0)
    assert match.in_force.average_precision == pytest.approx(match.challenger.average_precision)
    assert match.in_force.card_precision_100 == pytest.approx(0.02 / 15), (
        "two of seven payers, of 100, on one day of 15"
    )


def test_precision_is_told_by_how_long_it_took_until_it_was_known(heard: Running, models: tuple[Path, Path]) -> None:
    heard.ask("call", *(call(n) for n in range(10)), tenant="metro")
    held = heard.ask("payment", *(payment(n, phone=f"+7701234{n:04d}") for n in range(10)))
    assert {each["action"] for each in held} == {"hold"}
    for n, (outcome, after_d) in enumerate(
        (("fraud", 0.5), ("honest", 0.5), ("fraud", 8), ("fraud", 40), ("unknown", 1))
    ):
        tell(heard, held[n]["decision_id"], outcome, after_d)
    found = review(heard.log.read, 0, NOW_MS + 1, 7)
    assert (found.raised, found.untold) == (20, 16)
    told = {one.from_d: (one.frauds, one.honest, one.precision) for one in found.by_label_age()}
    assert (told[0], told[7], told[30]) == ((1, 1, 0.5), (1, 0, 1.0), (1, 0, 1.0))
    assert (told[1], told[14]) == ((0, 0, None), (0, 0, None))


def test_the_command_tells_both_and_writes_the_card(tmp_path: Path, models: tuple[Path, Path]) -> None:
    in_force = tmp_path / "in_force"
    shutil.copytree(models[0], in_force)
    with running(tmp_path, model=str(in_force), challenger=str(models[1])) as path:
        path.ask("call", *(call(n) for n in range(10)), tenant="metro")
        held = path.ask("payment", *(payment(n, phone=f"+7701234{n:04d}") for n in range(10)))
        tell(path, held[0]["decision_id"], "fraud", 0.5)
    version, words = read_model(in_force).version, ["fraud", "compare", "--data", str(tmp_path), "--json"]
    for _ in range(2):
        told = CliRunner().invoke(app, [*words, "--card", str(in_force)])
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert [line["role"] for line in lines[:2]] == ["in force", "challenger"]
    assert lines[-1] == {"summary": {"decisions": 20, "raised": 20, "untold": 19}}
    card = (in_force / CARD).read_text()
    assert (card.count("## How it did since"), card.count("| 0 d to 1 d | 1 | 0 | 100.0% |")) == (1, 1)
    assert read_model(in_force).version == version
    assert "in force" in CliRunner().invoke(app, words[:-1]).stdout


def test_no_more_is_reviewed_than_may_be_and_one_at_a_time(heard: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    heard.ask("payment", *ASKED[:6])
    desk = ReviewDesk(heard.log.read, 7)
    assert desk.review(0, NOW_MS + 1)["decisions"] == PAST + 6
    inside: list[str] = []

    def read(seq: int) -> list[object]:
        with pytest.raises(BusyError):
            busy.review(0, 1)
        inside.append("refused")
        return []

    busy = ReviewDesk(read, 7)
    busy.review(0, 1)
    assert inside == ["refused"]
    monkeypatch.setattr(reviewing, "REVIEWED_MAX", 5)
    with pytest.raises(InputError, match="more than 5 decisions"):
        desk.review(0, NOW_MS + 1)
