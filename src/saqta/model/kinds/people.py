"""People who work with Saqta, and people whom it is about."""

from saqta.model.kinds.record import Record
from saqta.model.terms import PartnerKind, Role


class UserAdded(Record, frozen=True, kw_only=True):
    """A person may sign in once with the link whose secret has this digest, until ``link_until_ms``."""

    user: str
    role: Role
    link_sha256: str
    link_until_ms: int


class SessionStarted(Record, frozen=True, kw_only=True):
    """A one-time link was used; it is spent. ``session_sha256`` is the digest of the cookie's secret."""

    user: str
    link_sha256: str
    session_sha256: str
    until_ms: int


class SessionEnded(Record, frozen=True, kw_only=True):
    """A person signed out."""

    user: str
    session_sha256: str


class TokenAdded(Record, frozen=True, kw_only=True):
    """A program may call; a partner's token posts as its own ``partner_source`` only, and asks and tells what its
    ``partner_kind`` may, all that partners may where it has none."""

    token: str
    role: Role
    token_sha256: str
    partner: str | None = None
    partner_source: str | None = None
    partner_kind: PartnerKind | None = None


class PersonErased(Record, frozen=True, kw_only=True):
    """The keys of a person's fields were destroyed: what was sealed under them is gone for ever."""

    person: str


class PersonViewed(Record, frozen=True, kw_only=True):
    """Somebody was shown in clear who called about an incident; the envelope says who and why."""

    person: str
    incident: str
