"""Health, readiness and metrics."""

from saqta.log.sqlite import SqliteLog
from saqta.model.kinds import EvidenceLost
from saqta.web import health
from saqta.web.health import METRICS


def samples(text: str) -> dict[str, float]:
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}


def test_alive_and_ready(centre, monkeypatch) -> None:
    with centre.http() as nobody:
        assert nobody.get("/healthz").json() == {"status": "alive"}
        starting = nobody.get("/readyz")
        assert (starting.status_code, starting.json()["detail"]) == (503, "the decision path is starting")
        centre.start_decisions()
        assert nobody.get("/readyz").json() == {"status": "ready"}
        monkeypatch.setattr(health, "BEHIND_EVENTS_MAX", -1)
        behind = nobody.get("/readyz")
        assert (behind.status_code, behind.json()["type"]) == (503, "urn:saqta:problem:not-ready")
        assert "behind" in behind.json()["detail"]


def test_not_ready_while_the_log_cannot_be_read(centre) -> None:
    closed = SqliteLog(centre.folder / "closed.db", centre.clock)
    closed.close()
    centre.app.state.ports = centre.app.state.ports._replace(log=closed)
    with centre.http() as nobody:
        assert nobody.get("/readyz").status_code == 503
        assert nobody.get("/healthz").status_code == 200


def test_metrics_in_the_text_format(centre) -> None:
    with centre.http("alice") as alice:
        alice.get("/nowhere")
        alice.request("PROPFIND", "/healthz")
        response = alice.get("/metrics")
        assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        values = samples(response.text)
        assert values["saqta_log_events"] == centre.log.size()
        assert values["saqta_views_behind_events"] == 0
        assert values['saqta_http_requests_total{method="GET",status="404"}'] == 1
        assert values['saqta_http_requests_total{method="other",status="405"}'] == 1
        for metric in METRICS:
            assert f"# TYPE {metric.name} {metric.kind}\n" in response.text
            assert metric.name.startswith("saqta_")


def test_decisions_are_counted_by_what_was_done_turned_away_refused_and_late(centre) -> None:
    call = {"caller": "+77272000000", "callee": "+77012345678", "trunk": "foreign"}
    with centre.http("pavel") as pavel:
        assert pavel.post("/api/v1/decisions/call", json=call).status_code == 503
    centre.start_decisions()
    calls = [call | {"id": id, "time": f"2026-01-31T{hour}:00:00Z"} for id, hour in (("a", "08"), ("b", "06"))]
    payment = {"time": "2026-01-31T08:00:00Z", "account": "a", "payee": "b", "currency": "KZT"}
    payments = [payment | {"id": f"p{n}", "amount": amount} for n, amount in enumerate(("5", "6", "-7"))]
    with centre.http("pavel") as pavel, centre.http("alice") as alice:
        assert pavel.post("/api/v1/decisions/call", json=[*calls, {"id": "c"}]).status_code == 200
        assert pavel.post("/api/v1/decisions/payment", json=payments).status_code == 200
        assert pavel.post("/api/v1/decisions/payment", json=payments[0] | {"amount": "9"}).status_code == 409
        assert pavel.post("/api/v1/decisions/payment", content="{").status_code == 422
        centre.settle()
        values = samples(alice.get("/metrics").text)
    decided = {name: value for name, value in values.items() if name.startswith("saqta_decisions_total") and value}
    assert decided == {
        'saqta_decisions_total{kind="call",action="block"}': 2,
        'saqta_decisions_total{kind="payment",action="allow"}': 2,
    }
    assert len([name for name in values if name.startswith("saqta_decisions_total")]) == 8
    assert values["saqta_decisions_refused_total"] == 4
    assert values["saqta_decisions_turned_away_total"] == 1
    assert values["saqta_decisions_late_total"] == 1
    assert values["saqta_decisions_at_deadline_total"] == values["saqta_decisions_waiting"] == 0
    assert values["saqta_cases_waiting"] == 1, "both calls are one caller's"


def test_refused_events_are_counted(centre) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/partners/metro", "type": "kz.metro.seen.v1"}
    structured = {"content-type": "application/cloudevents+json"}
    with centre.http("pavel") as pavel, centre.http("alice") as alice:
        for word, status in (("a", 202), ("b", 409)):
            body = event | {"time": "2026-01-31T08:00:00Z", "data": {"word": word}}
            assert pavel.post("/api/v1/events", json=body, headers=structured).status_code == status
        centre.settle()
        assert samples(alice.get("/metrics").text)["saqta_events_refused_total"] == 1


def test_lost_evidence_is_counted(centre) -> None:
    with centre.http("alice") as alice:
        assert samples(alice.get("/metrics").text)["saqta_evidence_lost_total"] == 0
        centre.tell(EvidenceLost(alert="/a#1", camera="C1", media_type="video/mp4", reason="the disk is full"))
        centre.settle()
        assert samples(alice.get("/metrics").text)["saqta_evidence_lost_total"] == 1
