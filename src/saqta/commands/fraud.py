"""``saqta fraud``: learn from payments, say how well it works, try a rule, decide."""

import sys
import time
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saqta.commands.options import ACTOR, DATA, Data, Json, TakesFiles, group, readable_log
from saqta.commands.registers import IMPORT_EVENTS_MAX
from saqta.commands.subscribers import subscribers
from saqta.fraud.engine.layout import DAY_MS, LABEL_DELAY_D, LABEL_DELAY_D_MAX
from saqta.log.personal import Keyring
from saqta.model.errors import InputError
from saqta.model.kinds import ListImported
from saqta.model.moment import day_start
from saqta.model.terms import CENTRE
from saqta.terminal import Results, progress
from saqta.wiring import append, named_by_content, new_secret, now_ms

if TYPE_CHECKING:
    from saqta.fraud.engine.rules import Rules
    from saqta.fraud.lists.blocklist import Blocklist

fraud = group("Calls and payments: learn, evaluate, try a rule, decide.")
fraud.add_typer(subscribers, name="subscribers")
EVER_MS = 1 << 62
PaymentFiles = Annotated[
    list[Path], typer.Option("--payments", metavar="FILE…", help="Payments as Parquet (docs/fraud.md); repeatable.")
]
BlockedFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--lists", metavar="FILE.csv…", help="What is blocked (docs/lists.md), at the time of each; repeatable."
    ),
]
LabelDelay = Annotated[
    int, typer.Option(help="Days until it is known what a payment was.", min=0, max=LABEL_DELAY_D_MAX)
]


@fraud.command(cls=TakesFiles)
def train(
    payments: PaymentFiles,
    until: Annotated[str, typer.Option(metavar="DATE", help="Learn from what was known at the beginning of this day.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write the model to.")],
    label_delay_d: LabelDelay = LABEL_DELAY_D,
    as_json: Json = False,
) -> None:
    """Learn from the payments whose labels were known by a day, and write the model that `decide` loads."""
    from saqta.fraud.engine import rules
    from saqta.fraud.learning import folder, training
    from saqta.fraud.learning.payments import read_payments

    until_ms = _midnight(until, "until")
    replay = training.Replay(read_payments(payments), label_delay_d, rules.read_rules(rules.STANDARD))
    known_ms = until_ms - label_delay_d * DAY_MS
    learned = training.learn(training.lesson(replay, known_ms - training.TRAIN_D * DAY_MS, known_ms))
    replay.until(until_ms)
    manifest = folder.write_model(out, learned, replay.state, label_delay_d, until)
    summary = {
        "model": folder.read_model(out).version,
        "train_payments": learned.payments,
        "train_frauds": learned.frauds,
        "trees": len(learned.trees.root),
        "thresholds": manifest.thresholds,
        "features": manifest.features,
    }
    Results(as_json).summary(summary)


@fraud.command(cls=TakesFiles)
def history(
    partner: Annotated[str, typer.Option(metavar="NAME", help="The partner whose payments they were.")],
    payments: PaymentFiles,
    data: Data = DATA,
    label_delay_d: LabelDelay = LABEL_DELAY_D,
    as_json: Json = False,
) -> None:
    """Import what a partner paid before it asks for decisions, so that its state is no young one."""
    from saqta.fraud.learning.payments import days_of, read_payments
    from saqta.fraud.serving.history import imported, moments_of
    from saqta.fraud.serving.pseudonyms import name_keys
    from saqta.fraud.serving.rows import SOURCE

    if (data / "log.db").exists():
        with readable_log(data) as log:
            if log.find(f"{SOURCE}/{partner}", "0") is not None:
                raise InputError("partner", partner, "one of whom nothing was decided yet: what is past comes first")
    read = read_payments(payments)
    data.mkdir(parents=True, exist_ok=True)
    with closing(Keyring(data / "keys.db")) as keyring:
        keys = name_keys(keyring.naming_key(f"tenant/{partner}"), keyring.naming_key(CENTRE))
    parts = imported(read, label_delay_d, partner, keys)
    events = named_by_content(parts, moments_of(parts), ACTOR)
    with progress("importing payments") as advance:
        for start in range(0, len(events), IMPORT_EVENTS_MAX):
            append(data, events[start : start + IMPORT_EVENTS_MAX])
            advance(start, len(events))
    found = {
        "payments": len(read.events),
        "frauds": int(read.fraud.sum()),
        "events": len(events),
        "days": days_of(read),
    }
    Results(as_json).summary({"partner": partner, **found})


@fraud.command(cls=TakesFiles)
def evaluate(
    payments: PaymentFiles,
    test_from: Annotated[str, typer.Option(metavar="DATE", help="The first day of the test.")],
    test_days: Annotated[int, typer.Option(help="How many days are tested.", min=1, max=366)] = 7,
    label_delay_d: LabelDelay = LABEL_DELAY_D,
    as_json: Json = False,
) -> None:
    """Learn from what was known on a day, decide the days after it, and say how well, beside others."""
    from saqta.fraud.engine import rules
    from saqta.fraud.learning import evaluation
    from saqta.fraud.learning.payments import read_payments

    test_from_ms = _midnight(test_from, "test-from")
    standard = rules.read_rules(rules.STANDARD)
    found = evaluation.evaluate(read_payments(payments), standard, test_from_ms, test_days, label_delay_d)
    Results(as_json).summary(found._asdict())


@fraud.command(cls=TakesFiles)
def backtest(
    rule: Annotated[Path, typer.Option(metavar="FILE", help="Rules to try (docs/rules.md).")],
    payments: Annotated[
        list[Path] | None,
        typer.Option("--payments", metavar="FILE…", help="Payments as Parquet (docs/fraud.md); repeatable."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help=f"The data folder whose log is tried without payments; {DATA}."),
    ] = None,
    from_day: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first day.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="The day after the last.")] = None,
    label_delay_d: LabelDelay = LABEL_DELAY_D,
    as_json: Json = False,
) -> None:
    """Say what rules would have stopped, beside those in force, or beside what was done where the log is tried."""
    from saqta.fraud.engine import rules

    from_ms = 0 if from_day is None else _midnight(from_day, "from")
    until_ms = EVER_MS if until is None else _midnight(until, "until")
    results, read = Results(as_json), rules.read_rules(rule)
    if payments and data:
        raise InputError("backtest", "both --payments and --data", "one of them")
    span = (from_ms, until_ms, label_delay_d)
    count = _on_payments(results, read, payments, *span) if payments else _on_log(results, read, data or DATA, *span)
    results.summary({"payments" if payments else "decisions": count, "rules": read.version})


def _on_payments(
    results: Results, read: "Rules", payments: list[Path], from_ms: int, until_ms: int, label_delay_d: int
) -> int:
    from saqta.fraud.backtest import backtest as tried
    from saqta.fraud.engine import rules
    from saqta.fraud.learning.payments import read_payments

    paid, count = read_payments(payments), 0
    for name, these in (("tried", read), ("in force", rules.read_rules(rules.STANDARD))):
        hits, count = tried(paid, these, from_ms, until_ms, label_delay_d)
        for hit in hits:
            found = f"{hit.hits} hits, {hit.frauds} frauds, {hit.honest_disturbed:.3%} of honest payments disturbed"
            results.line({"set": name, **hit._asdict()}, f"{name:9} {hit.rule:28} {found}")
    return count


def _on_log(results: Results, read: "Rules", data: Path, from_ms: int, until_ms: int, label_delay_d: int) -> int:
    from saqta.fraud.engine import rules
    from saqta.fraud.serving.retrial import retry

    mine = [rule for rule in read.rules if rule.name not in rules.names_on_lists()]
    with readable_log(data) as log:
        tried = retry(log.read, rules.read_rules(rules.STANDARD), mine, label_delay_d, from_ms, until_ms)
    for effect in tried.effects():
        money = ", ".join(f"{amount} {code}" for code, amount in effect.amounts.items()) or "no money"
        disturbed = f"{effect.disturbed} of {effect.customers} customers disturbed"
        found = f"{effect.hits} hits ({effect.already} stopped then), {effect.frauds} frauds, {money}, {disturbed}"
        results.line(effect._asdict(), f"{effect.rule:28} {found}")
    return tried.decisions


@fraud.command(cls=TakesFiles)
def drift(
    model: Annotated[Path, typer.Option(metavar="DIR", help="The folder that `train` wrote.")],
    payments: PaymentFiles,
    from_day: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="The first day; else that after the training.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="The day after the last.")] = None,
    as_json: Json = False,
) -> None:
    """Say how far payments since a model's training have moved from those that it learned from (PSI), features and
    score."""
    from saqta.fraud.engine import rules
    from saqta.fraud.learning import drift as drifting
    from saqta.fraud.learning import folder, training
    from saqta.fraud.learning.payments import read_payments

    loaded, bins = folder.read_model(model), folder.read_bins(model)
    delay_d, trained = loaded.manifest.label_delay_d, loaded.manifest.until
    known, known_ms = folder.read_learned_state(model), _midnight(trained, "model.until")
    from_ms = known_ms if from_day is None else _midnight(from_day, "from")
    if from_ms < known_ms:
        raise InputError("from", str(from_day), f"{trained} or later: the model knows what was before")
    replay = training.Replay(read_payments(payments), delay_d, rules.read_rules(rules.STANDARD), known, known_ms)
    replay.until(from_ms)
    decided = replay.until(EVER_MS if until is None else _midnight(until, "until"), loaded.trees, keep=True)
    results = Results(as_json)
    moved = drifting.drift(bins, decided.features, decided.answers["score"])
    for one in moved:
        results.line(one._asdict(), f"{one.name:28} {one.psi:8.3f}  {one.word}")
    counts = {word: sum(one.word == word for one in moved) for word in ("stable", "moved", "far")}
    score = next(one.psi for one in moved if one.name == drifting.SCORE)
    results.summary({"model": loaded.version, "payments": len(decided.rows), "score_psi": score, **counts})


@fraud.command()
def compare(
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="The data folder whose log is read.")] = DATA,
    from_day: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first day.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="The day after the last.")] = None,
    label_delay_d: LabelDelay = LABEL_DELAY_D,
    card: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A model's folder, into whose card what came of it is written.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the model in force with its challenger by what was told of decisions since, and say how precise what was
    raised proved to be, by how long it took until that was known."""
    from saqta.fraud.learning import folder
    from saqta.fraud.serving import reviewing

    from_ms = 0 if from_day is None else _midnight(from_day, "from")
    until_ms = EVER_MS if until is None else _midnight(until, "until")
    with readable_log(data) as log:
        review = reviewing.review(log.read, from_ms, until_ms, label_delay_d)
    results, aged = Results(as_json), review.by_label_age()
    for match in review.matches(min(until_ms, now_ms())):
        for role, side in (("in force", match.in_force), ("challenger", match.challenger)):
            common = {"payments": match.payments, "ranked": match.ranked, "frauds": match.frauds}
            ranks = "not ranked" if side.average_precision is None else f"AP {side.average_precision:.3f}"
            found = f"{side.raised} raised, {side.alone} of them by it alone ({side.alone_frauds} frauds)"
            results.line({"role": role, **side._asdict(), **common}, f"{role:10} {side.model}  {ranks}, {found}")
    for one in aged:
        until_text = f"to {one.until_d} d" if one.until_d else "and more"
        precise = "-" if one.precision is None else f"{one.precision:.1%}"
        found = f"{one.frauds} frauds, {one.honest} honest, precision {precise}"
        results.line(one._asdict(), f"{one.model or 'rules':12} known after {one.from_d} d {until_text:9} {found}")
    if card is not None:
        folder.write_review(card, [one for one in aged if one.model == folder.read_model(card).version])
    results.summary({"decisions": review.decisions, "raised": review.raised, "untold": review.untold})


@fraud.command(cls=TakesFiles)
def decide(
    model: Annotated[Path, typer.Option(metavar="DIR", help="The folder that `train` wrote.")],
    rules: Annotated[Path | None, typer.Option(metavar="FILE", help="Rules in place of the standard ones.")] = None,
    home: Annotated[str, typer.Option(help="The home country of telephone numbers, ISO 3166.")] = "KZ",
    fresh: Annotated[bool, typer.Option("--fresh", help="Know nothing of before, not even what `train` saw.")] = False,
    lists: BlockedFiles = None,
    why: Annotated[bool, typer.Option("--why", help="Give reasons by SHAP values; exact, but slower.")] = False,
    as_json: Json = False,
) -> None:
    """Decide JSON lines from standard input: payments, calls, labels; answers go to standard output in their order."""
    from saqta.fraud.deciding import Decider
    from saqta.fraud.engine import rules as ruling
    from saqta.fraud.engine.layout import Limits, empty
    from saqta.fraud.learning import folder
    from saqta.fraud.pipe import decide_lines

    loaded, read = folder.read_model(model), ruling.read_rules(rules or ruling.STANDARD)
    delay_d = loaded.manifest.label_delay_d
    state = empty(delay_d, Limits()) if fresh else folder.read_learned_state(model)
    decider = Decider(loaded, read, state, home, why, _blocklist(lists))
    sys.stdout.flush()
    summary = decide_lines(sys.stdin.fileno(), sys.stdout.fileno(), decider, now_ms, time.perf_counter_ns)
    Results(as_json, aside=not as_json).summary(summary | {"model": loaded.version, "rules": read.version})


@fraud.command()
def calls(
    records: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Call records, oldest first (docs/telecom.md).")],
    rules: Annotated[Path | None, typer.Option(metavar="FILE", help="Rules in place of the standard ones.")] = None,
    home: Annotated[str, typer.Option(help="The home country of telephone numbers, ISO 3166.")] = "KZ",
    lists: BlockedFiles = None,
    as_json: Json = False,
) -> None:
    """Decide call records after the fact, in their order, and tell all but those that would be allowed."""
    from saqta.fraud.call_records import by_rules, judge
    from saqta.fraud.engine import rules as ruling

    read = ruling.read_rules(rules or ruling.STANDARD)
    decider, results = by_rules(read, home, _blocklist(lists)), Results(as_json)
    actions = dict.fromkeys(ruling.ACTIONS, 0)
    fired: dict[str, int] = {}
    for line, answer in judge(records, decider, now_ms()):
        if (error := answer.get("error")) is not None:
            wrong = f"{error['field']}: got '{error['given']}', expected {error['expected']}"
            results.line({"line": line, **answer}, f"line {line}: {wrong}")
            continue
        actions[answer["action"]] += 1
        for reason in answer["reasons"]:
            fired[reason["code"]] = fired.get(reason["code"], 0) + 1
        if answer["action"] != "allow":
            why = "; ".join(reason["text"] for reason in answer["reasons"])
            results.line({"line": line, **answer}, f"line {line}: {answer['action']}: {why}")
    counted = {"calls": decider.decisions, "errors": decider.errors, "late": decider.late}
    results.summary(counted | {"actions": actions, "fired": fired, "rules": read.version})


def _blocklist(files: list[Path] | None) -> "Blocklist | None":
    """What the files block, kept in memory alone; rows that can't be are told of."""
    from saqta.fraud.lists.blocklist import Blocklist
    from saqta.intake.lists import read_list
    from saqta.model.listing import digester

    if not files:
        return None
    key = new_secret().encode()
    blocklist = Blocklist(key)
    for file in files:
        read = read_list(file, digester(key))
        blocklist.add([part for part in read.records if isinstance(part, ListImported)])
        for refusal in read.refused:
            typer.echo(f"{file}, line {refusal.line}: {refusal.reason}", err=True)
    return blocklist


def _midnight(day: str, field: str) -> int:
    """The beginning of a day in UTC."""
    try:
        return day_start(date.fromisoformat(day))
    except ValueError as error:
        raise InputError(field, day, "a day, such as 2026-01-31") from error
