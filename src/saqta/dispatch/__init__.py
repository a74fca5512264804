"""Who goes: units, the way by road, recommendations, and assignments.

``travel`` says how long each unit needs, ``recommend`` who should go and why, ``folds`` when that is told, and
``commands`` decides what people and units ask.
"""

from saqta.dispatch.commands import decide
from saqta.dispatch.folds import FOLDS
from saqta.dispatch.tables import TABLES
from saqta.model.step import Step

STEP = Step(name="dispatch", tables=TABLES, folds=FOLDS, decide=decide)
