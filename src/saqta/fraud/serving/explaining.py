"""Explains a decision later: the rules with their values, what moved the model, the call before, what became of it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np

from saqta.fraud.deciding import MEANS
from saqta.fraud.engine.features import JOINED
from saqta.fraud.engine.layout import CALL
from saqta.fraud.engine.machine import MODEL_FEATURES
from saqta.fraud.engine.rules import ACTIONS, FEATURES, Rules
from saqta.fraud.engine.trees import contributions
from saqta.fraud.learning.folder import Model
from saqta.fraud.lists.tables import ENTRIES
from saqta.fraud.publishing.books import RuleBook
from saqta.fraud.serving.challenger import challenged_of
from saqta.fraud.serving.disclosure import Reader
from saqta.fraud.serving.judging import CALLS
from saqta.fraud.serving.rows import Commit, values_of
from saqta.fraud.serving.step import CALL_BACKS, HELD, STEP, TOLD, Told
from saqta.log.merkle import inclusion_proof
from saqta.log.personal import Keyring
from saqta.log.port import Log
from saqta.log.tables import TableStore
from saqta.model.kinds import TELLER
from saqta.model.moment import to_text
from saqta.model.step import Tables
from saqta.model.terms import CENTRE

CONTRIBUTIONS_MAX = 10
_WORD = re.compile(r"\w+", re.ASCII)


class Explained(NamedTuple):
    """A decision as its reader may know it: what was answered and what became of it, and the rest."""

    tenant: str
    told: dict[str, Any]
    why: dict[str, Any]


def explain(
    commit: Commit,
    row: int,
    model: Model | None,
    book: RuleBook,
    tables: TableStore,
    log: Log,
    keyring: Keyring,
    is_partner: bool,
) -> Explained:
    """The decision in ``row``. Partners get codes and what the table of disclosure lets them know, no value of a
    feature. What the tables don't know of yet stands as it was answered."""
    made, event = commit.made, commit.rows[row]
    on_call = int(event["kind"]) == CALL
    reader: Reader = "analyst" if not is_partner else "telecom" if on_call else "bank"
    told: dict[str, Any] = msgspec.to_builtins(commit.answer("", row, reader))
    decision = told["decision_id"]
    del told["id"]
    recorded = log.find(commit.source, str(made.number))
    awaited = recorded is None or tables.cursor(STEP.name) < recorded.seq
    outcome, held, asked = tables.get(TOLD, decision), tables.get(HELD, decision), tables.get(CALL_BACKS, decision)
    told |= {
        "kind": "call" if on_call else "payment",
        "time": to_text(int(event["time_ms"])),
        "held": held is not None or (awaited and told["hold_until"] is not None),
        "outcome": _outcome(outcome, keyring, is_partner) if outcome else None,
        "call_back": {"asked": to_text(asked.asked_ms), "by": asked.by} if asked else None,
    }
    why: dict[str, Any] = {"features": made.features, "valued_in": commit.valued_in(row), "proof": _proof(commit, row)}
    if reader == "analyst":
        why |= {"tenant": made.tenant, "lists": _lists(commit, row, tables), "challenger": _challenger(commit, row)}
        why |= _inside(commit, row, model, on_call)
        why["fired"] = list(_rules(commit, row, book.of(made.rules, tables), why["values"] or {}))
    return Explained(made.tenant, told, why)


def _outcome(told: Told, keyring: Keyring, is_partner: bool) -> dict[str, Any]:
    """What it turned out to be. Which of the centre's people said so is nothing for partners; whom a partner named is
    known until that person is erased."""
    partner, person = None if told.by == CENTRE else told.by, None
    if partner and told.teller:
        person = keyring.disclose(told.teller, told.event, TELLER)
    elif not partner and not is_partner:
        person = told.actor.partition("/")[2]
    return {"outcome": told.outcome, "known": to_text(told.known_ms), "by": person or told.by, "partner": partner}


def _inside(commit: Commit, row: int, model: Model | None, on_call: bool) -> dict[str, Any]:
    """What analysts alone see. The values of what was simply allowed are not kept."""
    notable = commit.notable.get(row)
    if notable is None:
        return {"values": None, "contributions": None, "call_before": None}
    values = values_of(notable.values)
    names = FEATURES["call" if on_call else "payment"]
    # What was recorded by an earlier version lacks the features that came since, which stand last.
    by_name = {name: round(float(value), 6) + 0.0 for name, value in zip(names, values, strict=False)}
    moved = None
    if model is not None and model.version == commit.made.model and not on_call:
        moved = _contributions(model, values)
    call_before = {name: by_name[name] for name in JOINED if name.startswith(CALLS)} if not on_call else None
    pseudonyms = {"actor": notable.actor, "counterpart": notable.counterpart, "subscriber": notable.subscriber}
    return {"values": by_name, "contributions": moved, "call_before": call_before, "pseudonyms": pseudonyms}


def _challenger(commit: Commit, row: int) -> dict[str, Any] | None:
    """What the challenger would have had done; None where none was heard."""
    challenge = commit.made.challenge
    if challenge is None:
        return None
    said = challenged_of(challenge)[row]
    return {"model": challenge.model, "score": round(float(said["score"]), 6), "action": ACTIONS[said["action"]]}


def _rules(commit: Commit, row: int, rules: Rules, values: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    """The rules that fired, as they were recorded, those that did nothing as well; with the values of what they look
    at, where these are kept. ``condition`` is None of one that is in no set any more."""
    notable = commit.notable.get(row)
    acted = [reason.code for reason in notable.reasons if reason.code not in MEANS] if notable else []
    silent = [name for each in commit.made.shadow if each.row == row for name in each.rules]
    known = {rule.name: rule.expression or " && ".join(rule.when) for rule in rules.rules}
    for name in (*acted, *silent):
        words = set(_WORD.findall(known.get(name, "")))
        read = {feature: value for feature, value in values.items() if feature in words}
        yield {"rule": name, "condition": known.get(name), "acted": name in acted, "values": read}


def _lists(commit: Commit, row: int, tables: Tables) -> list[dict[str, Any]]:
    """The entries of lists that it followed, and what people decided about each since; None where nobody did."""
    notable = commit.notable.get(row)
    entries = [reason.entry for reason in notable.reasons if reason.entry] if notable else []
    decided = {entry: tables.get(ENTRIES, entry) for entry in entries}
    return [{"entry": entry, "state": str(now.state) if now else None} for entry, now in decided.items()]


def _contributions(model: Model, values: Any) -> list[dict[str, Any]]:
    """The features that moved the score most, by their SHAP values in log-odds, the strongest first."""
    moved = np.zeros(MODEL_FEATURES + 1)
    contributions(model.trees, values[:MODEL_FEATURES], moved)
    names = FEATURES["payment"]
    strongest = np.argsort(-np.abs(moved[:-1]))[:CONTRIBUTIONS_MAX]
    return [
        {
            "feature": names[at],
            "means": MEANS[names[at]],
            "value": round(float(values[at]), 6) + 0.0,
            "moved": round(float(moved[at]), 6) + 0.0,
        }
        for at in strongest.tolist()
    ]


def _proof(commit: Commit, row: int) -> dict[str, Any]:
    """RFC 9162 2.1.3: that the row is under the root that the commit's event names."""
    hashes = commit.leaves()
    path = inclusion_proof(
        row, len(hashes), lambda level, first, count: hashes[first : first + count] if not level else []
    )
    return {
        "event": {"source": commit.source, "id": str(commit.made.number)},
        "leaf": row,
        "size": len(hashes),
        "root": commit.made.root,
        "path": [each.hex() for each in path],
    }
