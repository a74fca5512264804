"""``saqta redact`` and ``saqta seal``: recordings in which nobody can be recognised, and originals under seal."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import av
import msgspec
import typer

from saqta import wiring
from saqta.commands.options import DATA, Data, Json, group, opened_file, readable_log
from saqta.edge.covering.faces import Faces
from saqta.edge.covering.film import Found, Look
from saqta.edge.keeping.originals import check_sealed, open_sealed, seal_recording
from saqta.edge.keeping.sealing import make_keys, private_key, public_key
from saqta.edge.models.model import Model
from saqta.edge.models.opening import open_model
from saqta.edge.models.view import View
from saqta.edge.redact import redact as redact_source
from saqta.model import kinds
from saqta.model.errors import InputError, StorageError
from saqta.model.terms import EVIDENCE_SUFFIX, SEALED_TYPE
from saqta.terminal import Results, progress

KEY_BYTES_MAX = 4_096
seal = group("Originals under seal: key pairs, and opening what was sealed.")


def redact(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A file, or sim:SCENARIO/CAMERA.")],
    out: Annotated[Path, typer.Argument(metavar="OUT.mp4", help="The covered film; its sound is left out.")],
    faces: Annotated[Path | None, typer.Option(metavar="MODEL", help="A face model, such as YuNet in ONNX.")] = None,
    model: Annotated[Path | None, typer.Option(metavar="FILE.onnx", help="A detector model (docs/models.md).")] = None,
    sealed: Annotated[Path | None, typer.Option(metavar="FILE", help="Seal the original into this file.")] = None,
    to: Annotated[str | None, typer.Option(metavar="PUBLIC_KEY", help="To whom: a key file or its text.")] = None,
    as_json: Json = False,
) -> None:
    """Cover everybody in a recording, in every frame, with solid shapes."""
    if (sealed is None) is not (to is None):
        raise InputError("sealed", str(sealed or to), "--sealed FILE and --to PUBLIC_KEY together")
    _require_suffix(out, ".mp4")
    if _same_file(out, Path(source)):
        raise InputError("out", str(out), "another file than SOURCE")
    if sealed is not None and (_same_file(sealed, Path(source)) or _same_file(sealed, out)):
        raise InputError("sealed", str(sealed), "another file than SOURCE and OUT")
    looks = [*_face_looks(faces), *_model_looks(model)]
    told: dict[str, Any] = {}
    if sealed is not None and to is not None:
        groups = seal_recording(source, wiring.PLUGINS, sealed, public_key(_key_text(to)))
        told["sealed"] = {"file": str(sealed), "sha256": _digest(sealed), "frame_groups": groups}
    with progress(f"covering {source}") as advance:
        summary = redact_source(source, out, wiring.PLUGINS, looks, lambda at_s: advance(int(at_s)))
    Results(as_json).summary(msgspec.to_builtins(summary) | {"sha256": _digest(out)} | told)


@seal.command()
def keys(
    name: Annotated[Path, typer.Argument(metavar="NAME", help="NAME.pub and NAME.key are written.")],
    halved: Annotated[bool, typer.Option(help="Part the private key: NAME.key.1 and .2, for two people.")] = False,
) -> None:
    """Make a key pair; the private key belongs to whoever may open originals, and never to the operations centre."""
    public, private = make_keys(halved)
    suffixes = [".key"] if not halved else [".key.1", ".key.2"]
    for suffix, text in zip([".pub", *suffixes], [public, *private], strict=True):
        path = name.with_name(name.name + suffix)
        try:
            with path.open("x") as file:  # Readable by its owner alone, as all that a command writes.
                file.write(text + "\n")
        except OSError as error:
            raise StorageError(f"{path} can't be written: {error.strerror}") from error
    print(public)


@seal.command("open")
def open_original(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A sealed file, or the SHA-256 of one in DIR.")],
    out: Annotated[Path, typer.Argument(metavar="OUT.mkv", help="The video, as it was filmed.")],
    key: Annotated[
        list[Path], typer.Option(metavar="FILE", help="The private key; both halves of one that is parted.")
    ],
    purpose: Annotated[str, typer.Option(help="Why, in words; it stands in the record.")],
    by: Annotated[str, typer.Option(metavar="USER", help="Who opens it.")],
    second: Annotated[str, typer.Option(metavar="USER", help="Who sees to it that it is right: somebody else.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Open a sealed original; who, with whom and why is in the log of DIR before the first picture is written."""
    path = _sealed_file(file, data)
    _require_suffix(out, ".mkv")
    if _same_file(out, path):
        raise InputError("out", str(out), "another file than FILE")
    _require_two(by, second, purpose, data)
    private = private_key([_key_text(str(one)) for one in key])
    digest, groups = _digest(path), check_sealed(path, private)
    record = kinds.OriginalOpened(sha256=digest, second=second)
    wiring.append(data, wiring.announce([record], f"user/{by}", purpose))
    frames = open_sealed(path, private, out)
    Results(as_json).summary({"sha256": digest, "frame_groups": groups, "packets": frames, "out": str(out)})


def _require_suffix(out: Path, suffix: str) -> None:
    """The name of a film says what is in it."""
    if out.suffix.lower() != suffix:
        raise InputError("out", str(out), f"a name that ends in {suffix}, which is what is written")


def _same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, by links of either kind too."""
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def _require_two(by: str, second: str, purpose: str, data: Path) -> None:
    if not purpose.strip():
        raise InputError("purpose", purpose, "why the original is opened, in words")
    if by == second:
        raise InputError("second", second, f"somebody else than {by}")
    with readable_log(data) as log:
        for field, name in (("by", by), ("second", second)):
            if not log.version(f"user/{name}"):
                raise InputError(field, name, "a person whom `saqta user add` has added")


def _sealed_file(file: str, data: Path) -> Path:
    kept = data / "evidence" / f"{file}{EVIDENCE_SUFFIX[SEALED_TYPE]}"
    return kept if kept.is_file() else Path(file)


def _key_text(key: str) -> str:
    """A key's text, or what stands in the file of that name."""
    path = Path(key)
    if not path.is_file():
        return key
    with opened_file(path, "key", "rb") as file:
        return file.read(KEY_BYTES_MAX).decode(errors="replace")


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError("file", str(path), f"a file that can be read ({error.strerror})") from error


def _face_looks(path: Path | None) -> Iterator[Look]:
    if path is not None:
        yield Faces(path).look


def _model_looks(path: Path | None) -> Iterator[Look]:
    if path is not None:
        model: Model = open_model(path, wiring.PLUGINS.models)

        def look(picture: av.VideoFrame) -> list[Found]:
            return [Found(thing.kind, thing.box) for thing in model.recognise([View(picture)])[0]]

        yield look
