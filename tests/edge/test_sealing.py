"""Originals under seal: opened whole by the private key, and by nothing else."""

import hashlib
import io
from pathlib import Path

import av
import pytest
from nacl.bindings import crypto_secretstream_xchacha20poly1305_ABYTES as EXTRA_BYTES

from edge.rendered import Walker, encode, scene
from saqta.edge.keeping import groups as grouping
from saqta.edge.keeping.groups import PACKETS_MAX, Grouper, join
from saqta.edge.keeping.originals import (
    ALERTS_WAITING_MAX,
    Group,
    Originals,
    check_sealed,
    open_sealed,
    seal,
    seal_recording,
)
from saqta.edge.keeping.sealing import GROUP_BYTES_MAX, MAGIC, Sealer, make_keys, private_key, public_key, unseal
from saqta.edge.plugins import Plugins
from saqta.edge.source import open_file
from saqta.model.errors import DamageError, InputError, SaqtaError

PUBLIC, (PRIVATE,) = make_keys()
PLUGINS = Plugins({"file": open_file}, {}, {})
GROUPS = [bytes([number]) * (100 * number) for number in range(1, 6)]
HEAD_BYTES = len(MAGIC) + 80 + 24


def sealed(groups: list[bytes] = GROUPS) -> bytes:
    file = io.BytesIO()
    seal(groups, file, public_key(PUBLIC))
    return file.getvalue()


def opened(content: bytes) -> list[bytes]:
    return list(unseal(io.BytesIO(content), private_key([PRIVATE])))


def chunks(content: bytes) -> list[bytes]:
    """The sealed messages, each with its length."""
    found, at = [], HEAD_BYTES
    while at < len(content):
        end = at + 4 + int.from_bytes(content[at : at + 4], "big")
        found.append(content[at:end])
        at = end
    return found


def test_what_was_sealed_opens_as_it_was_and_shows_nothing_before() -> None:
    content = sealed()
    assert opened(content) == GROUPS
    assert not any(group in content for group in GROUPS)
    assert sealed() != content
    assert [len(chunk) for chunk in chunks(content)] == [4 + EXTRA_BYTES + len(group) for group in [*GROUPS, b""]]


@pytest.mark.parametrize("change", ["a bit", "cut", "no end", "swapped", "doubled", "left out", "more", "of another"])
def test_whatever_is_changed_is_seen(change: str) -> None:
    content = sealed()
    head, parts = content[:HEAD_BYTES], chunks(content)
    changed = {
        "a bit": content[:300] + bytes([content[300] ^ 1]) + content[301:],
        "cut": content[:-40],
        "no end": head + b"".join(parts[:-1]),
        "swapped": head + b"".join([parts[1], parts[0], *parts[2:]]),
        "doubled": head + b"".join([parts[0], *parts]),
        "left out": head + b"".join([parts[0], *parts[2:]]),
        "more": content + b"x",
        "of another": head + b"".join(chunks(sealed())),
    }[change]
    with pytest.raises(DamageError, match="sealed original"):
        opened(changed)


def test_every_cut_and_every_changed_byte_of_a_small_one_is_refused() -> None:
    content = sealed([b"ab"])
    for at in range(len(content)):
        for changed in (content[:at], content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]):
            with pytest.raises(SaqtaError):
                opened(changed)


def test_a_length_beyond_the_largest_group_is_not_believed() -> None:
    length = (GROUP_BYTES_MAX + EXTRA_BYTES + 1).to_bytes(4, "big")
    with pytest.raises(DamageError):
        opened(sealed()[:HEAD_BYTES] + length + b"x" * 64)


def test_only_the_private_key_opens_it() -> None:
    with pytest.raises(InputError, match="private key of the one it was sealed to"):
        list(unseal(io.BytesIO(sealed()), private_key([make_keys()[1][0]])))


def test_a_halved_key_opens_with_both_halves_and_not_with_one() -> None:
    public, halves = make_keys(halved=True)
    file = io.BytesIO()
    Sealer(file, public_key(public)).close()
    for both in (halves, halves[::-1]):
        file.seek(0)
        assert list(unseal(file, private_key(both))) == []
    for texts in (halves[:1], [halves[0], halves[0]]):
        file.seek(0)
        with pytest.raises(InputError, match="key"):
            list(unseal(file, private_key(texts)))


@pytest.mark.parametrize(
    "text",
    ["", "saqta-seal-public:", PRIVATE, PUBLIC[:-1], PUBLIC + "00", "zz"],
    ids=["empty", "no key", "the private key", "cut", "too long", "no hex"],
)
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InputError, match="saqta seal keys") as refused:
        public_key(text)
    assert PRIVATE[-16:] not in str(refused.value)


def frames_of(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest() for frame in container.decode(video=0)]


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.avi", "mpeg4"), ("a.mkv", "mjpeg")])
def test_a_recording_comes_back_frame_by_frame(tmp_path: Path, name: str, codec: str) -> None:
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    film = encode(tmp_path / name, scene([Walker((-0.1, 0.8), (1.1, 0.8), 0, 6)], 6), codec=codec, pix_fmt=pixels)
    groups = seal_recording(str(film), PLUGINS, tmp_path / "a.sealed", public_key(PUBLIC))
    key = private_key([PRIVATE])
    assert groups >= 3
    assert check_sealed(tmp_path / "a.sealed", key) == groups
    assert open_sealed(tmp_path / "a.sealed", key, tmp_path / "opened.mkv") == 60
    assert frames_of(tmp_path / "opened.mkv") == frames_of(film)


def test_a_group_that_never_ends_is_parted(tmp_path: Path) -> None:
    film = encode(tmp_path / "a.mkv", scene([], 0.3))
    grouper, parts = Grouper(), 0
    with av.open(str(film)) as container:
        packet = next(packet for packet in container.demux(video=0) if packet.size)
        for number in range(PACKETS_MAX + 2):
            one = av.Packet(b"x")
            one.stream, one.time_base, one.pts, one.dts = packet.stream, packet.time_base, number, number
            parts += grouper.add(one) is not None
        assert parts == 1
        assert grouper.end() is not None


def test_a_group_that_grows_too_large_is_parted_and_nothing_of_it_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = encode(tmp_path / "a.mkv", scene([Walker((-0.1, 0.8), (1.1, 0.8), 0, 1.5)], 1.5))
    with av.open(str(film)) as container:
        sizes = [packet.size for packet in container.demux(video=0) if packet.size]
    for limit, parts in ((sum(sizes), 1), (max(sizes), 2)):
        monkeypatch.setattr(grouping, "PACKETS_BYTES_MAX", limit)
        with av.open(str(film)) as container:
            made = list(grouping.groups(container, container.streams.video[0]))
        assert len(made) >= parts
        assert join(made, str(tmp_path / "joined.mkv"), "matroska") == len(sizes)
        with av.open(str(tmp_path / "joined.mkv")) as container:
            assert [packet.size for packet in container.demux(video=0) if packet.size] == sizes


def fed(seconds: float, path: Path) -> tuple[Originals, list[tuple[str, list[Group]]]]:
    """A recording's packets, all taken but for the end."""
    done: list[tuple[str, list[Group]]] = []
    originals = Originals(seconds, lambda alert, groups: done.append((alert, list(groups))), lambda *lost: None)
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.size:
                originals.add(packet, float(packet.pts * packet.time_base))
        originals.end()
    return originals, done


def test_only_the_newest_groups_of_a_stream_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = encode(tmp_path / "a.mp4", scene([], 12))
    originals, done = fed(3.0, film)
    originals.expect("late", 0.0, 99.0)
    ((alert, groups),) = done
    assert alert == "late"
    assert groups[0].starts
    assert 6 < groups[0].from_s <= 9
    held_bytes = sum(len(group.content) for group in groups)
    monkeypatch.setattr("saqta.edge.keeping.originals.RING_BYTES_MAX", held_bytes // 2)
    originals, done = fed(3.0, film)
    originals.expect("late", 0.0, 99.0)
    assert len(done[0][1]) == 1 < len(groups)


def test_a_bounded_number_of_alerts_waits_for_its_original(tmp_path: Path) -> None:
    done: list[str] = []
    lost: list[tuple[str, str, bool]] = []
    originals = Originals(3.0, lambda alert, groups: done.append(alert), lambda *one: lost.append(one))
    with av.open(str(encode(tmp_path / "a.mkv", scene([], 1)))) as container:
        for packet in container.demux(video=0):
            if packet.size:
                originals.add(packet, 0.0)
        for number in range(ALERTS_WAITING_MAX + 2):
            originals.expect(str(number), 0.0, 1.0)
        assert [(alert, partly) for alert, _, partly in lost] == [("0", False), ("1", False)]
        assert str(ALERTS_WAITING_MAX) in lost[0][1]
        originals.end()
    assert done == [str(number) for number in range(2, ALERTS_WAITING_MAX + 2)]
    assert len(lost) == 2


def test_no_gap_of_a_stream_is_forgotten_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saqta.edge.keeping.originals.GAPS_MAX", 2)
    lost: list[str] = []
    originals = Originals(60.0, lambda alert, groups: None, lambda alert, why, partly: lost.append(alert))
    with av.open(str(encode(tmp_path / "a.mkv", scene([], 16)))) as container:
        for packet in container.demux(video=0):
            at_s = float((packet.pts or 0) * packet.time_base)
            if packet.size:
                if any(damaged_s - 0.1 < at_s < damaged_s + 0.1 for damaged_s in (2.5, 6.5, 10.5)):
                    packet.dts = 0
                originals.add(packet, at_s)
        originals.end()
    for from_s in (0.5, 2.4, 6.4, 8.5, 10.4, 14.5):
        originals.expect(str(from_s), from_s, from_s + 0.2)
    assert lost == ["2.4", "6.4", "10.4"]


def test_an_original_of_which_nothing_or_not_all_can_be_held_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[tuple[str, str, bool]] = []
    whole: list[str] = []
    originals = Originals(12.0, lambda alert, groups: whole.append(alert), lambda *one: lost.append(one))
    originals.end()
    originals.expect("too early", 0.0, 1.0)
    assert lost.pop() == ("too early", "nothing of the stream was held", False)
    with av.open(str(encode(tmp_path / "a.mkv", scene([], 12)))) as container:
        for packet in container.demux(video=0):
            at_s = float((packet.pts or 0) * packet.time_base)
            if packet.size:
                if 10.4 < at_s < 10.6:
                    packet.dts = 0  # A muxer takes no time that goes back.
                originals.add(packet, at_s)
        originals.end()
    originals.expect("all of it", 4.0, 5.0)
    assert (whole, lost) == (["all of it"], [])
    originals.expect("with a gap", 9.0, 11.0)
    (told,) = lost
    assert told[0] == "with a gap"
    assert "damaged" in told[1]
    monkeypatch.setattr("saqta.edge.keeping.originals.RING_BYTES_MAX", 1)
    with av.open(str(tmp_path / "a.mkv")) as container:
        for packet in container.demux(video=0):
            if packet.size:
                originals.add(packet, 12.0 + float(packet.pts * packet.time_base))
        originals.end()
    originals.expect("too large", 20.0, 24.0)
    assert lost[-1][0] == "too large"
    assert "MiB" in lost[-1][1]
    assert lost[-1][2]
