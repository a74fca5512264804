"""Frozen: the same picture comes again and again.

A living picture trembles everywhere, since its sensor does; a codec that comes upon the same picture again repeats it
to the bit, but for a renewal now and then. A source that was never known to tremble, such as a drawn one or one whose
codec keeps what is quiet, may be still for long.
"""

from collections import deque

import cv2

from saqta.edge.arrays import Gray
from saqta.edge.plugins import Guard, Suspicion
from saqta.edge.settings import CameraSettings
from saqta.edge.view import Outlook

SAME_SHARE, SAME_PART = 0.0015, 0.04
"""Most pixels that differ between two pictures that are the same: a share of all, a part of those that usually do."""
STIR_MAX = 0.3
"""More pixels than this differ only while something large moves: that is not usual."""
PICTURES_KEPT = 8
"""A picture may be the same as one of so many before it: codecs alternate between two renderings of one."""
TREMBLES_MIN = 0.25
"""Least share of the blocks that change in a picture that trembles."""
LIVELY_MIN, LIVELY_MEMORY_S, LIVELY_S = 0.8, 20.0, 3.0
"""A source trembles that did so in this share of the glances of that time, and for as long at least."""
LIGHT_CHANGE = 0.4
"""In another light, brighter or darker by this part, a sensor trembles otherwise: it is learned anew."""
LOST_MAX = 0.5
"""With more of the view lost, the camera is covered or moved: what stands still before it is another matter."""
RENEWAL_S = 1.3
"""So long may the picture differ within one standstill."""
SAME_MIN, GLANCES_MIN = 0.4, 5
"""Least share of the glances of a standstill that are the same picture, once there are so many."""
DOUBT_S, FROZEN_S = 0.8, 2.4
"""After such a standstill a source that trembled may be frozen, and is."""
QUIET_S = 300.0
"""After such a standstill any source is."""


def frozen(settings: CameraSettings) -> Guard:
    """The guard against pictures that stand still."""
    return _Standstill().suspect


class _Standstill:
    """A standstill has glances since ``since_s``, the last of them the same picture at ``same_s``."""

    def __init__(self) -> None:
        self._pictures: deque[Gray] = deque(maxlen=PICTURES_KEPT)
        self._lively = self._stir = self._watched_s = self._brightness = 0.0
        self._last_s = self._since_s = self._same_s = 0.0
        self._glances = self._same = 0

    def suspect(self, outlook: Outlook) -> Suspicion | None:
        step_s, self._last_s = max(0.0, outlook.at_s - self._last_s), outlook.at_s
        differing = self._differing(outlook.luma)
        same = differing <= max(SAME_SHARE, SAME_PART * self._stir) and outlook.lost <= LOST_MAX
        if same and not self._glances:
            self._since_s, self._same = outlook.at_s - step_s, 0
        if same or self._glances:
            self._glances, self._same = self._glances + 1, self._same + same
            self._same_s = outlook.at_s if same else self._same_s
            rare = self._glances >= GLANCES_MIN and self._same < SAME_MIN * self._glances
            if rare or outlook.at_s - self._same_s > RENEWAL_S:
                self._glances = 0
        if abs(outlook.brightness - self._brightness) > LIGHT_CHANGE * self._brightness:
            self._brightness, self._watched_s = outlook.brightness, 0.0
        if not self._glances:
            self._watch(outlook.changed >= TREMBLES_MIN, min(STIR_MAX, differing), step_s)
            return None
        return self._judge(outlook.at_s - self._since_s)

    def _judge(self, still_s: float) -> Suspicion | None:
        told = f"the same picture again and again for {still_s:.1f} s"
        if self._lively >= LIVELY_MIN and self._watched_s >= LIVELY_S and still_s >= DOUBT_S:
            trembled = f"it trembled everywhere before, in {self._lively:.0%} of the frames"
            return Suspicion((told, trembled), 0.95, FROZEN_S - DOUBT_S)
        return Suspicion((told,), 0.6, 0.0) if still_s >= QUIET_S else None

    def _watch(self, trembles: bool, stir: float, step_s: float) -> None:
        self._watched_s += step_s
        rate = min(1.0, step_s / min(LIVELY_MEMORY_S, self._watched_s)) if step_s > 0 else 0.0
        self._lively += rate * (trembles - self._lively)
        self._stir += rate * (stir - self._stir)

    def _differing(self, luma: Gray) -> float:
        """The share of pixels that differ from the last picture, in a standstill from the likest of those before."""
        if self._pictures and self._pictures[-1].shape != luma.shape:
            self._pictures.clear()
        asked = list(self._pictures)[0 if self._glances else -1 :]
        differing = [cv2.countNonZero(cv2.absdiff(luma, picture)) for picture in asked]
        self._pictures.append(luma)
        return min(differing, default=luma.size) / luma.size
