"""Finds what was simply allowed of some parties: it stands in no table, only in the rows of the newest commits."""

import base64
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from saqta.fraud.engine.layout import CALL, Array
from saqta.fraud.engine.naming import CURRENCIES
from saqta.fraud.serving.rows import ROW, SOURCE
from saqta.log.port import Log
from saqta.model import catalogue
from saqta.model.kinds import DecisionsMade
from saqta.model.money import EXPONENTS, decimal_text

LOOKED_AT_MAX = 500
"""So many commits are looked at for one question, the newest of each tenant."""
FOUND_MAX = 100
PARTIES = ("actor", "counterpart", "subscriber")


def allowed_of(log: Log, numbers: Mapping[str, int], parties: Collection[str]) -> list[dict[str, Any]]:
    """What was simply allowed of these parties lately, the newest first: who, whom, when, how much. ``numbers`` are
    those of each tenant's next commit. Blocks."""
    wanted = np.array([int(party, 16) for party in parties], np.uint64)
    each = LOOKED_AT_MAX // max(len(numbers), 1)
    found = [
        one
        for tenant, number in numbers.items()
        for made in _newest(log, tenant, number, each)
        for one in _of_commit(made, wanted)
    ]
    return sorted(found, key=lambda one: (-one["time_ms"], one["decision"]))[:FOUND_MAX]


def _newest(log: Log, tenant: str, number: int, most: int) -> Iterator[DecisionsMade]:
    for at in range(number - 1, max(number - 1 - most, -1), -1):
        made = made_in(log, tenant, at)
        if made is not None:
            yield made


def made_in(log: Log, tenant: str, number: int) -> DecisionsMade | None:
    """The decisions of one commit; None where it is not in the log yet. Blocks."""
    recorded = log.find(f"{SOURCE}/{tenant}", str(number))
    record = catalogue.read(recorded.event) if recorded else None
    return record if isinstance(record, DecisionsMade) else None


def _of_commit(made: DecisionsMade, wanted: Array) -> Iterator[dict[str, Any]]:
    rows = np.frombuffer(base64.b64decode(made.rows), ROW)
    theirs = np.logical_or.reduce([np.isin(rows[party], wanted) for party in PARTIES])
    notable = {told.row for told in made.notable}
    for at in np.flatnonzero(theirs).tolist():
        if at not in notable:
            yield _told(made, at, rows[at])


def _told(made: DecisionsMade, at: int, row: Any) -> dict[str, Any]:
    is_call = int(row["kind"]) == CALL
    currency = None if is_call else CURRENCIES[int(row["currency"])]
    exponent = EXPONENTS[currency] if currency else 0
    return {
        "decision": f"{made.tenant}-{made.number}-{at}",
        "tenant": made.tenant,
        "kind": "call" if is_call else "payment",
        "score": float(row["score"]),
        "actor": f"{row['actor']:016x}",
        "counterpart": f"{row['counterpart']:016x}",
        "subscriber": f"{row['subscriber']:016x}" if row["subscriber"] and not is_call else None,
        "time_ms": int(row["time_ms"]),
        "amount": decimal_text(round(float(row["amount"]) * 10**exponent), currency) if currency else None,
        "currency": currency,
    }
