"""ISO 20022 credit transfers as payments; the messages are invented."""

import re
from datetime import UTC, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saqta.intake.iso20022 import MESSAGE_BYTES_MAX, TRANSACTIONS_MAX, Payment, read_message
from saqta.model.errors import InputError
from saqta.model.moment import from_text
from saqta.model.money import minor_units

FILES = Path(__file__).parent / "iso20022"
PAIN = (FILES / "pain.001.001.03.xml").read_text()
PACS = (FILES / "pacs.008.001.08.xml").read_text()


def test_every_transaction_of_every_instruction_of_a_customer() -> None:
    first, second, third = read_message(PAIN.encode())
    assert msgspec.to_builtins(first) == {
        "kind": "payment",
        "id": "M-20260131-1/I-1",
        "time": "2026-01-31T08:00:00.000Z",
        "account": "KZ86125KZT5004100100",
        "payee": "KZ39125KZT1001300335",
        "amount": "150000.50",
        "currency": "KZT",
        "phone": "+77011234567",
    }
    assert (second.id, second.payee, second.currency) == ("M-20260131-1/E-2", "40817810000000000001", "USD")
    assert (third.account, third.payee, third.amount) == ("KZ75125KZT2069100100", "MSISDN-77017654321", "0.25")


def test_a_prefix_a_uetr_and_a_proxy() -> None:
    [payment] = read_message((FILES / "pain.001.001.09.xml").read_bytes())
    assert payment.id == "8a562c67-ca16-48ba-b074-65581be6f001"
    assert payment.payee == "+992-900000001"


@pytest.mark.parametrize(("message", "name", "versions"), [(PAIN, "pain.001.001", 3), (PACS, "pacs.008.001", 2)])
def test_every_published_version_with_these_elements(message: str, name: str, versions: int) -> None:
    given = re.search(rf"{name}\.\d\d", message)
    assert given
    for version in range(versions, 14):
        assert read_message(message.replace(given[0], f"{name}.{version:02}").encode()) == read_message(
            message.encode()
        )
    for version in (versions - 1, 14):
        with pytest.raises(InputError, match="Document: got"):
            read_message(message.replace(given[0], f"{name}.{version:02}").encode())


def test_when_a_bank_took_it_stands_deeper_since_version_13() -> None:
    accepted = "<AccptncDtTm>2026-01-31T08:00:01Z</AccptncDtTm>"
    assert accepted in PACS
    newest = PACS.replace("pacs.008.001.08", "pacs.008.001.13").replace(accepted, f"<AddtlDtTm>{accepted}</AddtlDtTm>")
    assert read_message(newest.encode()) == read_message(PACS.encode())
    with pytest.raises(InputError, match=r"CdtTrfTxInf\[1\]/AddtlDtTm/AccptncDtTm: got 'soon'"):
        read_message(newest.replace("2026-01-31T08:00:01Z", "soon").encode())


@pytest.mark.parametrize("version", ["08", "10"])
def test_between_banks(version: str) -> None:
    first, second = read_message((FILES / f"pacs.008.001.{version}.xml").read_bytes())
    assert first == Payment(
        id="B-1/T-1",
        time="2026-01-31T08:00:01.000Z",
        account="1234567890123456",
        payee="6543210987654321",
        amount="11.43",
        currency="USD",
    )
    assert (second.id, second.amount, second.time) == (
        "8a562c67-ca16-48ba-b074-65581be6f002",
        "50",
        "2026-01-31T08:00:05.250Z",
    )


def test_a_local_time_needs_the_senders_zone() -> None:
    local = PAIN.replace("13:00:00+05:00", "13:00:00").encode()
    with pytest.raises(InputError, match=r"CstmrCdtTrfInitn/GrpHdr/CreDtTm: .* offset from UTC"):
        read_message(local)
    astana = timezone(timedelta(hours=5))
    assert read_message(local, astana) == read_message(PAIN.encode())
    assert read_message(PAIN.encode(), UTC) == read_message(PAIN.encode())


HEADER, FIRST = "CstmrCdtTrfInitn/GrpHdr", r"CstmrCdtTrfInitn/PmtInf\[1\]/CdtTrfTxInf\[1\]"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("pain.001.001.03", "pain.001.001.02", r"Document: .*pain\.001\.001\.02.*expected pain\.001\.001\.03"),
        ("CstmrCdtTrfInitn>", "CstmrDrctDbtInitn>", "Document/CstmrCdtTrfInitn: got '0 of them'"),
        ("<MsgId>M-20260131-1</MsgId>", "", f"{HEADER}/MsgId: got '0 of them'"),
        ("<MsgId>M-20260131-1</MsgId>", "<MsgId/>", f"{HEADER}/MsgId: got ''"),
        ("<NbOfTxs>3<", "<NbOfTxs>4<", f"{HEADER}/NbOfTxs: got '4'.*: 3"),
        ("<CtrlSum>151500.75<", "<CtrlSum>151500.76<", f"{HEADER}/CtrlSum: got '151500.76'"),
        ("<CtrlSum>151500.75<", "<CtrlSum>x<", f"{HEADER}/CtrlSum: got 'x'"),
        ("2026-01-31T13:00:00+05:00", "yesterday", f"{HEADER}/CreDtTm: got 'yesterday'"),
        ('Ccy="KZT">150000.50', 'Ccy="KZX">150000.50', f"{FIRST}/Amt/InstdAmt/@Ccy: got 'KZX'"),
        ("150000.50", "-150000.50", f"{FIRST}/Amt/InstdAmt: got '-150000.50'"),
        ("150000.50", "150000.505", f"{FIRST}/Amt/InstdAmt: got '150000.505'"),
        ("150000.50", "1e5", f"{FIRST}/Amt/InstdAmt: got '1e5'"),
        ('<InstdAmt Ccy="KZT">150000.50</InstdAmt>', "", f"{FIRST}/Amt/InstdAmt: got None"),
        ("<InstrId>I-1</InstrId><EndToEndId>E-1</EndToEndId>", "", f"{FIRST}/PmtId: got ''"),
        ("<InstrId>I-1</InstrId>", f"<InstrId>{'x' * 130}</InstrId>", f"{FIRST}/PmtId"),
        ("E-1-b", "I-1", rf"PmtInf\[2\].*/PmtId: got .*that of {FIRST}"),
        ("<IBAN>KZ39125KZT1001300335</IBAN>", "", f"{FIRST}/CdtrAcct: got None"),
        ("KZ39125KZT1001300335", "K" * 129, f"{FIRST}/CdtrAcct/Id/IBAN"),
        ("<IBAN>KZ86125KZT5004100100</IBAN>", "", r"PmtInf\[1\]/DbtrAcct: got None"),
        ("+7-7011234567", "call me", r"PmtInf\[1\]/Dbtr/CtctDtls/MobNb: got 'call me'"),
        ("<?xml", "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><?xml", "message: got"),
        ("</Document>", "", "message: .*well-formed XML"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(before: str, after: str, expected: str) -> None:
    assert before in PAIN
    with pytest.raises(InputError, match=expected):
        read_message(PAIN.replace(before, after).encode())


def test_an_external_entity_is_refused() -> None:
    evil = PAIN.replace("<Document", "<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><Document", 1)
    with pytest.raises(InputError, match="without a document type"):
        read_message(evil.replace("E-2", "&x;").encode())


def test_limits() -> None:
    with pytest.raises(InputError, match=f"at most {MESSAGE_BYTES_MAX} bytes"):
        read_message(b" " * (MESSAGE_BYTES_MAX + 1))
    transaction = (
        "<CdtTrfTxInf><PmtId><TxId>{}</TxId></PmtId><InstdAmt Ccy='KZT'>1</InstdAmt>"
        "<DbtrAcct><Prxy><Id>a</Id></Prxy></DbtrAcct><CdtrAcct><Prxy><Id>b</Id></Prxy></CdtrAcct></CdtTrfTxInf>"
    )
    head, tail = PACS[: PACS.index("<CdtTrfTxInf>")], PACS[PACS.rindex("</CdtTrfTxInf>") + len("</CdtTrfTxInf>") :]

    def message(count: int) -> bytes:
        body = "".join(map(transaction.format, range(count)))
        return (head.replace("<NbOfTxs>2<", f"<NbOfTxs>{count}<") + body + tail).encode()

    assert len(read_message(message(TRANSACTIONS_MAX))) == TRANSACTIONS_MAX
    with pytest.raises(InputError, match=f"more than {TRANSACTIONS_MAX} transactions"):
        read_message(message(TRANSACTIONS_MAX + 1))


@given(st.sampled_from([PAIN, PACS]), st.data())
def test_a_damaged_message_is_payments_that_can_be_or_bad_input(message: str, data: st.DataObject) -> None:
    content = bytearray(message.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        payments = read_message(bytes(content))
    except InputError:
        return
    assert len({payment.id for payment in payments}) == len(payments) > 0
    for payment in payments:
        assert minor_units(payment.amount, payment.currency) > 0
        assert from_text(payment.time)
        assert payment.account
        assert payment.payee


def test_the_command_gives_lines_that_decisions_are_made_on(saqta, tmp_path: Path) -> None:
    ran = saqta("payments", FILES / "pain.001.001.03.xml", FILES / "pacs.008.001.08.xml")
    assert ran.code == 0
    assert [line["id"] for line in ran.lines][:2] == ["M-20260131-1/I-1", "M-20260131-1/E-2"]
    assert {line["kind"] for line in ran.lines} == {"payment"}
    (tmp_path / "local.xml").write_text(PAIN.replace("13:00:00+05:00", "13:00:00"))
    assert saqta("payments", tmp_path / "local.xml").code == 2
    assert saqta("payments", tmp_path / "local.xml", "--zone", "+05:00").lines == ran.lines[:3]
    assert saqta("payments", tmp_path / "local.xml", "--zone", "Astana").code == 2
    assert "local.xml: CstmrCdtTrfInitn/GrpHdr/CreDtTm" in saqta("payments", tmp_path / "local.xml").err
