"""A TensorFlow.js graph model (a JSON topology with a file of weights) as an ONNX graph.

Converted are the operators of convolutional detectors, in TensorFlow's layout (batch, height, width, channels); what is
made of constants alone is computed while converting. Operators: https://www.tensorflow.org/api_docs/python/tf/raw_ops
and https://onnx.ai/onnx/operators.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from saqta.model.errors import InputError

NODES_MAX = 10_000
OPSET = 13
IR_VERSION = 8
_TO_NCHW, _TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]
Array = NDArray[Any]


class _Node(msgspec.Struct):
    name: str
    op: str
    input: list[str] = []
    attr: dict[str, dict[str, Any]] = {}


class _Quantization(msgspec.Struct):
    dtype: str
    scale: float = 1.0
    min: float = 0.0


class _Weight(msgspec.Struct):
    name: str
    shape: list[int]
    dtype: str
    quantization: _Quantization | None = None


class _Group(msgspec.Struct):
    weights: list[_Weight]


class _Topology(msgspec.Struct):
    node: list[_Node]


class _Signature(msgspec.Struct):
    inputs: dict[str, Any]
    outputs: dict[str, Any]


class _File(msgspec.Struct, rename="camel"):
    signature: _Signature
    model_topology: _Topology
    weights_manifest: list[_Group]


def converted(topology: bytes, weights: bytes) -> bytes:
    """The ONNX model of a graph model; its outputs come in the order of their names.

    InputError where it is none, or holds an operator that is not converted.
    """
    try:
        file = msgspec.json.decode(topology, type=_File)
        if len(file.model_topology.node) > NODES_MAX:
            raise InputError("model", f"{len(file.model_topology.node)} nodes", f"at most {NODES_MAX}")
        graph = _Graph(_arrays(file.weights_manifest, weights))
        for node in _in_order(file.model_topology.node):
            graph.add(node)
        return graph.written(sorted(name.partition(":")[0] for name in file.signature.outputs))
    except (msgspec.DecodeError, KeyError, ValueError, IndexError) as error:
        raise InputError("model", f"{len(topology)} bytes", f"a TensorFlow.js graph model ({error!r})") from error


def _arrays(groups: Sequence[_Group], content: bytes) -> dict[str, Array]:
    """The weights by name, unpacked from what they are quantized to."""
    arrays: dict[str, Array] = {}
    at = 0
    for weight in [weight for group in groups for weight in group.weights]:
        packed = weight.quantization
        kind = np.dtype(packed.dtype if packed else weight.dtype).newbyteorder("<")
        count = int(np.prod(weight.shape, dtype=np.int64))
        array: Array = np.frombuffer(content, kind, count, at).reshape(weight.shape)
        at += count * kind.itemsize
        if packed is not None and packed.dtype != "float16":
            array = array * packed.scale + packed.min
        arrays[weight.name] = array.astype(weight.dtype)
    return arrays


def _in_order(nodes: Sequence[_Node]) -> list[_Node]:
    """Each node behind those whose outputs it takes."""
    by_name = {node.name: node for node in nodes}
    ordered: dict[str, _Node] = {}
    waiting = [node.name for node in reversed(nodes)]
    opened: set[str] = set()
    while waiting:
        name = waiting[-1]
        missing = [one for one in map(_producer, by_name[name].input) if one not in ordered]
        if name in ordered or not missing:
            ordered.setdefault(name, by_name[name])
            waiting.pop()
        elif name in opened:
            raise ValueError(f"{name} is part of a circle")
        else:
            opened.add(name)
            waiting += missing
    return list(ordered.values())


def _producer(input: str) -> str:
    return input.lstrip("^").partition(":")[0]


class _Graph:
    """The ONNX graph as it grows. What is constant stands in ``constants``, the rest by its TensorFlow name."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._numpy_helper = helper, numpy_helper
        self._weights = weights
        self.constants: dict[str, Array] = {}
        self._nodes: list[Any] = []
        self._entries: list[Any] = []
        self._used: dict[str, Array] = {}

    def add(self, node: _Node) -> None:
        if node.op == "Const":
            self.constants[node.name] = self._weights[node.name]
        elif node.op == "Placeholder":
            sizes = [int(dim["size"]) for dim in node.attr["shape"]["shape"]["dim"]]
            self._entries.append(self._helper.make_tensor_value_info(node.name, 1, sizes))
        elif node.op in _FOLDED and all(self._name(one) in self.constants for one in node.input):
            folded = _FOLDED[node.op](*[self.constants[self._name(one)] for one in node.input])
            self.constants[node.name] = folded
        elif node.op in _OPERATORS:
            _OPERATORS[node.op](self, node)
        else:
            raise InputError("model", node.op, f"operators among {', '.join(sorted(_OPERATORS))}")

    def emit(self, op: str, inputs: Sequence[str | Array], outputs: Sequence[str], **attributes: Any) -> None:
        """One ONNX node; arrays among the inputs become initializers."""
        names = []
        for place, one in enumerate(inputs):
            if not isinstance(one, str):
                name = f"{outputs[0]}/{op}{place}"
                self._used[name] = one
                names.append(name)
            elif one in self.constants:
                self._used[one] = self.constants[one]
                names.append(one)
            else:
                names.append(one)
        self._nodes.append(self._helper.make_node(op, names, list(outputs), **attributes))

    def inputs(self, node: _Node) -> list[str]:
        return [self._name(one) for one in node.input]

    def constant(self, node: _Node, place: int) -> Array:
        return self.constants[self._name(node.input[place])]

    def written(self, outputs: Sequence[str]) -> bytes:
        told = [self._helper.make_empty_tensor_value_info(name) for name in outputs]
        for value in told:
            value.type.tensor_type.elem_type = 1
        initializers = [self._numpy_helper.from_array(np.ascontiguousarray(a), n) for n, a in self._used.items()]
        graph = self._helper.make_graph(self._nodes, "converted", self._entries, told, initializers)
        opset = self._helper.make_opsetid("", OPSET)
        model = self._helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
        from onnx import checker, shape_inference

        model = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        checker.check_model(model)
        content: bytes = model.SerializeToString()
        return content

    def _name(self, input: str) -> str:
        """Of an operator's first output; others keep their number."""
        return input.removesuffix(":0")


def _plain(op: str) -> Callable[[_Graph, _Node], None]:
    def add(graph: _Graph, node: _Node) -> None:
        graph.emit(op, graph.inputs(node), [node.name])

    return add


def _leaky(graph: _Graph, node: _Node) -> None:
    graph.emit("LeakyRelu", graph.inputs(node), [node.name], alpha=float(node.attr["alpha"]["f"]))


def _transpose(graph: _Graph, node: _Node) -> None:
    graph.emit("Transpose", graph.inputs(node)[:1], [node.name], perm=graph.constant(node, 1).tolist())


def _reshape(graph: _Graph, node: _Node) -> None:
    graph.emit("Reshape", [graph.inputs(node)[0], graph.constant(node, 1).astype(np.int64)], [node.name])


def _concat(graph: _Graph, node: _Node) -> None:
    graph.emit("Concat", graph.inputs(node)[:-1], [node.name], axis=int(graph.constant(node, -1)))


def _split(graph: _Graph, node: _Node) -> None:
    sizes, axis = graph.constant(node, 1).astype(np.int64), int(graph.constant(node, 2))
    outputs = [node.name, *(f"{node.name}:{place}" for place in range(1, len(sizes)))]
    graph.emit("Split", [graph.inputs(node)[0], sizes], outputs, axis=axis)


def _pad(graph: _Graph, node: _Node) -> None:
    value = graph.constant(node, 2) if len(node.input) > 2 else np.float32(0)
    edges = graph.constant(node, 1).T.ravel().astype(np.int64)
    graph.emit("Pad", [graph.inputs(node)[0], edges, np.asarray(value, np.float32)], [node.name])


def _conv(graph: _Graph, node: _Node) -> None:
    kernel = np.ascontiguousarray(graph.constant(node, 1).transpose(3, 2, 0, 1))
    window = {"strides": _plane(node, "strides"), "dilations": _plane(node, "dilations")}
    _in_nchw(graph, node, "Conv", [kernel], auto_pad=_padding(node), **window)


def _pool(graph: _Graph, node: _Node) -> None:
    window = {"strides": _plane(node, "strides"), "kernel_shape": _plane(node, "ksize")}
    _in_nchw(graph, node, "MaxPool", [], auto_pad=_padding(node), **window)


def _resize(graph: _Graph, node: _Node) -> None:
    if not node.attr.get("half_pixel_centers", {}).get("b") or node.attr.get("align_corners", {}).get("b"):
        raise InputError("model", node.attr, "ResizeBilinear with half pixel centres")
    height, width = (int(side) for side in graph.constant(node, 1))
    none: Array = np.array([], np.float32)
    graph.emit("Transpose", graph.inputs(node)[:1], [f"{node.name}/in"], perm=_TO_NCHW)
    graph.emit("Shape", [f"{node.name}/in"], [f"{node.name}/shape"])
    graph.emit("Slice", [f"{node.name}/shape", np.array([0]), np.array([2])], [f"{node.name}/batch"])
    graph.emit("Concat", [f"{node.name}/batch", np.array([height, width])], [f"{node.name}/size"], axis=0)
    resized: list[str | Array] = [f"{node.name}/in", none, none, f"{node.name}/size"]
    graph.emit("Resize", resized, [f"{node.name}/out"], mode="linear", coordinate_transformation_mode="half_pixel")
    graph.emit("Transpose", [f"{node.name}/out"], [node.name], perm=_TO_NHWC)


def _in_nchw(graph: _Graph, node: _Node, op: str, more: list[Array], **attributes: Any) -> None:
    """An operator that ONNX has with channels first only."""
    if base64.b64decode(node.attr["data_format"]["s"]) != b"NHWC":
        raise InputError("model", node.attr["data_format"], "the layout NHWC")
    graph.emit("Transpose", graph.inputs(node)[:1], [f"{node.name}/in"], perm=_TO_NCHW)
    graph.emit(op, [f"{node.name}/in", *more], [f"{node.name}/out"], **attributes)
    graph.emit("Transpose", [f"{node.name}/out"], [node.name], perm=_TO_NHWC)


def _plane(node: _Node, name: str) -> list[int]:
    return [int(number) for number in node.attr[name]["list"]["i"][1:3]]


def _padding(node: _Node) -> str:
    return {b"VALID": "VALID", b"SAME": "SAME_UPPER"}[base64.b64decode(node.attr["padding"]["s"])]


def _dense(places: Array, shape: Array, values: Array, default: Array) -> Array:
    array = np.full(shape, default)
    array[tuple(np.atleast_2d(places).reshape(-1, array.ndim).T)] = values
    return array


_FOLDED: dict[str, Callable[..., Array]] = {"SparseToDense": _dense, "AddV2": np.add, "Add": np.add}

_OPERATORS: dict[str, Callable[[_Graph, _Node], None]] = {
    "Add": _plain("Add"),
    "AddV2": _plain("Add"),
    "ConcatV2": _concat,
    "Conv2D": _conv,
    "Identity": _plain("Identity"),
    "LeakyRelu": _leaky,
    "MaxPool": _pool,
    "Pad": _pad,
    "PadV2": _pad,
    "Reshape": _reshape,
    "ResizeBilinear": _resize,
    "Sigmoid": _plain("Sigmoid"),
    "SplitV": _split,
    "Transpose": _transpose,
}
