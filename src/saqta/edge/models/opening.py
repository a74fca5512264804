"""Opening a model file: what it is, whether it is what its manifest tells, and a trial before it is let in.

ONNX Runtime is imported when the first model is opened: without one it need not even be there.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from saqta.edge.models.form import Form
from saqta.edge.models.manifest import COCO, SIDE_PX_MAX, Manifest, manifest_of, read_model
from saqta.edge.models.model import Entry, Model
from saqta.edge.models.view import GREY
from saqta.model.errors import InputError
from saqta.model.kinds import NAME_CHARS_MAX

PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
"""What a model runs on, the first that ONNX Runtime has."""
_DIGEST_CHARS = 8
_REASON_CHARS = 120


class _Reading(NamedTuple):
    """How a graph's output is read."""

    form: Form
    classes: Sequence[str]


def open_model(path: Path, forms: Mapping[str, Form], threads: int = 1, manifest: Manifest | None = None) -> Model:
    """The model in ``path``, tried on a grey picture; ``manifest`` instead of the one that lies beside it.

    InputError when it is no ONNX file, not the file that its manifest tells of, or of no form that is known.
    """
    told = manifest_of(path) if manifest is None else manifest
    content, sha256 = read_model(path, told)
    session = start_session(content, path, threads)
    entry = entry_of(session, told)
    form, classes = _reading(session, forms, told, entry)
    name = f"{path.stem[: NAME_CHARS_MAX - _DIGEST_CHARS - 1]}@{sha256[:_DIGEST_CHARS]}"
    model = Model(name, session, entry, form, told, classes)
    _try_out(model, path)
    return model


def start_session(content: bytes, path: Path, threads: int) -> Any:
    """ONNX Runtime with the graph that ``content``, read from ``path``, is; InputError when it is none."""
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError("model", str(path), "onnxruntime to be installed, which runs models") from error
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = [one for one in PROVIDERS if one in onnxruntime.get_available_providers()]
    try:
        return onnxruntime.InferenceSession(content, options, providers=providers)
    except Exception as error:
        raise InputError("model", str(path), f"an ONNX model ({_reason(error)})") from error


def entry_of(session: Any, told: Manifest) -> Entry:
    """A graph's input; its sides are the manifest's where it leaves them open. InputError where it takes no picture."""
    inputs = session.get_inputs()
    shapes = [list(one.shape) for one in inputs]
    if len(inputs) != 1 or len(shapes[0]) != 4 or inputs[0].type != "tensor(float)":
        raise InputError("model", shapes, "one input of floats with four dimensions: a batch of pictures")
    batch, *rest = shapes[0]
    channels, height, width = rest if told.layout == "nchw" else (rest[2], rest[0], rest[1])
    if isinstance(channels, int) and channels != 3:
        raise InputError("model", shapes[0], f"an input of three colours in the layout {told.layout}")
    sides = []
    for field, side_px, given in (("width", width, told.width), ("height", height, told.height)):
        side_px = side_px if isinstance(side_px, int) else given
        if side_px is None:
            raise InputError(f"manifest.{field}", None, "the input's size in pixels, which the graph leaves open")
        if not 0 < side_px <= SIDE_PX_MAX or given not in (None, side_px):
            raise InputError(f"manifest.{field}", given or side_px, f"what the graph takes: {side_px} of {SIDE_PX_MAX}")
        sides.append(side_px)
    return Entry(inputs[0].name, sides[0], sides[1], many=not isinstance(batch, int))


def _reading(session: Any, forms: Mapping[str, Form], told: Manifest, entry: Entry) -> _Reading:
    """By the shapes of the graph's outputs, or by the manifest's word where they fit it."""
    if told.form is not None and told.form not in forms:
        raise InputError("manifest.form", told.form, f"one of {', '.join(forms)}")
    shapes = [list(output.shape) for output in session.get_outputs()]
    names = forms if told.form is None else [told.form]
    fits = {name: forms[name].classes_of(shapes, entry.width, entry.height) for name in names}
    found = next((name for name in names if fits[name] is not None), None)
    if found is None:
        raise InputError("model", shapes, f"outputs of the form {' or '.join(names)} for its input")
    classes = COCO if told.classes is None else told.classes
    if fits[found] != len(classes):
        expected = f"the names of its {fits[found]} classes" if told.classes else f"the names of {fits[found]} classes"
        raise InputError("manifest.classes", f"{len(classes)} classes", expected)
    return _Reading(forms[found], classes)


def _try_out(model: Model, path: Path) -> None:
    grey = np.full((1, model.entry.height, model.entry.width, 3), GREY, np.uint8)
    with tried(path):
        outputs = model.run(grey)
    if not all(np.isfinite(output).all() for output in outputs):
        raise InputError("model", str(path), "finite numbers for a grey picture")
    model.read(outputs)


@contextmanager
def tried(path: Path) -> Iterator[None]:
    """Where the graph that was read from ``path`` is run for the first time: InputError when it can't be."""
    try:
        yield
    except Exception as error:
        raise InputError("model", str(path), f"a graph that runs on a grey picture ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    """ONNX Runtime's errors have no base of their own, and run over many lines."""
    return " ".join(str(error).split())[:_REASON_CHARS]
