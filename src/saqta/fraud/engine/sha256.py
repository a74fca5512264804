"""SHA-256 (FIPS 180-4) of many short messages of one length, sixteen side by side, and RFC 9162's tree over them.

A message is a tag of one byte, then whole words, two blocks in all. Words are numbers here, uint32, whose bytes stand
in the message with the highest first.
"""

from typing import Any

import numpy as np

from saqta.fraud.engine.compiled import compiled
from saqta.fraud.engine.layout import Array

HASH_WORDS, BLOCK_WORDS, ROUNDS, ABREAST = 8, 16, 64, 16
WORDS_MIN, WORDS_MAX = BLOCK_WORDS - 2, 2 * BLOCK_WORDS - 3
"""Two blocks hold the tag, so many words, the mark of the end and the length; fewer would take one."""
LEAF, NODE = 0, 1
"""The tags of RFC 9162 2.1.1."""


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _root_bits(number: int, power: int) -> int:
    """The first 32 bits behind the point of a number's root."""
    scaled, root = number << 32 * power, 1 << 40
    while root**power > scaled:  # Newton's way, from above.
        root = ((power - 1) * root + scaled // root ** (power - 1)) // power
    return root & 0xFFFFFFFF


_START = np.array([_root_bits(prime, 2) for prime in _primes(HASH_WORDS)], np.uint32)
_ROUND_KEYS = np.array([_root_bits(prime, 3) for prime in _primes(ROUNDS)], np.uint32)


def leaf_words(rows: Array) -> Array:
    """The hashes (n, 8) of leaves that are rows, (n, bytes) uint8, of WORDS_MIN to WORDS_MAX words each."""
    words = np.ascontiguousarray(rows).view(">u4").astype(np.uint32)
    hashes = np.empty((len(words), HASH_WORDS), np.uint32)
    _hash_all(words, LEAF, hashes, _room(), _room())
    return hashes


def root_words(leaves: Array) -> Array:
    """The root (8,) over at least one leaf, (n, 8)."""
    hashes = leaves.copy()
    _fold(hashes, _room(), _room())
    root: Array = hashes[0]
    return root


def bytes_of(words: Array) -> bytes:
    """Hashes, (8,) or (n, 8), as bytes."""
    return words.astype(">u4").tobytes()


def words_of(digest: bytes) -> Array:
    """The inverse of ``bytes_of`` for one hash, (8,)."""
    return np.frombuffer(digest, ">u4").astype(np.uint32)


def _room() -> Array:
    return np.empty((BLOCK_WORDS, ABREAST), np.uint32)


@compiled
def _fold(hashes: Array, state: Array, block: Array) -> None:
    """Joins neighbours until one is left; one that has no neighbour goes up as it is."""
    count = hashes.shape[0]
    while count > 1:
        pairs = count // 2
        _hash_all(hashes[: 2 * pairs].reshape(pairs, 2 * HASH_WORDS), NODE, hashes, state, block)
        if count % 2:
            for word in range(HASH_WORDS):
                hashes[pairs, word] = hashes[count - 1, word]
        count = pairs + count % 2


@compiled
def _hash_all(messages: Array, tag: int, hashes: Array, state: Array, block: Array) -> None:
    """The hashes of ``messages`` (n, words); they may be written over messages that were read."""
    for first in range(0, messages.shape[0], ABREAST):
        for word in range(HASH_WORDS):
            for lane in range(ABREAST):
                state[word, lane] = _START[word]
        for part in range(2):
            _fill(messages, tag, first, part * BLOCK_WORDS, block)
            _add_block(state, block)
        for lane in range(min(ABREAST, messages.shape[0] - first)):
            for word in range(HASH_WORDS):
                hashes[first + lane, word] = state[word, lane]


@compiled
def _fill(messages: Array, tag: int, first: int, start: int, block: Array) -> None:
    """The words of one block of each message, shifted by the tag, with the end's mark and the length in bits."""
    size, last = messages.shape[1], messages.shape[0] - 1
    for lane in range(ABREAST):
        message = min(first + lane, last)
        for n in range(BLOCK_WORDS):
            word = start + n
            before = tag if word == 0 else messages[message, word - 1] if word <= size else 0
            here = messages[message, word] if word < size else 0x80000000 if word == size else 0
            block[n, lane] = np.uint32((before << 24) | (here >> 8))
        if start > 0:
            block[BLOCK_WORDS - 1, lane] = np.uint32(8 + 32 * size)


@compiled
def _add_block(state: Array, block: Array) -> None:
    """Eight rounds at a time, after which each word is back in its place; the start is kept behind the state."""
    for word in range(HASH_WORDS):
        for lane in range(ABREAST):
            state[HASH_WORDS + word, lane] = state[word, lane]
    for n in range(0, ROUNDS, 8):
        if n >= BLOCK_WORDS:
            for word in range(8):
                _extend(block, (n + word) % BLOCK_WORDS)
        at = n % BLOCK_WORDS
        _round(state, block, 0, 1, 2, 3, 4, 5, 6, 7, _ROUND_KEYS[n], at)
        _round(state, block, 7, 0, 1, 2, 3, 4, 5, 6, _ROUND_KEYS[n + 1], at + 1)
        _round(state, block, 6, 7, 0, 1, 2, 3, 4, 5, _ROUND_KEYS[n + 2], at + 2)
        _round(state, block, 5, 6, 7, 0, 1, 2, 3, 4, _ROUND_KEYS[n + 3], at + 3)
        _round(state, block, 4, 5, 6, 7, 0, 1, 2, 3, _ROUND_KEYS[n + 4], at + 4)
        _round(state, block, 3, 4, 5, 6, 7, 0, 1, 2, _ROUND_KEYS[n + 5], at + 5)
        _round(state, block, 2, 3, 4, 5, 6, 7, 0, 1, _ROUND_KEYS[n + 6], at + 6)
        _round(state, block, 1, 2, 3, 4, 5, 6, 7, 0, _ROUND_KEYS[n + 7], at + 7)
    for word in range(HASH_WORDS):
        for lane in range(ABREAST):
            state[word, lane] += state[HASH_WORDS + word, lane]


@compiled
def _extend(block: Array, at: int) -> None:
    """Puts the word sixteen further on in the place of one."""
    second, tenth, fifteenth = (at + 1) % BLOCK_WORDS, (at + 9) % BLOCK_WORDS, (at + 14) % BLOCK_WORDS
    for lane in range(ABREAST):
        low, high = block[second, lane], block[fifteenth, lane]
        low = _turned(low, 7) ^ _turned(low, 18) ^ (low >> np.uint32(3))
        high = _turned(high, 17) ^ _turned(high, 19) ^ (high >> np.uint32(10))
        block[at, lane] += np.uint32(low + high + block[tenth, lane])


@compiled
def _round(
    state: Array, block: Array, a: int, b: int, c: int, d: int, e: int, f: int, g: int, h: int, key: Any, at: int
) -> None:
    for lane in range(ABREAST):
        x, y, z = state[e, lane], state[a, lane], state[b, lane]
        moved = _turned(x, 6) ^ _turned(x, 11) ^ _turned(x, 25)
        chosen = state[g, lane] ^ (x & (state[f, lane] ^ state[g, lane]))
        first = np.uint32(state[h, lane] + moved + chosen + key + block[at, lane])
        most = (y & z) | (state[c, lane] & (y | z))
        second = np.uint32((_turned(y, 2) ^ _turned(y, 13) ^ _turned(y, 22)) + most)
        state[d, lane] += first
        state[h, lane] = np.uint32(first + second)


@compiled
def _turned(word: Any, bits: int) -> Any:
    return np.uint32((word >> np.uint32(bits)) | (word << np.uint32(32 - bits)))
