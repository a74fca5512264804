"""Evidence over HTTP: whole and in parts, and a trace of every look."""

import hashlib
import threading
from urllib.parse import quote

import httpx
import pytest

from saqta.model import kinds

CLIP = bytes(range(256)) * 64
SHA = hashlib.sha256(CLIP).hexdigest()


@pytest.fixture
def clip(centre) -> str:
    (centre.evidence_dir / f"{SHA}.mp4").write_bytes(CLIP)
    return f"/api/v1/evidence/{SHA}"


def looks(centre) -> list[tuple[str, str | None]]:
    """Who looked, and why."""
    events = [recorded.event for recorded in centre.log.read(0)]
    return [(event.actor, event.purpose) for event in events if event.type == "saqta.evidence.viewed.v1"]


def test_a_clip_plays_whole_and_in_parts(centre, clip: str) -> None:
    with centre.http("alice") as alice:
        whole = alice.get(clip)
        assert (whole.status_code, whole.content) == (200, CLIP)
        assert whole.headers["content-type"] == "video/mp4"
        assert whole.headers["accept-ranges"] == "bytes"
        assert "no-store" in whole.headers["cache-control"]
        part = alice.get(clip, headers={"range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, CLIP[100:200])
        assert part.headers["content-range"] == f"bytes 100-199/{len(CLIP)}"
        assert alice.get(clip, headers={"range": "bytes=-16"}).content == CLIP[-16:]
        assert alice.get(clip, headers={"range": f"bytes={len(CLIP)}-"}).status_code == 416


def test_a_still_is_told_as_a_picture_and_looked_at_on_record(centre) -> None:
    (centre.evidence_dir / f"{SHA}.jpg").write_bytes(CLIP)
    with centre.http("alice") as alice:
        still = alice.get(f"/api/v1/evidence/{SHA}", params={"purpose": "incident 7"})
    assert (still.status_code, still.headers["content-type"], still.content) == (200, "image/jpeg", CLIP)
    assert [purpose for _, purpose in looks(centre)] == ["incident 7"]


def test_what_was_deleted_is_gone_and_not_merely_missing(centre, clip: str) -> None:
    (alert,) = centre.tell(kinds.AlertRaised(kind="intrusion", camera="C1"))
    shown = {"sha256": SHA, "camera": "C1"}
    about = {"alert": alert, "media_type": "video/mp4", "size_bytes": len(CLIP), "from_s": 0.0, "until_s": 9.0}
    centre.tell(kinds.EvidenceKept(**shown, **about))
    with centre.http("alice") as alice:
        assert alice.get(f"/api/v1/alerts/{quote(alert, safe='')}").json()["evidence"][0]["deleted"] is None
        centre.tell(kinds.EvidenceExpired(**shown, retention_days=30.0))
        (centre.evidence_dir / f"{SHA}.mp4").unlink()
        centre.tell(kinds.EvidenceDeleted(**shown, reason="the camera keeps evidence for 30 days"))
        gone = alice.get(clip)
        assert (gone.status_code, gone.headers["content-type"]) == (410, "application/problem+json")
        assert gone.json()["detail"].endswith("the camera keeps evidence for 30 days")
        assert alice.get(f"/api/v1/alerts/{quote(alert, safe='')}").json()["evidence"][0]["deleted"] is not None
    assert looks(centre) == []


def test_every_look_is_recorded_once_a_minute_with_who_and_why(centre, clip: str) -> None:
    with centre.http("alice") as alice, centre.signed_in("bob") as bob:
        for start in range(5):
            centre.now_ms += 1_000
            alice.get(clip, params={"purpose": "incident 7"}, headers={"range": f"bytes={start}-"})
        assert len(looks(centre)) == 1
        bob.get(clip, headers={"x-purpose": "%D1%81%D1%83%D0%B4"})
        bob.get(clip)
        centre.now_ms += 60_000
        bob.get(clip)
    assert [purpose for _, purpose in looks(centre)] == ["incident 7", "суд", "not stated", "not stated"]
    assert [actor for actor, _ in looks(centre)][1:] == ["user/bob"] * 3


def test_looks_together_are_one_look(centre, clip: str) -> None:
    with centre.http("alice") as alice:
        statuses: list[int] = []
        readers = [threading.Thread(target=lambda: statuses.append(alice.get(clip).status_code)) for _ in range(8)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    assert statuses == [200] * 8
    assert len(looks(centre)) == 1


@pytest.mark.parametrize("name", [SHA.upper(), SHA[:-1], f"{SHA}0", "..%2flog.db", f"{SHA}.mp4", "0" * 63 + "g"])
def test_a_name_that_is_no_digest_is_refused(centre, clip: str, name: str) -> None:
    with centre.http("alice") as alice:
        response = alice.get(f"/api/v1/evidence/{name}")
        assert response.status_code in (404, 422)
        assert response.headers["content-type"] == "application/problem+json"
    assert looks(centre) == []


def test_no_look_where_there_is_nothing_to_see_or_no_right_to(centre, clip: str) -> None:
    with centre.http("alice") as alice, centre.http("pavel") as pavel:
        assert alice.get(f"/api/v1/evidence/{'0' * 64}").status_code == 404
        assert pavel.get(clip).status_code == 403
        assert httpx.get(f"{centre.address}{clip}").status_code == 401
    assert looks(centre) == []
