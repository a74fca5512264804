"""Signed notes and checkpoints: short texts that bind a log to its size and root.

Follows the C2SP specifications signed-note (https://c2sp.org/signed-note) and tlog-checkpoint
(https://c2sp.org/tlog-checkpoint), with Ed25519.
"""

import base64
import binascii
import hashlib
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from saqta.model.errors import DamageError, InputError

NOTE_BYTES_MAX = 1 << 20
_ED25519 = b"\x01"
_PRIVATE = "PRIVATE+KEY+"
_DASH = "\N{EM DASH} "


class Checkpoint(NamedTuple):
    """The tree of the log ``origin`` had this ``root`` when it held ``size`` events."""

    origin: str
    size: int
    root: bytes


class Signer:
    """Signs notes in the name of a log; ``text`` is its signing key, as Go's ``note`` package writes it."""

    def __init__(self, name: str, seed: bytes) -> None:
        """``seed`` is the 32 bytes of an Ed25519 private key (RFC 8032)."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str | None = None) -> "Signer":
        """A new key; without a name it is called after its public half."""
        key = Ed25519PrivateKey.generate()
        digest = hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()
        return cls(name or f"saqta.local/{digest[:16]}", key.private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "Signer":
        """The signer of a signing key; InputError, which does not show it, when it is none."""
        try:
            name, key_id, key = text.strip().removeprefix(_PRIVATE).split("+", 2)
            signer = cls(name, base64.b64decode(key, validate=True)[1:])
        except ValueError:
            raise InputError("key", "(hidden)", f"a signing key: {_PRIVATE}NAME+HASH+KEY") from None
        if signer.verifier.key_id.hex() != key_id:
            raise InputError("key", "(hidden)", "a signing key whose hash is of its own name and key")
        return signer

    @property
    def text(self) -> str:
        """The signing key, ``PRIVATE+KEY+NAME+HASH+KEY``."""
        key = base64.b64encode(_ED25519 + self._key.private_bytes_raw()).decode()
        return f"{_PRIVATE}{self.verifier.name}+{self.verifier.key_id.hex()}+{key}"

    def sign(self, text: str) -> str:
        """The note: the text, an empty line, the signature line. The text ends in a line feed."""
        signature = base64.b64encode(self.verifier.key_id + self._key.sign(text.encode())).decode()
        return f"{text}\n{_DASH}{self.verifier.name} {signature}\n"

    def checkpoint(self, size: int, root: bytes) -> str:
        """The signed checkpoint of the tree of that size."""
        return self.sign(f"{self.verifier.name}\n{size}\n{base64.b64encode(root).decode()}\n")


class Verifier:
    """Checks notes signed in the name of a log; ``text`` is its C2SP verifier key."""

    def __init__(self, name: str, public_key: bytes) -> None:
        if not name or "+" in name or any(character.isspace() for character in name):
            raise InputError("origin", name, "a name without white space and plus signs")
        self.name, self._public_key = name, public_key
        self.key_id = hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """The verifier of a verifier key, ``NAME+HASH+KEY``; InputError when it is none."""
        expected = "a verifier key: NAME+HASH+KEY (C2SP signed note, Ed25519)"
        try:
            name, key_id, key = text.strip().split("+", 2)
            raw = base64.b64decode(key, validate=True)
        except ValueError as error:
            raise InputError("key", text, expected) from error
        if len(raw) != 33 or raw[:1] != _ED25519:
            raise InputError("key", text, expected)
        verifier = cls(name, raw[1:])
        if verifier.key_id.hex() != key_id:
            raise InputError("key", text, f"{expected}, whose hash is of its own name and key")
        return verifier

    @property
    def text(self) -> str:
        """The verifier key, ``NAME+HASH+KEY``."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self._public_key).decode()}"

    def open(self, note: str) -> str:
        """The signed text of a note; DamageError when no signature of ours is under it, or one that is false."""
        text, signatures = _split(note)
        for name, signature in signatures:
            if name == self.name and signature[:4] == self.key_id:
                try:
                    Ed25519PublicKey.from_public_bytes(self._public_key).verify(signature[4:], text.encode())
                except InvalidSignature as error:
                    raise DamageError(f"the signature of {self.name} under the note is false") from error
                return text
        raise DamageError(f"the note is not signed by {self.name} with the key {self.key_id.hex()}")

    def checkpoint(self, note: str) -> Checkpoint:
        """The checkpoint of a note; DamageError as ``open``, or when what was signed is no checkpoint of this log."""
        lines = self.open(note).split("\n")
        try:
            size, root = int(lines[1]), base64.b64decode(lines[2], validate=True)
            if lines[0] != self.name or str(size) != lines[1] or size < 0 or len(root) != 32:
                raise ValueError
        except (IndexError, ValueError) as error:
            raise DamageError(f"what {self.name} signed is no checkpoint of its log") from error
        return Checkpoint(lines[0], size, root)


def is_note(text: str) -> bool:
    """Whether a text has the form of a signed note, whoever signed it."""
    try:
        _split(text)
    except DamageError:
        return False
    return True


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text of a note and its signatures, (name, key id and signature) each; DamageError when it is no note."""
    text, mark, tail = note.rpartition("\n\n")
    signatures = []
    if mark and tail.endswith("\n") and len(note) <= NOTE_BYTES_MAX:
        for line in tail[:-1].split("\n"):
            name, _, signature = line.removeprefix(_DASH).partition(" ")
            if not line.startswith(_DASH) or not name:
                break
            try:
                signatures.append((name, base64.b64decode(signature, validate=True)))
            except binascii.Error:
                break
        else:
            return text + "\n", signatures
    raise DamageError("this is no signed note (C2SP signed-note)")
