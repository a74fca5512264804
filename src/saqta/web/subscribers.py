"""What telecoms tell of their subscribers, on its way in: every number becomes its pseudonym, and nothing else passes.

A telecom posts ``phoneNumber``, or ``caller`` and ``callee``, in E.164. What it calls the event's subject and further
attributes of its own are left out, since they may hold the number too.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from saqta.model.catalogue import KINDS
from saqta.model.errors import InputError
from saqta.web.envelope import Claim

E164 = re.compile(r"\+[1-9][0-9]{4,14}")
"""As the CAMARA project writes it."""
NUMBERS: dict[str, dict[str, str]] = {
    "saqta.sim.swapped.v1": {"phoneNumber": "subscriber"},
    "saqta.forwarding.set.v1": {"phoneNumber": "subscriber"},
    "saqta.call.connected.v1": {"caller": "caller", "callee": "callee"},
    "saqta.call.ended.v1": {"caller": "caller", "callee": "callee"},
}
"""By kind, the fields with a number, and what the pseudonym is called."""
KEPT = ("specversion", "id", "source", "type", "time", "datacontenttype")


def without_numbers(claim: Claim, pseudonym: Callable[[str], str]) -> Claim:
    """The claim as the log may hold it; InputError names a number that is none, and does not repeat it."""
    type_ = claim.attributes["type"]
    numbers = NUMBERS.get(type_)
    if numbers is None:
        return claim
    try:
        told = msgspec.json.decode(claim.data, type=dict[str, Any])
    except msgspec.ValidationError as error:
        raise InputError("data", "…", "an object") from error
    known = set(KINDS[type_].record.__struct_fields__) - set(numbers.values())
    data = {name: value for name, value in told.items() if name in known}
    for field, name in numbers.items():
        number = told.get(field)
        if not isinstance(number, str) or not E164.fullmatch(number):
            raise InputError(f"data.{field}", "…", "a number in E.164, such as +77011234567")
        data[name] = pseudonym(number)
    attributes = {name: claim.attributes[name] for name in KEPT if name in claim.attributes}
    return Claim(attributes, msgspec.Raw(msgspec.json.encode(data)))
