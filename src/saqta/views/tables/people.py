"""People who work with Saqta, programs that call it, and people whom the record is about."""

from saqta.model.step import Table
from saqta.model.terms import PartnerKind, Role
from saqta.views.tables.row import Row


class User(Row, frozen=True, kw_only=True):
    """A person who works with Saqta; ``link_sha256`` is the digest of a sign-in link that was not used yet."""

    user: str
    role: Role
    link_sha256: str | None
    link_until_ms: int
    added_ms: int


class Session(Row, frozen=True, kw_only=True):
    """A person is signed in until ``until_ms``."""

    user: str
    started_ms: int
    until_ms: int


class Token(Row, frozen=True, kw_only=True):
    """A program may call; a partner's posts as its ``partner_source`` only, and does what its ``partner_kind`` may."""

    token: str
    role: Role
    partner: str | None
    partner_source: str | None
    added_ms: int
    partner_kind: PartnerKind | None = None


class Erased(Row, frozen=True, kw_only=True):
    """A person whose keys were to be destroyed."""

    erased_ms: int


USERS = Table("users", User)
"""By user."""

SESSIONS = Table("sessions", Session)
"""By the digest of the session's secret."""

TOKENS = Table("tokens", Token)
"""By the digest of the token."""

ERASED = Table("persons_erased", Erased)
"""By person."""
