"""``saqta fraud subscribers``: who telephones as those do whose numbers serve fraud."""

from pathlib import Path
from typing import Annotated

import typer

from saqta.commands.options import Json, group
from saqta.model.errors import InputError
from saqta.terminal import Results

subscribers = group("Numbers that are used as those are that serve fraud: learn, say how well, judge.")
Records = Annotated[
    Path | None, typer.Option("--records", metavar="FILE.csv", help="Call records of days (docs/telecom.md).")
]
Labels = Annotated[
    Path | None,
    typer.Option("--labels", metavar="FILE.csv", help="Columns number and fraud (0 or 1), for the records."),
]


@subscribers.command()
def evaluate(
    records: Records = None,
    labels: Labels = None,
    usage: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="In place of records: figures of subscribers, a row each.")
    ] = None,
    label_column: Annotated[
        str, typer.Option(metavar="NAME", help="The column of --usage that is 1 for fraud.")
    ] = "fraud",
    as_json: Json = False,
) -> None:
    """Say how well fraud is found among subscribers that were not learned from, beside other models."""
    from saqta.fraud.subscribers import learning
    from saqta.fraud.subscribers.usage import read_labels, read_records, read_usage

    if usage is not None:
        known, fraud = read_usage(usage, label_column)
    elif records is not None and labels is not None:
        known = read_records(records)
        fraud = read_labels(labels, known.numbers)
    else:
        raise InputError("records", "", "--records with --labels, or --usage")
    results = Results(as_json)
    found = learning.evaluate(known, fraud)
    for name, quality in found.items():
        told = (
            f"AUC {quality.auc_roc:.3f}, average precision {quality.average_precision:.3f}, recall {quality.recall:.3f}"
        )
        results.line({"model": name, **quality._asdict()}, f"{name:20} {told}")
    results.summary({**found["saqta"]._asdict(), "subscribers": len(fraud), "frauds": int(fraud.sum())})


@subscribers.command()
def train(
    records: Annotated[Path, typer.Option(metavar="FILE.csv", help="Call records of days (docs/telecom.md).")],
    labels: Annotated[Path, typer.Option(metavar="FILE.csv", help="Columns number and fraud (0 or 1).")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write the model to.")],
    as_json: Json = False,
) -> None:
    """Learn from call records and what is known of their numbers, and write the model that `judge` loads."""
    from saqta.fraud.subscribers import learning
    from saqta.fraud.subscribers.usage import read_labels, read_records

    usage = read_records(records)
    model = learning.train(usage, read_labels(labels, usage.numbers), out)
    told = {"subscribers": model.manifest.subscribers, "frauds": model.manifest.frauds}
    Results(as_json).summary({"model": model.version, **told, "suspect_from": model.manifest.suspect_from})


@subscribers.command()
def judge(
    records: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Call records of days (docs/telecom.md).")],
    model: Annotated[Path, typer.Option(metavar="DIR", help="The folder that `train` wrote.")],
    as_json: Json = False,
) -> None:
    """Tell which numbers are used as those are that serve fraud, and why. It blocks nobody: propose them for a list."""
    from saqta.fraud.subscribers import learning
    from saqta.fraud.subscribers.usage import FEATURES, read_records

    loaded, usage, results = learning.read_model(model), read_records(records), Results(as_json)
    suspects = learning.judge(usage, loaded)
    for number, score, reasons in suspects:
        why = "; ".join(f"{FEATURES[name]}: {value:,.6g}" for name, value in reasons)
        told = [{"feature": name, "value": value} for name, value in reasons]
        results.line({"number": number, "score": round(score, 4), "reasons": told}, f"{number} {score:.3f}: {why}")
    results.summary({"model": loaded.version, "subscribers": len(usage.numbers), "suspects": len(suspects)})
