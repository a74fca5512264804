"""Lists of what is blocked, from CSV."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saqta.intake import lists
from saqta.intake.lists import FILE_BYTES_MAX, LINE_BYTES_MAX, read_list
from saqta.intake.registers import REFUSED_MAX, Register
from saqta.log.merkle import Tree, inclusion_proof, leaf_hash, verify_inclusion
from saqta.model.errors import InputError
from saqta.model.event import EVENT_BYTES_MAX, encode
from saqta.model.kinds import LIST_PARTS_MAX, LIST_TERMS_MAX, LISTED_ROWS_MAX, ListTerms
from saqta.model.listing import canonical, digester, find_in, listed
from saqta.model.terms import ListedKind
from saqta.wiring import announce

DIGEST = digester(b"k" * 64)
HEADER = "kind,value,reason,source\n"


def read(folder: Path, text: str | bytes, name: str = "sims.csv") -> Register:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_list(path, DIGEST)


def sims(count: int, reasons: int = 1) -> str:
    return HEADER + "".join(f"imsi,{400_000_000_000_000 + n},reason {n % reasons},operator\n" for n in range(count))


def test_rows_become_digests_with_their_terms(tmp_path: Path) -> None:
    text = (
        "source,kind,value,until,reason\n"
        "operator A,msisdn,+7 701 123-45-67,2027-01-01,SIM card confiscated\n"
        "operator A,imei,490154203237518,,stolen\n"
        "operator A,msisdn,+77010000000,2027-01-01T12:00:00+05:00,SIM card confiscated\n"
    )
    register = read(tmp_path, "\ufeff" + text)
    [part] = register.records
    assert (part.list, part.part, part.parts, part.total, register.read) == ("sims", 1, 1, 3, 3)
    assert find_in(part, DIGEST(ListedKind.MSISDN, "+77011234567")) == ListTerms(
        kind=ListedKind.MSISDN,
        reason="SIM card confiscated",
        source="operator A",
        valid_until_ms=1_798_761_600_000,
    )
    assert find_in(part, DIGEST(ListedKind.IMEI, canonical(ListedKind.IMEI, "49015420323751"))) is not None
    assert len(part.terms) == 3
    assert b"7011234567" not in encode(announce([part], "test")[0])


def test_a_row_is_proved_by_a_short_path_to_its_parts_root(tmp_path: Path) -> None:
    [part] = read(tmp_path, sims(1_000, 7)).records
    leaves = [leaf_hash(digest + msgspec.json.encode(terms)) for digest, terms in listed(part)]
    groups = [node.hash for node in Tree().extend(leaves)]

    def kept(level: int, first: int, count: int) -> list[bytes]:
        return (groups if level else leaves)[first : first + count]

    path = inclusion_proof(421, len(leaves), kept)
    assert verify_inclusion(421, len(leaves), leaves[421], path, bytes.fromhex(part.root))


def test_a_long_list_is_cut_into_parts_that_fit_an_event(tmp_path: Path) -> None:
    register = read(tmp_path, sims(LISTED_ROWS_MAX + 1))
    assert [(part.part, part.parts, len(list(listed(part)))) for part in register.records] == [
        (1, 2, LISTED_ROWS_MAX),
        (2, 2, 1),
    ]
    assert all(len(encode(event)) < EVENT_BYTES_MAX for event in announce(register.records, "test"))
    many = read(tmp_path, sims(3 * LIST_TERMS_MAX, LIST_TERMS_MAX + 1))
    assert all(len(part.terms) <= LIST_TERMS_MAX for part in many.records)
    assert sum(len(list(listed(part))) for part in many.records) == 3 * LIST_TERMS_MAX


def test_the_largest_part_fits_an_event(tmp_path: Path) -> None:
    rows = "".join(
        f"imsi,{400_000_000_000_000 + n},{n % LIST_TERMS_MAX:0300d},{'s' * 64}\n" for n in range(LISTED_ROWS_MAX)
    )
    [part] = read(tmp_path, HEADER + rows).records
    assert len(encode(announce([part], "test")[0])) < EVENT_BYTES_MAX


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("ship,1,stolen,operator", "kind: got 'ship'"),
        ("msisdn,87011234567,stolen,operator", "value: got '87011234567'"),
        ("msisdn,+77011234567,,operator", "reason: got ''"),
        ("msisdn,+77011234567,=HYPERLINK(1),operator", "spreadsheet"),
        ("msisdn,+77011234567,stolen,@SUM(A1)", "spreadsheet"),
        ("msisdn,+77011234567,sto\tlen,operator", "in one line"),
        (f"msisdn,+77011234567,{'r' * 301},operator", "1 to 300 characters"),
        ("msisdn,+77011234567,stolen", "row: got '3 cells', expected 4"),
        ("msisdn,+77011234567,stolen,operator,again", "row: got '5 cells', expected 4"),
        ("msisdn", "row: got '1 cells', expected 4"),
    ],
)
def test_a_row_that_can_not_be_is_refused_alone(tmp_path: Path, row: str, reason: str) -> None:
    register = read(tmp_path, f"{HEADER}{row}\nmsisdn,+77010000000,stolen,operator\n")
    assert register.records[0].total == 1
    [refusal] = register.refused
    assert refusal.line == 2
    assert reason in refusal.reason


@pytest.mark.parametrize(
    ("dates", "reason"),
    [
        ("2026-02-01,2026-01-01", "until: got '2026-01-01'"),
        ("yesterday,", "from: got 'yesterday'"),
        (",2026-01-01T00:00:00", "until: .*offset"),
    ],
)
def test_times_that_can_not_be(tmp_path: Path, dates: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(tmp_path, f"kind,value,reason,source,from,until\nmsisdn,+77010000000,stolen,operator,{dates}\n")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "header: got ''"),
        (b"\x00\x01\x02\xff" * 100, "header"),
        (b"MZ\x90\x00" + bytes(10_000), "at most 4096 bytes in a line"),
        (b"kind,value\n", "header: got 'kind,value'"),
        (b"kind,kind,value,reason,source\n", "header"),
        (b"kind,value,reason,source,password\n", "header"),
        (HEADER.encode(), "at least one row"),
        (HEADER.encode() + b"msisdn,+77010000000,\xff\xfe,operator\n", r"at least one row .*in UTF-8.* in line 2"),
        (HEADER.encode() + b'msisdn,+77010000000,"open,operator\n', "line 2: .*CSV"),
        (HEADER.encode() + b'msisdn,+7701"0000000,"a"b,operator\n', "line 2: .*CSV"),
        (HEADER.encode() + b"x" * (LINE_BYTES_MAX + 1), f"line 2: .*at most {LINE_BYTES_MAX} bytes"),
    ],
)
def test_a_poisoned_file_is_one_clear_error(tmp_path: Path, content: bytes, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read(tmp_path, content)


def test_a_line_of_a_gigabyte_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "sims.csv"
    with path.open("wb") as file:
        file.write(HEADER.encode())
        file.truncate(1 << 30)
    with pytest.raises(InputError, match="line 2: "):
        read_list(path, DIGEST)


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"rows that can.{1,2}t be taken.*nothing was taken \(line 3"):
        read(tmp_path, sims(1) + "ship,1,a,b\n" * (REFUSED_MAX + 1))
    with pytest.raises(InputError, match="1 to 64 characters"):
        read(tmp_path, sims(1), "n" * 65 + ".csv")
    with pytest.raises(InputError, match="a readable file"):
        read_list(tmp_path / "none.csv", DIGEST)
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    with pytest.raises(InputError, match=f"at most {FILE_BYTES_MAX} bytes"):
        read_list(huge, DIGEST)
    monkeypatch.setattr(lists, "ROWS_MAX", 10)
    with pytest.raises(InputError, match="more than 10 rows"):
        read(tmp_path, sims(11))
    monkeypatch.setattr(lists, "ROWS_MAX", 10_000)
    monkeypatch.setattr(lists, "LISTED_ROWS_MAX", 1)
    with pytest.raises(InputError, match=f"at most {LIST_PARTS_MAX}"):
        read(tmp_path, sims(LIST_PARTS_MAX + 1))


@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path_factory, data: st.DataObject) -> None:
    content = bytearray(sims(20, 3).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        register = read(tmp_path_factory.getbasetemp(), bytes(content))
    except InputError:
        return
    assert sum(len(list(listed(part))) for part in register.records) == register.records[0].total <= register.read
