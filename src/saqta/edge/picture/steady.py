"""A camera that trembles: by how much a frame is shifted against the scene, and the frame as it would be without.

Told at the scene's strongest edges by least squares (Lucas and Kanade 1981); what moves is left out. Tremors of about a
pixel are taken out; a camera that was moved is another matter.
"""

import cv2
import numpy as np

from saqta.edge.arrays import Gray, Real, gray

POINTS, POINTS_MIN = 800, 60
"""So many of a scene's strongest edges are looked at; with fewer than the second nothing is told."""
EDGE_MIN = 6.0
"""Least slope, in grey levels a pixel, of an edge that tells."""
MOVED = 40.0
"""What differs by more than this, of 255, is somebody before the edge."""
LEAST_PX, MOST_PX = 0.1, 2.0
"""Less need not be taken out; more is no tremor."""
ROUNDS = 2


class Steady:
    """Steadies the frames of one scene."""

    def __init__(self, scene: Gray) -> None:
        sides = [cv2.Sobel(scene, cv2.CV_32F, *of, ksize=3, scale=1 / 8).ravel() for of in ((1, 0), (0, 1))]
        slopes: Real = np.stack(sides).astype(np.float32)
        steep = np.abs(slopes).sum(axis=0)
        strongest = np.argsort(steep)[-POINTS:]
        self._where = strongest[steep[strongest] >= EDGE_MIN]
        self._slopes: Real = slopes[:, self._where]
        self._known: Real = scene.ravel()[self._where].astype(np.float32)

    def steadied(self, seen: Gray) -> Gray:
        """A frame, at the scene's exposure, without the tremor."""
        shift, steady = np.zeros(2), seen
        for _ in range(ROUNDS if self._where.size >= POINTS_MIN else 0):
            step = self._shift(steady)
            shift = shift + step
            if np.abs(shift).max() > MOST_PX:
                return seen
            if np.abs(step).max() < LEAST_PX:
                break
            moved = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
            how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            steady = gray(cv2.warpAffine(seen, moved, seen.shape[::-1], flags=how, borderMode=cv2.BORDER_REPLICATE))
        return steady

    def _shift(self, seen: Gray) -> Real:
        """By how many pixels, (across, down), what is seen lies further to the right and below."""
        off = seen.ravel()[self._where] - self._known
        still = self._slopes * (np.abs(off) < MOVED)
        normal = still @ self._slopes.T + np.eye(2, dtype=np.float32)
        return np.asarray(np.linalg.solve(normal, -(still @ off)), np.float32)
