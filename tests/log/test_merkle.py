"""The tree against known vectors, an independent library, and its own definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from saqta.log import merkle
from saqta.log.merkle import EMPTY_ROOT, GROUP, Tree, leaf_hash, verify_consistency, verify_inclusion

# The leaves and roots of the reference tests of Certificate Transparency (RFC 6962), whose tree RFC 9162 keeps.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# (leaf, size): path; of the same tests.
INCLUSIONS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENCIES = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


class Kept:
    """A tree with all the hashes that a store would keep of it."""

    def __init__(self, leaves: list[bytes], parts: int = 1) -> None:
        self.tree, self.levels = Tree(), [[leaf_hash(leaf) for leaf in leaves]]
        for start in range(0, len(leaves), max(1, len(leaves) // parts)):
            self._extend(self.levels[0][start : start + max(1, len(leaves) // parts)])

    def _extend(self, hashes: list[bytes]) -> None:
        for node in self.tree.extend(hashes):
            if node.level == len(self.levels):
                self.levels.append([])
            assert node.position == len(self.levels[node.level])
            self.levels[node.level].append(node.hash)

    def __call__(self, level: int, first: int, count: int) -> list[bytes]:
        assert 0 < count < GROUP * 2
        return self.levels[level][first : first + count]


def defined_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 2.1.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return merkle.hashlib.sha256(b"\1" + defined_root(leaves[:k]) + defined_root(leaves[k:])).digest()


def test_roots_of_the_reference_tests() -> None:
    kept = Kept(LEAVES)
    for size, root in enumerate(ROOTS):
        assert merkle.root(size, kept).hex() == root
        assert Kept(LEAVES[:size]).tree.root().hex() == root


@pytest.mark.parametrize(("place", "path"), INCLUSIONS.items())
def test_inclusion_paths_of_the_reference_tests(place: tuple[int, int], path: list[str]) -> None:
    leaf, size = place
    proof = merkle.inclusion_proof(leaf, size, Kept(LEAVES))
    assert [hash.hex() for hash in proof] == path
    assert verify_inclusion(leaf, size, leaf_hash(LEAVES[leaf]), proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("sizes", "path"), CONSISTENCIES.items())
def test_consistency_paths_of_the_reference_tests(sizes: tuple[int, int], path: list[str]) -> None:
    proof = merkle.consistency_proof(*sizes, Kept(LEAVES))
    assert [hash.hex() for hash in proof] == path
    old, new = (bytes.fromhex(ROOTS[size]) for size in sizes)
    assert verify_consistency(*sizes, proof, old, new)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 513, 1000, GROUP * GROUP + GROUP + 3])
def test_an_independent_library_finds_the_same(size: int) -> None:
    leaves = [b"%d" % n for n in range(size)]
    other = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        other.append_entry(leaf)
    kept = Kept(leaves, parts=3)
    assert kept.tree.root() == merkle.root(size, kept) == other.get_root()
    # Its paths are in another order, and hold the leaf's hash as well.
    for leaf in {0, size // 3, size - 1}:
        path = merkle.inclusion_proof(leaf, size, kept)
        assert {*path, kept.levels[0][leaf]} == set(other.prove_inclusion(leaf + 1, size).path)
    for old in {1, size // 2 or 1, size}:
        path = merkle.consistency_proof(old, size, kept)
        assert verify_consistency(old, size, path, other.get_root(old), other.get_root())


@given(st.integers(0, 700), st.integers(1, 9))
def test_the_root_is_that_of_the_definition(size: int, parts: int) -> None:
    leaves = [b"%d" % n for n in range(size)]
    kept = Kept(leaves, parts)
    assert kept.tree.root() == merkle.root(size, kept) == defined_root(leaves)
    assert Tree(size, kept).root() == kept.tree.root()


@given(st.data())
def test_proofs_verify_and_no_others_do(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 600))
    old, leaf = data.draw(st.integers(0, size)), data.draw(st.integers(0, size - 1))
    kept = Kept([b"%d" % n for n in range(size)])
    old_root, root = merkle.root(old, kept), merkle.root(size, kept)
    path, hash = merkle.inclusion_proof(leaf, size, kept), kept.levels[0][leaf]
    assert verify_inclusion(leaf, size, hash, path, root)
    proof = merkle.consistency_proof(old, size, kept)
    assert verify_consistency(old, size, proof, old_root, root)

    other = data.draw(st.binary(min_size=32, max_size=32))
    assert not verify_inclusion(leaf, size, other, path, root)
    assert not verify_inclusion(leaf, size, hash, path, other)
    assert not verify_inclusion(leaf, size, hash, [*path, other], root)
    assert not verify_inclusion(size, size, hash, path, root)
    assert not verify_inclusion(-1, size, hash, path, root)
    assert not verify_consistency(old, size, proof, other, root)
    assert not verify_consistency(old, size, [*proof, other], old_root, root)
    assert not verify_consistency(size + 1, size, proof, old_root, root)
    assert not verify_consistency(-1, size, proof, old_root, root)
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        assert not verify_inclusion(leaf, size, hash, [*path[:place], other, *path[place + 1 :]], root)
        assert not verify_inclusion(leaf, size, hash, path[:-1], root)
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        assert not verify_consistency(old, size, [*proof[:place], other, *proof[place + 1 :]], old_root, root)
        assert not verify_consistency(old, size, proof[:-1], old_root, root)
        assert not verify_consistency(old, size, [], old_root, root)


def test_a_copy_grows_alone() -> None:
    tree = Kept([b"%d" % n for n in range(300)]).tree
    root, copy = tree.root(), tree.copy()
    copy.extend([leaf_hash(b"more")] * 300)
    assert (tree.size, tree.root()) == (300, root)
    assert copy.size == 600
    assert copy.root() != root
