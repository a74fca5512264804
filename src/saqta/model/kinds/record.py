"""What all records are made of, and the limits of their fields.

Fields named ``…_ms`` are UTC milliseconds; boxes and lines are fractions of the picture's width and height, origin
top left. A version that changes gets a record of its own (``AlertRaisedV2``) and one upcaster.
"""

from typing import Annotated, Literal

import msgspec

Box = tuple[float, float, float, float]
Line = tuple[float, float, float, float]
Polygon = tuple[tuple[float, float], ...]

NAME_CHARS_MAX = 64
ALERT_REASONS_MAX = 20
ALERT_REASON_CHARS_MAX = 300
STREAM_S_MAX = 1_000_000_000
TRACK_MAX = 2**53
COUNT_MAX = 1_000_000
CLASSES_MAX = 32
DAYS_MAX = 36_500
PATH_POINTS_MAX = 64
NOTE_CHARS_MAX = 500
AFTER_S_MAX = 86_400
FIXTURES_MAX = 256
METRES_MAX = 10_000
PEOPLE_MAX = 10_000

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARS_MAX)]
Reason = Annotated[str, msgspec.Meta(max_length=ALERT_REASON_CHARS_MAX)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
StreamTime = Annotated[float, msgspec.Meta(ge=0, le=STREAM_S_MAX)]
Counts = Annotated[dict[Name, Annotated[int, msgspec.Meta(ge=0, le=COUNT_MAX)]], msgspec.Meta(max_length=CLASSES_MAX)]
Days = Annotated[float, msgspec.Meta(ge=0.01, le=DAYS_MAX)]
TrackNumber = Annotated[int, msgspec.Meta(ge=0, le=TRACK_MAX)]
Bounds = tuple[Share, Share, Share, Share]
Path = Annotated[tuple[tuple[Share, Share, StreamTime], ...], msgspec.Meta(max_length=PATH_POINTS_MAX)]
"""Where somebody stood, oldest first: x, y (fractions of the picture, the foot) and seconds of the stream."""
Metres = Annotated[float, msgspec.Meta(ge=-METRES_MAX, le=METRES_MAX)]
Ground = Annotated[tuple[tuple[Share, Share, Metres, Metres], ...], msgspec.Meta(max_length=4)]
"""Four points of the ground: x, y (fractions of the picture), and where they are in metres, across and along."""
KnownLength = tuple[Share, Share, Share, Share, Annotated[float, msgspec.Meta(ge=0.1, le=METRES_MAX)]]
"""A stretch of the ground, from x0, y0 to x1, y1 (fractions of the picture), and how long it is in metres."""
Limit = Annotated[float, msgspec.Meta(ge=1, le=PEOPLE_MAX)]
Kmh = Annotated[float, msgspec.Meta(ge=0, le=1_000)]
AfterS = Annotated[float, msgspec.Meta(ge=0, le=AFTER_S_MAX)] | Literal["never"]
"""After how many seconds; or never."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data of one kind of event."""
