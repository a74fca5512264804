"""A model's card: what it is, what it learned from, when it acts, what it is not, and how it did since."""

from collections.abc import Iterable, Mapping

from saqta.fraud.engine.features import LEARNED
from saqta.fraud.engine.rules import Action
from saqta.fraud.learning.evaluation import Aged

STRONGEST = 12
REVIEW = "## How it did since"


def card(
    version: str,
    until: str,
    label_delay_d: int,
    payments: int,
    frauds: int,
    thresholds: Mapping[Action, float],
    disturbed: Mapping[Action, float],
    gains: Mapping[str, float],
) -> str:
    """The card as Markdown. ``gains`` is how much each feature lowered the loss in training."""
    total = sum(gains.values()) or 1.0
    strongest = sorted(gains.items(), key=lambda one: -one[1])[:STRONGEST]
    acts = "\n".join(
        f"| {action} | {threshold:.4f} | {disturbed[action]:.2%} |" for action, threshold in thresholds.items()
    )
    moves = "\n".join(f"| `{name}` | {LEARNED[name]} | {gain / total:.1%} |" for name, gain in strongest)
    return f"""# Model {version}

Gradient-boosted trees (LightGBM) that say how likely a payment is fraud, from {len(LEARNED)} features of its payer,
its payee and both together.

## Learned from
{payments:,} payments, {frauds:,} of them ({frauds / payments:.3%}) known as fraud at the beginning of {until}, when
labels come {label_delay_d} days late. Of a payment nothing is used that was not known when it came.

## When it acts
| action | from a score of | share of honest payments that reached it, in days that it had not seen |
|---|---|---|
{acts}

## What moves it most
| feature | what it means | share of the gain |
|---|---|---|
{moves}

## What it is not
It knows accounts by what they do: no names, no sex, no age, no origin, no place of living. It finds frauds like those
that it learned from, so it gets worse as these change: compare with `saqta fraud drift`. A score is no proof; a hold is
for a person to decide. Nothing puts a newer model into force by itself.
"""


def with_review(card: str, aged: Iterable[Aged]) -> str:
    """The card with what was told since of what it raised, in the place of what was said of that before."""
    rows = "\n".join(
        f"| {one.from_d} d{f' to {one.until_d} d' if one.until_d else ' and more'} | {one.frauds} | {one.honest} | "
        f"{'-' if one.precision is None else f'{one.precision:.1%}'} |"
        for one in aged
    )
    return f"""{card.partition(REVIEW)[0].rstrip()}

{REVIEW}
Of what it raised, or rules beside it, what was told, by how long after the decision it was known. Frauds become known
late: a young figure is no final one.

| known after | frauds | honest | precision |
|---|---|---|---|
{rows}
"""
