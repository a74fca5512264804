"""Any order of appends, conflicts, restarts and reads leaves both logs equal to a list of bytes."""

from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from log.made import alert, noted
from saqta.log import merkle
from saqta.log.memory import MemoryLog
from saqta.log.sqlite import SqliteLog
from saqta.model.errors import ContentConflict, VersionConflict
from saqta.model.event import Event, encode

IDS = st.integers(0, 30)
EVENTS = st.builds(
    lambda n, confidence, recorded_ms: alert(n, confidence=confidence, recorded_ms=recorded_ms),
    IDS,
    st.sampled_from([0.5, 0.5, 0.5, 0.9]),
    st.integers(0, 5),
) | st.builds(noted, IDS, st.sampled_from(["I1", "I2"]))


class LogMachine(RuleBasedStateMachine):
    """``events`` is what should stand in the logs, refusals left out; ``size`` counts those too."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "log.db"
        self.sqlite, self.memory = SqliteLog(self.path, lambda: 99), MemoryLog(lambda: 99)
        self.events: dict[str, Event] = {}
        self.versions: dict[str, int] = {}
        self.roots: list[bytes] = [merkle.EMPTY_ROOT]

    def teardown(self) -> None:
        self.sqlite.close()
        self.folder.cleanup()

    @rule(batch=st.lists(EVENTS, max_size=6), expects=st.booleans(), wrongly=st.booleans())
    def append(self, batch: list[Event], expects: bool, wrongly: bool) -> None:
        subjects = {event.subject for event in batch} if expects else set()
        expected = {subject: self.versions.get(subject, 0) + wrongly for subject in subjects}
        outcomes = []
        for log in (self.sqlite, self.memory):
            try:
                outcomes.append(log.append(batch, expected))
            except (ContentConflict, VersionConflict) as error:
                outcomes.append((type(error), str(error)))
        assert outcomes[0] == outcomes[1]
        self._note(batch, outcomes[0], bool(expected) and wrongly)

    def _note(self, batch: list[Event], outcome: object, wrongly: bool) -> None:
        """What the port promises, worked out from a plain dictionary."""
        known = dict(self.events)
        for event in batch:
            before = known.setdefault(event.key, event)
            if content(before) != content(event):
                assert isinstance(outcome, tuple)
                assert outcome[0] is ContentConflict
                self.versions["log"] = self.memory.version("log")
                return
        new = [event for key, event in known.items() if key not in self.events]
        if new and wrongly:
            assert isinstance(outcome, tuple)
            assert outcome[0] is VersionConflict
            return
        assert isinstance(outcome, list)
        for event, position in zip(batch, outcome, strict=True):
            assert position.repeat == (event not in new) or batch.count(event) > 1
            self.versions[event.subject] = max(self.versions.get(event.subject, 0), position.seq)
        self.events = known

    @rule()
    def restart(self) -> None:
        self.sqlite.close()
        self.sqlite = SqliteLog(self.path, lambda: 99)

    @precondition(lambda self: self.memory.size())
    @rule(data=st.data())
    def prove(self, data: st.DataObject) -> None:
        size = data.draw(st.integers(1, self.memory.size()))
        seq, old = data.draw(st.integers(1, size)), data.draw(st.integers(0, size))
        [recorded] = self.sqlite.read(seq - 1, 1)
        root = self.memory.root(size)
        path = self.sqlite.inclusion_proof(seq, size)
        assert merkle.verify_inclusion(seq - 1, size, merkle.leaf_hash(recorded.stored), path, root)
        proof = self.sqlite.consistency_proof(old, size)
        assert merkle.verify_consistency(old, size, proof, self.memory.root(old), root)

    @invariant()
    def the_logs_agree(self) -> None:
        assert self.sqlite.read(0) == self.memory.read(0)
        assert self.sqlite.size() == self.memory.size()
        assert self.sqlite.root() == self.memory.root()

    @invariant()
    def every_event_stands_once_as_it_first_came(self) -> None:
        stored = [recorded.stored for recorded in self.memory.read(0) if recorded.event.source != "/saqta/log"]
        assert sorted(stored) == sorted(encode(event) for event in self.events.values())

    @invariant()
    def versions_are_those_of_the_newest_events(self) -> None:
        for log in (self.sqlite, self.memory):
            assert {subject: log.version(subject) for subject in self.versions} == self.versions

    @invariant()
    def old_roots_stay(self) -> None:
        self.roots += [self.memory.root(size) for size in range(len(self.roots), self.memory.size() + 1)]
        assert [self.sqlite.root(size) for size in range(len(self.roots))] == self.roots


def content(event: Event) -> tuple[object, ...]:
    return (event.key, event.type, event.subject, event.time_ms, event.actor, bytes(event.data))


TestLogStates = LogMachine.TestCase
TestLogStates.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
