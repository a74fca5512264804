"""Scores boosted trees as LightGBM writes them, and says what each feature added to a score.

A row goes left where its value is at most the threshold. Values are float32, so a threshold is rounded down to
float32 without changing any answer. Missing values and categories are not used: a model that has them is refused.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from saqta.fraud.engine.compiled import allocating, compiled
from saqta.fraud.engine.layout import Array
from saqta.model.errors import InputError

DEPTH_MAX = 16
NODES_MAX = 1 << 20
ABREAST = 4
EXPECTED = "boosted trees as LightGBM writes them, of numbers without missing values"


NODE = np.dtype([("threshold", "<f4"), ("feature", "<u4"), ("left", "<u8")])


class Trees(NamedTuple):
    """Nodes of all trees: a node's children lie side by side, a leaf leads to itself; ``depth`` is the deepest
    tree's.

    ``value`` is what a leaf adds, or what is expected at a node, ``cover`` how many rows of the training reached it,
    ``parent`` leads back to the root, which is its own.
    """

    root: Array
    node: Array
    value: Array
    cover: Array
    parent: Array
    depth: int


NO_TREES = Trees(
    np.zeros(0, np.uint64),
    np.zeros(0, NODE),
    np.zeros(0),
    np.zeros(0),
    np.zeros(0, np.uint64),
    0,
)


@compiled
def raw_score(trees: Trees, row: Array) -> float:
    """The sum of the trees' leaves for a row, (features,) float32: the log-odds of fraud.

    Four trees are walked side by side, each to the same depth and without a branch: while one waits for memory the
    others go on.
    """
    total = 0.0
    root, value = trees.root, trees.value
    for n in range(0, root.shape[0], ABREAST):
        a, b, c, d = root[n], root[n + 1], root[n + 2], root[n + 3]
        for _ in range(trees.depth):
            a = _below(trees, row, a)
            b = _below(trees, row, b)
            c = _below(trees, row, c)
            d = _below(trees, row, d)
        total = total + value[a] + value[b] + value[c] + value[d]
    return total


@compiled
def _below(trees: Trees, row: Array, node: Any) -> Any:
    """The child that a row goes to; a leaf is its own."""
    at = trees.node[node]
    return at.left + np.uint64(row[at.feature] > at.threshold)


@compiled
def share(raw: float) -> float:
    """Log-odds as a share between 0 and 1."""
    return 1.0 / (1.0 + math.exp(-raw))


@compiled
def score_rows(trees: Trees, rows: Array, out: Array) -> None:
    """The scores of ``rows``, (n, features) float32, into ``out``, (n,)."""
    for n in range(rows.shape[0]):
        out[n] = share(raw_score(trees, rows[n]))


@compiled
def steps(trees: Trees, row: Array, out: Array) -> None:
    """Adds to ``out``, (features + 1,) float64, what each feature's decisions on the row's way added to the expected
    score.

    The expected score itself stands last. Quick, and for trees not far from SHAP values, which ``contributions``
    gives.
    """
    for root in trees.root:
        node = root
        out[-1] += trees.value[node]
        while trees.node[node].left != node:
            below = _below(trees, row, node)
            out[trees.node[node].feature] += trees.value[below] - trees.value[node]
            node = below


@allocating
def contributions(trees: Trees, row: Array, out: Array) -> None:
    """Adds each feature's SHAP value to ``out``, (features + 1,) float64, the expected score last.

    Path-dependent, as in Lundberg et al. 2020. A leaf counts for the features on its path alone, so each leaf is
    shared out among these by Shapley's weights; their sum over all leaves is the tree's.
    """
    names = np.zeros(DEPTH_MAX, np.int32)
    stays = np.zeros(DEPTH_MAX)
    leads = np.zeros(DEPTH_MAX)
    sums = np.zeros(DEPTH_MAX + 1)
    for leaf in range(trees.node.shape[0]):
        if trees.node[leaf].left != leaf:
            continue
        depth = _path(trees, row, leaf, names, stays, leads)
        rest = 1.0
        for n in range(depth):
            rest *= stays[n]
        out[-1] += trees.value[leaf] * rest
        for n in range(depth):
            out[names[n]] += trees.value[leaf] * (leads[n] - stays[n]) * _others(stays, leads, depth, n, sums)


@compiled
def _path(trees: Trees, row: Array, leaf: int, names: Array, stays: Array, leads: Array) -> int:
    """The distinct features on the way to a leaf: the share of training rows that stay on it, whether this row
    does."""
    count = 0
    node = np.uint64(leaf)
    while trees.parent[node] != node:
        above = trees.parent[node]
        feature = trees.node[above].feature
        goes = 1.0 if _below(trees, row, above) == node else 0.0
        at = 0
        while at < count and names[at] != feature:
            at += 1
        if at == count:
            names[at], stays[at], leads[at] = feature, 1.0, 1.0
            count += 1
        stays[at] *= trees.cover[node] / trees.cover[above]
        leads[at] *= goes
        node = above
    return count


@compiled
def _others(stays: Array, leads: Array, depth: int, without: int, sums: Array) -> float:
    """Over all sets of the other features: Shapley's weight times what of the row's way is left."""
    sums[:] = 0.0
    sums[0] = 1.0
    others = 0
    for n in range(depth):
        if n != without:
            others += 1
            for size in range(others, -1, -1):
                sums[size] = sums[size] * stays[n] + (sums[size - 1] * leads[n] if size > 0 else 0.0)
    total = 0.0
    weight = 1.0 / depth
    for size in range(others + 1):
        total += weight * sums[size]
        weight *= (size + 1.0) / max(others - size, 1)
    return total


def read_trees(text: str, features: int, field: str = "model") -> Trees:
    """The trees of a model's text; InputError where it is none, or asks for more than ``features``."""
    try:
        blocks = list(_blocks(text))
        nodes = sum(int(block["num_leaves"]) * 2 - 1 for block in blocks)
        if not blocks or nodes > NODES_MAX:
            raise ValueError(nodes)
        return _joined(blocks, nodes, features)
    except (KeyError, ValueError, IndexError) as error:
        raise InputError(field, text[:60], EXPECTED) from error


def _blocks(text: str) -> Iterator[Mapping[str, str]]:
    """Each tree's lines, as names and values."""
    trees = text.partition("end of trees")[0].split("\nTree=")[1:]
    for tree in trees:
        yield dict(line.split("=", 1) for line in tree.splitlines() if "=" in line)


def _joined(blocks: list[Mapping[str, str]], nodes: int, features: int) -> Trees:
    """All trees in one; node 0 is a leaf worth nothing, the root of those that fill the last four up."""
    trees = Trees(
        np.zeros(-(-len(blocks) // ABREAST) * ABREAST, np.uint64),
        np.zeros(nodes + 1, NODE),
        np.zeros(nodes + 1),
        np.ones(nodes + 1),
        np.arange(nodes + 1, dtype=np.uint64),
        0,
    )
    trees.node["threshold"] = np.inf
    trees.node["left"] = trees.parent
    free, depth = 1, 0
    for number, block in enumerate(blocks):
        trees.root[number] = free
        free, deep = _planted(block, trees, free, features)
        depth = max(depth, deep)
    for node in range(nodes, 0, -1):
        left = int(trees.node["left"][node])
        if left != node:
            pair = slice(left, left + 2)
            trees.value[node] = np.average(trees.value[pair], weights=trees.cover[pair])
    return trees._replace(depth=depth)


def _planted(block: Mapping[str, str], trees: Trees, free: int, features: int) -> tuple[int, int]:
    """Writes one tree's nodes from ``free`` on; the next free place, and the tree's depth."""
    leaf_value = _numbers(block["leaf_value"])
    if len(leaf_value) == 1:
        trees.value[free], trees.cover[free] = leaf_value[0], 1.0
        return free + 1, 0
    feature, threshold, decision = (_numbers(block[name]) for name in ("split_feature", "threshold", "decision_type"))
    left, right = (_numbers(block[name]).astype(int) for name in ("left_child", "right_child"))
    count, leaf_count = _numbers(block["internal_count"]), _numbers(block["leaf_count"])
    if np.any(decision.astype(int) & ~2) or feature.max() >= features or feature.min() < 0:
        raise ValueError("decisions other than by numbers, or features that are not there")
    todo, depth, root = [(0, free, 0)], 0, free
    free = root + 1
    while todo:
        number, at, deep = todo.pop()
        depth = max(depth, deep)
        if number < 0:
            trees.value[at], trees.cover[at] = leaf_value[~number], leaf_count[~number]
            continue
        trees.node[at] = _rounded_down(threshold[number]), int(feature[number]), free
        trees.cover[at] = count[number]
        trees.parent[free : free + 2] = at
        todo += [(right[number], free + 1, deep + 1), (left[number], free, deep + 1)]
        free += 2
    if depth > DEPTH_MAX:
        raise ValueError(depth)
    return free, depth


def _numbers(text: str) -> Array:
    return np.array([float(number) for number in text.split()])


def _rounded_down(threshold: float) -> np.float32:
    near = np.float32(threshold)
    return near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf))
