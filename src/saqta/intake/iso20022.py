"""ISO 20022 credit transfers, as payments to decide on: pain.001 (from a customer) and pacs.008 (between banks).

- A message is taken whole or not at all: what its header counts and sums has to be there.
- A payment's id is its UETR; without one that of the message and of the transaction in it, so that a message sent again
  has the same ids.
- The amount is what the payer instructed; between banks, where nobody says, what is settled.
- A time without an offset is refused, unless one says what zone the sender keeps (the standard allows local times).
"""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from fractions import Fraction
from typing import NamedTuple

import msgspec

from saqta.intake.xml import XML_BYTES_MAX, Node, read_xml
from saqta.model.errors import InputError
from saqta.model.moment import from_datetime, to_text
from saqta.model.money import minor_units

MESSAGE_BYTES_MAX = XML_BYTES_MAX
TRANSACTIONS_MAX = 10_000
ID_CHARS_MAX = 128
NOT_PROVIDED = "NOTPROVIDED"
"""What stands for an end-to-end id that the payer did not give."""

_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
_ACCOUNT = ("Id/IBAN", "Id/Othr/Id", "Prxy/Id")
_PARTY = ("Id/OrgId/Othr/Id", "Id/PrvtId/Othr/Id")
_ACCEPTED = ("AccptncDtTm", "AddtlDtTm/AccptncDtTm")
"""When a bank took it; the latter since pacs.008.001.13."""
_TELEPHONE = re.compile(r"\+[0-9]{1,3}-[0-9()+\-]{1,30}")
"""The standard's PhoneNumber: a country's code, a hyphen, the number."""


class Payment(msgspec.Struct, tag_field="kind", tag="payment", frozen=True, kw_only=True, omit_defaults=True):
    """A payment on the wire: ``time`` in RFC 3339, ``amount`` decimal text, ``phone`` the payer's number in E.164."""

    id: str
    time: str
    account: str
    payee: str
    amount: str
    currency: str
    phone: str | None = None


class _Form(NamedTuple):
    """Where a message has what: its element, its instructions (empty where the debtor stands with the transaction), and
    where an amount may stand."""

    message: str
    instructions: str
    amounts: tuple[str, ...]


_PAIN = _Form("CstmrCdtTrfInitn", "PmtInf", ("Amt/InstdAmt", "Amt/EqvtAmt/Amt"))
_PACS = _Form("FIToFICstmrCdtTrf", "", ("InstdAmt", "IntrBkSttlmAmt"))
FORMS: dict[str, _Form] = {
    **{f"pain.001.001.{version:02}": _PAIN for version in range(3, 14)},
    **{f"pacs.008.001.{version:02}": _PACS for version in range(2, 14)},
}
"""The messages that are read, by their names: all published versions in which what is read stands where it does. Those
before have other elements."""


def read_message(content: bytes, zone: tzinfo | None = None) -> list[Payment]:
    """The payments of one message, in order. InputError names the path of the element that is wrong.

    ``zone`` is that of the sender's times where they have none.
    """
    document = _document(read_xml(content, "message"))
    form = FORMS[document.namespace.removeprefix(_NAMESPACE)]
    message = _only(document, form.message, "Document")
    header = _only(message, "GrpHdr", form.message)
    reading = _Reading(form, _text(header, "MsgId", f"{form.message}/GrpHdr"), zone)
    payments = [*reading.payments(message, header)]
    _require_whole(header, payments, f"{form.message}/GrpHdr")
    return payments


def _document(root: Node) -> Node:
    """The ``Document``, alone or within an envelope beside its business application header."""
    document = root if root.name == "Document" else root.first("Document")
    if document is None or document.namespace.removeprefix(_NAMESPACE) not in FORMS:
        given = f"{root.name} of {(document or root).namespace or 'no namespace'}"
        raise InputError("Document", given, "pain.001.001.03 to 13, or pacs.008.001.02 to 13")
    return document


class _Reading:
    """Reads the transactions of one message."""

    def __init__(self, form: _Form, message_id: str, zone: tzinfo | None) -> None:
        self._form, self._message_id, self._zone = form, message_id, zone
        self._ids: dict[str, str] = {}

    def payments(self, message: Node, header: Node) -> Iterator[Payment]:
        created = _text(header, "CreDtTm", f"{self._form.message}/GrpHdr")
        for instruction, above in self._instructions(message):
            for number, transaction in enumerate(instruction.all("CdtTrfTxInf"), 1):
                if len(self._ids) >= TRANSACTIONS_MAX:
                    raise InputError(above, f"more than {TRANSACTIONS_MAX} transactions", "no more than that")
                path = f"{above}/CdtTrfTxInf[{number}]"
                debtor = instruction if self._form.instructions else transaction
                debtor_path = above if self._form.instructions else path
                yield self._payment(transaction, path, debtor, debtor_path, created)

    def _instructions(self, message: Node) -> Iterator[tuple[Node, str]]:
        if not self._form.instructions:
            yield message, self._form.message
            return
        for number, instruction in enumerate(message.all(self._form.instructions), 1):
            yield instruction, f"{self._form.message}/{self._form.instructions}[{number}]"

    def _payment(self, transaction: Node, path: str, debtor: Node, debtor_path: str, created: str) -> Payment:
        amount, currency = self._amount(transaction, path)
        accepted_at = next(filter(transaction.text_at, _ACCEPTED), None)
        accepted = transaction.text_at(accepted_at) if accepted_at else ""
        time_path = f"{path}/{accepted_at}" if accepted else f"{self._form.message}/GrpHdr/CreDtTm"
        return Payment(
            id=self._id(transaction, path),
            time=self._time(accepted or created, time_path),
            account=_party(debtor, "Dbtr", debtor_path),
            payee=_party(transaction, "Cdtr", path),
            amount=amount,
            currency=currency,
            phone=_phone(debtor.text_at("Dbtr/CtctDtls/MobNb"), f"{debtor_path}/Dbtr/CtctDtls/MobNb"),
        )

    def _id(self, transaction: Node, path: str) -> str:
        named = [transaction.text_at(f"PmtId/{name}") for name in ("UETR", "TxId", "InstrId", "EndToEndId")]
        uetr, *others = named
        own = next((each for each in others if each and each != NOT_PROVIDED), "")
        id = uetr.lower() or (own and f"{self._message_id}/{own}")
        if not id or len(id) > ID_CHARS_MAX:
            raise InputError(
                f"{path}/PmtId", id, f"a UETR, TxId, InstrId or EndToEndId of at most {ID_CHARS_MAX} signs"
            )
        if id in self._ids:
            raise InputError(f"{path}/PmtId", id, f"an id of its own: it is that of {self._ids[id]}")
        self._ids[id] = path
        return id

    def _amount(self, transaction: Node, path: str) -> tuple[str, str]:
        for at in self._form.amounts:
            found = transaction.first(at)
            if found is not None:
                return _checked_amount(found, f"{path}/{at}")
        raise InputError(f"{path}/{self._form.amounts[0]}", None, f"an amount, here or in {self._form.amounts[1]}")

    def _time(self, text: str, path: str) -> str:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise InputError(path, text, "a date and time, such as 2026-01-31T08:00:00+05:00") from error
        return to_text(from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=self._zone), path))


def _checked_amount(found: Node, path: str) -> tuple[str, str]:
    currency = found.attributes.get("Ccy", "")
    try:
        minor_units(found.text, currency)
    except InputError as error:
        raise InputError(f"{path}/@Ccy" if error.field == "currency" else path, error.given, error.expected) from error
    return found.text, currency


def _party(node: Node, role: str, path: str) -> str:
    """The account of the debtor or creditor; where there is none, what names the party itself."""
    for within, names in ((f"{role}Acct", _ACCOUNT), (role, _PARTY)):
        for name in names:
            if found := node.text_at(f"{within}/{name}"):
                if len(found) > ID_CHARS_MAX:
                    raise InputError(f"{path}/{within}/{name}", found, f"at most {ID_CHARS_MAX} characters")
                return found
    raise InputError(f"{path}/{role}Acct", None, f"an account ({', '.join(_ACCOUNT)}), or an id of {role}")


def _phone(text: str, path: str) -> str | None:
    if not text:
        return None
    if not _TELEPHONE.fullmatch(text):
        raise InputError(path, text, "a telephone number such as +7-7011234567")
    return "+" + re.sub("[^0-9]", "", text)


def _require_whole(header: Node, payments: list[Payment], path: str) -> None:
    """A message that was cut or changed on its way does not add up."""
    count = _text(header, "NbOfTxs", path)
    if count != str(len(payments)) or not payments:
        raise InputError(f"{path}/NbOfTxs", count, f"the number of transactions in it, at least 1: {len(payments)}")
    given = header.text_at("CtrlSum")
    total = sum(Fraction(payment.amount) for payment in payments)
    if given and not (re.fullmatch(r"[0-9]{1,18}(\.[0-9]{1,17})?", given) and Fraction(given) == total):
        raise InputError(f"{path}/CtrlSum", given, "the sum of the amounts in it")


def _only(node: Node, name: str, path: str) -> Node:
    found = [*node.all(name)]
    if len(found) != 1:
        raise InputError(f"{path}/{name}", f"{len(found)} of them", "exactly one")
    return found[0]


def _text(node: Node, name: str, path: str) -> str:
    text = _only(node, name, path).text
    if not 0 < len(text) <= ID_CHARS_MAX:
        raise InputError(f"{path}/{name}", text, f"a text of 1 to {ID_CHARS_MAX} characters")
    return text
