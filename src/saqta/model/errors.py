"""One tree of errors.

SaqtaError
├── InputError           bad input: names the field, what stood there, what was expected (exit 2, HTTP 422)
├── ForbiddenError       the actor may not do this (HTTP 403)
├── StateError           the state of the thing forbids the command (HTTP 409)
├── VersionConflict      a subject moved on since it was read (HTTP 409)
├── ContentConflict      a known (source, id) came again with other content (HTTP 409)
├── LimitError           a source says more than it may in a day (HTTP 429)
├── BusyError            too much waits already: come again later (HTTP 503)
├── StepStopped          a step put too many events aside in a row: our own fault (exit 1, HTTP 503)
├── StorageError         the disk is full, the database is locked, the folder is of a newer version (exit 2)
└── DamageError          stored bytes are not what was written; names the first bad seq (exit 3)
"""

import re

_USERINFO = re.compile(r"(\w+://)[^/@\s]*@")
"""Names and passwords in addresses: a message shows neither."""
SHOWN_MAX = 80
"""So much of what was given is shown, its beginning and its end: a path tells most at its end."""


class SaqtaError(Exception):
    """The root: everything that Saqta raises on purpose."""


class InputError(SaqtaError):
    """Bad input: ``field`` is where, ``given`` what stood there, ``expected`` what belongs there."""

    def __init__(self, field: str, given: object, expected: str) -> None:
        self.field, self.given, self.expected = field, given, expected
        shown = _USERINFO.sub(r"\1", repr(given))
        shown = shown if len(shown) <= SHOWN_MAX else f"{shown[: SHOWN_MAX // 2 - 3]}...{shown[-SHOWN_MAX // 2 :]}"
        super().__init__(f"{field}: got {shown}, expected {expected}")

    @property
    def given_text(self) -> str:
        """The beginning of what stood there, for answers to programs: text as it is."""
        text = self.given if isinstance(self.given, str) else repr(self.given)
        return _USERINFO.sub(r"\1", text)[:SHOWN_MAX]


class ForbiddenError(SaqtaError):
    """The actor may not do this."""


class StateError(SaqtaError):
    """The state of ``subject`` forbids the command; the message says why."""

    def __init__(self, subject: str, reason: str) -> None:
        self.subject, self.reason = subject, reason
        super().__init__(f"{subject}: {reason}")


class VersionConflict(SaqtaError):
    """``subject`` was expected at one version (the seq of its newest event, 0 for none) and stands at another."""

    def __init__(self, subject: str, expected: int, actual: int) -> None:
        self.subject, self.expected, self.actual = subject, expected, actual
        super().__init__(f"{subject} moved on: expected version {expected}, found {actual}")


class ContentConflict(SaqtaError):
    """The event ``(source, id)`` stands in the log with other content; the refusal itself was recorded."""

    def __init__(self, source: str, id: str) -> None:
        self.source, self.id = source, id
        super().__init__(f"event {id} of {source} is already recorded with other content")


class LimitError(SaqtaError):
    """A source says more than it may for now; the message says how much that is."""


class BusyError(SaqtaError):
    """Too much waits already, or the part is starting: the same request is good later."""


class StepStopped(SaqtaError):
    """``step`` put ``put_aside`` events in a row aside, up to ``seq``, the last one because of ``reason``.

    They are on record and the step has passed them: started again, it goes on behind them.
    """

    def __init__(self, step: str, seq: int, put_aside: int, reason: str) -> None:
        self.step, self.seq, self.put_aside, self.reason = step, seq, put_aside, reason
        super().__init__(
            f"the step {step} stopped at seq {seq}: it could not take {put_aside} events in a row, the last one "
            f"because of {reason}; they are put aside in the log: start again to go on behind them, and once the "
            "cause is mended run: saqta log rebuild"
        )


class StorageError(SaqtaError):
    """The place where things are kept can't be used; the message says why and what to do."""


class DamageError(SaqtaError):
    """Stored bytes are not what was written; ``seq`` is the first bad position, when it is known."""

    def __init__(self, message: str, seq: int | None = None) -> None:
        self.seq = seq
        super().__init__(message)
