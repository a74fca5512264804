"""The analysts' desk: what waits for them, and a case: what is known around one call or payment that was stopped."""

from collections import Counter
from typing import Any, Literal

from fastapi import Response
from pydantic import BaseModel

from saqta.model.money import decimal_text, minor_units
from saqta.model.step import Tables
from saqta.views.tables import BY_PARTY, BY_REASONS, BY_URGENCY, STOPPED, Stopped
from saqta.views.tables.fraud import TENGE, reasons_key
from saqta.web import problems
from saqta.web.access import guarded_router
from saqta.web.decisions import DecisionId
from saqta.web.paging import WantedPage, page, page_of
from saqta.web.ports import Ports, PortsOf
from saqta.web.present import answer, present, schema_of

OF_A_PARTY_MAX = 60
"""So many of a party's newest are looked at."""
NODES_MAX = 36
"""A picture of more can't be read."""
HOPS = 3
ALIKE_MAX = 200
ALIKE_SHOWN = 5

router = guarded_router("cases")
_STOPPED: Any = schema_of(Stopped)


class Node(BaseModel):
    """An account or a telephone number, by its pseudonym; how many of the links' decisions are about it, and how many
    of these are confirmed as fraud."""

    id: str
    kind: Literal["account", "number"]
    decisions: int
    frauds: int


class Link(BaseModel):
    """Who called whom, who paid whom, and which telephone belongs to which account; `in_tenge` is what was to be paid,
    as far as there were rates."""

    source: str
    target: str
    kind: Literal["call", "payment", "telephone"]
    decisions: int
    frauds: int
    in_tenge: str


class Network(BaseModel):
    """Who had to do with whom, over three steps; `cut` where there would be more than fits a picture."""

    nodes: list[Node]
    links: list[Link]
    cut: bool


class Alike(BaseModel):
    """The newest that were stopped for the same reasons, what became of up to 200 of them, and some to look at."""

    fraud: int
    honest: int
    open: int
    items: list[_STOPPED]


class Case(BaseModel):
    """One that was stopped: why, in full, and what its parties did besides, the newest first; of what was simply
    allowed as much as stands in the newest commits."""

    stopped: _STOPPED
    why: dict[str, Any]
    timeline: list[_STOPPED]
    network: Network
    alike: Alike


@router.get("/api/v1/fraud/waiting", response_model=page_of(_STOPPED))
def list_cases(ports: PortsOf, wanted: WantedPage) -> Response:
    """What is held or blocked and waits for somebody to say what it was, of each caller the newest call: the hold that
    ends first, then the larger amount, then the higher score."""
    return page(ports.tables, BY_URGENCY, wanted, show=lambda _, of: ports.tables.get(STOPPED, of.decision))


@router.get("/api/v1/fraud/cases/{id}", response_model=Case)
def read_case(ports: PortsOf, decision: DecisionId) -> Response:
    """A call or payment that was stopped, and what is known around it."""
    stopped = ports.tables.get(STOPPED, decision)
    found = ports.decisions.look(decision, is_partner=False) if stopped else None
    if stopped is None or found is None:
        raise problems.not_found("case", decision)
    parties = _parties(stopped)
    case = {
        "stopped": stopped,
        "why": found.told | found.why,
        "timeline": _newest(_of_parties(ports.tables, parties) | _allowed(ports, parties)),
        "network": network(ports.tables, stopped),
        "alike": _alike(ports.tables, stopped),
    }
    return answer(present(case))


def network(tables: Tables, of: Stopped) -> dict[str, object]:
    """The parties of a decision, those that they had to do with, and those of these."""
    decisions, known, cut = {of.decision: of}, dict.fromkeys(_parties(of)), False
    frontier = list(known)
    for _ in range(HOPS):
        reached: dict[str, None] = {}
        for decision in _newest(_of_parties(tables, frontier)):
            more = [party for party in _parties(decision) if party not in known]
            if len(known) + len(more) > NODES_MAX:
                cut = True
                continue
            decisions[decision.decision] = decision
            known |= dict.fromkeys(more)
            reached |= dict.fromkeys(more)
        frontier = list(reached)
    return _drawn(list(decisions.values())) | {"cut": cut}


def _drawn(decisions: list[Stopped]) -> dict[str, object]:
    links: dict[tuple[str, str, str], list[Stopped]] = {}
    nodes: dict[str, tuple[str, list[Stopped]]] = {}
    for one in decisions:
        kind = "number" if one.kind == "call" else "account"
        links.setdefault((one.actor, one.counterpart, one.kind), []).append(one)
        if one.subscriber:
            links.setdefault((one.subscriber, one.actor, "telephone"), []).append(one)
        for party in _parties(one):
            of_kind = "number" if party == one.subscriber else kind
            nodes.setdefault(party, (of_kind, []))[1].append(one)
    return {
        "nodes": [{"id": id, "kind": kind} | _counted(of) for id, (kind, of) in nodes.items()],
        "links": [
            {"source": source, "target": target, "kind": kind} | _counted(of) | {"in_tenge": _in_tenge(of)}
            for (source, target, kind), of in links.items()
        ],
    }


def _counted(decisions: list[Stopped]) -> dict[str, int]:
    return {"decisions": len(decisions), "frauds": sum(one.outcome == "fraud" for one in decisions)}


def _in_tenge(decisions: list[Stopped]) -> str:
    return decimal_text(sum(minor_units(one.in_tenge, TENGE) for one in decisions if one.in_tenge), TENGE)


def _alike(tables: Tables, of: Stopped) -> dict[str, object]:
    found = [
        one
        for _, place in tables.scan(BY_REASONS, f"{reasons_key(of)}/", limit=ALIKE_MAX)
        if place.decision != of.decision and (one := tables.get(STOPPED, place.decision))
    ]
    became = Counter(one.outcome for one in found)
    told = {"fraud": became["fraud"], "honest": became["honest"]}
    return told | {"open": len(found) - sum(told.values()), "items": found[:ALIKE_SHOWN]}


def _of_parties(tables: Tables, parties: list[str]) -> dict[str, Stopped]:
    return {
        one.decision: one
        for party in parties
        for _, place in tables.scan(BY_PARTY, f"{party}/", limit=OF_A_PARTY_MAX)
        if (one := tables.get(STOPPED, place.decision))
    }


def _allowed(ports: Ports, parties: list[str]) -> dict[str, Stopped]:
    """What was simply allowed of them, as far back as it is looked for."""
    return {
        one["decision"]: Stopped(**one, event="", action="allow", codes=(), says=())
        for one in ports.decisions.allowed(parties)
    }


def _newest(decisions: dict[str, Stopped]) -> list[Stopped]:
    return sorted(decisions.values(), key=lambda one: (-one.time_ms, one.decision))


def _parties(stopped: Stopped) -> list[str]:
    return [party for party in (stopped.actor, stopped.counterpart, stopped.subscriber) if party]
