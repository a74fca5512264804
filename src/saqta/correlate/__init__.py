"""Alerts become incidents: one that belongs to a known occurrence joins its incident, any other opens one.

``rules`` says for each kind of alert what belongs together, ``occurrences`` finds it, ``folds`` tells it, and
``left`` and
``moved`` keep which alerts told of things left behind and of cameras that were moved, and ``commands`` decides what
people ask of an incident.
"""

from saqta.correlate.commands import decide
from saqta.correlate.folds import FOLDS
from saqta.correlate.left import LEFT
from saqta.correlate.moved import MOVED
from saqta.correlate.occurrences import TABLES
from saqta.model.step import Step

STEP = Step(name="correlate", tables=(*TABLES, LEFT, MOVED), folds=FOLDS, decide=decide)
