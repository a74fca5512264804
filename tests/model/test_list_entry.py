"""What may be listed, and what may become of an entry."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saqta.model import kinds
from saqta.model.catalogue import make
from saqta.model.errors import InputError, StateError
from saqta.model.event import Recorded
from saqta.model.kinds import LISTED_ROW_BYTES, ListImported, ListTerms
from saqta.model.list_entry import (
    DOUBT_MS,
    EVENTS,
    TRANSITIONS,
    Entry,
    Trigger,
    apply,
    blocks,
    is_in_doubt,
    is_valid,
    require,
)
from saqta.model.listing import DIGEST_BYTES, canonical, digest_of, digester, entry_id, find_in, listed
from saqta.model.terms import EntryState, ListedKind

ID = entry_id(ListedKind.MSISDN, bytes(16))
TERMS = ListTerms(kind=ListedKind.MSISDN, reason="confiscated", source="operator A")
TOLD = {
    Trigger.PROPOSE: kinds.ListEntryProposed(entry=ID, terms=TERMS),
    Trigger.CONFIRM: kinds.ListEntryConfirmed(entry=ID),
    Trigger.REJECT: kinds.ListEntryRejected(entry=ID, reason="r"),
    Trigger.APPEAL: kinds.ListEntryAppealed(entry=ID, reason="r"),
    Trigger.UPHOLD: kinds.ListEntryUpheld(entry=ID, reason="r"),
    Trigger.LIFT: kinds.ListEntryLifted(entry=ID, reason="r"),
}


def recorded(record: kinds.Record, seq: int = 7, actor: str = "user/farid", time_ms: int = 1_000) -> Recorded:
    event = make(record, id=str(seq), source="/test", actor=actor, time_ms=time_ms, recorded_ms=time_ms)
    return Recorded(seq, b"", event)


def entry(state: EntryState = EntryState.IN_FORCE, terms: ListTerms = TERMS, by: str | None = "user/farid") -> Entry:
    return Entry(id=ID, state=state, terms=terms, version=3, changed_ms=5, proposed_by=by)


@pytest.mark.parametrize("state", EntryState)
@pytest.mark.parametrize("trigger", Trigger)
def test_the_table_alone_says_what_may_follow(state: EntryState, trigger: Trigger) -> None:
    after = TRANSITIONS[state].get(trigger)
    told = recorded(TOLD[trigger])
    if after is None:
        with pytest.raises(StateError, match=f"is {state}: {trigger} is not possible"):
            apply(entry(state), told, TOLD[trigger])
        with pytest.raises(StateError):
            require(entry(state), trigger)
    else:
        changed = apply(entry(state), told, TOLD[trigger])
        assert changed is not None
        assert (changed.state, changed.version, changed.changed_ms) == (after, 7, 1_000)


@pytest.mark.parametrize("state", [EntryState.PROPOSED, EntryState.IN_FORCE, EntryState.APPEALED])
def test_what_a_step_proposes_changes_nothing_where_it_waits_or_blocks_already(state: EntryState) -> None:
    told = recorded(TOLD[Trigger.PROPOSE])
    followed = Recorded(told.seq, b"", msgspec.structs.replace(told.event, cause="/saqta/fraud/alfa#1"))
    assert apply(entry(state), followed, TOLD[Trigger.PROPOSE]) == msgspec.structs.replace(entry(state), version=7)


def test_an_entry_is_made_by_a_proposal_or_by_an_appeal_against_an_imported_list() -> None:
    assert {type(record) for record in TOLD.values()} == set(EVENTS)
    for trigger in (Trigger.CONFIRM, Trigger.APPEAL, Trigger.LIFT):
        assert apply(None, recorded(TOLD[trigger]), TOLD[trigger]) is None
    appealed = kinds.ListEntryAppealed(entry=ID, reason="sold it", terms=TERMS)
    made = apply(None, recorded(appealed), appealed)
    assert made is not None
    assert (made.state, made.appeal, made.appealed_ms, made.proposed_by) == (
        EntryState.APPEALED,
        "sold it",
        1_000,
        None,
    )
    lifted = kinds.ListEntryLifted(entry=ID, reason="r", terms=TERMS)
    made = apply(None, recorded(lifted), lifted)
    assert made is not None
    assert made.state is EntryState.LIFTED


def test_an_entry_blocks_while_its_terms_hold_and_an_appeal_changes_nothing_yet() -> None:
    limited = ListTerms(kind=ListedKind.MSISDN, reason="r", source="s", valid_from_ms=10, valid_until_ms=20)
    assert [is_valid(limited, at_ms) for at_ms in (9, 10, 19, 20)] == [False, True, True, False]
    assert blocks(entry(EntryState.APPEALED, limited), 15)
    assert not blocks(entry(EntryState.APPEALED, limited), 20)
    assert not blocks(entry(EntryState.LIFTED), 15)
    assert not blocks(entry(by=None), 15)


def test_what_is_over_may_be_proposed_again() -> None:
    over = ListTerms(kind=ListedKind.MSISDN, reason="r", source="s", valid_until_ms=20)
    again = TOLD[Trigger.PROPOSE]
    with pytest.raises(StateError):
        apply(entry(terms=over), recorded(again, time_ms=19), again)
    proposed = apply(entry(terms=over), recorded(again, time_ms=20), again)
    assert proposed is not None
    assert proposed.state is EntryState.PROPOSED


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        (ListedKind.MSISDN, "+7 701 123-45-67", "+77011234567"),
        (ListedKind.IMSI, "401011234567890", "401011234567890"),
        (ListedKind.IMEI, "49-015420-323751-8", "49015420323751"),
        (ListedKind.IMEI, "49015420323751", "49015420323751"),
        (ListedKind.ACCOUNT, "kz86 125k zt50 0410 0100", "KZ86125KZT5004100100"),
        (ListedKind.PAYEE, "6543210987654321", "6543210987654321"),
    ],
)
def test_a_value_has_one_form(kind: ListedKind, written: str, expected: str) -> None:
    assert canonical(kind, written) == expected


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (ListedKind.MSISDN, "87011234567"),
        (ListedKind.MSISDN, "+7701123456789012"),
        (ListedKind.MSISDN, "=+77011234567"),
        (ListedKind.IMSI, "4010112345678"),
        (ListedKind.IMEI, "490154203237518x"),
        (ListedKind.ACCOUNT, "KZ86;DROP"),
        (ListedKind.PAYEE, ""),
    ],
)
def test_what_is_nothing_of_its_kind_is_refused(kind: ListedKind, written: str) -> None:
    with pytest.raises(InputError, match="value"):
        canonical(kind, written)


def test_digests_differ_by_key_kind_and_value() -> None:
    one, other = digester(b"k" * 64), digester(b"l" * 64)
    assert one(ListedKind.ACCOUNT, "1") == one(ListedKind.ACCOUNT, "1")
    assert len({one(ListedKind.ACCOUNT, "1"), one(ListedKind.PAYEE, "1"), other(ListedKind.ACCOUNT, "1")}) == 3
    digest = one(ListedKind.IMEI, "49015420323751")
    assert digest_of(entry_id(ListedKind.IMEI, digest)) == digest


@pytest.mark.parametrize("id", ["", "msisdn", "ship-" + "0" * 32, "msisdn-" + "0" * 31, "msisdn-" + "G" * 32])
def test_an_id_that_is_none(id: str) -> None:
    with pytest.raises(InputError, match="entry"):
        digest_of(id)


@given(st.lists(st.binary(min_size=DIGEST_BYTES, max_size=DIGEST_BYTES), unique=True), st.binary(max_size=40))
def test_every_row_is_found_and_nothing_between_rows(digests: list[bytes], other: bytes) -> None:
    terms = (TERMS, ListTerms(kind=ListedKind.IMEI, reason="stolen", source="operator B"))
    rows = b"".join(digest + (n % 2).to_bytes(2) for n, digest in enumerate(digests))
    part = ListImported(list="l", version="v", part=1, parts=1, terms=terms, rows=rows, root="", total=len(digests))
    assert list(listed(part)) == [(digest, terms[n % 2]) for n, digest in enumerate(digests)]
    assert [find_in(part, digest) for digest in digests] == [terms[n % 2] for n in range(len(digests))]
    shifted = rows[3 : 3 + DIGEST_BYTES]
    if len(rows) > LISTED_ROW_BYTES and shifted not in digests:
        assert find_in(part, shifted) is None
    assert find_in(part, other.ljust(DIGEST_BYTES, b"\7")[:DIGEST_BYTES]) is None or other[:DIGEST_BYTES] in rows


def test_the_first_appeal_alone_against_what_people_listed_puts_it_in_doubt() -> None:
    appealed = msgspec.structs.replace(entry(EntryState.APPEALED), appealed_ms=1_000)
    assert is_in_doubt(appealed, 1_000)
    assert [is_in_doubt(appealed, 1_000 + DOUBT_MS + more_ms) for more_ms in (-1, 0)] == [True, False]
    assert not is_in_doubt(entry(), 1_000)
    assert not is_in_doubt(entry(EntryState.APPEALED, by=None), 1_000), "it is an imported list's"
    kept = apply(appealed, recorded(TOLD[Trigger.UPHOLD]), TOLD[Trigger.UPHOLD])
    again = apply(kept, recorded(TOLD[Trigger.APPEAL], seq=8), TOLD[Trigger.APPEAL])
    assert again is not None
    assert (again.state, is_in_doubt(again, 1_000)) == (EntryState.APPEALED, False)
