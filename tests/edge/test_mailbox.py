"""Frames that can't be analysed in time: the oldest go, counted, and nothing else does."""

from functools import partial

import av

from saqta.edge.frames import Frame
from saqta.edge.mailbox import FRAMES_WAITING_MAX, Mailbox


def frame(at_s: float, fresh: bool = False) -> Frame:
    return Frame(av.VideoFrame(16, 16, "yuv420p"), at_s, fresh)


def emptied(mailbox: Mailbox) -> list[int]:
    cameras = []
    while round_ := mailbox.take(0.0):
        for camera, parcel in round_:
            parcel.open()
            cameras.append(camera)
    return cameras


def test_the_oldest_frames_go_and_are_counted() -> None:
    mailbox = Mailbox(2)
    seen: list[Frame] = []
    for number in range(FRAMES_WAITING_MAX + 3):
        mailbox.put_frame(0, seen.append, frame(number, fresh=number == 0))
    emptied(mailbox)
    assert mailbox.dropped == [3, 0]
    assert [one.at_s for one in seen] == list(range(3, FRAMES_WAITING_MAX + 3))
    assert [one.fresh for one in seen] == [True] + [False] * (FRAMES_WAITING_MAX - 1)


def test_what_is_no_frame_is_never_lost_and_keeps_its_turn() -> None:
    mailbox = Mailbox(1)
    done: list[object] = []
    mailbox.put(0, partial(done.append, "connected"))
    for number in range(2 * FRAMES_WAITING_MAX):
        mailbox.put_frame(0, lambda one: done.append(one.at_s), frame(number))
    mailbox.put(0, partial(done.append, "lost"))
    emptied(mailbox)
    assert done[0] == "connected"
    assert done[-1] == "lost"
    assert len(done) == FRAMES_WAITING_MAX + 2


def test_cameras_take_turns() -> None:
    mailbox = Mailbox(3)
    for camera in (0, 0, 0, 1, 2, 2):
        mailbox.put_frame(camera, lambda _: None, frame(0))
    assert emptied(mailbox) == [0, 1, 2, 2, 0, 0]


def test_says_when_analysis_cannot_keep_up() -> None:
    mailbox = Mailbox(2)
    for camera in (0, 1):
        mailbox.put_frame(camera, lambda _: None, frame(0))
    assert not mailbox.behind()
    mailbox.put_frame(1, lambda _: None, frame(1))
    assert mailbox.behind()
    mailbox.take(0.0)
    assert not mailbox.behind()


def test_waits_no_longer_than_told() -> None:
    assert Mailbox(1).take(0.01) == []
