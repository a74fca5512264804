"""Rules that analysts write while the centre runs: proposed by one, published by another, numbered as sets.

``tables`` keeps them, ``folds`` takes what was told, ``commands`` decides what people ask, and ``books`` compiles
what is in force for decisions; ``checking`` answers who types a rule.
"""

from saqta.fraud.publishing.commands import decide
from saqta.fraud.publishing.folds import FOLDS
from saqta.fraud.publishing.tables import TABLES
from saqta.model.step import Step

STEP = Step(name="rules", tables=TABLES, folds=FOLDS, decide=decide)
