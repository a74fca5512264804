"""Who learns which reason, as a table: banks what concerns their payment, telecoms their call, analysts all."""

from typing import Literal

from saqta.fraud.wire import Reason
from saqta.model.kinds import DecisionReason

Reader = Literal["bank", "telecom", "analyst"]
PAYERS_CALL = "the payer may be acting on what somebody says on the telephone"

LEARNS: dict[Reader, dict[str, Literal["all", "code", "nothing"]]] = {
    "bank": {"path": "all", "payment": "all", "payers_call": "code", "call": "nothing"},
    "telecom": {"path": "all", "payment": "nothing", "payers_call": "nothing", "call": "all"},
    "analyst": {"path": "all", "payment": "all", "payers_call": "all", "call": "all"},
}
"""By reader and by what a reason tells of. Of a payer's call a bank gets the code and set words: who called, since when
and what others said of the caller is nothing that it may know."""


def disclosed(reasons: tuple[DecisionReason, ...], reader: Reader) -> tuple[Reason, ...]:
    """The reasons as this reader may know them, in their order."""
    learns = LEARNS[reader]
    return tuple(
        Reason(reason.code, PAYERS_CALL)
        if learns[reason.of] == "code"
        else Reason(reason.code, reason.text, reason.entry)
        for reason in reasons
        if learns[reason.of] != "nothing"
    )
