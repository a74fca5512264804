"""Looks at what is sensitive: that somebody looked, and why, is in the log before anything is shown."""

from typing import Annotated

import msgspec
from fastapi import Depends, Query

from saqta.model.catalogue import make
from saqta.model.event import TEXT_CHARS_MAX, derive_id
from saqta.model.kinds import EvidenceViewed, ListEntryViewed, PersonViewed
from saqta.web.access import Caller
from saqta.web.commands import PurposeOf
from saqta.web.ports import Ports

SOURCE = "/saqta/looks"
LOOK_MS = 60_000
"""Looks of one person at one thing, for one purpose, within the same minute are one: a player asks for many ranges."""


async def _stated(
    stated: PurposeOf,
    purpose: Annotated[str | None, Query(max_length=TEXT_CHARS_MAX, description="Why; or in X-Purpose")] = None,
) -> str | None:
    return stated or purpose or None


StatedPurpose = Annotated[str | None, Depends(_stated)]
"""Why the caller looks, where it says so."""


def record_look(
    ports: Ports, caller: Caller, look: EvidenceViewed | PersonViewed | ListEntryViewed, purpose: str
) -> None:
    """Appends the look, unless it stands there already. Blocks until it is durable."""
    now_ms = ports.clock()
    minute_ms = now_ms - now_ms % LOOK_MS
    event = make(
        look,
        id=derive_id(msgspec.json.encode(look).decode(), caller.actor, purpose, str(minute_ms)),
        source=SOURCE,
        actor=caller.actor,
        time_ms=minute_ms,
        recorded_ms=now_ms,
        purpose=purpose,
    )
    ports.log.append([event])
