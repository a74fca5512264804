"""Compiles the decision path ahead of its first start, in ``make setup``: python -m saqta.fraud.serving.compiling."""

from saqta.fraud.engine.layout import Limits, empty
from saqta.fraud.engine.rules import STANDARD, read_rules
from saqta.fraud.lists.blocklist import Blocklist
from saqta.fraud.serving.judging import Judge
from saqta.fraud.serving.tenge import Exchange

if __name__ == "__main__":
    Judge(None, read_rules(STANDARD), empty(0, Limits()), Blocklist(bytes(32)), "KZ", 1.0, Exchange()).warm_up()
