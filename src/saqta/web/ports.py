"""What the web stands on: the ports that wiring hands in, and its limits."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Protocol

import msgspec
from fastapi import Depends, Request

from saqta.log.personal import Keyring
from saqta.log.port import Log
from saqta.model.command import Command, Context
from saqta.model.errors import SaqtaError
from saqta.model.event import Recorded
from saqta.model.kinds import ListTerms, RuleTerms
from saqta.model.moment import Clock
from saqta.model.step import Tables
from saqta.model.terms import ListedKind
from saqta.web.live import Broadcaster

ASSETS = Path(__file__).parent / "assets"
"""Where the built pages lie."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much the web takes; each is reached by a test."""

    body_bytes_max: int = 64 << 10
    events_body_bytes_max: int = 8 << 20
    events_per_request_max: int = 1_000
    decisions_body_bytes_max: int = 1 << 20
    body_wait_s: float = 10.0
    threads_max: int = 16
    session_s: int = 12 * 3600
    sign_in_refusals_per_minute_max: int = 20
    sign_in_addresses_max: int = 10_000
    read_back_wait_s: float = 2.0


class CameraLoad(Protocol):
    """What a camera's frames came to since its stream was opened; ``dropped`` were lost for want of time."""

    @property
    def camera(self) -> str: ...
    @property
    def decoded(self) -> int: ...
    @property
    def analysed(self) -> int: ...
    @property
    def dropped(self) -> int: ...


class Blocklist(Protocol):
    """What is blocked. Every method may be called from any thread; InputError for a value that is none of its kind."""

    def entry_of(self, kind: ListedKind, value: str) -> str:
        """The id of the entry that lists a value, or would."""
        ...

    def look_up(self, kind: ListedKind, value: str, at_ms: int) -> ListTerms | None:
        """The terms on which a value is blocked at a moment; None where it is not."""
        ...


Answer = bytes | SaqtaError
"""The answer to who asks for decisions, in JSON, or why there is none."""


class Decided(Protocol):
    """A decision as its reader may know it: ``told`` is what was answered and what became of it, ``why`` the rest."""

    @property
    def tenant(self) -> str: ...
    @property
    def told(self) -> dict[str, Any]: ...
    @property
    def why(self) -> dict[str, Any]: ...


class Figures(Protocol):
    """What came of all that was asked: ``decided`` by kind and action, of that ``at_deadline`` by rules alone,
    ``refused``, ``turned_away`` for want of room or while it starts or stops, ``late``; and how much is ``waiting``."""

    @property
    def decided(self) -> Mapping[tuple[str, str], int]: ...
    @property
    def at_deadline(self) -> int: ...
    @property
    def refused(self) -> int: ...
    @property
    def turned_away(self) -> int: ...
    @property
    def late(self) -> int: ...
    @property
    def waiting(self) -> int: ...


class Decisions(Protocol):
    """The decision path; it starts before it ``is_ready``, and ends so."""

    @property
    def is_ready(self) -> bool: ...

    def ask(
        self,
        tenant: str,
        kind: Literal["payment", "call"],
        is_partner: bool,
        body: bytes,
        done: Callable[[Answer], None],
    ) -> None:
        """Asks in the name of ``tenant``; ``done`` is told of the answer by another thread.

        InputError for what can't be read at all, BusyError where too much waits.
        """
        ...

    def figures(self) -> Figures:
        """What came of all that was asked, as it is now."""
        ...

    def subscriber(self, number: str) -> str:
        """The pseudonym of a telephone number in E.164."""
        ...

    def account(self, account: str, partner: str) -> str:
        """The pseudonym of an account, as a partner writes it, in that one's decisions."""
        ...

    def look(self, decision: str, is_partner: bool) -> Decided | None:
        """A decision, None where there is none. Blocks."""
        ...

    def allowed(self, parties: Collection[str]) -> list[dict[str, Any]]:
        """What was simply allowed of these parties lately, the newest first, in the fields of a ``Stopped``. Blocks."""
        ...

    def was_asked_about(self, party: str) -> bool:
        """Whether a call of this party was asked about lately, whatever was decided. Blocks."""
        ...


class RuleDesk(Protocol):
    """What is known of rules before they are in force. Every method may be called from any thread."""

    def check(self, kind: Literal["payment", "call"], expression: str, reason: str) -> Mapping[str, Any]:
        """The fields that an expression reads and what it costs, or its first error with line and column."""
        ...

    def backtest(self, name: str, terms: RuleTerms, from_ms: int, until_ms: int) -> Mapping[str, Any]:
        """What a rule would have done with what the log holds, beside what was done. Blocks; BusyError while another
        is tried."""
        ...

    def of_file(self) -> Sequence[Mapping[str, Any]]:
        """The rules of the file, as they are told over HTTP."""
        ...

    def fields(self, kind: Literal["payment", "call"]) -> Sequence[Mapping[str, str]]:
        """What an expression may read."""
        ...


class ReviewDesk(Protocol):
    """What was told of decisions since they were made. Its method may be called from any thread."""

    def review(self, from_ms: int, now_ms: int) -> Mapping[str, Any]:
        """How the models did from a moment until now. Blocks; BusyError while another review runs."""
        ...


class Ports(NamedTuple):
    """All that the web may touch.

    ``tables`` reads what the views last committed, from any thread; ``live`` sends it to consoles, ``live_fraud`` to
    desks of analysts. ``decide`` gives a command to the step that decides it and returns the events it caused; it
    blocks, and raises StateError, VersionConflict or InputError.
    ``credit_transfers`` gives the payments of an ISO 20022 message as a JSON list; InputError for what is none.
    ``new_id`` gives a fresh name for a request without one, ``new_secret`` an unguessable text of 256 bits.
    """

    log: Log
    tables: Tables
    live: Broadcaster
    live_fraud: Broadcaster
    decide: Callable[[Command, Context], list[Recorded]]
    decisions: Decisions
    keyring: Keyring
    blocklist: Blocklist
    rule_desk: RuleDesk
    review_desk: ReviewDesk
    credit_transfers: Callable[[bytes], bytes]
    evidence_dir: Path
    clock: Clock
    new_id: Callable[[], str]
    new_secret: Callable[[], str]
    cameras: Callable[[], Iterable[CameraLoad]] = tuple
    limits: Limits = Limits()
    assets_dir: Path = ASSETS


async def _of(request: Request) -> Ports:
    ports: Ports = request.app.state.ports
    return ports


PortsOf = Annotated[Ports, Depends(_of)]
