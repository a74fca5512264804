"""``saqta import`` of rates and lists: once, however often the same file comes."""

import json
from pathlib import Path

from saqta.commands.registers import IMPORT_EVENTS_MAX

RATES = Path(__file__).parent / "rates"
LIST = "kind,value,reason,source\nmsisdn,{},confiscated,operator\nship,1,stolen,police\n"


def events(saqta, data: Path) -> int:
    return saqta("log", "verify", "--data", data, "--json").summary["events"]


def test_a_long_register_is_appended_in_parts_and_whole(saqta, tmp_path: Path) -> None:
    count = 2 * IMPORT_EVENTS_MAX + 1
    units = tmp_path / "units.csv"
    units.write_text("unit,name\n" + "".join(f"U{n},Patrol {n}\n" for n in range(count)))
    ran = saqta("import", "units", units, "--data", tmp_path / "data", "--json")
    assert ran.summary == {"read": count, "accepted": count, "refused": []}
    assert saqta("log", "export", "--out", tmp_path / "log.jsonl", "--data", tmp_path / "data").code == 0
    told = [json.loads(line)["data"]["unit"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert told == [f"U{n}" for n in range(count)]


def test_the_same_rates_again_change_nothing(saqta, tmp_path: Path) -> None:
    for _ in range(2):
        ran = saqta("import", "rates", RATES / "kazakhstan.xml", "--data", tmp_path, "--json")
        assert (ran.summary["read"], ran.summary["accepted"]) == (4, 3)
        assert [refused["line"] for refused in ran.summary["refused"]] == [29]
        assert events(saqta, tmp_path) == 1


def test_a_jump_against_what_the_log_knows_is_refused_until_somebody_names_it(saqta, tmp_path: Path) -> None:
    rows = "publisher,day,currency,units,quote,worth\ncbt.tm,2026-01-{},USD,1,TMT,{}\ncbt.tm,2026-01-{},EUR,1,TMT,4\n"
    for day, worth in ((30, "3.5"), (31, "35")):
        (tmp_path / f"{day}.csv").write_text(rows.format(day, worth, day))
    data = tmp_path / "data"
    assert saqta("import", "rates", tmp_path / "30.csv", "--data", data).code == 0
    for _ in range(2):
        ran = saqta("import", "rates", tmp_path / "31.csv", "--data", data, "--json")
        assert ran.code == 2
        assert "--jumped USD" in ran.err
    ran = saqta("import", "rates", tmp_path / "31.csv", "--data", data, "--jumped", "USD", "--json")
    assert ran.summary == {"read": 2, "accepted": 2, "refused": []}


def test_the_same_list_again_changes_nothing_and_an_earlier_one_may_come_back(saqta, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for number, size in (("+77010000001", 1), ("+77010000001", 1), ("+77010000002", 2), ("+77010000001", 3)):
        (tmp_path / "sims.csv").write_text(LIST.format(number))
        ran = saqta("import", "lists", tmp_path / "sims.csv", "--data", data, "--json")
        assert (ran.code, ran.summary["accepted"], len(ran.summary["refused"])) == (0, 1, 1)
        assert events(saqta, data) == size


def test_what_can_not_be_read_leaves_nothing_behind(saqta, tmp_path: Path) -> None:
    (tmp_path / "sims.csv").write_bytes(b"\x7fELF" + bytes(5_000))
    for kind in ("lists", "rates"):
        ran = saqta("import", kind, tmp_path / "sims.csv", "--data", tmp_path / "data")
        assert ran.code == 2
        assert ran.out == ""
        assert not (tmp_path / "data" / "log.db").exists()
