"""The field's fixed words: priorities, states, dispositions, roles."""

from enum import IntEnum, StrEnum


class Priority(IntEnum):
    """1 is the most urgent."""

    P1 = 1
    P2 = 2
    P3 = 3
    P4 = 4


class IncidentState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    ON_SCENE = "on_scene"
    CLOSED = "closed"
    REOPENED = "reopened"


class Disposition(StrEnum):
    """What an incident turned out to be."""

    CONFIRMED = "confirmed"
    FALSE_ALARM = "false_alarm"
    DUPLICATE = "duplicate"
    NO_TRACE = "no_trace"
    REFERRED = "referred"


class UnitStatus(StrEnum):
    AVAILABLE = "available"
    DISPATCHED = "dispatched"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    OUT_OF_SERVICE = "out_of_service"


class ObjectState(StrEnum):
    """What is the matter with a thing that was left; the last three are ends."""

    ATTENDED = "attended"
    UNATTENDED = "unattended"
    ABANDONED = "abandoned"
    RECLAIMED = "reclaimed"
    REMOVED = "removed"
    FIXTURE = "fixture"


class CameraStatus(StrEnum):
    REGISTERED = "registered"
    LIVE = "live"
    LOST = "lost"
    QUARANTINED = "quarantined"


SEALED_TYPE = "application/vnd.saqta.sealed"
EVIDENCE_SUFFIX = {"video/mp4": ".mp4", "image/jpeg": ".jpg", SEALED_TYPE: ".sealed"}
"""How the file of a piece of evidence ends, by its media type."""


class Role(StrEnum):
    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"
    OFFICER = "officer"
    ANALYST = "analyst"
    FRAUD_ANALYST = "fraud_analyst"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    PARTNER = "partner"


class PartnerKind(StrEnum):
    """What a partner is, where that bounds what it asks and tells: a telecom knows of calls and lines, a bank of
    payments."""

    TELECOM = "telecom"
    BANK = "bank"


CENTRE = "centre"
"""In whose name analysts ask and tell: no partner's name."""


class ListedKind(StrEnum):
    """What a list may hold: a subscriber's identity on the SIM card, a telephone number, a device, an account that
    pays, an account that is paid."""

    IMSI = "imsi"
    MSISDN = "msisdn"
    IMEI = "imei"
    ACCOUNT = "account"
    PAYEE = "payee"


class RuleState(StrEnum):
    """Where a rule that people write stands; of these ``in_force`` and ``changing`` are in force."""

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    CHANGING = "changing"
    REJECTED = "rejected"
    RETIRED = "retired"


class EntryState(StrEnum):
    """Where an entry of a list stands; of these ``in_force`` and ``appealed`` block."""

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    REJECTED = "rejected"
    APPEALED = "appealed"
    LIFTED = "lifted"
