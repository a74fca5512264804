"""The lists that pages show."""

import pytest

from saqta import views
from saqta.model import kinds
from saqta.model.kinds import ListImported, ListTerms
from saqta.model.terms import EntryState, ListedKind
from saqta.views.tables import LIST_ENTRIES, LIST_WAITING, LISTS
from story import START_MS, Story

TERMS = ListTerms(kind=ListedKind.MSISDN, reason="confiscated", source="operator")


@pytest.fixture
def story() -> Story:
    return Story([views.STEP])


def part(number: int, parts: int, version: str = "v1") -> ListImported:
    root = f"{version}-{number}"
    return ListImported(
        list="sims", version=version, part=number, parts=parts, terms=(TERMS,), rows=bytes(18), root=root, total=7
    )


def test_a_list_is_shown_once_it_is_whole_with_the_roots_of_its_own_parts(story: Story) -> None:
    for number in (1, 2, 3):
        assert not story.rows(LISTS)
        story.tell(part(number, 3))
    assert story.rows(LISTS)["sims"].roots == ("v1-1", "v1-2", "v1-3")
    story.tell(part(1, 2, "v2"))
    assert story.rows(LISTS)["sims"].version == "v1"
    story.tell(part(2, 2, "v2"), at_s=4)
    row = story.rows(LISTS)["sims"]
    assert (row.roots, row.entries, row.imported_ms) == (("v2-1", "v2-2"), 7, START_MS + 4_000)


def test_what_waits_is_a_queue_the_oldest_first(story: Story) -> None:
    for number, entry in enumerate(("b", "a")):
        story.tell(kinds.ListEntryProposed(entry=entry, terms=TERMS), at_s=number)
    story.tell(kinds.ListEntryAppealed(entry="c", reason="r", terms=TERMS), at_s=9)
    assert [row.entry for row in story.rows(LIST_WAITING).values()] == ["c", "b", "a"]
    story.tell(kinds.ListEntryConfirmed(entry="b"))
    story.tell(kinds.ListEntryLifted(entry="c", reason="r"))
    assert [row.entry for row in story.rows(LIST_WAITING).values()] == ["a"]
    assert story.rows(LIST_ENTRIES)["b"].state is EntryState.IN_FORCE
    story.tell(kinds.ListEntryConfirmed(entry="unknown"))
    assert set(story.rows(LIST_ENTRIES)) == {"a", "b", "c"}
