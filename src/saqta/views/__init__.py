"""What people see: tables rebuilt from the log, by a step of pure folds.

A family of tables has a file with its folds; an event's changes are those of every family that knows its kind, and what
every event changes: the tally and the status.
"""

from itertools import chain

from saqta.model.catalogue import KINDS
from saqta.model.event import Recorded
from saqta.model.kinds import Record
from saqta.model.step import Fold, Outcome, Step, Tables
from saqta.views import (
    access,
    alerts,
    cameras,
    city,
    fraud,
    incidents,
    lists,
    rates,
    recommendations,
    rules,
    status,
    stopped,
    telecom,
    timeline,
    traffic,
    units,
)
from saqta.views.tables import TABLES, Changes

FAMILIES = (
    incidents,
    recommendations,
    alerts,
    timeline,
    units,
    cameras,
    traffic,
    access,
    city,
    rates,
    lists,
    rules,
    telecom,
    status,
    fraud,
    stopped,
)


def _fold(changes: tuple[Changes, ...]) -> Fold:
    def fold(tables: Tables, recorded: Recorded, record: Record) -> Outcome:
        return Outcome(tuple(chain.from_iterable(change(tables, recorded, record) for change in changes)))

    return fold


STEP = Step(
    name="views",
    tables=TABLES,
    folds={
        kind.record: _fold(tuple(family.FOLDS[kind.record] for family in FAMILIES if kind.record in family.FOLDS))
        for kind in KINDS.values()
    },
)
