"""Streams whose clock stands still, goes back or runs away, and one that floods, over a real wire."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from edge.rendered import FPS, Walker, access_units, encode, scene
from edge.rtsp_server import RtspServer
from saqta.edge.frames import FrameReader
from saqta.edge.source import open_rtsp

SECONDS = 4


@pytest.mark.parametrize(
    ("stamp", "least"),
    [
        (lambda number: 5.0, 15),
        (lambda number: number / FPS - (3600 if number > 20 else 0), 15),
        (lambda number: number / FPS + (86_400 if number > 20 else 0), 15),
        (lambda number: 100 - number / FPS, 15),
        (lambda number: number / FPS + (number % 3) * 0.04, 15),
    ],
    ids=["stands still", "goes back an hour", "jumps a day", "runs backwards", "trembles"],
)
def test_time_goes_on_whatever_the_streams_clock_does(
    tmp_path: Path, stamp: Callable[[int], float], least: int
) -> None:
    units = access_units(encode(tmp_path / "a.h264", scene([Walker((0.0, 0.8), (1.0, 0.8), 0, SECONDS)], SECONDS)))
    server = RtspServer(units, fps=60, silent=False, stamp=stamp)
    try:
        reader = FrameReader(open_rtsp(server.address), server.address, 5.0)
        at_s = [frame.at_s for frame in reader]
        reader.close()
    finally:
        server.close()
    assert reader.decoded >= SECONDS * FPS - 2
    assert len(at_s) >= least
    assert all(later > earlier for earlier, later in pairwise(at_s))
    assert at_s[-1] < 3 * SECONDS
