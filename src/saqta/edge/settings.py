"""What a camera is told: its source, its lines and zones, and how finely it looks; frozen and checked when made.

Points are fractions of the picture's width and height, origin top left.
"""

import math
import re
from itertools import combinations, pairwise

from saqta.edge.keeping.sealing import public_key
from saqta.model.errors import InputError
from saqta.model.kinds import (
    AFTER_S_MAX,
    FIXTURES_MAX,
    METRES_MAX,
    NAME_CHARS_MAX,
    AfterS,
    Box,
    CameraOptions,
    Ground,
    KnownLength,
    Line,
    Polygon,
)
from saqta.model.login import Login, parted

LINES_MAX = 32
ZONES_MAX = 32
POLYGON_POINTS_MAX = 64
ZONE_AREA_MIN = 1e-6
"""Less of the picture than this is no zone: nobody could be in it."""
MODEL_THREADS_MAX = 64
LIVE = ("rtsp://", "rtsps://")
_CAMERA_ID = re.compile(r"[\w.-]{1,64}")
_LINE_TEXT = "NAME=x0,y0,x1,y1, fractions of the picture from 0 to 1"
_ZONE_TEXT = "NAME=x,y,x,y,x,y…, three points or more, fractions of the picture from 0 to 1"


class CameraSettings(CameraOptions, frozen=True, kw_only=True):
    """One camera, as it is watched: its options, and beside them how. InputError names the field that doesn't fit when
    it is made.

    ``fixtures`` are boxes of things that belong there, ``view_accepted_ms`` when a person last said that its view is
    meant. Frames are analysed ``analysed_fps`` times a second of the
    stream, shrunk until the longer side has ``analysis_side_px``. Evidence reaches from ``before_s`` before an alert to
    ``after_s`` after it, ``evidence_side_px`` on the longer side. ``loop`` begins a file again when it ends. ``model``
    is the path of an ONNX file here, run on ``model_threads`` threads, ``faces`` that of a face model. With an
    ``evidence_source``, which is an RTSP address, ``source`` is one, too; their logins stand in ``login`` and
    ``evidence_login``, never in them.
    """

    camera: str
    fixtures: tuple[Box, ...] = ()
    view_accepted_ms: int = 0
    analysed_fps: float = 5.0
    analysis_side_px: int = 320
    evidence_side_px: int = 640
    before_s: float = 5.0
    after_s: float = 5.0
    login: Login | None = None
    evidence_login: Login | None = None
    loop: bool = False
    model_threads: int = 1
    faces: str | None = None

    def __post_init__(self) -> None:
        if not _CAMERA_ID.fullmatch(self.camera):
            raise InputError("camera", self.camera, "1 to 64 letters, digits, '.', '_' or '-'")
        if not self.source:
            raise InputError("source", self.source, "a file, an rtsp:// address or sim:SCENARIO/CAMERA")
        for field in ("source", "evidence_source"):
            _check_bare(field, getattr(self, field))
        _check_streams(self.source, self.evidence_source)
        _check_number("intrusion_after_s", self.intrusion_after_s, 0, AFTER_S_MAX)
        _check_number("abandoned_after_s", self.abandoned_after_s, 0, AFTER_S_MAX)
        _check_number("analysed_fps", self.analysed_fps, 0.1, 120)
        _check_number("analysis_side_px", self.analysis_side_px, 64, 1920)
        _check_number("evidence_side_px", self.evidence_side_px, 64, 1920)
        _check_number("model_threads", self.model_threads, 1, MODEL_THREADS_MAX)
        _check_number("before_s", self.before_s, 0, 30)
        _check_number("after_s", self.after_s, 0, 30)
        _check_lines(self.lines)
        _check_zones(self.zones)
        self._check_rules_of_zones()
        _check_fixtures(self.fixtures)
        if self.seal_to is not None:
            public_key(self.seal_to, "seal_to")

    def _check_rules_of_zones(self) -> None:
        for name, after_s in self.abandoned_zones.items():
            if after_s != "never":
                _check_number(f"abandoned_zones.{name}", after_s, 0, AFTER_S_MAX)
        _check_number("stopped_after_s", self.stopped_after_s, 1, AFTER_S_MAX)
        for name in self.directions:
            if name not in self.lanes:
                raise InputError("directions", name, f"one of the lanes ({', '.join(self.lanes) or 'there is none'})")
        _check_lines(self.directions, "directions")
        _check_ground(self.ground)
        _check_known_length(self.known_length, self.ground)
        for field in ("restricted", "abandoned_zones", "keep_clear", "lanes", "queue_max", "crowd_max"):
            for name in getattr(self, field):
                if name not in self.zones:
                    known = ", ".join(self.zones) or "there is none"
                    raise InputError(field, name, f"the name of a zone ({known})")


def _check_bare(field: str, address: str | None) -> None:
    if address is not None and parted(address)[1] is not None:
        raise InputError(field, address, "an address without the login, which is told apart from it")


def _check_streams(source: str, evidence_source: str | None) -> None:
    if evidence_source is not None:
        for field, given in (("source", source), ("evidence_source", evidence_source)):
            if not given.startswith(LIVE):
                raise InputError(field, given, "an rtsp:// address, where evidence comes from a second stream")


def parse_line(text: str) -> tuple[str, Line]:
    """A line as the command line takes it.

    >>> parse_line("gate=0,0.5,1,0.5")
    ('gate', (0.0, 0.5, 1.0, 0.5))
    """
    name, numbers = _named_numbers("line", text, _LINE_TEXT)
    if len(numbers) != 4:
        raise InputError("line", text, _LINE_TEXT)
    line = (numbers[0], numbers[1], numbers[2], numbers[3])
    _check_lines({name: line})
    return name, line


def parse_zone(text: str) -> tuple[str, Polygon]:
    """A zone as the command line takes it.

    >>> parse_zone("yard=0,0,1,0,1,1")
    ('yard', ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)))
    """
    name, numbers = _named_numbers("zone", text, _ZONE_TEXT)
    if len(numbers) % 2:
        raise InputError("zone", text, _ZONE_TEXT)
    zone = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    _check_zones({name: zone})
    return name, zone


def parse_abandoned_zone(text: str) -> tuple[str, AfterS]:
    """A zone's own rule as the command line takes it.

    >>> parse_abandoned_zone("platform=30"), parse_abandoned_zone("car-park=never")
    (('platform', 30.0), ('car-park', 'never'))
    """
    name, _, after = text.partition("=")
    if after == "never":
        return name, "never"
    try:
        return name, float(after)
    except ValueError as error:
        raise InputError("abandoned_zone", text, "NAME=SECONDS or NAME=never") from error


def _named_numbers(field: str, text: str, expected: str) -> tuple[str, list[float]]:
    name, equals, rest = text.partition("=")
    try:
        numbers = [float(number) for number in rest.split(",")]
    except ValueError as error:
        raise InputError(field, text, expected) from error
    if not name or not equals:
        raise InputError(field, text, expected)
    return name, numbers


def _check_ground(ground: Ground) -> None:
    if not ground:
        return
    if len(ground) != 4:
        raise InputError("ground", f"{len(ground)} points", "four points, each x, y, metres across, metres along")
    for first, second, third in combinations(ground, 3):
        if abs(_area(first[:2], second[:2], third[:2])) < 1e-4 or abs(_area(first[2:], second[2:], third[2:])) < 1e-2:
            raise InputError("ground", ground, "four points of which no three lie on one line")


def _check_known_length(known: KnownLength | None, ground: Ground) -> None:
    if known is None:
        return
    if ground:
        raise InputError("known_length", known, "none where ground has four points: those tell more")
    if len(known) != 5 or not all(_is_fraction(number) for number in known[:4]) or known[:2] == known[2:4]:
        raise InputError("known_length", known, "x0, y0, x1, y1, each from 0 to 1, of two different points, and metres")
    _check_number("known_length", known[4], 0.1, METRES_MAX)


def _area(one: tuple[float, float], other: tuple[float, float], third: tuple[float, float]) -> float:
    """Twice the area of a triangle."""
    return (other[0] - one[0]) * (third[1] - one[1]) - (other[1] - one[1]) * (third[0] - one[0])


def _check_lines(lines: dict[str, Line], what: str = "lines") -> None:
    if len(lines) > LINES_MAX:
        raise InputError(what, f"{len(lines)} lines", f"at most {LINES_MAX}")
    for name, line in lines.items():
        field = f"{what}.{name}"
        if len(line) != 4 or not all(_is_fraction(number) for number in line):
            raise InputError(field, line, "x0, y0, x1, y1, each from 0 to 1")
        if line[:2] == line[2:]:
            raise InputError(field, line, "two different points")


def _check_zones(zones: dict[str, Polygon]) -> None:
    if len(zones) > ZONES_MAX:
        raise InputError("zones", f"{len(zones)} zones", f"at most {ZONES_MAX}")
    for name, zone in zones.items():
        field = f"zones.{name}"
        if not 1 <= len(name) <= NAME_CHARS_MAX:
            raise InputError(field, name, f"a name of 1 to {NAME_CHARS_MAX} characters")
        if not 3 <= len(set(zone)) <= POLYGON_POINTS_MAX:
            raise InputError(field, zone, f"3 to {POLYGON_POINTS_MAX} different points")
        for point in zone:
            if len(point) != 2 or not all(_is_fraction(number) for number in point):
                raise InputError(field, point, "x, y, each from 0 to 1")
        if _within(zone) < ZONE_AREA_MIN:
            raise InputError(field, zone, f"points with an area between them, {ZONE_AREA_MIN:f} of the picture or more")


def _within(zone: Polygon) -> float:
    """About which part of the picture a zone takes (even-odd rule): 0 of one that is folded into a line.

    Between two neighbouring heights of its points it is measured in one place, and not in the middle, where the sides
    of a zone that crosses itself may meet.
    """
    area = 0.0
    for low, high in pairwise(sorted({y for _, y in zone})):
        y = low + 0.4 * (high - low)
        sides = [(one, other) for one, other in pairwise((*zone, zone[0])) if (one[1] > y) != (other[1] > y)]
        xs = sorted(x0 + (y - y0) / (y1 - y0) * (x1 - x0) for (x0, y0), (x1, y1) in sides)
        area += (high - low) * sum(right - left for left, right in zip(xs[::2], xs[1::2], strict=True))
    return area


def _check_fixtures(fixtures: tuple[Box, ...]) -> None:
    if len(fixtures) > FIXTURES_MAX:
        raise InputError("fixtures", f"{len(fixtures)} boxes", f"at most {FIXTURES_MAX}")
    for box in fixtures:
        if len(box) != 4 or not all(_is_fraction(number) for number in box) or box[0] >= box[2] or box[1] >= box[3]:
            raise InputError("fixtures", box, "boxes of x0, y0, x1, y1, each from 0 to 1")


def _is_fraction(number: float) -> bool:
    return 0 <= number <= 1


def _check_number(field: str, given: float, least: float, most: float) -> None:
    if not (math.isfinite(given) and least <= given <= most):
        raise InputError(field, given, f"a number from {least} to {most}")
