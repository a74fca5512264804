"""The RFC 9162 Merkle tree (SHA-256) over the log's stored bytes, kept as it grows.

- Leaf ``n`` (from 0) is the event at ``seq`` n + 1.
- Only two kinds of hashes are ever kept: the leaves', and the roots of full groups of GROUP, of GROUP × GROUP, and so
  on (level 1, 2, ...). Everything between is worked out when asked for, from at most GROUP hashes a level.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from saqta.model.errors import InputError

GROUP = 256
EMPTY_ROOT = hashlib.sha256().digest()

Hashes = Callable[[int, int, int], list[bytes]]
"""(level, first, count) → that many kept hashes of the level, from position ``first``; level 0 are the leaves'."""


class Node(NamedTuple):
    """The root of a full group: ``position`` counts the groups of its ``level`` from 0."""

    level: int
    position: int
    hash: bytes


def leaf_hash(stored: bytes) -> bytes:
    """RFC 9162 2.1.1: the hash of a leaf."""
    return hashlib.sha256(b"\0" + stored).digest()


class Tree:
    """The growing edge of the tree: for each level the hashes of its last group, which is not yet full."""

    def __init__(self, size: int = 0, hashes: Hashes | None = None) -> None:
        """An empty tree, or that of ``size`` leaves whose kept hashes are read through ``hashes``."""
        self.size = size
        self._edge: list[list[bytes]] = []
        count, level = size, 0
        while hashes and count:
            full = count - count % GROUP
            self._edge.append(hashes(level, full, count - full) if count > full else [])
            count, level = count // GROUP, level + 1

    def copy(self) -> "Tree":
        tree = Tree()
        tree.size, tree._edge = self.size, [list(hashes) for hashes in self._edge]
        return tree

    def extend(self, leaves: Sequence[bytes]) -> list[Node]:
        """Adds leaf hashes; returns the groups that became full, to be kept."""
        if not self._edge:
            self._edge.append([])
        nodes: list[Node] = []
        taken = 0
        while taken < len(leaves):
            room = GROUP - len(self._edge[0])
            self._edge[0].extend(leaves[taken : taken + room])
            taken = min(taken + room, len(leaves))
            self._fold(self.size + taken, nodes)
        self.size += len(leaves)
        return nodes

    def _fold(self, size: int, nodes: list[Node]) -> None:
        level = 0
        while len(self._edge[level]) == GROUP:
            group = _root_of(self._edge[level])
            self._edge[level] = []
            level += 1
            nodes.append(Node(level, size // GROUP**level - 1, group))
            if level == len(self._edge):
                self._edge.append([])
            self._edge[level].append(group)

    def root(self) -> bytes:
        """The Merkle tree hash over all leaves so far."""
        rest: list[bytes] = []
        for hashes in self._edge:
            if hashes or rest:
                rest = [_root_of([*hashes, *rest])]
        return rest[0] if rest else EMPTY_ROOT


def root(size: int, hashes: Hashes) -> bytes:
    """The Merkle tree hash over the first ``size`` leaves."""
    return _subtree(0, size, hashes) if size else EMPTY_ROOT


def inclusion_proof(leaf: int, size: int, hashes: Hashes) -> list[bytes]:
    """RFC 9162 2.1.3.1: the path from leaf ``leaf`` (from 0) to the root of the tree of ``size`` leaves."""
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if leaf < middle:
            path.append(_subtree(middle, end, hashes))
            end = middle
        else:
            path.append(_subtree(start, middle, hashes))
            start = middle
    path.reverse()
    return path


def consistency_proof(old_size: int, size: int, hashes: Hashes) -> list[bytes]:
    """RFC 9162 2.1.4.1: that the tree of ``size`` leaves begins with the ``old_size`` leaves of the old one."""
    if not old_size:
        return []
    path: list[bytes] = []
    start, end, whole = 0, size, True
    while old_size < end:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(_subtree(middle, end, hashes))
            end = middle
        else:
            path.append(_subtree(start, middle, hashes))
            start, whole = middle, False
    if not whole:
        path.append(_subtree(start, end, hashes))
    path.reverse()
    return path


def verify_inclusion(leaf: int, size: int, hash: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 2.1.3.2: whether ``path`` proves that the leaf with this hash stands at ``leaf`` under ``root``."""
    if not 0 <= leaf < size:
        return False
    last = size - 1
    for sibling in path:
        if last == 0:
            return False
        if leaf & 1 or leaf == last:
            hash = _node_hash(sibling, hash)
            while not leaf & 1 and leaf:
                leaf, last = leaf >> 1, last >> 1
        else:
            hash = _node_hash(hash, sibling)
        leaf, last = leaf >> 1, last >> 1
    return last == 0 and hash == root


def verify_consistency(old_size: int, size: int, path: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    """RFC 9162 2.1.4.2: whether ``path`` proves that the tree under ``root`` begins with that under ``old_root``."""
    if old_size == size or old_size == 0:
        return not path and 0 <= old_size <= size and (old_root == root if old_size else old_root == EMPTY_ROOT)
    if not 0 < old_size < size:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    hashes = iter(path if node else [old_root, *path])
    old = new = next(hashes, b"")
    for sibling in hashes:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = _node_hash(sibling, old), _node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = _node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == root


def require_size(field: str, given: int, size: int) -> int:
    """``given``; InputError when the tree of ``size`` leaves has never had that size."""
    if not 0 <= given <= size:
        raise InputError(field, given, f"a size from 0 to {size}")
    return given


def _split(count: int) -> int:
    """The largest power of two below ``count``: where RFC 9162 parts a tree."""
    return 1 << (count - 1).bit_length() - 1


def _node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over hashes of equal full subtrees, the last of which may be smaller."""
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=False)
        odd = hashes[-1:] if len(hashes) & 1 else ()
        hashes = [*(_node_hash(left, right) for left, right in pairs), *odd]
    return hashes[0]


def _subtree(start: int, end: int, hashes: Hashes) -> bytes:
    """The root over leaves ``start`` to ``end``; ``start`` is a multiple of the power of two that holds them."""
    level, width = 0, 1
    while width * GROUP <= end - start:
        level, width = level + 1, width * GROUP
    parts: list[list[bytes]] = []
    while start < end:
        count = (end - start) // width
        parts.append(hashes(level, start // width, count) if count else [])
        start += count * width
        level, width = level - 1, width // GROUP
    rest: list[bytes] = []
    for part in reversed(parts):
        rest = [_root_of([*part, *rest])] if part or rest else []
    return rest[0]
