"""What is told of a model file by a manifest beside it: ``NAME.toml`` or ``NAME.json`` next to ``NAME.onnx``.

Whatever it leaves out is read from the graph or taken as its form has it.
"""

import hashlib
import math
import re
import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from saqta.edge.recognised import CLASSES
from saqta.model.errors import InputError

MANIFEST_BYTES_MAX = 64 << 10
MODEL_BYTES_MAX = 512 << 20
CLASSES_MAX = 2_000
SIDE_PX_MAX = 2_048
_COCO = """
    person bicycle car motorcycle airplane bus train truck boat traffic_light fire_hydrant stop_sign parking_meter
    bench bird cat dog horse sheep cow elephant bear zebra giraffe backpack umbrella handbag tie suitcase frisbee skis
    snowboard sports_ball kite baseball_bat baseball_glove skateboard surfboard tennis_racket bottle wine_glass cup fork
    knife spoon bowl banana apple sandwich orange broccoli carrot hot_dog pizza donut cake chair couch potted_plant bed
    dining_table toilet tv laptop mouse remote keyboard cell_phone microwave oven toaster sink refrigerator book clock
    vase scissors teddy_bear hair_drier toothbrush
"""
COCO = tuple(_COCO.split())
"""The classes of the COCO 2017 detection task, in its order: what a model has unless it says otherwise."""

Triple = tuple[float, float, float]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is told of a model file.

    ``sha256`` is the file's, in hexadecimal; ``form`` the name of its form in the registry. ``width`` and ``height``
    are its input's in pixels, where the graph leaves them open. It is fed ``(value - mean) * scale`` a channel, in the
    order ``channels``. Boxes under ``score_min`` are passed over.
    """

    sha256: str | None = None
    licence: str = "not told"
    form: str | None = None
    classes: tuple[str, ...] | None = None
    width: int | None = None
    height: int | None = None
    layout: Literal["nchw", "nhwc"] = "nchw"
    channels: Literal["bgr", "rgb"] = "bgr"
    mean: Triple | None = None
    scale: Triple | None = None
    score_min: float | None = None

    def __post_init__(self) -> None:
        for field, side_px in (("width", self.width), ("height", self.height)):
            if side_px is not None and not 32 <= side_px <= SIDE_PX_MAX:
                raise InputError(f"manifest.{field}", side_px, f"32 to {SIDE_PX_MAX} pixels")
        if self.classes is not None:
            if not 0 < len(self.classes) <= CLASSES_MAX:
                raise InputError("manifest.classes", f"{len(self.classes)} classes", f"1 to {CLASSES_MAX}")
            if not set(self.classes) & set(CLASSES):
                raise InputError("manifest.classes", self.classes, f"at least one of {', '.join(CLASSES)}")
        for name, triple in (("mean", self.mean), ("scale", self.scale)):
            if triple is not None and not all(map(math.isfinite, triple)):
                raise InputError(f"manifest.{name}", triple, "three finite numbers")
        if self.sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", self.sha256):
            raise InputError("manifest.sha256", self.sha256, "64 hexadecimal digits")
        if self.score_min is not None and not 0 < self.score_min < 1:
            raise InputError("manifest.score_min", self.score_min, "a number between 0 and 1")


def read_manifest(path: Path) -> Manifest:
    """A manifest file, TOML or JSON by its ending; InputError names what does not fit."""
    try:
        if path.stat().st_size > MANIFEST_BYTES_MAX:
            raise InputError("manifest", f"{path.stat().st_size} bytes", f"at most {MANIFEST_BYTES_MAX} bytes")
        text = path.read_text(encoding="utf-8")
        content = msgspec.json.decode(text) if path.suffix == ".json" else tomllib.loads(text)
        return msgspec.convert(content, Manifest)
    except OSError as error:
        raise InputError("manifest", str(path), f"a readable file ({error.strerror})") from error
    except (UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError, msgspec.DecodeError) as error:
        raise InputError("manifest", str(path), f"TOML or JSON with a manifest's keys ({error})") from error


def manifest_of(model: Path) -> Manifest:
    """What lies beside a model file; a manifest that tells nothing where nothing does."""
    places = (model.with_suffix(".toml"), model.with_suffix(".json"))
    beside = [path for path in places if path != model and path.exists()]
    return read_manifest(beside[0]) if beside else Manifest()


def read_model(path: Path, manifest: Manifest) -> tuple[bytes, str]:
    """(the file, its SHA-256 in hexadecimal); InputError where it can't be read or is not what the manifest tells."""
    try:
        if path.stat().st_size > MODEL_BYTES_MAX:
            raise InputError("model", f"{path.stat().st_size} bytes", f"at most {MODEL_BYTES_MAX} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            "model",
            str(path),
            f"an ONNX file that can be read, or a model that `saqta model list` names ({error.strerror})",
        ) from error
    sha256 = hashlib.sha256(content).hexdigest()
    if manifest.sha256 is not None and manifest.sha256.lower() != sha256:
        raise InputError("model", str(path), f"the file whose SHA-256 its manifest tells: {manifest.sha256}")
    return content, sha256
