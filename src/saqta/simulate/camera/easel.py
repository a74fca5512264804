"""What a backdrop is painted on: from far to near, at SCALE times the size, then made smaller.

Beside the picture stands what covers whom: the depth of the nearest standing thing at each pixel, and how much of
what is behind it can't be seen.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.simulate.camera.lens import HEIGHT, WIDTH, Array, Lens
from saqta.simulate.camera.materials import HAZE, Colour, Picture

SCALE = 2
HAZE_M = 330.0
SHIFT = 4
"""Points are handed to OpenCV in sixteenths of a pixel."""


class Backdrop(NamedTuple):
    """``picture`` (HEIGHT, WIDTH, 3) uint8 BGR; ``cover_depth`` float32 in metres (infinite where nothing stands);
    ``cover_alpha`` float32 from 0 to 1."""

    picture: NDArray[np.uint8]
    cover_depth: NDArray[np.float32]
    cover_alpha: NDArray[np.float32]


class Easel:
    """The picture while it is painted; everything that paints takes pixels at the final size."""

    def __init__(self, lens: Lens) -> None:
        self.lens = lens
        self.canvas: Picture = np.zeros((HEIGHT * SCALE, WIDTH * SCALE, 3), np.float32)
        self.depth: NDArray[np.float32] = np.full(self.canvas.shape[:2], np.inf, np.float32)
        self.alpha: NDArray[np.float32] = np.zeros(self.canvas.shape[:2], np.float32)

    def fill(self, pixels: Array, colour: Colour, depth_m: float | None = None, alpha: float = 1.0) -> None:
        """A polygon; it covers what is behind it where ``depth_m`` is given."""
        corner, mask, points = self._patch(pixels, 2)
        if mask.size:
            cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, SHIFT)
            self._tint(corner, mask, colour, depth_m, alpha)

    def line(
        self, pixels: Array, colour: Colour, width_px: float, depth_m: float | None = None, alpha: float = 1.0
    ) -> None:
        """A polyline; where it is thinner than a pixel it is drawn fainter."""
        width = max(1, round(width_px * SCALE))
        corner, mask, points = self._patch(pixels, width + 2)
        if mask.size:
            cv2.polylines(mask, [points], False, 255, width, cv2.LINE_AA, SHIFT)
            self._tint(corner, mask, colour, depth_m, alpha * min(1.0, max(0.12, width_px * SCALE)))

    def lay(self, flat: Picture, along_m: NDArray[np.float32], corners: Array) -> None:
        """A flat picture in perspective: its corners go to ``corners`` (top left, top right, bottom right, bottom
        left); ``along_m`` are the depths of its columns."""
        height, width = flat.shape[:2]
        (x, y), mask, points = self._patch(corners, 2)
        if not mask.size:
            return
        cv2.fillConvexPoly(mask, points, 255, cv2.LINE_AA, SHIFT)
        edges = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        warp, size = cv2.getPerspectiveTransform(edges, (points / 2**SHIFT).astype(np.float32)), mask.shape[1::-1]
        picture = cv2.warpPerspective(flat, warp, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        depths = np.ascontiguousarray(np.broadcast_to(along_m, (height, width)))
        depth = cv2.warpPerspective(depths, warp, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        share = mask.astype(np.float32) / 255
        part = slice(y, y + mask.shape[0]), slice(x, x + mask.shape[1])
        self.canvas[part] += (picture - self.canvas[part]) * share[..., None]
        self.depth[part] = np.where(share > 0.12, depth, self.depth[part])
        self.alpha[part] += (1 - self.alpha[part]) * share

    def _patch(self, pixels: Array, margin_px: int) -> tuple[tuple[int, int], NDArray[np.uint8], NDArray[np.int32]]:
        """The part of the canvas that the points need: its top left, an empty mask, and the points within it."""
        points = pixels * SCALE
        limits = np.array(self.canvas.shape[1::-1])
        low = np.clip(np.floor(points.min(axis=0)) - margin_px, 0, limits).astype(int)
        high = np.clip(np.ceil(points.max(axis=0)) + margin_px, low, limits).astype(int)
        mask = np.zeros((high - low)[::-1], np.uint8)
        return (int(low[0]), int(low[1])), mask, np.round((points - low - 0.5) * 2**SHIFT).astype(np.int32)

    def _tint(
        self, corner: tuple[int, int], mask: NDArray[np.uint8], colour: Colour, depth_m: float | None, alpha: float
    ) -> None:
        share = mask.astype(np.float32) * np.float32(alpha / 255)
        x, y = corner
        part = slice(y, y + mask.shape[0]), slice(x, x + mask.shape[1])
        tone = np.array(colour if depth_m is None else hazy(colour, depth_m), np.float32)
        self.canvas[part] += (tone - self.canvas[part]) * share[..., None]
        if depth_m is not None:
            self.depth[part] = np.where(share > 0.12, np.float32(depth_m), self.depth[part])
            self.alpha[part] += (1 - self.alpha[part]) * share

    def finished(self) -> Backdrop:
        size = WIDTH, HEIGHT
        picture = cv2.resize(self.canvas, size, interpolation=cv2.INTER_AREA)
        return Backdrop(
            np.clip(picture, 0, 255).astype(np.uint8),
            np.ascontiguousarray(self.depth[::SCALE, ::SCALE]),
            np.asarray(cv2.resize(self.alpha, size, interpolation=cv2.INTER_AREA), np.float32),
        )


def hazy(colour: Colour, depth_m: float) -> Colour:
    """A colour as it is seen through ``depth_m`` of air."""
    clear = float(np.exp(-depth_m / HAZE_M))
    return tuple(haze + (tone - haze) * clear for tone, haze in zip(colour, HAZE, strict=True))  # type: ignore[return-value]
