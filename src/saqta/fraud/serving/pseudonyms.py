"""Pseudonyms: the name of an account, a number or a device becomes 64 bits that only this key ring gives again.

SipHash-2-4 (Aumasson, Bernstein 2012) of the key that ``naming`` gives. Accounts, devices and ids are keyed by tenant,
so that two partners' never meet; telephone numbers and cells are keyed for the whole centre, which joins a payment to
the call before it.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from saqta.fraud.layout import CALL, Array
from saqta.fraud.naming import NUMBER, key

FIELDS = ("actor", "counterpart", "device", "subscriber", "place")


class NameKeys(NamedTuple):
    """Two keys of 128 bits, as four words: the tenant's own and the centre's."""

    own: Array
    shared: Array


def name_keys(own: bytes, shared: bytes) -> NameKeys:
    """From 16 bytes each."""
    return NameKeys(np.frombuffer(own, "<u8"), np.frombuffer(shared, "<u8"))


def subscriber(number: str, shared: bytes) -> str:
    """The pseudonym of a telephone number in E.164, in hexadecimal, as decisions have it."""
    word = np.array([key(NUMBER, number)], np.uint64)
    return f"{int(siphashes(word, np.frombuffer(shared, '<u8'))[0]):016x}"


def pseudonymise(events: Array, keys: NameKeys) -> None:
    """Replaces, in place, every name in ``events`` (layout.EVENT)."""
    own, shared = keys
    calls = events["kind"] == CALL
    events["id"] = siphashes(np.ascontiguousarray(events["id"]), own)
    for field in FIELDS:
        names = np.ascontiguousarray(events[field])
        if field == "subscriber":
            events[field] = siphashes(names, shared)
        else:
            events[field] = np.where(calls, siphashes(names, shared), siphashes(names, own))


@numba.njit(cache=True, nogil=True)
def siphashes(words: Array, key: Array) -> Array:
    """SipHash-2-4 of each word's 8 bytes, little-endian; 0, which is none, stays 0, and nothing else becomes it."""
    out = np.zeros_like(words)
    for n in range(words.shape[0]):
        if words[n] != 0:
            out[n] = max(_siphash(words[n], key[0], key[1]), np.uint64(1))
    return out


@numba.njit(cache=True, nogil=True)
def _siphash(word: Any, first: Any, second: Any) -> Any:
    a = first ^ np.uint64(0x736F6D6570736575)
    b = second ^ np.uint64(0x646F72616E646F6D)
    c = first ^ np.uint64(0x6C7967656E657261)
    d = second ^ np.uint64(0x7465646279746573)
    for block in (word, np.uint64(8) << np.uint64(56)):
        d ^= block
        a, b, c, d = _round(*_round(a, b, c, d))
        a ^= block
    c ^= np.uint64(0xFF)
    a, b, c, d = _round(*_round(*_round(*_round(a, b, c, d))))
    return a ^ b ^ c ^ d


@numba.njit(cache=True, nogil=True)
def _round(a: Any, b: Any, c: Any, d: Any) -> Any:
    a += b
    b = _turned(b, 13) ^ a
    a = _turned(a, 32)
    c += d
    d = _turned(d, 16) ^ c
    a += d
    d = _turned(d, 21) ^ a
    c += b
    b = _turned(b, 17) ^ c
    c = _turned(c, 32)
    return a, b, c, d


@numba.njit(cache=True, nogil=True)
def _turned(word: Any, bits: int) -> Any:
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))
