"""Who is let in: adding people and programs to the log, for the command line and for tests.

The secret is shown once and not kept: the log holds its digest only.
"""

import re
from collections.abc import Callable, Sequence

from saqta.model.catalogue import make
from saqta.model.errors import InputError
from saqta.model.event import Event
from saqta.model.kinds import Record, TokenAdded, UserAdded
from saqta.model.moment import Clock
from saqta.model.terms import CENTRE, PartnerKind, Role
from saqta.web.access import digest

SOURCE = "/saqta/accounts"
LINK_S = 24 * 3600
_SOURCE = re.compile(r"[^\s#\x00-\x1f\x7f]{1,200}")
_NAME = re.compile(r"[\w.@-]{1,64}")


def add_user(
    append: Callable[[Sequence[Event]], object],
    clock: Clock,
    new_secret: Callable[[], str],
    name: str,
    role: Role,
    actor: str,
) -> str:
    """Lets a person sign in once, within LINK_S; returns the link's secret, for ``/sign-in?link=``.

    A name that is known already gets a new link and role; sessions go on. Raises InputError for a name that is no
    plain word, or a role that is not for people, and what ``append`` raises. Blocks until it is durable.
    """
    _require_name("name", name)
    if role is Role.PARTNER:
        raise InputError("role", str(role), "a role for people; partners get a token")
    secret = new_secret()
    record = UserAdded(user=name, role=role, link_sha256=digest(secret), link_until_ms=clock() + LINK_S * 1000)
    append([_event(record, record.link_sha256, actor, clock())])
    return secret


def add_token(
    append: Callable[[Sequence[Event]], object],
    clock: Clock,
    new_secret: Callable[[], str],
    role: Role,
    actor: str,
    partner: str | None = None,
    source: str | None = None,
    kind: PartnerKind | None = None,
) -> str:
    """Lets a program call, a partner's as its own ``source`` only and for what its ``kind`` may; returns the token.

    Raises InputError where a partner's name or source is missing, or one of the three stands with another role, and
    what ``append`` raises. Blocks until it is durable.
    """
    if role is Role.PARTNER:
        _require_name("partner", partner or "")
        if partner == CENTRE:
            raise InputError("partner", partner, "another name: this is the centre's own")
        if not _SOURCE.fullmatch(source or "") or (source or "").startswith("/saqta"):
            expected = "the URI that the partner's events come from, not one of Saqta's own, and without # and spaces"
            raise InputError("source", source, expected)
    elif partner or source or kind:
        raise InputError("partner", partner or source or kind, f"nothing, for role {role}")
    secret = new_secret()
    token_sha256 = digest(secret)
    record = TokenAdded(
        token=f"{role}-{token_sha256[:8]}",
        role=role,
        token_sha256=token_sha256,
        partner=partner,
        partner_source=source,
        partner_kind=kind,
    )
    append([_event(record, token_sha256, actor, clock())])
    return secret


def _require_name(field: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InputError(field, name, "1 to 64 letters, digits, or one of . _ @ -")


def _event(record: Record, id: str, actor: str, now_ms: int) -> Event:
    return make(record, id=id, source=SOURCE, actor=actor, time_ms=now_ms, recorded_ms=now_ms)
