"""What is known of recordings: clips counted by eye, and things that were left in them; one JSON file for a folder.

The form is described in ``docs/labels.md``; truth of rendered scenes has the same records.
"""

from pathlib import Path

import msgspec

from saqta.model.errors import InputError
from saqta.model.kinds import Box, Line


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was put down: its box (fractions), and when, in seconds of the recording, it was put down, left,
    taken and abandoned; None where that did not happen."""

    box: Box
    put_down_s: float
    left_s: float | None = None
    taken_s: float | None = None
    abandoned_s: float | None = None


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """A line, and how many crossed it in either direction; ``uncertainty`` is how far the count may be off."""

    line: Line
    total: int
    uncertainty: int = 0


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one recording. ``left`` is None where nobody looked for things left behind."""

    counted: Counted | None = None
    left: tuple[Left, ...] | None = None
    abandoned_after_s: float = 60.0


def read(path: Path) -> dict[str, Label]:
    """The labels of a folder's recordings, by file name; InputError where the file does not hold them."""
    try:
        return {name: _label(clip) for name, clip in _decoder.decode(path.read_bytes()).clips.items()}
    except (OSError, UnicodeDecodeError, RecursionError, msgspec.DecodeError) as error:
        raise InputError("labels", str(path), f"labels as in docs/labels.md ({error})") from error


class _Ends(msgspec.Struct, frozen=True):
    p1: tuple[float, float]
    p2: tuple[float, float]


class _Clip(msgspec.Struct, frozen=True):
    line: _Ends | None = None
    total: int | None = None
    uncertainty: int | str = 0
    left: tuple[Left, ...] | None = None
    left_behind: bool | None = None
    abandoned_after_s: float = 60.0


class _File(msgspec.Struct, frozen=True):
    clips: dict[str, _Clip]


_decoder = msgspec.json.Decoder(_File)


def _label(clip: _Clip) -> Label:
    counted = None
    if clip.line is not None and clip.total is not None:
        line = (*clip.line.p1, *clip.line.p2)
        sure = clip.uncertainty if isinstance(clip.uncertainty, int) else 0
        counted = Counted(line=line, total=clip.total, uncertainty=sure)
    left = () if clip.left_behind is False else clip.left
    return Label(counted=counted, left=left, abandoned_after_s=clip.abandoned_after_s)
