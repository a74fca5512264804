"""Exchange rates of the simulated city: invented, near to what they might be, and a little different each day."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from saqta.model.kinds import RatesPublished

PUBLISHER = "simulated"
PER_DOLLAR = {"KZT": 512.8, "KGS": 87.45, "TJS": 10.65, "UZS": 12_180.0, "TMT": 3.5}
CHANGE_MAX = 0.01


def rates(today: date) -> Iterator[RatesPublished]:
    """What each national bank published of yesterday and of today; the same for the same day."""
    for day in (today - timedelta(days=1), today):
        for quote, dollar in PER_DOLLAR.items():
            moved = 1 + random.Random(f"{quote} {day}").uniform(-CHANGE_MAX, CHANGE_MAX)
            yield RatesPublished(
                publisher=PUBLISHER, day=day, quote=quote, rates={"USD": ("1", f"{dollar * moved:.4f}")}
            )
