"""Pseudonyms: the name of an account, a number or a device becomes 64 bits that only this key ring gives again.

SipHash-2-4 (Aumasson, Bernstein 2012) of the key that ``naming`` gives. Accounts, devices and ids are keyed by tenant,
so that two partners' never meet; telephone numbers and cells are keyed for the whole centre, which joins a payment to
the call before it.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from saqta.fraud.engine.layout import CALL, Array
from saqta.fraud.engine.naming import key


class NameKeys(NamedTuple):
    """Two keys of 128 bits, of two words each: the tenant's own and the centre's."""

    own: tuple[Any, Any]
    shared: tuple[Any, Any]


def name_keys(own: bytes, shared: bytes) -> NameKeys:
    """From 16 bytes each."""
    return NameKeys(_words(own), _words(shared))


def _words(key: bytes) -> tuple[Any, Any]:
    first, second = np.frombuffer(key, "<u8")
    return first, second


def pseudonym_of(kind: str, name: str, naming_key: bytes) -> str:
    """The pseudonym of a name of a kind (``naming``), in hexadecimal, as decisions have it."""
    return f"{int(pseudonym(np.uint64(key(kind, name)), *_words(naming_key))):016x}"


@numba.njit(cache=True)
def pseudonymise(events: Array, keys: NameKeys) -> None:
    """Replaces, in place, every name in ``events`` (layout.EVENT).

    It holds the interpreter's lock: it is done sooner than the lock could be had again.
    """
    own_first, own_second = keys.own
    shared_first, shared_second = keys.shared
    for n in range(events.shape[0]):
        event = events[n]
        first, second = (shared_first, shared_second) if event.kind == CALL else (own_first, own_second)
        event.id = pseudonym(event.id, own_first, own_second)
        event.actor = pseudonym(event.actor, first, second)
        event.counterpart = pseudonym(event.counterpart, first, second)
        event.device = pseudonym(event.device, first, second)
        event.subscriber = pseudonym(event.subscriber, shared_first, shared_second)
        event.place = pseudonym(event.place, first, second)


@numba.njit(cache=True)
def pseudonym(word: Any, first: Any, second: Any) -> Any:
    """0, which is none, stays 0, and nothing else becomes it."""
    return max(_siphash(word, first, second), np.uint64(1)) if word != 0 else np.uint64(0)


@numba.njit(cache=True)
def _siphash(word: Any, first: Any, second: Any) -> Any:
    """SipHash-2-4 of a word's 8 bytes, little-endian."""
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


@numba.njit(cache=True)
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


@numba.njit(cache=True)
def _turned(word: Any, bits: int) -> Any:
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))
