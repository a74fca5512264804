"""Rules of fraud that analysts write: checked as they type, proposed by one, published by another."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Response
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, create_model

from saqta.model.command import REASON_CHARS_MAX, DecideRule, ProposeRule, SnoozeRule
from saqta.model.kinds import ALERT_REASON_CHARS_MAX, NAME_CHARS_MAX, RULE_NAME, RuleTerms
from saqta.model.moment import from_datetime
from saqta.model.rule import RuleTrigger, WrittenRule
from saqta.views.tables import RULE_HITS, RULES, RuleHits
from saqta.web import problems
from saqta.web.access import guarded_router
from saqta.web.commands import Caused, ContextOf, Door, OptionalReason, Reason, perform
from saqta.web.paging import WantedPage, page, page_of
from saqta.web.ports import Ports, PortsOf
from saqta.web.present import answer, present, schema_of

TYPED_CHARS_MAX = 4_000
"""So much of an expression is read to say what is wrong with it; one that is published is shorter."""
DAY_MS = 86_400_000
DAYS_MAX = 365
router = guarded_router("rules")
RuleName = Annotated[str, Path(alias="name", pattern=RULE_NAME, max_length=NAME_CHARS_MAX)]
Kind = Literal["payment", "call"]
Verdict = Literal["warn", "hold", "block"]
UNNAMED = "tried"
"""What a rule is called, and says, that is tried before it has a name and a sentence."""
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=ALERT_REASON_CHARS_MAX)]
RuleDetail = create_model("RuleDetail", __base__=schema_of(WrittenRule), hits=(schema_of(RuleHits), ...))


class Typed(Door):
    """A rule while it is typed; ``reason`` may name features in braces."""

    kind: Kind
    expression: Annotated[str, StringConstraints(max_length=TYPED_CHARS_MAX)]
    reason: Annotated[str, StringConstraints(max_length=ALERT_REASON_CHARS_MAX)] = ""


class Misread(BaseModel):
    """What is wrong, and where, counted from 1; without a place where it is not the expression."""

    field: str
    line: int | None
    column: int | None
    message: str


class Checked(BaseModel):
    """Either ``error``, or the fields that the expression reads and what it costs."""

    valid: bool
    error: Misread | None = None
    fields: list[dict[str, str]] | None = None
    cost: int | None = None
    cost_max: int | None = None


class Trial(Typed):
    """A rule to be tried on what the log holds of the days before now, in the place of the one of its ``name``."""

    name: Annotated[str, StringConstraints(pattern=RULE_NAME, max_length=NAME_CHARS_MAX)] = UNNAMED
    verdict: Verdict = "hold"
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    mode: Literal["enforced", "shadow"] = "shadow"
    days: Annotated[int, Field(ge=1, le=DAYS_MAX)] = 30

    def terms(self) -> RuleTerms:
        return RuleTerms(
            kind=self.kind,
            expression=self.expression,
            verdict=self.verdict,
            reason=self.reason or UNNAMED,
            priority=self.priority,
            mode=self.mode,
        )


class NewRule(Trial):
    """A rule, or other terms for one that is in force; it waits until a second person publishes it."""

    name: Annotated[str, StringConstraints(pattern=RULE_NAME, max_length=NAME_CHARS_MAX)]
    verdict: Verdict
    reason: Sentence
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=REASON_CHARS_MAX)] = ""


class Said(Door):
    reason: Reason


class Agreed(Door):
    """`version` is that of the rule as it was read: 409 where it has moved on since."""

    reason: OptionalReason = ""
    version: int | None = None


AGREED = Agreed()


class Snooze(Door):
    """Until when the rule does nothing; a time that is past wakes it."""

    until: AwareDatetime
    reason: Reason


@router.get("/api/v1/rules", response_model=page_of(RuleDetail))
def list_rules(ports: PortsOf, wanted: WantedPage) -> Response:
    """All rules that people wrote, by name, with how often each fired."""
    return page(ports.tables, RULES, wanted, show=lambda _, rule: _detail(ports, rule))


@router.get("/api/v1/rules/of-file", response_model=dict[str, Any])
def list_file_rules(ports: PortsOf) -> Response:
    """The rules of the centre's file, which are in force beside those that people wrote, unless one has their name."""
    return answer({"items": ports.rule_desk.of_file(), "next": None})


@router.get("/api/v1/rules/fields", response_model=dict[str, Any])
def list_rule_fields(ports: PortsOf, kind: Annotated[Kind, Query()] = "payment") -> Response:
    """What an expression may read, with its type and its meaning."""
    return answer({"items": ports.rule_desk.fields(kind), "next": None})


@router.post("/api/v1/rules/check", response_model=Checked)
def check_rule(ports: PortsOf, typed: Typed) -> Response:
    """What is wrong with a rule and where, or what it reads; nothing is kept."""
    return answer(ports.rule_desk.check(typed.kind, typed.expression, typed.reason))


@router.post("/api/v1/rules/backtest", response_model=dict[str, Any])
def backtest_rule(ports: PortsOf, trial: Trial) -> Response:
    """What a rule would have stopped of the last days, side by side with what was done and with what would have been
    done with it; nothing is kept."""
    now_ms = ports.clock()
    terms, from_ms = trial.terms(), now_ms - trial.days * DAY_MS
    return answer(ports.rule_desk.backtest(trial.name, terms, from_ms, now_ms))


@router.post("/api/v1/rules", status_code=HTTPStatus.CREATED, response_model=Caused)
def propose_rule(ports: PortsOf, context: ContextOf, new: NewRule) -> Response:
    """Proposes a rule, or other terms for it; a second person publishes it."""
    response = perform(ports, ProposeRule(rule=new.name, terms=new.terms(), note=new.note), context, HTTPStatus.CREATED)
    response.headers["location"] = f"/api/v1/rules/{new.name}"
    return response


@router.get("/api/v1/rules/{name}", response_model=RuleDetail)
def read_rule(ports: PortsOf, rule: RuleName) -> Response:
    """One rule: what is in force of it, what is proposed, and how often it fired."""
    row = ports.tables.get(RULES, rule)
    if row is None:
        raise problems.not_found("rule", rule)
    return answer(_detail(ports, row))


@router.post("/api/v1/rules/{name}/publish", response_model=Caused)
def publish_rule(ports: PortsOf, context: ContextOf, rule: RuleName, said: Agreed = AGREED) -> Response:
    """Puts what was proposed into force; another person than the one who wrote it."""
    command = DecideRule(rule=rule, trigger=RuleTrigger.PUBLISH, reason=said.reason, seen=said.version)
    return perform(ports, command, context)


@router.post("/api/v1/rules/{name}/reject", response_model=Caused)
def reject_rule(ports: PortsOf, context: ContextOf, rule: RuleName, said: Said) -> Response:
    """Does not follow what was proposed."""
    return perform(ports, DecideRule(rule=rule, trigger=RuleTrigger.REJECT, reason=said.reason), context)


@router.post("/api/v1/rules/{name}/retire", response_model=Caused)
def retire_rule(ports: PortsOf, context: ContextOf, rule: RuleName, said: Said) -> Response:
    """Takes a rule out of force."""
    return perform(ports, DecideRule(rule=rule, trigger=RuleTrigger.RETIRE, reason=said.reason), context)


@router.post("/api/v1/rules/{name}/snooze", response_model=Caused)
def snooze_rule(ports: PortsOf, context: ContextOf, rule: RuleName, said: Snooze) -> Response:
    """Lets a rule do nothing for a while, at most 30 days; it is judged and counted meanwhile."""
    return perform(ports, SnoozeRule(rule=rule, until_ms=from_datetime(said.until), reason=said.reason), context)


def _detail(ports: Ports, rule: WrittenRule) -> dict[str, Any]:
    shown: dict[str, Any] = present(rule)
    return shown | {"hits": present(ports.tables.get(RULE_HITS, rule.name) or RuleHits())}
