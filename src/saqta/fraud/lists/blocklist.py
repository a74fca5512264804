"""Whether something is blocked, answered from memory: a dictionary a list, by keyed digest.

A million entries take about 180 MB and are found in the time of one digest. What people decided about an entry goes
before what an imported list says.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from saqta.fraud.lists.tables import ENTRIES, HEADS, parts_of
from saqta.model.errors import InputError
from saqta.model.kinds import ListImported, ListTerms
from saqta.model.list_entry import Entry, blocks, is_in_doubt, is_valid
from saqta.model.listing import canonical, digest_of, digester, entry_id, listed
from saqta.model.step import Change, Tables
from saqta.model.terms import ListedKind


class Listing(NamedTuple):
    """That something is blocked: by which entry, whether an appeal has put that in doubt, and on which terms: None
    where they tell of what other partners asked, as terms on a pseudonym do."""

    entry: str
    terms: ListTerms | None
    in_doubt: bool = False


class _Found(NamedTuple):
    terms: ListTerms
    in_doubt: bool = False


class Blocklist:
    """What is blocked, as the tables say. One thread loads and takes changes; any may ask."""

    def __init__(self, key: bytes) -> None:
        """Empty; ``key`` is that of the digests."""
        self._digest = digester(key)
        self._lists: dict[str, dict[bytes, ListTerms]] = {}
        self._decided: dict[bytes, Entry] = {}
        self._parties: dict[tuple[ListedKind, int], str] = {}

    def load(self, tables: Tables) -> None:
        """Takes everything that the tables hold."""
        self._lists = {list_: _rows(parts_of(tables, list_)) for list_, _ in tables.scan(HEADS)}
        for _, entry in tables.scan(ENTRIES):
            self._take_entry(entry)

    def take(self, changes: Iterable[Change], tables: Tables) -> None:
        """Takes what changed in the tables, which hold it already."""
        for change in changes:
            if change.table == HEADS.name:
                self._lists = {**self._lists, change.key: _rows(parts_of(tables, change.key))}
            elif isinstance(change.row, Entry):
                self._take_entry(change.row)

    def add(self, parts: Sequence[ListImported]) -> None:
        """Takes a list that stands in no table, in all its parts, in the place of one of its name."""
        self._lists[parts[0].list] = _rows(parts)

    def _take_entry(self, entry: Entry) -> None:
        self._decided[digest_of(entry.id)] = entry
        if entry.party is not None:
            self._parties[entry.terms.kind, int(entry.party, 16)] = entry.id

    @property
    def has_parties(self) -> bool:
        """Whether anybody was ever proposed by the pseudonym that decisions know them by."""
        return bool(self._parties)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is listed at all, and nothing ever was."""
        return not self._lists and not self._decided

    def entry_of(self, kind: ListedKind, value: str) -> str:
        """The id of the entry that would list a value; InputError when it is nothing of that kind."""
        return entry_id(kind, self._digest(kind, canonical(kind, value)))

    def look_up(self, kind: ListedKind, value: str, at_ms: int) -> ListTerms | None:
        """As ``find``, for a value as people write it. InputError as ``entry_of``."""
        return self.find(kind, canonical(kind, value), at_ms)

    def find(self, kind: ListedKind, value: str, at_ms: int) -> ListTerms | None:
        """The terms on which a value in its canonical form is blocked at a moment; None where it is not."""
        found = self._found(self._digest(kind, value), at_ms)
        return found.terms if found else None

    def listing(self, kind: ListedKind, value: str, at_ms: int) -> Listing | None:
        """What blocks a value, as people write it, at a moment; None where nothing does, or where it is nothing of that
        kind."""
        if self.is_empty:
            return None
        try:
            digest = self._digest(kind, canonical(kind, value))
        except InputError:
            return None
        found = self._found(digest, at_ms)
        return None if found is None else Listing(entry_id(kind, digest), *found)

    def party(self, kind: ListedKind, party: int, at_ms: int) -> Listing | None:
        """What blocks whom decisions know by this pseudonym; None where nothing does."""
        entry = self._parties.get((kind, party))
        found = self._found(digest_of(entry), at_ms) if entry is not None else None
        return None if entry is None or found is None else Listing(entry, None, found.in_doubt)

    def _found(self, digest: bytes, at_ms: int) -> _Found | None:
        decided = self._decided.get(digest)
        by_people = decided if decided is not None and blocks(decided, at_ms) else None
        if by_people is not None and not is_in_doubt(by_people, at_ms):
            return _Found(by_people.terms)
        if decided is not None and decided.lifted:
            return None
        for rows in self._lists.values():
            terms = rows.get(digest)
            if terms is not None and is_valid(terms, at_ms):
                return _Found(terms)
        return _Found(by_people.terms, in_doubt=True) if by_people is not None else None


def _rows(parts: Iterable[ListImported]) -> dict[bytes, ListTerms]:
    return {digest: terms for part in parts for digest, terms in listed(part)}
