"""Originals sealed to a public key, frame group by frame group; only the private key opens them.

A sealed file is the line ``saqta-sealed/1``, a key of its own in a libsodium sealed box (X25519, XSalsa20-Poly1305),
and one libsodium secretstream (XChaCha20-Poly1305) under that key with a message a frame group. The stream's state
chains the messages and ends with a final one: what is changed, swapped, doubled or cut off is seen. The key moves on
after each group, so that not even the one who sealed it can read back. A group is a NUT file of its own.
"""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.utils import random

from saqta.model.errors import DamageError, InputError

MAGIC = b"saqta-sealed/1\n"
GROUP_BYTES_MAX = 64 << 20
PUBLIC_PREFIX, PRIVATE_PREFIX, HALF_PREFIX = "saqta-seal-public:", "saqta-seal-private:", "saqta-seal-half:"
HALVES_MAX = 2
_KEY_BYTES = 32
_BOX_BYTES = _KEY_BYTES + bindings.crypto_box_SEALBYTES
_HEADER_BYTES = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_EXTRA_BYTES = bindings.crypto_secretstream_xchacha20poly1305_ABYTES
_REKEY = bindings.crypto_secretstream_xchacha20poly1305_TAG_REKEY
_FINAL = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL


def make_keys(halved: bool = False) -> tuple[str, list[str]]:
    """A new key pair as text: (the public key, the private one or two halves of it, each of which opens nothing)."""
    private = PrivateKey.generate()
    public = PUBLIC_PREFIX + bytes(private.public_key).hex()
    if not halved:
        return public, [PRIVATE_PREFIX + bytes(private).hex()]
    half = random(_KEY_BYTES)
    return public, [HALF_PREFIX + part.hex() for part in (half, _joined(half, bytes(private)))]


def public_key(text: str, field: str = "to") -> PublicKey:
    """Reads a public key's text; InputError names the ``field`` that gave it when it is none."""
    return PublicKey(_key_bytes(text, PUBLIC_PREFIX, field))


def private_key(texts: Sequence[str]) -> PrivateKey:
    """Reads a private key's text, or its two halves in any order; InputError when it is neither."""
    if len(texts) == HALVES_MAX:
        one, other = (_key_bytes(text, HALF_PREFIX, "key") for text in texts)
        return PrivateKey(_joined(one, other))
    if len(texts) != 1 or texts[0].startswith(HALF_PREFIX):
        raise InputError("key", f"{len(texts)} of them", "one private key, or both halves of one")
    return PrivateKey(_key_bytes(texts[0], PRIVATE_PREFIX, "key"))


class Sealer:
    """Seals messages into ``file`` as they come; ``close`` ends it, and what is not closed does not open."""

    def __init__(self, file: BinaryIO, to: PublicKey) -> None:
        self._file, self.groups = file, 0
        key = bindings.crypto_secretstream_xchacha20poly1305_keygen()
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        header = bindings.crypto_secretstream_xchacha20poly1305_init_push(self._state, key)
        self._head = MAGIC + SealedBox(to).encrypt(key) + header
        file.write(self._head)

    def add(self, group: bytes) -> None:
        """Seals one group of at most GROUP_BYTES_MAX bytes."""
        self._push(group, _REKEY)
        self.groups += 1

    def close(self) -> None:
        """Writes the end, without which a file counts as cut off."""
        self._push(b"", _FINAL)

    def _push(self, message: bytes, tag: int) -> None:
        sealed = bindings.crypto_secretstream_xchacha20poly1305_push(self._state, message, self._head, tag)
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)


def unseal(file: BinaryIO, key: PrivateKey) -> Iterator[bytes]:
    """The groups of a sealed file, in order, one in memory at a time.

    InputError for what is no sealed file or not sealed to this key; DamageError where it was changed, reordered or cut
    off: before that, groups that are whole were given already.
    """
    head = file.read(len(MAGIC) + _BOX_BYTES + _HEADER_BYTES)
    box, header = head[len(MAGIC) : -_HEADER_BYTES], head[-_HEADER_BYTES:]
    if not head.startswith(MAGIC) or len(box) != _BOX_BYTES:
        raise InputError("file", head[:20], "a sealed original")
    try:
        stream_key = SealedBox(key).decrypt(box)
    except CryptoError as error:
        raise InputError("key", "a key that does not open it", "the private key of the one it was sealed to") from error
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, header, stream_key)
    number = 0
    while True:
        number += 1
        message, tag = _pull(state, file, head, number)
        if tag == _FINAL:
            break
        yield message
    if file.read(1):
        raise DamageError(f"the sealed original goes on behind its end, after {number - 1} frame groups")


def _pull(
    state: bindings.crypto_secretstream_xchacha20poly1305_state, file: BinaryIO, head: bytes, number: int
) -> tuple[bytes, int]:
    length = int.from_bytes(file.read(4), "big")
    if not length:
        raise DamageError(f"the sealed original is cut off: it has no end after {number - 1} frame groups")
    sealed = file.read(length) if length <= GROUP_BYTES_MAX + _EXTRA_BYTES else b""
    try:
        if len(sealed) != length:
            raise DamageError(f"the sealed original is cut off in its frame group {number}")
        return bindings.crypto_secretstream_xchacha20poly1305_pull(state, sealed, head)
    except (CryptoError, RuntimeError) as error:
        raise DamageError(f"the sealed original was changed: its frame group {number} does not fit") from error


def _key_bytes(text: str, prefix: str, field: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip().removeprefix(prefix))
    except ValueError:
        key = b""
    if not text.strip().startswith(prefix) or len(key) != _KEY_BYTES:
        raise InputError(
            field, text[: len(prefix)], f"a text that begins with {prefix}, as `saqta seal keys` writes it"
        )
    return key


def _joined(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
