"""The part of a frame that a model is shown, in colour and at the model's size."""

from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from saqta.edge.frames import WHOLE, planes
from saqta.model.kinds import Box

GREY = 114
"""What fills a model's input where the picture does not reach; what YOLOX is trained with."""
Colour = NDArray[np.uint8]
"""(height, width, 3) uint8, BGR."""


class View(NamedTuple):
    """A frame, and which part of it is looked at, in fractions of its width and height."""

    picture: av.VideoFrame
    part: Box = WHOLE


class Fitted(NamedTuple):
    """``colour`` (height, width, 3) holds the view in its top left corner; ``to_picture`` are (x, y) fractions of the
    whole picture a pixel of it."""

    colour: Colour
    to_picture: tuple[float, float]


def fitted(view: View, width: int, height: int) -> Fitted:
    """A view shrunk or stretched until it fills ``width`` or ``height``, its proportions kept, the rest grey."""
    seen = planes(view.picture, max(width, height), view.part)
    rows, columns = seen.y.shape
    chroma = np.concatenate([seen.u.reshape(-1), seen.v.reshape(-1)]).reshape(rows // 2, columns)
    colour = cv2.cvtColor(np.concatenate([seen.y, chroma]), cv2.COLOR_YUV2BGR_I420)
    x0, y0, x1, y1 = view.part
    part_width, part_height = (x1 - x0) * view.picture.width, (y1 - y0) * view.picture.height
    scale = min(width / part_width, height / part_height)
    size = (max(1, round(part_width * scale)), max(1, round(part_height * scale)))
    filled = np.full((height, width, 3), GREY, np.uint8)
    filled[: size[1], : size[0]] = cv2.resize(colour, size, interpolation=cv2.INTER_LINEAR)
    return Fitted(filled, ((x1 - x0) / size[0], (y1 - y0) / size[1]))
