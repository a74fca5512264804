"""How old a state has to be before a model acts on what it reads there: what is usual for whom, and where frauds were,
takes that long to be known. Until then a model would raise most of those who are honest."""

from saqta.fraud.engine.layout import DAY_MS
from saqta.fraud.wire import Reason

YOUNG_D = 7
"""So many days more than labels take."""
YOUNG = Reason(
    "young_state", "too little of the past is known here yet: rules and lists alone decided, the score is told"
)


def old_from_ms(paid_from_ms: int, label_delay_d: int) -> int:
    """From when on a state that knows payments from ``paid_from_ms`` on is old enough, by the payments' own times."""
    return paid_from_ms + (label_delay_d + YOUNG_D) * DAY_MS
