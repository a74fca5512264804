"""Frame groups: a stream's packets as they came, from one key frame to the next, each group a NUT file of its own."""

import io
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import av

from saqta.edge.frames import packets_of
from saqta.edge.keeping.sealing import GROUP_BYTES_MAX

VideoPacket: TypeAlias = "av.Packet[av.VideoStream]"

PACKETS_MAX = 4_096
"""A group without a key frame is parted after so many packets, or PACKETS_BYTES_MAX."""
PACKETS_BYTES_MAX = GROUP_BYTES_MAX // 4


class Grouper:
    """Gathers packets into groups. A packet that was given away must not be used again."""

    def __init__(self) -> None:
        self._packets: list[VideoPacket] = []
        self._bytes = 0

    def add(self, packet: VideoPacket) -> bytes | None:
        """Takes a packet, in decoding order; gives the group that ended before it, if one did."""
        full = len(self._packets) >= PACKETS_MAX or self._bytes + packet.size > PACKETS_BYTES_MAX
        ended: list[VideoPacket] = []
        if packet.is_keyframe or full:
            ended, self._packets, self._bytes = self._packets, [], 0
        self._packets.append(packet)
        self._bytes += packet.size
        return _group(ended) if ended else None

    def end(self) -> bytes | None:
        """The packets so far as a group; None where there is none."""
        packets, self._packets, self._bytes = self._packets, [], 0
        return _group(packets) if packets else None


def groups(container: "av.container.InputContainer", stream: "av.VideoStream") -> Iterator[bytes]:
    """All groups of a recording, in order."""
    grouper = Grouper()
    for packet in packets_of(container, stream):
        if packet.size:
            group = grouper.add(packet)
            if group is not None:
                yield group
    last = grouper.end()
    if last is not None:
        yield last


def join(parts: Iterable[bytes], path: str, form: str) -> int:
    """Writes groups as one video, packets as they are; gives how many packets. FFmpegError when it can't be written."""
    count, last_dts = 0, -(1 << 62)
    with av.open(path, "w", format=form) as out:
        stream = None
        for part in parts:
            with av.open(io.BytesIO(part), "r", format="nut") as group:
                source = group.streams.video[0]
                stream = stream or out.add_stream_from_template(source)
                for packet in group.demux(source):
                    if packet.size:
                        # NUT keeps presentation times only: a group's first decoding times are guessed too early.
                        last_dts = max(last_dts + 1, packet.dts if packet.dts is not None else last_dts + 1)
                        packet.dts, packet.stream = last_dts, stream
                        out.mux(packet)
                        count += 1
    return count


def _group(packets: list[VideoPacket]) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="nut") as container:
        stream = container.add_stream_from_template(packets[0].stream)
        for packet in packets:
            if packet.pts is None:
                packet.pts = packet.dts
            packet.stream = stream
            container.mux(packet)
    return file.getvalue()
