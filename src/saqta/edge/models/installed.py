"""Models that are installed: ``NAME.onnx`` with its manifest ``NAME.json`` in a folder of their own."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from saqta.edge.models.form import Form
from saqta.edge.models.manifest import Manifest, manifest_of, read_manifest, read_model
from saqta.edge.models.model import Model
from saqta.edge.models.opening import open_model
from saqta.model.errors import InputError, StorageError

MODELS_MAX = 64


class Installed(NamedTuple):
    """An installed model: the name that settings call it by, its file, and what is told of it."""

    name: str
    path: Path
    manifest: Manifest


def install(file: Path, manifest: Path | None, folder: Path, forms: Mapping[str, Form]) -> tuple[Installed, Model]:
    """Tries ``file`` and copies it into ``folder`` with its manifest, which tells its SHA-256 from now on.

    InputError when it can't be used, StorageError when it can't be kept.
    """
    told = manifest_of(file) if manifest is None else read_manifest(manifest)
    model = open_model(file, forms, manifest=told)
    content, sha256 = read_model(file, told)
    name = file.stem
    others = {one.name for one in installed(folder)} - {name}
    if len(others) >= MODELS_MAX:
        raise InputError("model", name, f"at most {MODELS_MAX} installed models")
    kept = msgspec.structs.replace(told, sha256=sha256)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f"{name}.json", msgspec.json.format(msgspec.json.encode(kept)))
        _write(folder / f"{name}.onnx", content)
    except OSError as error:
        raise StorageError(f"the model can't be kept in {folder}: {error.strerror}") from error
    return Installed(name, folder / f"{name}.onnx", kept), model


def installed(folder: Path) -> list[Installed]:
    """The models in ``folder``, by name; InputError names a manifest that does not fit."""
    return [Installed(path.stem, path, manifest_of(path)) for path in sorted(folder.glob("*.onnx"))]


def located(model: str | None, folder: Path) -> str | None:
    """The path of what settings call a model: an installed one's name, or a path."""
    if model is None:
        return None
    path = folder / f"{model}.onnx"
    return str(path) if path.is_file() else model


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.replace(part, path)
