"""Folds of who may come in, whose secrets are kept as digests, and of who is not to be known any more."""

from collections.abc import Iterator

import msgspec

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.step import Change, Tables
from saqta.views.tables import ERASED, SESSIONS, TOKENS, USERS, Changes, Erased, Session, Token, User


def _user_added(tables: Tables, recorded: Recorded, record: kinds.UserAdded) -> Iterator[Change]:
    known = tables.get(USERS, record.user)
    user = User(
        user=record.user,
        role=record.role,
        link_sha256=record.link_sha256,
        link_until_ms=record.link_until_ms,
        added_ms=known.added_ms if known else recorded.event.time_ms,
    )
    yield USERS.put(user.user, user)


def _started(tables: Tables, recorded: Recorded, record: kinds.SessionStarted) -> Iterator[Change]:
    session = Session(user=record.user, started_ms=recorded.event.time_ms, until_ms=record.until_ms)
    yield SESSIONS.put(record.session_sha256, session)
    user = tables.get(USERS, record.user)
    if user is not None and user.link_sha256 == record.link_sha256:
        yield USERS.put(user.user, msgspec.structs.replace(user, link_sha256=None))


def _ended(tables: Tables, recorded: Recorded, record: kinds.SessionEnded) -> Iterator[Change]:
    yield SESSIONS.delete(record.session_sha256)


def _token_added(tables: Tables, recorded: Recorded, record: kinds.TokenAdded) -> Iterator[Change]:
    token = Token(
        token=record.token,
        role=record.role,
        partner=record.partner,
        partner_source=record.partner_source,
        added_ms=recorded.event.time_ms,
        partner_kind=record.partner_kind,
    )
    yield TOKENS.put(record.token_sha256, token)


def _erased(tables: Tables, recorded: Recorded, record: kinds.PersonErased) -> Iterator[Change]:
    yield ERASED.put(record.person, Erased(erased_ms=recorded.event.time_ms))


FOLDS: dict[type[kinds.Record], Changes] = {
    kinds.UserAdded: _user_added,
    kinds.SessionStarted: _started,
    kinds.SessionEnded: _ended,
    kinds.TokenAdded: _token_added,
    kinds.PersonErased: _erased,
}
