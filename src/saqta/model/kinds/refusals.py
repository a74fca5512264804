"""What the log tells about itself."""

from saqta.model.kinds.record import Record


class EventRefused(Record, frozen=True, kw_only=True):
    """An event came again under a known ``(source, id)`` with other content; digests of both are kept."""

    refused_source: str
    refused_id: str
    stored_sha256: str
    offered_sha256: str


class EventPutAside(Record, frozen=True, kw_only=True):
    """A step could not take the event at ``seq`` and went on without it."""

    step: str
    seq: int
    reason: str


class MessagePutAside(Record, frozen=True, kw_only=True):
    """A message of another system could not be taken; only its digest is known: nobody looked through it."""

    origin: str
    sha256: str
    size_bytes: int
    reason: str
