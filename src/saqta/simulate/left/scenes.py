"""Scenes of things left behind, each of a seed, cheap to render by the thousand and with their full truth.

A scene is a place, a plot and the weather; its frames are 640x360 in brightness alone.
"""

import random
from collections.abc import Iterator
from typing import NamedTuple

import av
import cv2
import numpy as np

from saqta.simulate.camera.figures import Figure, Part, figure
from saqta.simulate.camera.lens import HEIGHT, WIDTH, Array
from saqta.simulate.left import plots, weather
from saqta.simulate.left.places import Block, Luma, Place, paint_block, place
from saqta.simulate.left.plots import Plot, carried, people_at

FPS = 5
SUN = (0.35, 0.15)
NEAREST_M = 0.8
_SHIFT = 4
_GRAY = np.array([0.114, 0.587, 0.299])


class LeftScene(NamedTuple):
    """One scene; ``name`` says its seed, its story and its weather."""

    seed: int
    place: Place
    plot: Plot
    weather: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.seed}: {self.plot.story}, {', '.join(sorted(self.weather)) or 'clear'}"

    def pictures(self) -> Iterator[tuple[float, Luma]]:
        """(seconds, (HEIGHT, WIDTH) uint8), FPS a second."""
        sky = weather.Weather(self.seed, self.weather, self.plot.seconds)
        train = _train(self.seed) if self.plot.train_s else None
        for number in range(round(self.plot.seconds * FPS)):
            at_s = number / FPS
            yield at_s, sky.seen(self._painted(at_s, train), at_s)

    def frames(self) -> Iterator[tuple[float, av.VideoFrame]]:
        """The same as decoded frames (I420, gray)."""
        for at_s, picture in self.pictures():
            yield at_s, as_frame(picture)

    def _painted(self, at_s: float, train: Luma | None) -> Luma:
        picture = self.place.picture.copy()
        if train is not None and self.plot.train_s is not None:
            _pass_train(picture, train, at_s, self.plot.train_s)
        figures = [
            (pose.y, figure(actor, pose, self.place.lens, SUN))
            for actor in people_at(self.plot.people, at_s)
            if (pose := actor.pose(at_s)) is not None and pose.y > NEAREST_M
        ]
        for _, thrown in figures:
            _shade(picture, thrown)
        shown: list[tuple[float, Figure | Block]] = [*figures]
        shown += [(block.spot[1], block) for thing in self.plot.things if (block := _where(thing, at_s)) is not None]
        for _, one in sorted(shown, key=lambda depth: -depth[0]):
            if isinstance(one, Block):
                self._paint_block(picture, one)
            else:
                self._paint(picture, one)
        return picture

    def _paint_block(self, picture: Luma, block: Block) -> None:
        hidden = self.place.depth < block.spot[1]
        before = picture[hidden]
        paint_block(picture, block, self.place.lens)
        picture[hidden] = before

    def _paint(self, picture: Luma, shown: Figure) -> None:
        x0, y0, x1, y1 = shown.box
        window = np.s_[max(0, int(y0) - 2) : max(0, int(y1) + 3), max(0, int(x0) - 2) : max(0, int(x1) + 3)]
        there = picture[window]
        if not there.size:
            return
        hidden = self.place.depth[window] < shown.depth_m
        before = there[hidden]
        for part in shown.parts:
            _draw(picture, shown.pixels, part)
        there[hidden] = before


def scene(seed: int, story: str | None = None) -> LeftScene:
    """The scene of a seed; ``story`` one of ``plots.STORIES``, drawn where None."""
    rng = random.Random(f"left {seed}")
    stage = place(rng.getrandbits(32))
    kinds = frozenset(rng.sample(weather.KINDS, rng.choice((0, 0, 1, 1, 1, 2, 2, 3))))
    return LeftScene(seed, stage, plots.plot(seed, stage, story), kinds)


def as_frame(picture: Luma) -> av.VideoFrame:
    """A picture as a decoder would give it."""
    planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    planes[:HEIGHT] = picture
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def _where(thing: plots.Thing, at_s: float) -> Block | None:
    """A thing where it rests, or in somebody's hand."""
    if at_s < thing.from_s:
        return carried(thing.bringer, at_s, thing.block) if thing.bringer else None
    if at_s >= thing.until_s:
        return carried(thing.taker, at_s, thing.block) if thing.taker else None
    return thing.block


def _draw(picture: Luma, pixels: Array, part: Part) -> None:
    points = np.round(pixels[part.start : part.stop] * 2**_SHIFT).astype(np.int32)
    tone = float(np.dot(_GRAY, part.colour[:3]))
    if part.width_px:
        cv2.line(
            picture, points[0].tolist(), points[1].tolist(), tone, max(1, round(part.width_px)), cv2.LINE_AA, _SHIFT
        )
    else:
        cv2.fillPoly(picture, [points], tone, cv2.LINE_AA, _SHIFT)


def _shade(picture: Luma, thrown: Figure) -> None:
    low, high = thrown.shadow_pixels.min(axis=0) - 6, thrown.shadow_pixels.max(axis=0) + 6
    x0, y0, x1, y1 = max(0, int(low[0])), max(0, int(low[1])), min(WIDTH, int(high[0])), min(HEIGHT, int(high[1]))
    if x0 >= x1 or y0 >= y1:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for part in thrown.shadow_parts:
        _draw(mask, thrown.shadow_pixels - (x0, y0), part._replace(colour=(255.0, 255.0, 255.0)))
    there = picture[y0:y1, x0:x1]
    there[:] = there * (1 - cv2.GaussianBlur(mask, (5, 5), 0) * np.float32(0.3 / 255))


def _train(seed: int) -> Luma:
    noise = np.random.default_rng(seed)
    side = cv2.resize(noise.uniform(40, 220, (3, 40)).astype(np.uint8), (2 * WIDTH, HEIGHT // 4))
    for x in range(20, 2 * WIDTH, 70):
        side[12 : HEIGHT // 8, x : x + 40] = 35
    return np.asarray(side, np.uint8)


def _pass_train(picture: Luma, train: Luma, at_s: float, stands_s: tuple[float, float]) -> None:
    """It comes from the right, stands, and goes to the left, at the upper edge."""
    came, goes = min(1.0, (at_s - stands_s[0]) / 4), max(0.0, (at_s - stands_s[1]) / 4)
    x = round(WIDTH * (1 - came) ** 2 - 2 * WIDTH * goes**2) if came > 0 else WIDTH
    left, start = max(0, x), max(0, -x)
    width = min(WIDTH - left, train.shape[1] - start)
    if width > 0:
        picture[30 : 30 + train.shape[0], left : left + width] = train[:, start : start + width]
