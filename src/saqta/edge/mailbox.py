"""Frames on their way from the decoding threads to the one that analyses; where it can't keep up, the oldest go."""

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from saqta.edge.analysis import Glance
from saqta.edge.frames import Frame

FRAMES_WAITING_MAX = 4
"""Of one camera: at 5 analysed frames a second, most of a second."""

BEHIND_FRAMES = 2
"""One may just have come; two of one camera mean that analysis can't keep up."""


class Parcel(NamedTuple):
    """What one camera wants done: ``act`` on ``frame``, or ``act`` alone. Only what has a frame may be lost."""

    act: Callable[..., Glance | None]
    frame: Frame | None

    def open(self) -> Glance | None:
        """Does it; of a frame, what needs no model."""
        return self.act(self.frame) if self.frame is not None else self.act()


class Mailbox:
    """One queue a camera, emptied in turn. ``dropped`` counts lost frames by camera."""

    def __init__(self, cameras: int) -> None:
        self.dropped = [0] * cameras
        self._queues: list[deque[Parcel]] = [deque() for _ in range(cameras)]
        self._ready = threading.Condition()
        self._next = 0

    def put_frame(self, camera: int, act: Callable[[Frame], Glance], frame: Frame) -> None:
        """Never blocks: the camera's oldest frame goes when FRAMES_WAITING_MAX wait already."""
        with self._ready:
            waiting = self._queues[camera]
            places = [place for place, parcel in enumerate(waiting) if parcel.frame is not None]
            if len(places) >= FRAMES_WAITING_MAX:
                self._drop(camera, places[0], places[1])
            waiting.append(Parcel(act, frame))
            self._ready.notify()

    def put(self, camera: int, act: Callable[[], None]) -> None:
        """Something to be done after the frames so far; never lost. A session has a few of them, not a stream."""
        with self._ready:
            self._queues[camera].append(Parcel(act, None))
            self._ready.notify()

    def take(self, wait_s: float) -> list[tuple[int, Parcel]]:
        """(camera, its next parcel) of every camera that has one, a different camera first each time; empty when none
        came in time."""
        with self._ready:
            self._ready.wait_for(partial(any, self._queues), wait_s)
            turns = [(self._next + turn) % len(self._queues) for turn in range(len(self._queues))]
            self._next = (self._next + 1) % len(self._queues)
            return [(camera, self._queues[camera].popleft()) for camera in turns if self._queues[camera]]

    def behind(self) -> bool:
        """Whether frames wait that should have been taken by now."""
        with self._ready:
            return any(len(waiting) >= BEHIND_FRAMES for waiting in self._queues)

    def _drop(self, camera: int, place: int, next_place: int) -> None:
        waiting = self._queues[camera]
        lost, following = waiting[place].frame, waiting[next_place]
        if lost is not None and following.frame is not None:
            fresh = lost.fresh or following.frame.fresh
            waiting[next_place] = following._replace(frame=following.frame._replace(fresh=fresh))
        del waiting[place]
        self.dropped[camera] += 1
