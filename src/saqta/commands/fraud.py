"""``saqta fraud``: learn from payments, say how well it works, try a rule, decide."""

from pathlib import Path
from typing import Annotated

import typer

from saqta.commands.options import Json, group
from saqta.fraud.layout import DAY_MS, LABEL_DELAY_D_MAX
from saqta.model.moment import from_text
from saqta.terminal import Results

fraud = group("Calls and payments: learn, evaluate, try a rule, decide.")
PaymentFiles = Annotated[
    list[Path], typer.Option("--payments", metavar="FILE", help="Payments as Parquet (docs/fraud.md); repeatable.")
]
LabelDelay = Annotated[
    int, typer.Option(help="Days until it is known what a payment was.", min=0, max=LABEL_DELAY_D_MAX)
]


@fraud.command()
def train(
    payments: PaymentFiles,
    until: Annotated[str, typer.Option(metavar="DATE", help="Learn from what was known at the beginning of this day.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write the model to.")],
    label_delay_d: LabelDelay = 7,
    as_json: Json = False,
) -> None:
    """Learn from the payments whose labels were known by a day, and write the model that `decide` loads."""
    from saqta.fraud import folder, rules, training
    from saqta.fraud.payments import read_payments

    until_ms = from_text(f"{until}T00:00:00Z", "until")
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


@fraud.command()
def evaluate(
    payments: PaymentFiles,
    test_from: Annotated[str, typer.Option(metavar="DATE", help="The first day of the test.")],
    test_days: Annotated[int, typer.Option(help="How many days are tested.", min=1, max=366)] = 7,
    label_delay_d: LabelDelay = 7,
    as_json: Json = False,
) -> None:
    """Learn from what was known on a day, decide the days after it, and say how well, beside others."""
    from saqta.fraud import evaluation, rules
    from saqta.fraud.payments import read_payments

    test_from_ms = from_text(f"{test_from}T00:00:00Z", "test-from")
    standard = rules.read_rules(rules.STANDARD)
    found = evaluation.evaluate(read_payments(payments), standard, test_from_ms, test_days, label_delay_d)
    Results(as_json).summary(found._asdict())
