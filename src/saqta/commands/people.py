"""``saqta user``, ``token`` and ``person``: who may come in, and whom the record is about."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from saqta import wiring
from saqta.commands.options import ACTOR, DATA, Data, group, require_log
from saqta.log.personal import Keyring
from saqta.model import kinds
from saqta.model.errors import InputError
from saqta.model.event import Event
from saqta.model.terms import PartnerKind, Role
from saqta.web import accounts

user = group("People who sign in.")
token = group("Programs that call the API.")
person = group("People whom the record is about.")


@user.command("add")
def add_user(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The person's name in the record.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")],
    data: Data = DATA,
) -> None:
    """Add a person and print a one-time sign-in link."""
    secret = accounts.add_user(_append_to(data), wiring.now_ms, wiring.new_secret, name, role, ACTOR)
    print(f"{wiring.address_of(data)}/sign-in?link={secret}")


@token.command("add")
def add_token(
    role: Annotated[Role, typer.Option(help="What the program may do.")],
    partner: Annotated[str | None, typer.Option(help="The partner's name; with the role partner.")] = None,
    source: Annotated[str | None, typer.Option(help="The one source URI that the partner may post as.")] = None,
    kind: Annotated[
        PartnerKind | None, typer.Option(help="What the partner is; it asks and tells nothing else then.")
    ] = None,
    data: Data = DATA,
) -> None:
    """Add a token for a program and print it, once."""
    into = _append_to(data), wiring.now_ms, wiring.new_secret
    print(accounts.add_token(*into, role, ACTOR, partner, source, kind))


@person.command()
def erase(
    identifier: Annotated[str, typer.Argument(metavar="IDENTIFIER", help="Such as a telephone number.")],
    purpose: Annotated[str, typer.Option(help="Why, in words; it stands in the record.")],
    data: Data = DATA,
) -> None:
    """Destroy the keys of a person's fields: they can't be read again, the log still verifies."""
    require_log(data)
    keyring = Keyring(data / "keys.db")
    try:
        found = keyring.find_person(identifier)
        if found is None:
            raise InputError("identifier", identifier, "what somebody in the record is known by")
        # A crash between the event and the act is made good when the server starts.
        wiring.append(data, wiring.announce([kinds.PersonErased(person=found)], ACTOR, purpose))
        keyring.erase(found)
    finally:
        keyring.close()
    print(f"{found} is erased: what was sealed under that person's keys can't be read any more")


def _append_to(data: Path) -> Callable[[Sequence[Event]], object]:
    return lambda events: wiring.append(data, events)
