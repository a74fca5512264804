"""Hashes side by side are those of the standard library, and the tree over them that of the log."""

import hashlib

import numpy as np
import pytest

from saqta.fraud.engine.sha256 import ABREAST, LEAF, WORDS_MAX, WORDS_MIN, bytes_of, leaf_words, root_words, words_of
from saqta.log.merkle import Tree, leaf_hash

BYTES = 32


@pytest.mark.parametrize("count", [1, 2, 3, ABREAST - 1, ABREAST, ABREAST + 1, 100, 256])
def test_leaves_and_their_root_are_those_of_the_log(count: int) -> None:
    rows = np.random.default_rng(count).integers(0, 256, (count, 88), np.uint8)
    hashes, tree = leaf_words(rows), Tree()
    expected = [leaf_hash(row.tobytes()) for row in rows]
    tree.extend(expected)
    assert bytes_of(hashes) == b"".join(expected)
    assert bytes_of(root_words(hashes)) == tree.root()
    assert bytes_of(hashes) == b"".join(expected)


@pytest.mark.parametrize("words", [WORDS_MIN, BYTES // 2, WORDS_MAX])
def test_messages_of_two_blocks_are_hashed_whatever_their_length(words: int) -> None:
    rows = np.full((3, 4 * words), 0xAB, np.uint8)
    digest = hashlib.sha256(bytes([LEAF]) + b"\xab" * 4 * words).digest()
    assert bytes_of(leaf_words(rows)) == 3 * digest
    assert bytes_of(words_of(digest)) == digest
