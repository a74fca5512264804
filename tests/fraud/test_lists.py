"""What is blocked: lists, and the people who decide about entries."""

from pathlib import Path

import pytest

from saqta.fraud import lists
from saqta.fraud.lists.blocklist import Blocklist, Listing
from saqta.fraud.lists.listed import listing_of
from saqta.fraud.lists.tables import ENTRIES, HEADS, PARTS
from saqta.intake.lists import read_list
from saqta.log.runner import Commit, Runner, rebuild
from saqta.log.tables import MemoryTables
from saqta.model import kinds
from saqta.model.command import REASON_CHARS_MAX, DecideEntry, ProposeEntry
from saqta.model.errors import InputError, StateError
from saqta.model.kinds import LISTED_ROWS_MAX, ListTerms
from saqta.model.list_entry import Trigger
from saqta.model.listing import digester
from saqta.model.terms import EntryState, ListedKind
from story import START_MS, Story

KEY = b"k" * 64
NUMBER, OTHER = "+77011234567", "+77017654321"
TERMS = ListTerms(kind=ListedKind.MSISDN, reason="called 40 people", source="analysts", valid_until_ms=START_MS + 9_000)


class Lists(Story):
    """The step of the lists alone, with what it blocks, kept by its commits."""

    def __init__(self) -> None:
        super().__init__([])
        self.blocklist = Blocklist(KEY)
        self.runners["lists"] = Runner(lists.STEP, self.log, self.tables, self.committed)

    def committed(self, commit: Commit) -> None:
        self.blocklist.take(commit.changes, self.tables)

    def imports(self, folder: Path, *numbers: str, name: str = "sims", reason: str = "confiscated") -> None:
        path = folder / f"{name}.csv"
        rows = "".join(f"msisdn,{number},{reason},operator\n" for number in numbers)
        path.write_text("kind,value,reason,source\n" + rows)
        for part in read_list(path, digester(KEY)).records:
            self.tell(part, settle=False)
        self.settle()

    def blocks(self, number: str = NUMBER, at_s: float = 0) -> bool:
        return self.blocklist.look_up(ListedKind.MSISDN, number, START_MS + round(at_s * 1000)) is not None

    def id(self, number: str = NUMBER) -> str:
        return self.blocklist.entry_of(ListedKind.MSISDN, number)

    def propose(self, number: str = NUMBER, actor: str = "user/farid", at_s: float = 0) -> None:
        self.command(ProposeEntry(entry=self.id(number), terms=TERMS), actor=actor, at_s=at_s)

    def ask(self, trigger: Trigger, reason: str = "seen", actor: str = "user/gulnar", number: str = NUMBER) -> None:
        self.command(DecideEntry(entry=self.id(number), trigger=trigger, reason=reason), actor=actor)

    def state(self, number: str = NUMBER) -> EntryState:
        return self.rows(ENTRIES)[self.id(number)].state


@pytest.fixture
def story() -> Lists:
    return Lists()


def test_a_proposal_blocks_once_a_second_person_confirms_it(story: Lists) -> None:
    story.propose()
    assert not story.blocks()
    with pytest.raises(StateError, match="was proposed by user/farid: another person confirms it"):
        story.ask(Trigger.CONFIRM, actor="user/farid")
    story.ask(Trigger.CONFIRM, reason="")
    assert story.blocks()
    assert not story.blocks(at_s=9)
    assert not story.blocks(OTHER)


def test_a_rejected_proposal_blocks_nothing_and_may_come_again(story: Lists) -> None:
    story.propose()
    story.ask(Trigger.REJECT, actor="user/farid")
    assert not story.blocks()
    with pytest.raises(StateError, match="is rejected: confirm is not possible, only propose"):
        story.ask(Trigger.CONFIRM)
    story.propose()
    with pytest.raises(StateError, match="is proposed"):
        story.propose()


def test_an_appeal_is_decided_by_another_person(story: Lists) -> None:
    story.propose()
    story.ask(Trigger.CONFIRM)
    story.ask(Trigger.APPEAL, actor="user/alice")
    assert story.blocks()
    for trigger in (Trigger.UPHOLD, Trigger.LIFT):
        with pytest.raises(StateError, match="was put into force by user/gulnar: another person decides the appeal"):
            story.ask(trigger)
    story.ask(Trigger.UPHOLD, actor="user/bob")
    assert story.blocks()
    story.ask(Trigger.APPEAL, actor="user/alice")
    story.ask(Trigger.LIFT, actor="user/gulnar")
    assert not story.blocks()


def test_an_imported_list_blocks_at_once_and_its_next_version_takes_its_place(story: Lists, tmp_path: Path) -> None:
    story.imports(tmp_path, NUMBER)
    assert story.blocks()
    story.imports(tmp_path, OTHER, name="others")
    story.imports(tmp_path, OTHER)
    assert (story.blocks(), story.blocks(OTHER)) == (False, True)
    assert [key.split("/")[0] for key in story.rows(PARTS)] == ["others", "sims"]
    assert list(story.rows(HEADS)) == ["others", "sims"]


def test_until_its_last_part_is_there_the_version_before_holds(story: Lists, tmp_path: Path) -> None:
    story.imports(tmp_path, NUMBER)
    path = tmp_path / "sims.csv"
    rows = "".join(f"imsi,{400_000_000_000_000 + n},r,operator\n" for n in range(LISTED_ROWS_MAX + 1))
    path.write_text("kind,value,reason,source\n" + rows)
    first, last = read_list(path, digester(KEY)).records
    story.tell(first)
    assert story.blocks()
    assert story.blocklist.look_up(ListedKind.IMSI, "400000000000000", START_MS) is None
    story.tell(last)
    assert not story.blocks()
    for n in (0, LISTED_ROWS_MAX):
        assert story.blocklist.look_up(ListedKind.IMSI, str(400_000_000_000_000 + n), START_MS)


def test_an_appeal_against_an_imported_entry(story: Lists, tmp_path: Path) -> None:
    story.imports(tmp_path, NUMBER, OTHER)
    with pytest.raises(StateError, match="is blocked already, by operator: confiscated"):
        story.propose()
    story.ask(Trigger.APPEAL, "I bought it used")
    entry = story.rows(ENTRIES)[story.id()]
    assert (entry.state, entry.appeal, entry.terms.source) == (EntryState.APPEALED, "I bought it used", "operator")
    assert story.blocks()
    story.ask(Trigger.LIFT)
    assert (story.blocks(), story.blocks(OTHER)) == (False, True)
    story.imports(tmp_path, NUMBER, OTHER, reason="again")
    assert not story.blocks()
    story.propose()
    assert (story.state(), story.blocks()) == (EntryState.PROPOSED, False)
    story.ask(Trigger.REJECT)
    assert not story.blocks()
    story.propose()
    story.ask(Trigger.CONFIRM)
    assert story.blocks()


def test_an_appealed_entry_of_a_list_is_free_when_the_list_drops_it(story: Lists, tmp_path: Path) -> None:
    story.imports(tmp_path, NUMBER)
    story.ask(Trigger.APPEAL)
    story.ask(Trigger.UPHOLD)
    assert story.blocks()
    story.imports(tmp_path, OTHER)
    assert not story.blocks()


@pytest.mark.parametrize("trigger", list(Trigger)[1:])
def test_what_nobody_listed_can_not_be_decided(story: Lists, trigger: Trigger) -> None:
    with pytest.raises(InputError, match=f"an entry that one can {trigger}"):
        story.ask(trigger)


@pytest.mark.parametrize("reason", ["", "  ", "x" * (REASON_CHARS_MAX + 1)])
def test_a_decision_has_its_reason(story: Lists, reason: str) -> None:
    story.propose()
    with pytest.raises(InputError, match="a reason of 1 to"):
        story.ask(Trigger.REJECT, reason)


def test_what_is_over_may_be_proposed_again(story: Lists) -> None:
    story.propose()
    story.ask(Trigger.CONFIRM)
    story.now_ms += 9_000
    story.propose(at_s=9)
    assert story.state() is EntryState.PROPOSED


def test_a_blocklist_loaded_is_that_which_lived_and_a_rebuild_makes_the_same_tables(
    story: Lists, tmp_path: Path
) -> None:
    story.imports(tmp_path, NUMBER, OTHER)
    story.ask(Trigger.LIFT)
    rebuilt = MemoryTables()
    rebuild([lists.STEP], story.log, rebuilt)
    for table in lists.STEP.tables:
        assert rebuilt.digest(table) == story.tables.digest(table)
    loaded = Blocklist(KEY)
    loaded.load(rebuilt)
    for number in (NUMBER, OTHER):
        assert loaded.look_up(ListedKind.MSISDN, number, START_MS) == story.blocklist.look_up(
            ListedKind.MSISDN, number, START_MS
        )


def test_another_key_finds_nothing(story: Lists, tmp_path: Path) -> None:
    story.imports(tmp_path, NUMBER)
    other = Blocklist(b"l" * 64)
    other.load(story.tables)
    assert other.look_up(ListedKind.MSISDN, NUMBER, START_MS) is None


def test_no_number_stands_in_the_log(story: Lists, tmp_path: Path) -> None:
    story.imports(tmp_path, NUMBER)
    story.ask(Trigger.APPEAL)
    for recorded in story.recorded():
        assert NUMBER.encode() not in recorded.stored
        assert isinstance(recorded.event.subject, str)
        assert NUMBER[1:] not in recorded.event.subject
    assert story.told(kinds.ListImported)


def test_what_is_in_doubt_is_told_by_the_entry_that_the_rule_follows() -> None:
    found = {"listed_callee": Listing("callee", None, True), "listed_imei": Listing("imei", TERMS, True)}
    assert [listing_of(rule, found) for rule in ("listed_call_appealed", "listed_callee", "other")] == [
        found["listed_imei"],
        found["listed_callee"],
        None,
    ]
