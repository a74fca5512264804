"""Detector models made on the spot: what is dark in a picture is a person, in the very shapes that real models have."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DARK = 60.0
"""A cell whose mean brightness is lower than this holds something."""
CLASSES = 80


def fastestdet(
    path: Path, side_px: int = 96, *, classes: int = CLASSES, share: float = 0.25, scale: float = 255.0
) -> Path:
    """Of FastestDet's form: a box of ``share`` of the picture in the middle of each dark cell of 16 pixels."""
    size = float(np.log(share / (1 - share)))
    rest = np.zeros((1, 4 + classes, 1, 1), np.float32)
    rest[0, 2:4], rest[0, 0:2], rest[0, 4] = size, np.arctanh(0.5), 1.0
    nodes = [*_darkness("input", 16, scale), *_concatenated("dark16", rest, "output")]
    cells = side_px // 16
    output = ("output", [1, 5 + classes, cells, cells])
    return _saved(path, nodes, {"rest": rest, **_constants(scale)}, [1, 3, side_px, side_px], output)


def yolox(path: Path, side_px: int = 96, *, batch: int | str = 1, box_px: float = 24.0) -> Path:
    """Of YOLOX's form: a box of ``box_px`` in the middle of each dark cell of 8 pixels."""
    constants: dict[str, np.ndarray] = _constants(1.0)
    nodes, rows = [], []
    for stride in (8, 16, 32):
        nodes += _darkness("input", stride, 1.0, silent=stride != 8)
        size = np.log(box_px / stride)
        before = np.array([0.5, 0.5, size, size], np.float32).reshape(1, 4, 1, 1)
        after = np.zeros((1, CLASSES, 1, 1), np.float32)
        after[0, 0] = 1.0
        constants |= {f"before{stride}": before, f"after{stride}": after}
        none = f"none{stride}"
        nodes += [
            helper.make_node("Mul", [f"dark{stride}", "zero"], [none]),
            helper.make_node("Add", [none, f"before{stride}"], [f"b{stride}"]),
            helper.make_node("Add", [none, f"after{stride}"], [f"a{stride}"]),
            helper.make_node("Concat", [f"b{stride}", f"dark{stride}", f"a{stride}"], [f"all{stride}"], axis=1),
            helper.make_node("Reshape", [f"all{stride}", "flat"], [f"flat{stride}"]),
        ]
        rows.append(f"flat{stride}")
    nodes += [
        helper.make_node("Concat", rows, ["joined"], axis=2),
        helper.make_node("Transpose", ["joined"], ["output"], perm=[0, 2, 1]),
    ]
    constants["flat"] = np.array([0, 5 + CLASSES, -1], np.int64)
    cells = sum((side_px // stride) ** 2 for stride in (8, 16, 32))
    return _saved(path, nodes, constants, [batch, 3, side_px, side_px], ("output", [batch, cells, 5 + CLASSES]))


def nanodet(path: Path, side_px: int = 96) -> Path:
    """Of NanoDet's form: a box of three strides in the middle of each dark cell of 16 pixels."""
    steep = -0.5 * 57.375
    edge = 0.5 * (DARK - 114)
    constants = _constants(1.0) | {"steep": np.float32(steep), "edge": np.float32(edge)}
    nodes, classes, edges = [], [], []
    for stride in (8, 16, 32):
        cells = (side_px // stride) ** 2
        one_hot = np.zeros((1, 1, CLASSES), np.float32)
        one_hot[..., 0] = 1.0
        bins = np.full((1, 1, 4, 8), -50.0, np.float32)
        bins[..., 1:3] = 0.0  # between one stride and two: 1.5 on each side
        constants |= {
            f"hot{stride}": one_hot,
            f"bins{stride}": bins.reshape(1, 1, 32),
            f"flat{stride}": np.array([1, cells, 1]),
        }
        nodes += _darkness("input", stride, 1.0, silent=stride != 16)
        nodes += [
            helper.make_node("Reshape", [f"dark{stride}", f"flat{stride}"], [f"row{stride}"]),
            helper.make_node("Mul", [f"row{stride}", f"hot{stride}"], [f"classes{stride}"]),
            helper.make_node("Mul", [f"row{stride}", "zero"], [f"none{stride}"]),
            helper.make_node("Add", [f"none{stride}", f"bins{stride}"], [f"edges{stride}"]),
        ]
        classes.append((f"classes{stride}", [1, cells, CLASSES]))
        edges.append((f"edges{stride}", [1, cells, 32]))
    return _saved(path, nodes, constants, [1, 3, side_px, side_px], *classes, *edges)


def yunet(path: Path, width: int | str = 128, height: int | str = 64, *, cells: int = -1) -> Path:
    """Of YuNet's form: a face of two strides in the middle of each dark cell of 16 pixels. A side that is a name may be
    of any size; ``cells`` a stride are told, where it is not as many as there are."""
    box = np.array([[[0.5, 0.5, np.log(2), np.log(2)]]], np.float32)
    constants = _constants(1.0) | {"box": box, "row": np.array([1, cells, 1])}
    nodes, outputs = [], []
    for stride in (8, 16, 32):
        nodes += _darkness("input", stride, 1.0, silent=stride != 16)
        nodes += [
            helper.make_node("Reshape", [f"dark{stride}", "row"], [f"cls_{stride}"]),
            helper.make_node("Identity", [f"cls_{stride}"], [f"obj_{stride}"]),
            helper.make_node("Mul", [f"cls_{stride}", "zero"], [f"none{stride}"]),
            helper.make_node("Add", [f"none{stride}", "box"], [f"bbox_{stride}"]),
        ]
        rows = f"cells{stride}"
        outputs += [(f"cls_{stride}", [1, rows, 1]), (f"obj_{stride}", [1, rows, 1]), (f"bbox_{stride}", [1, rows, 4])]
    return _saved(path, nodes, constants, [1, 3, height, width], *outputs)


def _constants(scale: float) -> dict[str, np.ndarray]:
    return {
        "zero": np.float32(0),
        "steep": np.float32(-0.5 * scale),
        "edge": np.float32(0.5 * DARK),
        "silence": np.float32(-1e4),
    }


def _darkness(entry: str, stride: int, scale: float, *, silent: bool = False) -> list[onnx.NodeProto]:
    """``dark{stride}``: near 1 where a cell is dark, near 0 elsewhere, or everywhere when ``silent``."""
    return [
        helper.make_node("AveragePool", [entry], [f"p{stride}"], kernel_shape=[stride] * 2, strides=[stride] * 2),
        helper.make_node("ReduceMean", [f"p{stride}"], [f"m{stride}"], axes=[1], keepdims=1),
        helper.make_node("Mul", [f"m{stride}", "steep"], [f"s{stride}"]),
        helper.make_node("Add", [f"s{stride}", "silence" if silent else "edge"], [f"e{stride}"]),
        helper.make_node("Sigmoid", [f"e{stride}"], [f"dark{stride}"]),
    ]


def _concatenated(dark: str, rest: np.ndarray, output: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Mul", [dark, "zero"], ["none"]),
        helper.make_node("Add", ["none", "rest"], ["others"]),
        helper.make_node("Concat", [dark, "others"], [output], axis=1),
    ]


def _saved(
    path: Path,
    nodes: list[onnx.NodeProto],
    constants: dict[str, np.ndarray],
    entry: list[int | str],
    *outputs: tuple[str, list[int | str]],
) -> Path:
    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, entry)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path
