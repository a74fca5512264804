"""Exchange rates in each form in which they are published, the figures invented."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saqta.intake.rates.form import ROWS_MAX, document_of
from saqta.intake.rates.reading import FILE_BYTES_MAX, PUBLICATIONS_MAX, read_rates
from saqta.intake.registers import Register
from saqta.intake.xml import DEPTH_MAX, ELEMENTS_MAX, XML_BYTES_MAX, read_xml
from saqta.model.errors import InputError
from saqta.model.kinds import CURRENCIES_MAX, RatesPublished
from saqta.registry import RATES

FILES = Path(__file__).parent / "rates"
TODAY = date(2026, 1, 31)
HEADER = "publisher,day,currency,units,quote,worth\n"


def read(path: Path, newest: RatesPublished | None = None, jumped: tuple[str, ...] = ()) -> Register:
    return read_rates(path, RATES, lambda publisher, quote: newest, TODAY, jumped)


def written(folder: Path, text: str) -> Path:
    path = folder / "rates.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("file", "publisher", "quote", "rates"),
    [
        (
            "kazakhstan.xml",
            "nationalbank.kz",
            "KZT",
            {"USD": ("1", "512.82"), "KGS": ("10", "58.64"), "UZS": ("100", "4.21")},
        ),
        ("kazakhstan-feed.xml", "nationalbank.kz", "KZT", {"EUR": ("1", "601.90")}),
        ("kyrgyzstan.xml", "nbkr.kg", "KGS", {"USD": ("1", "87.4500"), "KZT": ("1", "0.1705")}),
        ("tajikistan.xml", "nbt.tj", "TJS", {"USD": ("1", "10.6512"), "KZT": ("100", "2.0771")}),
        ("uzbekistan.json", "cbu.uz", "UZS", {"USD": ("1", "12180.55"), "KZT": ("1", "23.75")}),
        ("uzbekistan.xml", "cbu.uz", "UZS", {"USD": ("1", "12180.55")}),
        ("table.csv", "cbt.tm", "TMT", {"USD": ("1", "3.5")}),
    ],
)
def test_each_form_is_known_and_read(file: str, publisher: str, quote: str, rates: dict) -> None:
    register = read(FILES / file)
    assert register.records == (RatesPublished(publisher=publisher, day=TODAY, quote=quote, rates=rates),)


def test_a_file_of_several_days_is_several_publications_in_order() -> None:
    before, now = read(FILES / "europe.xml").records
    assert (before.day, before.rates) == (date(2026, 1, 29), {"USD": ("1.1702", "1")})
    assert now.rates == {"USD": ("1.1730", "1"), "JPY": ("181.22", "1")}


def test_what_is_refused_is_told_by_its_line() -> None:
    register = read(FILES / "kazakhstan.xml")
    assert (register.read, [refusal.line for refusal in register.refused]) == (4, [29])
    assert "XDR" in register.refused[0].reason
    [refusal] = read(FILES / "kazakhstan-feed.xml").refused
    assert refusal.line == 5
    assert refusal.reason.startswith("day: got '31.01.26'")


def test_the_rates_of_a_bank_that_does_not_say_who_it_is_are_not_taken_for_anothers(tmp_path: Path) -> None:
    text = (FILES / "tajikistan.xml").read_bytes().replace(b'ID="840"', b'ID="R01235"')
    (tmp_path / "other.xml").write_bytes(text)
    with pytest.raises(InputError, match="one of kazakhstan, kyrgyzstan"):
        read(tmp_path / "other.xml")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("cbt.tm,2026-01-31,USD,0,TMT,3.5", "units: got '0'"),
        ("cbt.tm,2026-01-31,USD,1,TMT,-3.5", "worth: got '-3.5'"),
        ("cbt.tm,2026-01-31,USD,1,TMT,3.5e3", "worth: got '3.5e3'"),
        ("cbt.tm,2026-01-31,USD,1,TMT,=1+1", "worth: got '=1+1'"),
        ("cbt.tm,2026-01-31,USD,1,TMT,", "worth: got ''"),
        ("cbt.tm,2026-01-31,USD,1,USD,1", "another currency"),
        ("cbt.tm,2026-01-31,DOLLAR,1,TMT,3.5", "currency: got 'DOLLAR'"),
        ("cbt.tm,2026-02-31,USD,1,TMT,3.5", "day: got '2026-02-31'"),
        ("cbt.tm,2026-02-08,USD,1,TMT,3.5", "within 7 days"),
        (",2026-01-31,USD,1,TMT,3.5", "publisher: got ''"),
    ],
)
def test_a_line_that_can_not_be_is_refused_alone(tmp_path: Path, line: str, reason: str) -> None:
    register = read(written(tmp_path, f"{HEADER}{line}\ncbt.tm,2026-01-31,EUR,1,TMT,4.1\n"))
    assert len(register.records) == 1
    [refusal] = register.refused
    assert refusal.line == 2
    assert reason in refusal.reason


@pytest.mark.parametrize("line", ["cbt.tm,2026-01-31,USD,1,TMT,3,5", "cbt.tm,2026-01-31,USD,1,TMT"])
def test_a_table_with_other_cells_than_columns_is_none(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputError, match=r"line 3 with [57] cells.* expected 6, one for each column"):
        read(written(tmp_path, f"{HEADER}cbt.tm,2026-01-31,EUR,1,TMT,4.1\n{line}\n"))


def test_a_currency_stands_once_in_a_day(tmp_path: Path) -> None:
    register = read(written(tmp_path, HEADER + "cbt.tm,2026-01-31,USD,1,TMT,3.5\n" * 2))
    assert [refusal.line for refusal in register.refused] == [3]
    assert "stood in line 2" in register.refused[0].reason


def test_a_jump_is_refused_unless_somebody_says_that_it_is_true(tmp_path: Path) -> None:
    known = RatesPublished(publisher="cbt.tm", day=date(2026, 1, 20), quote="TMT", rates={"USD": ("1", "3.5")})
    path = written(tmp_path, HEADER + "cbt.tm,2026-01-31,USD,1,TMT,5.26\ncbt.tm,2026-01-31,EUR,1,TMT,4.1\n")
    jump = r"1 USD = 5.26 TMT \(cbt.tm, 2026-01-31\) is more than 50 % off 1 USD = 3.5 TMT .* give --jumped USD"
    with pytest.raises(InputError, match=jump):
        read(path, known)
    assert read(path, known, ("USD",)).refused == ()
    long_ago = RatesPublished(publisher="cbt.tm", day=date(2025, 12, 1), quote="TMT", rates={"USD": ("1", "3.5")})
    assert read(path, long_ago).refused == ()


def test_a_jump_within_a_file_is_refused_and_what_follows_is_measured_by_what_was_taken(tmp_path: Path) -> None:
    days = [("2026-01-31", "3.6"), ("2026-01-30", "360"), ("2026-01-29", "3.5")]
    register = read(written(tmp_path, HEADER + "".join(f"cbt.tm,{day},USD,1,TMT,{worth}\n" for day, worth in days)))
    assert [record.day.day for record in register.records] == [29, 31]
    assert [refusal.line for refusal in register.refused] == [3]


def test_beside_a_jump_nothing_of_the_day_is_taken(tmp_path: Path) -> None:
    lines = ("30,USD,1,TMT,3.5", "31,EUR,1,TMT,4.1", "31,USD,1,TMT,35", "31,USD,1,KZT,512")
    register = read(written(tmp_path, HEADER + "".join(f"cbt.tm,2026-01-{line}\n" for line in lines)))
    assert [(record.day.day, record.quote) for record in register.records] == [(30, "TMT"), (31, "KZT")]
    assert [refusal.line for refusal in register.refused] == [3, 4]
    assert register.refused[0].reason == "nothing of a day is taken on which a rate jumps (line 4)"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "rates in the form of one of"),
        (b"a,b\n1,2\n", "rates in the form of one of"),
        (b"\x00\xff\xfe\x80", "CSV in UTF-8"),
        (b"<rates>", "well-formed XML"),
        (b"<other/>", "rates in the form of one of"),
        (b"<rates/>", "at least one rate"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><rates/>', "without a document type"),
        (b'<?xml version="1.0" encoding="utf-99"?><rates/>', "well-formed XML"),
        (b"[1]", "list of JSON objects"),
        (b"[" * 100_000, "JSON"),
        (b'{"a": 1}', "list of JSON objects"),
        (HEADER.encode() + b"x" * 200_000, "CSV"),
    ],
)
def test_nothing_readable_is_one_clear_error(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "rates"
    path.write_bytes(content)
    with pytest.raises(InputError, match=expected):
        read(path)


def test_limits(tmp_path: Path) -> None:
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    with pytest.raises(InputError, match="at most"):
        read(huge)
    with pytest.raises(InputError, match="a readable file"):
        read(tmp_path / "none")
    with pytest.raises(InputError, match=f"at most {XML_BYTES_MAX} bytes"):
        read_xml(b" " * (XML_BYTES_MAX + 1))
    with pytest.raises(InputError, match=f"more than {ELEMENTS_MAX} elements"):
        read_xml(b"<a>" + b"<b/>" * ELEMENTS_MAX + b"</a>")
    with pytest.raises(InputError, match=f"at most {DEPTH_MAX} deep"):
        read_xml(b"<a>" * (DEPTH_MAX + 1) + b"</a>" * (DEPTH_MAX + 1))
    with pytest.raises(InputError, match=f"more than {ROWS_MAX} rows"):
        document_of(b"a\n" + b"1\n" * (ROWS_MAX + 1))
    many = "".join(f"p{n},2026-01-31,USD,1,TMT,3.5\n" for n in range(PUBLICATIONS_MAX + 1))
    with pytest.raises(InputError, match=f"at most {PUBLICATIONS_MAX} days"):
        read(written(tmp_path, HEADER + many))
    assert len(RATES) < CURRENCIES_MAX  # As many as ISO 4217 has fit: no file reaches that limit.


@given(st.sampled_from(sorted(FILES.iterdir())), st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(file: Path, data: st.DataObject) -> None:
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        document = document_of(bytes(content))
        lines = [line for reader in RATES.values() for line in reader(document) or ()]
    except InputError:
        return
    assert all(isinstance(text, str) for line in lines for text in line[1:])
