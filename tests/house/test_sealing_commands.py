"""`saqta redact --sealed` and `saqta seal`: what a person does, from a key pair to an opened original on record."""

import json
from pathlib import Path

import pytest

from edge.rendered import Walker, encode, scene
from saqta.__main__ import main
from saqta.commands.pictures import KEY_BYTES_MAX

PURPOSE = "case 7, by order of the court"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a film and two people in its data."""
    monkeypatch.chdir(tmp_path)
    encode(tmp_path / "film.mp4", scene([Walker((-0.1, 0.8), (1.1, 0.8), 0, 4)], 4))
    for name, role in (("alice", "supervisor"), ("bob", "auditor")):
        assert run("user", "add", name, "--role", role) == 0
    return tmp_path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def open_with(*keys: str, by: str = "alice", second: str = "bob", purpose: str = PURPOSE, out: str = "out.mkv") -> int:
    given = [part for key in keys for part in ("--key", key)]
    return run("seal", "open", "film.sealed", out, *given, "--by", by, "--second", second, "--purpose", purpose)


def openings() -> list[dict]:
    assert run("log", "export", "--out", "log.jsonl") == 0
    events = [json.loads(line) for line in Path("log.jsonl").read_text().splitlines()]
    return [event for event in events if event["type"] == "saqta.original.opened.v1"]


def test_an_original_is_opened_by_two_people_for_a_purpose_and_on_record(folder: Path, capsys) -> None:
    assert run("seal", "keys", "court", "--halved") == 0
    assert {path.name: path.stat().st_mode & 0o077 for path in folder.glob("court.*")} == {
        "court.pub": 0, "court.key.1": 0, "court.key.2": 0
    }  # fmt: skip
    capsys.readouterr()
    assert run("redact", "film.mp4", "covered.mp4", "--sealed", "film.sealed", "--to", "court.pub", "--json") == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])["summary"]
    assert summary["frames"] == 40
    assert summary["sealed"]["frame_groups"] >= 2
    halves = ("court.key.1", "court.key.2")
    refused = [
        open_with(halves[0]),
        open_with(*halves, second="alice"),
        open_with(*halves, second="nobody"),
        open_with(*halves, purpose=" "),
    ]
    assert refused == [2, 2, 2, 2]
    assert not (folder / "out.mkv").exists()
    assert openings() == []
    assert open_with(*halves) == 0
    assert (folder / "out.mkv").stat().st_size > 1000
    (opening,) = openings()
    assert (opening["actor"], opening["purpose"]) == ("user/alice", PURPOSE)
    assert opening["data"] == {"sha256": summary["sealed"]["sha256"], "second": "bob"}


def test_nothing_is_opened_that_cannot_be_recorded(folder: Path) -> None:
    assert run("seal", "keys", "court") == 0
    assert run("redact", "film.mp4", "covered.mp4", "--sealed", "film.sealed", "--to", "court.pub") == 0
    (folder / "saqta-data" / "log.db").write_bytes(b"no log")
    assert open_with("court.key") != 0
    assert not (folder / "out.mkv").exists()


def test_a_key_pair_is_never_written_over(folder: Path) -> None:
    assert run("seal", "keys", "court") == 0
    kept = (folder / "court.key").read_text()
    assert run("seal", "keys", "court") == 2
    assert (folder / "court.key").read_text() == kept


def test_a_key_is_no_longer_than_the_limit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("seal", "keys", "court") == 0
    (folder / "long.pub").write_text(" " * KEY_BYTES_MAX + (folder / "court.pub").read_text())
    assert run("redact", "film.mp4", "covered.mp4", "--sealed", "film.sealed", "--to", "long.pub") == 2
    assert "saqta-seal-public:" in capsys.readouterr().err


@pytest.mark.parametrize("link", ["itself", "symbolic", "hard"])
@pytest.mark.parametrize(
    ("arguments", "linked", "to"),
    [
        (("film.mp4", "other.mp4"), "other.mp4", "film.mp4"),
        (("film.mp4", "out.mp4", "--sealed", "other"), "other", "film.mp4"),
        (("film.mp4", "out.mp4", "--sealed", "other"), "other", "out.mp4"),
    ],
)
def test_nothing_is_written_over_what_is_read_or_written_beside_it(
    folder: Path, link: str, arguments: tuple[str, ...], linked: str, to: str
) -> None:
    assert run("seal", "keys", "court") == 0
    if not (folder / to).exists():
        (folder / to).write_bytes(b"an older film")
    kept = {path.name: path.read_bytes() for path in (folder / "film.mp4", folder / to)}
    if link == "symbolic":
        (folder / linked).symlink_to(folder / to)
    elif link == "hard":
        (folder / linked).hardlink_to(folder / to)
    given = [to if link == "itself" and each == linked else each for each in arguments]
    assert run("redact", *given, *(("--to", "court.pub") if "--sealed" in given else ())) == 2
    assert {name: (folder / name).read_bytes() for name in kept} == kept


def test_an_original_is_not_opened_over_its_seal(folder: Path) -> None:
    assert run("seal", "keys", "court") == 0
    assert run("redact", "film.mp4", "covered.mp4", "--sealed", "film.sealed", "--to", "court.pub") == 0
    sealed = (folder / "film.sealed").read_bytes()
    (folder / "film.mkv").symlink_to("film.sealed")
    assert open_with("court.key", out="film.mkv") == 2
    assert (folder / "film.sealed").read_bytes() == sealed


def test_a_film_is_named_by_what_is_in_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("redact", "film.mp4", "covered.avi") == 2
    assert "ends in .mp4" in capsys.readouterr().err
    assert not (folder / "covered.avi").exists()


@pytest.mark.parametrize("options", [["--sealed", "a"], ["--to", "a"], ["--sealed", "a", "--to", "no-key"]])
def test_a_seal_without_a_file_or_a_key_is_bad_usage(folder: Path, options: list[str]) -> None:
    assert run("redact", "film.mp4", "covered.mp4", *options) == 2
    assert not (folder / "covered.mp4").exists()
