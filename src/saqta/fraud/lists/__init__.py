"""What is blocked: imported lists, and the entries that people propose, confirm, appeal against and lift.

``tables`` keeps them, ``folds`` takes what was told, ``commands`` decides what people ask, and ``blocklist`` answers
whether something is blocked, in the time that a decision has.
"""

from saqta.fraud.lists.commands import decide
from saqta.fraud.lists.folds import FOLDS
from saqta.fraud.lists.tables import TABLES
from saqta.model.step import Step

STEP = Step(name="lists", tables=TABLES, folds=FOLDS, decide=decide)
