"""Ghosts: regions that differ because something that the background was learned with has gone.

A thing that is there has its outline in the picture; a thing that has gone has it in the background. Only what has
differed for a while is judged: what moves is never a ghost, and passing before one does not hide it.
"""

import cv2
import numpy as np

from saqta.edge.arrays import Gray, connected, gray

STAYED_S = 1.0
"""What differs is judged after this long."""
SHARE_MIN = 0.0003
"""Least part of the picture that is judged."""
REGIONS_MAX = 32
"""Only the largest regions are judged."""
APART_MAX = 0.5
"""A region beyond whose outline more than this part differs too belongs to something larger, which is passing."""
OUTLINE_RATIO = 1.35
"""A ghost's outline is this many times plainer in the background than in the picture."""
_COUNT_MAX = 255
_KERNEL = np.ones((3, 3), np.uint8)


class GhostFinder:
    """Judges what stays different in one stream, frame by frame."""

    def __init__(self, picture: tuple[int, int]) -> None:
        width, height = picture
        self._frames: Gray = np.zeros((height, width), np.uint8)
        self._one: Gray = np.ones((height, width), np.uint8)

    def step(self, luma: Gray, expected: Gray, differs: Gray, step_s: float) -> Gray | None:
        """A mask of the ghosts in this frame; None when there is none."""
        self._frames = gray(cv2.bitwise_and(cv2.add(self._frames, self._one), differs))
        stayed_frames = min(_COUNT_MAX, max(2, round(STAYED_S / step_s))) if step_s > 0 else _COUNT_MAX
        _, stayed = cv2.threshold(self._frames, stayed_frames - 1, 255, cv2.THRESH_BINARY)
        if cv2.countNonZero(stayed) < SHARE_MIN * stayed.size:
            return None
        ghosts = self._judge(gray(cv2.morphologyEx(stayed, cv2.MORPH_CLOSE, _KERNEL)), differs, luma, expected)
        if ghosts is not None:
            self._frames[ghosts > 0] = 0
        return ghosts

    def _judge(self, stayed: Gray, differs: Gray, luma: Gray, expected: Gray) -> Gray | None:
        labels, stats = connected(stayed)
        areas = stats[1:, cv2.CC_STAT_AREA]
        ghosts: Gray | None = None
        for label in np.argsort(areas)[::-1][:REGIONS_MAX] + 1:
            if areas[label - 1] < SHARE_MIN * stayed.size:
                break
            x, y, width, height = (int(value) for value in stats[label, :4])
            window = np.s_[max(0, y - 3) : y + height + 3, max(0, x - 3) : x + width + 3]
            region = (labels[window] == label).astype(np.uint8)
            if _is_apart(region, differs[window]) and _has_gone(region, luma[window], expected[window]):
                ghosts = np.zeros_like(luma) if ghosts is None else ghosts
                ghosts[window] |= gray(cv2.dilate(region, _KERNEL)) * 255
        return ghosts


def _is_apart(region: Gray, differs: Gray) -> bool:
    beyond = cv2.dilate(region, _KERNEL, iterations=2) > region
    return bool((differs[beyond] > 0).mean() <= APART_MAX) if beyond.any() else True


def _has_gone(region: Gray, luma: Gray, expected: Gray) -> bool:
    outline = cv2.morphologyEx(region, cv2.MORPH_GRADIENT, _KERNEL) > 0
    there = cv2.morphologyEx(luma, cv2.MORPH_GRADIENT, _KERNEL)[outline].mean()
    learned = cv2.morphologyEx(expected, cv2.MORPH_GRADIENT, _KERNEL)[outline].mean()
    return bool(learned > OUTLINE_RATIO * there)
