"""Moved: the camera looks elsewhere for good, shifted, turned or zoomed; a shake swings back.

What is at rest in the picture is matched with what is known (ORB features, Rublee et al. 2011; a similarity by RANSAC).
Where nothing matches, a view of other things at rest is another view.
"""

from math import atan2, degrees, hypot
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.arrays import Gray, Real
from saqta.edge.plugins import Guard, Suspicion
from saqta.edge.settings import CameraSettings
from saqta.edge.view import Outlook

LOST_MIN = 0.3
"""With less of the known outlines lost, the camera is where it was."""
RESTING_MIN = 0.5
"""Least share of what is in their place that is at rest."""
MATCH_EVERY_S = 0.7
FEATURES_MAX = 400
MATCHES_MIN, AGREEING_MIN = 14, 0.25
"""Least features that agree on one movement, and their part of those that match."""
MOVED_MIN = 0.015
"""Least movement of the picture's corners and middle, on average, as a part of its longer side."""
STEADY_MAX = 0.012
"""Most that the movement changes, as the same part, while the camera stays where it was moved to."""
SWAYED_S = 1.6
"""A view that swayed is not judged for so long."""
MOVED_S = 2.4
ELSEWHERE_MIN, PLAIN_MAX = 0.75, 0.5
"""Another view: so much of the known one is lost, nothing of it is found elsewhere, and it has outlines of its own."""
SUDDEN_S, SLOW_S = 4.2, 20.0
"""For how long, if it came at once as when a camera is turned, and if not, as when a bus stops before it."""


class Pose(NamedTuple):
    """How the known picture lies in the present one: moved (across, down), in parts of its longer side, turned and
    zoomed about its middle. ``went`` (5, 2) is how far its corners and its middle did, in the same parts."""

    shift: tuple[float, float]
    turn_deg: float
    zoom: float
    went: NDArray[np.float64]
    agreeing: float


def moved(settings: CameraSettings) -> Guard:
    """The guard against another view."""
    return _Mover().suspect


class _Mover:
    def __init__(self) -> None:
        self._pose: Pose | None = None
        self._tried_s = self._swayed_s = -np.inf

    def suspect(self, outlook: Outlook) -> Suspicion | None:
        if not outlook.is_known or outlook.lost < LOST_MIN or outlook.resting < RESTING_MIN:
            self._pose, self._tried_s = None, -np.inf
            return None
        if not 0 <= outlook.at_s - self._tried_s < MATCH_EVERY_S:
            before, self._pose, self._tried_s = self._pose, match(outlook.known, outlook.luma), outlook.at_s
            if before is not None and self._pose is not None and _apart(before.went, self._pose.went) > STEADY_MAX:
                self._swayed_s = outlook.at_s
        if 0 <= outlook.at_s - self._swayed_s < SWAYED_S:
            return None
        return self._judge(outlook)

    def _judge(self, outlook: Outlook) -> Suspicion | None:
        gone = f"{outlook.lost:.0%} of the view's known outlines are not in their place"
        if self._pose is not None:
            if _apart(self._pose.went, np.zeros((5, 2))) < MOVED_MIN:
                return None
            return Suspicion((f"the view is {_words(self._pose)}", gone), 0.6 + 0.4 * self._pose.agreeing, MOVED_S)
        if outlook.lost < ELSEWHERE_MIN or outlook.plain > PLAIN_MAX:
            return None
        other = "another view: nothing of the known one is found in the picture, and what is there is at rest"
        return Suspicion(
            (other, gone), 0.5 * outlook.lost + 0.3 * outlook.resting, SUDDEN_S if outlook.sudden else SLOW_S
        )


def match(known: Real, luma: Gray) -> Pose | None:
    """How the known picture lies in the present one; None where too little of it is found."""
    orb = cv2.ORB.create(nfeatures=FEATURES_MAX, nlevels=5, fastThreshold=8, edgeThreshold=16, patchSize=25)
    (from_points, from_marks), (to_points, to_marks) = (
        orb.detectAndCompute(picture, None) for picture in (cv2.convertScaleAbs(known), luma)
    )
    if not from_points or not to_points:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(from_marks, to_marks)
    if len(pairs) < MATCHES_MIN:
        return None
    source = np.array([from_points[pair.queryIdx].pt for pair in pairs])
    target = np.array([to_points[pair.trainIdx].pt for pair in pairs])
    similarity, agreed = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=3.0)
    if similarity is None or agreed.sum() < max(MATCHES_MIN, AGREEING_MIN * len(pairs)):
        return None
    return _pose(np.asarray(similarity, np.float64), luma.shape, float(agreed.mean()))


def _pose(similarity: NDArray[np.float64], shape: tuple[int, ...], agreeing: float) -> Pose:
    height, width = shape
    places = np.array([(0, 0), (width, 0), (0, height), (width, height), (width / 2, height / 2)])
    went = (places @ similarity[:, :2].T + similarity[:, 2] - places) / max(width, height)
    cosine, sine = float(similarity[0, 0]), float(similarity[1, 0])
    return Pose((went[4, 0], went[4, 1]), degrees(atan2(sine, cosine)), hypot(cosine, sine), went, agreeing)


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.hypot(*(one - other).T).mean())


def _words(pose: Pose) -> str:
    across, down = pose.shift
    parts = [
        f"shifted by {abs(share):.0%} {way}"
        for share, way in (
            (across, "to the right" if across > 0 else "to the left"),
            (down, "down" if down > 0 else "up"),
        )
        if abs(share) >= 0.01
    ]
    if abs(pose.turn_deg) >= 1:
        parts.append(f"turned by {abs(pose.turn_deg):.0f}°")
    if abs(pose.zoom - 1) >= 0.03:
        parts.append(f"zoomed {pose.zoom:.2f} times")
    return ", ".join(parts) or "moved a little"
