"""What a face detector and a person detector still find in recordings that were covered without any model.

Faces are YuNet's, persons YOLOX-Nano's, on every tenth frame of the clips beside the repository. A person counts as
left who is found where one was found before and is mostly seen as he was. What is a person to the model in one place in
nearly every frame may be a post: persons who come or go are counted apart. Each share is held against its goal.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np

from saqta import wiring
from saqta.edge.covering.faces import Faces
from saqta.edge.covering.film import Found
from saqta.edge.models.model import Model
from saqta.edge.models.opening import open_model
from saqta.edge.models.view import View
from saqta.edge.picture.blobs import alike
from saqta.edge.redact import redact
from saqta.edge.tracking.shapes import PERSON

DATA = Path(__file__).parents[2] / "shared" / "data"
CLIPS = ("vtest.avi", "one-by-one-person.mp4", "car-detection.mp4", "ahmetozlu_input.mp4")
EVERY_FRAMES = 10
FACES_GOAL, PERSONS_GOAL, PIXELS_GOAL = 1.0, 10.0, 250.0
"""Faces and persons left, and pixels taken, of 1,000."""
FIXED_SHARE = 0.8
SAME_PLACE, SEEN_MIN, SEEN_WITHIN = 0.3, 0.5, 16


def run() -> list[dict[str, object]]:
    """Faces and persons left of 1,000, and the share of pixels, clip by clip; nothing where there are no clips."""
    clips = [DATA / "video" / clip for clip in CLIPS if (DATA / "video" / clip).is_file()]
    faces, persons = DATA / "models" / "yunet_n.onnx", DATA / "models" / "yolox_nano_416.onnx"
    if not clips or not faces.is_file() or not persons.is_file():
        print(f"redaction: there are no clips or no models in {DATA}: nothing is measured", file=sys.stderr)
        return []
    found = [
        record for clip in clips for record in _measured(clip, Faces(faces), open_model(persons, wiring.PLUGINS.models))
    ]
    return found


def _measured(clip: Path, faces: Faces, persons: Model) -> Iterator[dict[str, object]]:
    faces_before, faces_after, people, left = 0, 0, [], []
    with tempfile.TemporaryDirectory() as folder:
        covered = Path(folder) / "covered.mp4"
        summary = redact(str(clip), covered, wiring.PLUGINS)
        for original, redacted in zip(_frames(clip), _frames(covered), strict=True):
            faces_before += len(faces.look(original))
            faces_after += len(faces.look(redacted))
            people.append(_people(persons, original))
            left.append(_left(people[-1], _people(persons, redacted), original, redacted))
    fixed = [one for one in people[0] if sum(_is_among(one, frame) for frame in people) >= FIXED_SHARE * len(people)]
    yield _record(f"redaction faces {clip.stem}", "left of 1,000", faces_after, faces_before, FACES_GOAL)
    for name, apart in (("persons", []), ("persons who come or go", fixed)):
        counted, found = (
            sum(not _is_among(one, apart) for frame in frames for one in frame) for frames in (people, left)
        )
        yield _record(f"redaction {name} {clip.stem}", "left of 1,000", found, counted, PERSONS_GOAL)
    yield _record(f"redaction pixels {clip.stem}", "of 1,000", 1000 * summary.share_of_pixels, 1000, PIXELS_GOAL)


def _left(
    before: Sequence[Found], after: Sequence[Found], original: av.VideoFrame, redacted: av.VideoFrame
) -> list[Found]:
    """Who is found again and is mostly as he was."""
    pictures = [frame.to_ndarray(format="gray").astype(int) for frame in (original, redacted)]
    same = np.abs(pictures[0] - pictures[1]) < SEEN_WITHIN
    return [one for one in before if _is_among(one, after) and _part(same, one).mean() >= SEEN_MIN]


def _is_among(one: Found, others: Sequence[Found]) -> bool:
    return any(alike(one.box, other.box) >= SAME_PLACE for other in others)


def _part(
    same: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], one: Found
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    height, width = same.shape
    x0, y0, x1, y1 = (max(0, round(edge * side)) for edge, side in zip(one.box, (width, height) * 2, strict=True))
    return same[y0 : max(y0 + 1, y1), x0 : max(x0 + 1, x1)]


def _people(model: Model, frame: av.VideoFrame) -> list[Found]:
    return [Found(one.kind, one.box) for one in model.recognise([View(frame)])[0] if one.kind == PERSON]


def _frames(path: Path) -> Iterator[av.VideoFrame]:
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % EVERY_FRAMES == 0:
                yield frame


def _record(name: str, unit: str, left: float, counted: int, goal: float) -> dict[str, object]:
    value = 1000 * left / max(1, counted) if unit.startswith("left") else left
    return {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "reference": f"goal, over {counted}",
        "reference_value": goal,
        "ratio": round(value / goal, 3),
    }
