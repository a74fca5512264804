"""Rules that were published: how many there may be, that a set is known for ever, and that order does not matter."""

import pytest

from saqta.fraud import publishing
from saqta.fraud.engine.rules import PUBLISHED_MAX, STANDARD, read_rules
from saqta.fraud.publishing import books
from saqta.fraud.publishing.books import RuleBook
from saqta.fraud.publishing.tables import HEAD, NEWEST, SETS
from saqta.log.runner import Runner
from saqta.model.command import Context, DecideRule, ProposeRule
from saqta.model.errors import StateError
from saqta.model.kinds import RulePublished, RuleTerms
from saqta.model.rule import RuleTrigger
from story import START_MS, Story


class Rules(Story):
    """The step of published rules alone."""

    def __init__(self) -> None:
        super().__init__([])
        self.book = RuleBook(read_rules(STANDARD))
        self.runners["rules"] = Runner(
            publishing.STEP, self.log, self.tables, lambda commit: self.book.take(commit.changes)
        )

    def propose(self, name: str, amount: int = 1000) -> None:
        terms = RuleTerms(kind="payment", expression=f"amount > {amount}", verdict="warn", reason="much")
        self.ask(ProposeRule(rule=name, terms=terms), "user/farid")

    def publish(self, name: str) -> None:
        self.ask(DecideRule(rule=name, trigger=RuleTrigger.PUBLISH), "user/gulnar")

    def ask(self, command: object, actor: str) -> None:
        self.runners["rules"].command(command, Context(actor=actor, key=str(next(self._numbers)), now_ms=START_MS))


STANDARD_VERSION = read_rules(STANDARD).version


@pytest.fixture
def story() -> Rules:
    return Rules()


def test_as_many_are_in_force_as_have_a_bit(story: Rules) -> None:
    for n in range(PUBLISHED_MAX + 1):
        story.propose(f"r{n}")
    for n in range(PUBLISHED_MAX):
        story.publish(f"r{n}")
    with pytest.raises(StateError, match="the most there may be"):
        story.publish(f"r{PUBLISHED_MAX}")
    story.propose("r0", 2000)
    story.publish("r0")
    assert len(story.rows(HEAD)[NEWEST].rules) == PUBLISHED_MAX


def test_what_was_in_force_is_known_by_its_version(story: Rules) -> None:
    for amount in (1000, 2000):
        story.propose("much", amount)
        story.publish("much")
    assert [each.number for each in story.rows(SETS).values()] == [1, 2]
    assert story.book.current.version == f"{STANDARD_VERSION}+2"
    fresh = RuleBook(read_rules(STANDARD))
    fresh.load(story.tables)
    assert fresh.current.rules == story.book.current.rules
    [before] = [rule for rule in fresh.of(f"{STANDARD_VERSION}+1", story.tables).rules if rule.name == "much"]
    assert before.expression == "amount > 1000"
    assert fresh.of(STANDARD_VERSION, story.tables).version == STANDARD_VERSION
    assert fresh.of("other+99", story.tables).version == STANDARD_VERSION


def test_so_many_sets_are_kept_compiled_and_older_ones_compiled_again(
    story: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "SETS_MAX", 3)
    for amount in range(1000, 1006):
        story.propose("much", amount)
        story.publish("much")
    for number in (*range(7), 6, 1):
        rules = story.book.of(f"{STANDARD_VERSION}+{number}", story.tables).rules
        assert [rule.expression for rule in rules if rule.name == "much"] == [f"amount > {999 + number}"] * (number > 0)
    assert list(story.book._sets) == [5, 6, 1]
    assert story.book.current.version == f"{STANDARD_VERSION}+6"


def test_a_publication_of_what_nobody_proposed_changes_nothing(story: Rules) -> None:
    story.tell(RulePublished(rule="nobody"))
    assert story.rows(HEAD) == {}
