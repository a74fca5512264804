"""A personal field as it stands in an event: ciphertext, never clear text."""

import msgspec


class Sealed(msgspec.Struct, frozen=True):
    """One personal field of one event, sealed under a key of its own (see ``log.personal``).

    ``person`` names whose key it is, ``ciphertext`` is base64 (AES-SIV, RFC 5297), ``hmac`` a keyed digest of the
    plaintext in hexadecimal: equal plaintexts of one person have equal digests, so that records can be joined.
    """

    person: str
    ciphertext: str
    hmac: str
