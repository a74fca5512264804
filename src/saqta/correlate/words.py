"""Titles and reasons, as a person would say them."""

from saqta.correlate.occurrences import Claim, Link, Match, Occurrence, sightings_before
from saqta.model.moment import duration_text

TITLE_CHARS_MAX = 200
ALERT_REASONS_MAX = 8
"""An incident repeats this many of its first alert's reasons."""

SENTENCE_CHARS_MAX = 200
"""A reason that is longer ends in an ellipsis: alerts may say more than an incident repeats."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
OURS = "/saqta/"
"""Sources of our own, which nobody needs to be told of."""


def title_of(claim: Claim) -> str:
    """What happens, and where: ``Intrusion at Harbour gate``."""
    if claim.name is not None:
        title = f"{claim.rule.title} at {claim.name}"
    elif claim.place is not None:
        title = f"{claim.rule.title} at {claim.place.lat:.5f}, {claim.place.lon:.5f}"
    elif claim.source.startswith(OURS):
        title = claim.rule.title
    else:
        title = f"{claim.rule.title} reported by {claim.source}"
    return _cut(title, TITLE_CHARS_MAX)


def open_reasons(claim: Claim, alert_reasons: tuple[str, ...]) -> tuple[str, ...]:
    """Why this is an incident of its own, and of its priority."""
    where = f"within {claim.rule.radius_m:.0f} m" if claim.place is not None and claim.rule.radius_m else "there"
    alone = f"nothing of its kind and urgency {where} in the {duration_text(claim.rule.window_s)} before"
    repeated = (_cut(reason, SENTENCE_CHARS_MAX) for reason in alert_reasons[:ALERT_REASONS_MAX])
    return (*repeated, alone, f"priority {claim.rule.priority} by the rule for {claim.kind}")


def join_reason(claim: Claim, match: Match) -> str:
    """Why the alert is the same occurrence: ``third alert of camera Mangilik/2 in zone gate, 40 s after the last``."""
    kind = "" if claim.kind == match.occurrence.kind else f"{claim.rule.title.lower()}: "
    when = _when(claim.time_ms, match.occurrence)
    return f"{_cut(f'{kind}{_link(claim, match)}', SENTENCE_CHARS_MAX)}, {when}"


def _link(claim: Claim, match: Match) -> str:
    if match.link is Link.VIEW:
        zone = f" in zone {claim.zone}" if claim.zone is not None else ""
        return f"{_ordinal(sightings_before(match.occurrence, claim) + 1)} alert of camera {claim.name}{zone}"
    if match.link is Link.SOURCE:
        return f"reported by {claim.source} again, without a place"
    who = f"camera {claim.name} is" if claim.camera is not None else f"reported by {claim.source}"
    return f"{who} {match.distance_m:.0f} m away"


def _when(time_ms: int, occurrence: Occurrence) -> str:
    if time_ms < occurrence.first_ms:
        return f"{duration_text((occurrence.first_ms - time_ms) / 1000)} before the first, told late"
    if time_ms < occurrence.last_ms:
        return "told late"
    return f"{duration_text((time_ms - occurrence.last_ms) / 1000)} after the last"


def _cut(text: str, chars_max: int) -> str:
    """
    >>> _cut("four", 4), _cut("fives", 4)
    ('four', 'fiv…')
    """
    return text if len(text) <= chars_max else f"{text[: chars_max - 1]}…"


def _ordinal(n: int) -> str:
    """
    >>> _ordinal(3), _ordinal(11), _ordinal(22), _ordinal(113)
    ('third', '11th', '22nd', '113th')
    """
    if n <= len(_ORDINALS):
        return _ORDINALS[n - 1]
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
