"""XXH3 (64 bits, no seed) in compiled code, for texts of 4 to 128 bytes: the very hash that ``naming`` takes of names.

After Yann Collet's description in xxHash's repository; what is shorter or longer is hashed by the library.
"""

from typing import Any

import numpy as np

from saqta.fraud.engine.compiled import compiled, folded, half_word_at, word_at

BYTES_MIN, BYTES_MAX = 4, 128
_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
)
_KEY = tuple(np.uint64(word) for word in np.frombuffer(_SECRET, "<u8").tolist())
_PRIME, _AVALANCHE, _MIX = (np.uint64(n) for n in (0x9E3779B185EBCA87, 0x165667919E3779F9, 0x9FB21C651E98DF25))
_SHORT, _LOW, _HIGH = _KEY[1] ^ _KEY[2], _KEY[3] ^ _KEY[4], _KEY[5] ^ _KEY[6]


@compiled
def xxh3(address: Any, size: Any) -> Any:
    """The hash of the ``size`` bytes, BYTES_MIN to BYTES_MAX, at an address; both uint64."""
    if size > np.uint64(16):
        return _long(address, size)
    last = address + size
    if size > np.uint64(8):
        low, high = word_at(address) ^ _LOW, word_at(last - np.uint64(8)) ^ _HIGH
        return _avalanche(size + _swapped(low) + high + folded(low, high))
    word = (half_word_at(last - np.uint64(4)) + (half_word_at(address) << np.uint64(32))) ^ _SHORT
    word ^= _turned(word, 49) ^ _turned(word, 24)
    word *= _MIX
    word ^= (word >> np.uint64(35)) + size
    word *= _MIX
    return word ^ (word >> np.uint64(28))


@compiled
def _long(address: Any, size: Any) -> Any:
    last = address + size
    total = size * _PRIME
    if size > np.uint64(96):
        total += _mixed(address + np.uint64(48), _KEY[12], _KEY[13])
        total += _mixed(last - np.uint64(64), _KEY[14], _KEY[15])
    if size > np.uint64(64):
        total += _mixed(address + np.uint64(32), _KEY[8], _KEY[9])
        total += _mixed(last - np.uint64(48), _KEY[10], _KEY[11])
    if size > np.uint64(32):
        total += _mixed(address + np.uint64(16), _KEY[4], _KEY[5])
        total += _mixed(last - np.uint64(32), _KEY[6], _KEY[7])
    total += _mixed(address, _KEY[0], _KEY[1])
    total += _mixed(last - np.uint64(16), _KEY[2], _KEY[3])
    return _avalanche(total)


@compiled
def _mixed(address: Any, first: Any, second: Any) -> Any:
    return folded(word_at(address) ^ first, word_at(address + np.uint64(8)) ^ second)


@compiled
def _avalanche(word: Any) -> Any:
    word ^= word >> np.uint64(37)
    word *= _AVALANCHE
    return word ^ (word >> np.uint64(32))


@compiled
def _turned(word: Any, bits: int) -> Any:
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))


@compiled
def _swapped(word: Any) -> Any:
    """The word's bytes in the other order."""
    low, high = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)
    word = ((word >> np.uint64(8)) & low) | ((word & low) << np.uint64(8))
    word = ((word >> np.uint64(16)) & high) | ((word & high) << np.uint64(16))
    return _turned(word, 32)
