"""The commands, as a user gives them."""

import fcntl
import json
import os
import socket
import sqlite3
import subprocess
from pathlib import Path

import pytest

from conftest import SAQTA
from saqta.log.notes import NOTE_BYTES_MAX
from saqta.log.personal import Keyring
from saqta.model.event import decode


@pytest.fixture
def data(tmp_path: Path, saqta) -> Path:
    """A data folder with three events in its log."""
    folder = tmp_path / "data"
    register = tmp_path / "units.csv"
    register.write_text("unit,name,lat,lon\nU1,Patrol 1,51.1,71.4\nU2,Patrol 2,51.1,71.5\nU3,Patrol 3,95.0,71.5\n")
    ran = saqta("import", "units", register, "--data", folder, "--json")
    assert ran.code == 0, ran.err
    refused = {"line": 4, "reason": "a place needs lat in -90..90 and lon in -180..180, got 95.0, 71.5"}
    assert ran.lines == [refused, {"summary": {"read": 3, "accepted": 2, "refused": [refused]}}]
    assert saqta("user", "add", "alice", "--role", "dispatcher", "--data", folder).code == 0
    return folder


SECOND = ("sim:demo/depot?seconds=1",)
LINE = "gate=0,0.5,1,0.5"
ZONE = "yard=0,0,1,0,1,1"
COMMANDS = (
    *(
        "",
        "demo",
        "serve",
        "watch",
        "redact",
        "seal keys",
        "seal open",
        "import",
        "simulate",
        "bench",
        "model add",
        "model list",
        "user add",
        "token add",
        "person erase",
    ),
    *("log", "log verify", "log export", "log import", "log replay", "log rebuild", "log checkpoint"),
)


def test_the_command_is_installed() -> None:
    told = subprocess.run([SAQTA, "--help"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("Usage: saqta")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_of_itself(saqta, command: str) -> None:
    ran = saqta(*command.split(), "--help")
    assert ran.code == 0
    assert ran.out.startswith("Usage: saqta")


def test_a_sign_in_link_and_a_token_stand_alone_on_standard_output(data: Path, saqta) -> None:
    link = saqta("user", "add", "bob", "--role", "supervisor", "--data", data)
    assert link.out.startswith("http://127.0.0.1:8102/sign-in?link=")
    token = saqta("token", "add", "--role", "partner", "--partner", "Bank", "--source", "/bank", "--data", data)
    assert token.code == 0
    assert len(token.out.strip()) >= 43
    assert len(token.out.splitlines()) == 1
    assert token.out.strip() not in (data / "log.db").read_bytes().decode(errors="replace")


def test_verify_finds_what_was_changed_and_names_it(data: Path, saqta) -> None:
    checkpoint = saqta("log", "checkpoint", "--data", data)
    assert checkpoint.code == 0
    assert "\n— " in checkpoint.out
    whole = saqta("log", "verify", "--data", data, "--json")
    assert (whole.code, whole.summary["ok"], whole.summary["events"]) == (0, True, 3)
    with sqlite3.connect(data / "log.db") as log:
        log.execute("UPDATE events SET stored = CAST(replace(stored, 'Patrol 2', 'Patrol 9') AS BLOB) WHERE seq = 2")
    log.close()
    broken = saqta("log", "verify", "--data", data, "--json")
    assert (broken.code, broken.summary["ok"], broken.summary["first_bad_seq"]) == (3, False, 2)


def test_a_checkpoint_that_is_too_long_is_none(data: Path, tmp_path: Path, saqta) -> None:
    note = saqta("log", "checkpoint", "--data", data).out
    longer = tmp_path / "longer"
    longer.write_text(note + note[note.index("— ") :] * (NOTE_BYTES_MAX // 100))
    refused = saqta("log", "verify", "--data", data, "--checkpoint", longer, "--json")
    assert (refused.code, refused.out) == (2, "")
    assert "a signed note" in refused.err


def test_a_checkpoint_of_another_log_verifies_nothing(data: Path, tmp_path: Path, saqta) -> None:
    assert saqta("user", "add", "bob", "--role", "auditor", "--data", tmp_path / "other").code == 0
    theirs = tmp_path / "theirs"
    theirs.write_text(saqta("log", "checkpoint", "--data", tmp_path / "other").out)
    assert saqta("log", "checkpoint", "--data", data).code == 0
    refused = saqta("log", "verify", "--data", data, "--checkpoint", theirs, "--json")
    assert (refused.code, refused.summary["ok"]) == (3, False)
    assert "not signed by" in refused.summary["says"][0]


def test_a_log_goes_out_and_in_again_with_the_same_root(data: Path, tmp_path: Path, saqta) -> None:
    out, other = tmp_path / "log.jsonl", tmp_path / "other"
    assert saqta("log", "export", "--out", out, "--data", data, "--json").summary["events"] == 3
    assert [decode(line).type for line in out.read_bytes().splitlines()][-1] == "saqta.user.added.v1"
    read = saqta("log", "import", out, "--data", other, "--json")
    assert (read.code, read.summary["accepted"], read.summary["refused"]) == (0, 3, [])
    again = saqta("log", "import", out, "--data", other, "--json")
    assert (again.summary["accepted"], again.summary["repeats"]) == (0, 3)
    roots = {saqta("log", "verify", "--data", folder, "--json").summary["root"] for folder in (data, other)}
    assert len(roots) == 1


def test_looking_adds_nothing(data: Path, tmp_path: Path, saqta) -> None:
    before = saqta("log", "verify", "--data", data, "--json").summary["events"]
    saqta("log", "export", "--out", tmp_path / "out.jsonl", "--data", data)
    saqta("log", "replay", "--data", data)
    assert saqta("log", "verify", "--data", data, "--json").summary["events"] == before


def test_rebuilt_tables_equal_replayed_ones(data: Path, saqta) -> None:
    rebuilt, replayed = (saqta("log", verb, "--data", data, "--json") for verb in ("rebuild", "replay"))
    assert rebuilt.code == replayed.code == 0
    assert rebuilt.lines == replayed.lines
    assert len(rebuilt.lines) > 10
    early = saqta("log", "replay", "--data", data, "--until", "2020-01-01T00:00:00Z", "--json")
    assert early.lines != replayed.lines


def test_watching_a_simulated_camera_tells_alerts_and_counts(saqta) -> None:
    ran = saqta("watch", "sim:demo/depot?seconds=20", "--json", "--zone", "all=0,0,1,0,1,1,0,1", "--restricted", "all")
    assert ran.code == 0, ran.err
    assert ran.summary["frames"] == 200
    assert ran.summary["alerts"]["intrusion"] >= 1
    assert {line["type"] for line in ran.lines[:-1]} >= {"saqta.alert.raised.v1"}
    assert ran.lines[0]["data"]["reasons"]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_watching_a_street_tells_what_crossed_its_lines(saqta, form: list[str]) -> None:
    ran = saqta("watch", "sim:demo/avenue?seconds=20", "--line", "avenue=0.02,0.75,0.98,0.75", *form)
    assert ran.code == 0, ran.err
    assert "line.counted" in ran.out
    if form:
        counts = ran.summary["counts"]["avenue"]
        assert sum(counts["forward"].values()) + sum(counts["backward"].values()) >= 1


def test_a_scenario_is_written_with_its_truth(tmp_path: Path, saqta) -> None:
    ran = saqta("simulate", "demo", "--seed", "3", "--seconds", "2", "--out", tmp_path, "--json")
    assert ran.code == 0, ran.err
    assert json.loads((tmp_path / "truth.json").read_text())
    events = [decode(line) for line in (tmp_path / "events.jsonl").read_bytes().splitlines()]
    assert any(event.type == "saqta.roads.imported.v1" for event in events)
    assert len(list(tmp_path.glob("*.mp4"))) >= 3


def test_a_person_is_erased_by_what_is_known_of_them(data: Path, saqta) -> None:
    keyring = Keyring(data / "keys.db")
    person = keyring.person_of("+7 701 123 45 67")
    sealed = keyring.seal(person, "call-1", "caller_name", "Aigerim")
    ran = saqta("person", "erase", "+77011234567", "--purpose", "asked to be forgotten", "--data", data)
    assert ran.code == 0, ran.err
    assert keyring.disclose(sealed, "call-1", "caller_name") is None
    keyring.close()
    assert "+77011234567" not in ran.out


def test_nobody_is_said_to_be_erased_who_was_never_known(data: Path, saqta) -> None:
    ran = saqta("person", "erase", "+77010000000", "--purpose", "asked to be forgotten", "--data", data)
    assert (ran.code, "known by" in ran.err) == (2, True)


def test_cameras_of_the_settings_watch_their_source(tmp_path: Path, saqta) -> None:
    settings = tmp_path / "saqta.toml"
    settings.write_text(
        '[cameras.C1]\nsource = "sim:demo/depot"\nrestricted = ["all"]\n'
        "[cameras.C1.zones]\nall = [[0, 0], [1, 0], [1, 1], [0, 1]]\n"
    )
    ran = saqta("watch", "sim:demo/depot?seconds=20", "--camera", "C1", "--settings", settings, "--json")
    assert ran.summary["alerts"]["intrusion"] >= 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["watch", "none.mp4"], "a file that exists"),
        (["watch", "sim:demo/nowhere"], "camera"),
        (["watch", "sim:demo/depot?seconds=1", "--zone", "z=0,0,2,0,1,1"], "0 to 1"),
        (["watch", "sim:demo/depot?seconds=1", "--restricted", "yard"], "the name of a zone"),
        (["watch", "sim:demo/depot?seconds=1", "--line", "gate"], "NAME=x0,y0,x1,y1"),
        (["watch", *SECOND, "--line", LINE, "--line", LINE], "line: got 'gate', expected each name once"),
        (["watch", *SECOND, "--zone", ZONE, "--zone", ZONE], "zone: got 'yard', expected each name once"),
        (["watch", *SECOND, "--zone", ZONE, *("--restricted", "yard") * 2], "restricted: got 'yard', expected each"),
        (["watch", *SECOND, "--zone", ZONE, *("--keep-clear", "yard") * 2], "keep_clear: got 'yard', expected each"),
        (["watch", *SECOND, "--zone", ZONE, *("--lane", "yard") * 2], "lane: got 'yard', expected each"),
        (["watch", *SECOND, "--zone", ZONE, *("--abandoned-zone", "yard=5") * 2], "abandoned_zone: got 'yard'"),
        (["import", "units", "none.csv"], "readable file"),
        (["import", "ships", "none.csv"], "one of cameras"),
        (["import", "units", "none.csv", "--jumped", "USD"], "rates"),
        (["log", "rebuild"], "there is no"),
        (["person", "erase", "+77010000000", "--purpose", "asked"], "there is no"),
        (["token", "add", "--role", "partner", "--partner", "X", "--source", "not a URI"], "without # and spaces"),
        (["token", "add", "--role", "partner"], "partner"),
        (["log", "replay", "--until", "yesterday"], "RFC 3339"),
        (["log", "import", "none.jsonl"], "none.jsonl"),
        (["simulate", "nothing", "--out", "out"], "demo"),
        (["bench", "nothing"], "one of"),
        (["serve", "--port", "70000"], "65535"),
        (["fly"], "No such command"),
        (["demo", "--video", "none.mp4", "--port", "0"], "a file that exists"),
        (["demo", "--video", __file__, "--port", "0"], "a video file"),
        (["onvif", "discover", "--to", "127.0.0.1:65536"], "1 to 65535"),
        (["log", "export", "--out", "/proc/none/log.jsonl"], "log.db"),
    ],
)
def test_bad_input_is_one_clear_message(arguments: list[str], says: str, tmp_path: Path, saqta) -> None:
    data = [] if arguments[0] in ("watch", "simulate", "bench", "fly", "onvif") else ["--data", str(tmp_path / "data")]
    ran = saqta(*arguments, *data)
    assert ran.code == 2
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_a_camera_that_the_settings_do_not_know_is_refused(tmp_path: Path, saqta) -> None:
    settings = tmp_path / "saqta.toml"
    settings.write_text('[cameras.C1]\nsource = "sim:demo/depot"\n')
    ran = saqta("watch", "sim:demo/depot?seconds=1", "--camera", "C2", "--settings", settings)
    assert (ran.code, "C1" in ran.err) == (2, True)


def test_a_camera_that_can_not_be_watched_is_refused_before_it_is_recorded(data: Path, tmp_path: Path, saqta) -> None:
    register = tmp_path / "cameras.csv"
    register.write_text(
        "camera,source\nMain gate,rtsp://camera.example/1\ngate,rtsp://camera.example/2\ndoor,http://camera.example/3\n"
    )
    ran = saqta("import", "cameras", register, "--data", data, "--json")
    assert (ran.summary["read"], ran.summary["accepted"]) == (3, 1)
    assert [refused["line"] for refused in ran.summary["refused"]] == [2, 4]
    settings = tmp_path / "saqta.toml"
    settings.write_text('[cameras."Main gate"]\nsource = "sim:demo/depot"\n')
    refused = saqta("serve", "--data", data, "--settings", settings, "--port", "0")
    assert (refused.code, "Main gate" in refused.err) == (2, True)
    assert "Main gate" not in (data / "log.db").read_bytes().decode(errors="replace")
    settings.write_text('[cameras.gate]\nsource = "http://camera.example/1"\n')
    refused = saqta("serve", "--data", data, "--settings", settings, "--port", "0")
    assert (refused.code, "cameras.gate.source: got" in refused.err) == (2, True)


def test_benchmarks_are_listed_before_any_is_run(saqta) -> None:
    ran = saqta("bench", "--json")
    assert (ran.code, "saqta bench all" in ran.err) == (0, True)
    assert {"name": "decisions"} in ran.lines
    assert ran.out == saqta("bench", "--list", "--json").out


def test_a_file_of_garbage_is_no_log(data: Path, tmp_path: Path, saqta) -> None:
    garbage = tmp_path / "garbage.jsonl"
    garbage.write_text("no event\n{}\n")
    ran = saqta("log", "import", garbage, "--data", data)
    assert (ran.code, "an event" in ran.err) == (2, True)


def test_a_full_disk_leaves_no_half_export(data: Path, tmp_path: Path, saqta) -> None:
    (tmp_path / "log.jsonl.part").symlink_to("/dev/full")
    ran = saqta("log", "export", "--out", tmp_path / "log.jsonl", "--data", data)
    assert (ran.code, "can't be written" in ran.err) == (2, True)
    assert not (tmp_path / "log.jsonl").exists()


def test_an_export_into_a_pipe_leaves_the_pipe(data: Path, tmp_path: Path, saqta) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert saqta("log", "export", "--out", pipe, "--data", data).code == 0
    assert os.read(reader, 1 << 16).count(b"\n") == 3
    os.close(reader)
    assert pipe.is_fifo()
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    ran = saqta("log", "export", "--out", full, "--data", data)
    assert (ran.code, "can't be written" in ran.err) == (2, True)
    assert full.is_symlink()


def test_what_is_no_video_is_refused(tmp_path: Path, saqta) -> None:
    for name, content in (("empty.mp4", b""), ("text.mp4", b"not a video\n" * 100)):
        file = tmp_path / name
        file.write_bytes(content)
        ran = saqta("watch", file)
        assert ran.code == 2
        assert "video" in ran.err
        assert len(ran.err.splitlines()) == 1


def test_a_folder_that_is_no_log_is_refused(tmp_path: Path, saqta) -> None:
    (tmp_path / "log.db").write_bytes(b"This is not a database. " * 100)
    ran = saqta("user", "add", "alice", "--role", "dispatcher", "--data", tmp_path)
    assert ran.code in (2, 3)
    assert "log.db" in ran.err
    assert "Traceback" not in ran.err


def test_a_port_in_use_is_said(tmp_path: Path, saqta) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = saqta("serve", "--data", tmp_path, "--port", taken.getsockname()[1])
    assert ran.code == 2
    assert "can't listen" in ran.err


def test_a_folder_is_owned_by_one_at_a_time(data: Path, saqta) -> None:
    with (data / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = saqta("log", "rebuild", "--data", data)
    assert ran.code == 2
    assert "another Saqta" in ran.err


def test_a_setting_that_does_not_exist_is_named(tmp_path: Path, saqta) -> None:
    settings = tmp_path / "saqta.toml"
    settings.write_text("[edge]\nanalyzed_fps = 5\n")
    ran = saqta("serve", "--data", tmp_path / "data", "--settings", settings)
    assert ran.code == 2
    assert "analyzed_fps" in ran.err
    assert not (tmp_path / "data").exists()
