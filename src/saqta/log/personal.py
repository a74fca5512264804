"""The keys of personal fields: each field of each event is sealed under a key of its own, and a person's can go.

- A field's key is HKDF-SHA-256 (RFC 5869) of the person's secret over the event's id and the field's name; the same two
  are the associated data. AES-SIV (RFC 5297) is deterministic: the same field sealed again is the same bytes, so a
  repeat of an event is known as one.
- Beside it stands an HMAC-SHA-256 of the plaintext under a key of the person's, so that records can be joined.
- Erasing a person overwrites its secret in the file. What stands in the log stays there, and can't be read by anybody
  who has no copy of the key ring from before: such copies have to expire.
"""

import base64
import binascii
import hmac
import json
import re
import secrets
import threading
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from saqta.log.database import Format, faults, open_for_writing, transaction
from saqta.model.errors import DamageError, StateError
from saqta.model.sealed import Sealed

SECRET_BYTES = 32
FIELD_KEY_BYTES = 64
"""AES-256-SIV takes two keys of 256 bits."""

_TELEPHONE = re.compile(r"(?:\+|00)?\d+")
_BETWEEN_DIGITS = re.compile(r"[\s()\[\]\u2010-\u2013-]")
"""What people write between the digits of a telephone number: spaces, brackets, hyphens."""

FORMAT = Format(
    "a key ring",
    1,
    """
    CREATE TABLE persons (person TEXT PRIMARY KEY, secret BLOB) STRICT;
    CREATE TABLE identifiers (tag BLOB PRIMARY KEY, person TEXT NOT NULL REFERENCES persons) STRICT;
    CREATE INDEX identifiers_person ON identifiers (person);
    CREATE TABLE ring (secret BLOB NOT NULL) STRICT
    """,
)


class Keyring:
    """The secrets of all persons, in the file ``path`` (mode 0600), made when it is not there.

    Every method may be called from any thread; those that write block until it is durable.
    """

    def __init__(self, path: Path) -> None:
        """StorageError when the file is locked, of a newer version or something else; DamageError when damaged."""
        self._path, self._lock = path, threading.Lock()
        with faults(path):
            # A rollback journal, cut off at each commit: no erased secret stays behind in a write-ahead log.
            self._connection = open_for_writing(path, FORMAT, synchronous="EXTRA", journal="TRUNCATE")
            path.chmod(0o600)
            self._connection.execute("PRAGMA secure_delete=ON")
            self._ring = self._ring_secret()

    def person_of(self, identifier: str) -> str:
        """The person behind an identifier (a telephone number, however it is written), a new one when it is not known.

        What is kept of the identifier is a keyed digest. After an erasure the same identifier is a new person.
        """
        tag = self._tag(identifier)
        with self._lock, transaction(self._connection, self._path):
            found = self._found(tag)
            if found is not None:
                return found
            person = secrets.token_hex(16)
            self._connection.execute("INSERT INTO persons VALUES (?, ?)", (person, secrets.token_bytes(SECRET_BYTES)))
            self._connection.execute("INSERT INTO identifiers VALUES (?, ?)", (tag, person))
        return person

    def find_person(self, identifier: str) -> str | None:
        """The person behind an identifier, as ``person_of``; None when it is not known."""
        with self._lock, faults(self._path):
            return self._found(self._tag(identifier))

    def seal(self, person: str, event_id: str, field: str, plaintext: str) -> Sealed:
        """The field of the event, sealed; the same again for the same arguments. StateError for an erased person."""
        secret = self._secret(person, make=True)
        if secret is None:
            raise StateError(f"person/{person}", "is erased: nothing can be sealed for it any more")
        key = _derive(secret, "field", event_id, field)
        ciphertext = AESSIV(key).encrypt(plaintext.encode(), _associated(event_id, field))
        digest = hmac.digest(_derive(secret, "hmac"), plaintext.encode(), "sha256")
        return Sealed(person, base64.b64encode(ciphertext).decode(), digest.hex())

    def disclose(self, sealed: Sealed, event_id: str, field: str) -> str | None:
        """The plaintext; None once the person is erased or where it is not known. DamageError as ``open_field``."""
        key = self.field_key(sealed.person, event_id, field)
        return None if key is None else open_field(key, sealed, event_id, field)

    def field_key(self, person: str, event_id: str, field: str) -> bytes | None:
        """The key that opens this field of this event and nothing else; None as ``disclose``."""
        secret = self._secret(person, make=False)
        return None if secret is None else _derive(secret, "field", event_id, field)

    def list_key(self) -> bytes:
        """The key of the digests that stand in lists for what they list; of the ring, not of a person."""
        return _derive(self._ring, "list")

    def access_key(self) -> bytes:
        """The key of the MACs of access tokens; of the ring, not of a person."""
        return _derive(self._ring, "access")

    def naming_key(self, whose: str) -> bytes:
        """16 bytes that give names their pseudonyms in what is ``whose``; always the same ones of this key ring."""
        return _derive(self._ring, "naming", whose)[:16]

    def erase(self, person: str) -> None:
        """Destroys what opens the person's fields, for ever; to erase twice is to erase once."""
        with self._lock, transaction(self._connection, self._path):
            self._connection.execute("INSERT OR REPLACE INTO persons VALUES (?, NULL)", (person,))
            self._connection.execute("DELETE FROM identifiers WHERE person = ?", (person,))

    def close(self) -> None:
        with self._lock, faults(self._path):
            self._connection.close()

    def _tag(self, identifier: str) -> bytes:
        return hmac.digest(self._ring, _canonical(identifier).encode(), "sha256")

    def _found(self, tag: bytes) -> str | None:
        found = self._connection.execute("SELECT person FROM identifiers WHERE tag = ?", (tag,)).fetchone()
        return str(found[0]) if found else None

    def _secret(self, person: str, *, make: bool) -> bytes | None:
        """The person's secret; None when it is erased, or not known and not to be made."""
        with self._lock, faults(self._path):
            found = self._connection.execute("SELECT secret FROM persons WHERE person = ?", (person,)).fetchone()
            if found is None and make:
                found = (secrets.token_bytes(SECRET_BYTES),)
                self._connection.execute("INSERT INTO persons VALUES (?, ?)", (person, *found))
        secret: bytes | None = found[0] if found else None
        return secret

    def _ring_secret(self) -> bytes:
        fresh = secrets.token_bytes(SECRET_BYTES)
        self._connection.execute("INSERT INTO ring SELECT ? WHERE NOT EXISTS (SELECT 1 FROM ring)", (fresh,))
        secret: bytes = self._connection.execute("SELECT secret FROM ring").fetchone()[0]
        return secret


def open_field(key: bytes, sealed: Sealed, event_id: str, field: str) -> str:
    """The plaintext of one field by its own key; DamageError when it was sealed for another place, or changed."""
    try:
        ciphertext = base64.b64decode(sealed.ciphertext, validate=True)
        return AESSIV(key).decrypt(ciphertext, _associated(event_id, field)).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise DamageError(f"the sealed field {field} of event {event_id} is not what was sealed there") from error


def _canonical(identifier: str) -> str:
    """A telephone number as ITU-T E.123 means it, without what stands between its digits; all else as it is.

    >>> _canonical("00 7 (701) 123-45-67"), _canonical("badge 7-12")
    ('+77011234567', 'badge 7-12')
    """
    digits = _BETWEEN_DIGITS.sub("", identifier)
    if not _TELEPHONE.fullmatch(digits):
        return identifier
    return f"+{digits[2:]}" if digits.startswith("00") else digits


def _associated(event_id: str, field: str) -> list[bytes]:
    return [event_id.encode(), field.encode()]


def _derive(secret: bytes, *purpose: str) -> bytes:
    info = json.dumps(purpose).encode()
    return HKDF(SHA256(), length=FIELD_KEY_BYTES, salt=None, info=info).derive(secret)
