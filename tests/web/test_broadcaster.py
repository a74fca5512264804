"""The broadcaster alone, at its limits: gathering, the ring, slow readers, too many readers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from saqta.log.runner import Commit
from saqta.log.tables import MemoryTables
from saqta.model.step import Change
from saqta.model.terms import UnitStatus
from saqta.model.unit import Unit
from saqta.views import STEP
from saqta.views.tables import ALERTS, UNITS
from saqta.web.live import Broadcaster, LiveLimits, Reader, ReadersFull

QUICK = LiveLimits(gather_s=0.01, heartbeat_s=60)


def unit(version: int, name: str = "U1") -> Change:
    row = Unit(
        id=name, name=name, status=UnitStatus.AVAILABLE, capabilities=(), place=None, version=version, status_ms=0
    )
    return UNITS.put(name, row)


@asynccontextmanager
async def broadcaster(limits: LiveLimits = QUICK, seq: int = 3) -> AsyncIterator[Broadcaster]:
    tables = MemoryTables()
    tables.commit(STEP.name, seq, [unit(seq)])
    live = Broadcaster(tables, clock=lambda: 0, limits=limits)
    running = asyncio.create_task(live.run())
    await asyncio.sleep(0)
    try:
        yield live
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def next_of(reader: Reader, event: str) -> dict:
    """The next frame of that kind, as its id and data."""
    while True:
        frame = await asyncio.wait_for(reader.next(), 5)
        assert frame is not None
        fields = dict(line.split(": ", 1) for line in frame.decode().strip().split("\n"))
        if fields["event"] == event:
            return {"id": fields.get("id")} | msgspec.json.decode(fields["data"])


def test_snapshot_then_changes() -> None:
    async def scenario() -> None:
        async with broadcaster() as live:
            with live.join(None) as reader:
                snapshot = await next_of(reader, "snapshot")
                assert (snapshot["id"], snapshot["seq"]) == ("3", 3)
                assert snapshot["tables"]["units"]["U1"]["version"] == 3
                assert set(snapshot["tables"]) == {
                    "board",
                    "recommendations",
                    "units",
                    "cameras",
                    "status",
                    "rates",
                    "fraud_money",
                }
                live.publish(Commit(4, (unit(4),)))
                changes = await next_of(reader, "changes")
                assert (changes["id"], [change["row"]["version"] for change in changes["changes"]]) == ("4", [4])
                live.publish(Commit(5, (UNITS.delete("U1"),)))
                assert (await next_of(reader, "changes"))["changes"] == [{"table": "units", "key": "U1", "row": None}]
            assert live.readers == 0

    asyncio.run(scenario())


def test_changes_within_the_gathering_time_go_together_and_once() -> None:
    async def scenario() -> None:
        async with broadcaster(LiveLimits(gather_s=0.1, heartbeat_s=60)) as live:
            with live.join(None) as one, live.join(None) as two:
                live.publish(Commit(4, (unit(4),)))
                assert (await next_of(one, "changes"))["seq"] == 4
                for seq in range(5, 25):
                    live.publish(Commit(seq, (unit(seq), unit(seq, "U2"), Change(ALERTS.name, "a", None))))
                gathered = await next_of(one, "changes")
                assert gathered["seq"] == 24
                assert [change["row"]["version"] for change in gathered["changes"]] == [24, 24]
                assert live.batches_total == 2
                assert await next_of(two, "changes")
                assert await next_of(two, "changes") == gathered

    asyncio.run(scenario())


def test_commits_that_the_snapshot_holds_are_passed_over() -> None:
    async def scenario() -> None:
        async with broadcaster(seq=7) as live:
            live.publish(Commit(7, (unit(1),)))
            assert not live.reached(8, wait_s=0)
            live.publish(Commit(9, ()))
            assert live.reached(9, wait_s=0)
            await asyncio.sleep(0.05)
            with live.join(None) as reader:
                snapshot = await next_of(reader, "snapshot")
                assert (snapshot["seq"], snapshot["tables"]["units"]["U1"]["version"]) == (9, 7)

    asyncio.run(scenario())


def test_ring_forgets_the_oldest_changes_and_then_a_snapshot_comes() -> None:
    async def scenario() -> None:
        async with broadcaster(LiveLimits(gather_s=0, heartbeat_s=60, ring_changes_max=10)) as live:
            for seq in range(4, 24):
                live.publish(Commit(seq, (unit(seq),)))
                await asyncio.sleep(0.005)
            with live.join(13) as reader:
                resumed = await next_of(reader, "changes")
                assert (resumed["seq"], [change["row"]["version"] for change in resumed["changes"]]) == (23, [23])
            with live.join(23) as reader:
                assert (await next_of(reader, "changes"))["changes"] == []
            for too_old_or_unknown in (3, 12, 24):
                with live.join(too_old_or_unknown) as reader:
                    assert (await next_of(reader, "snapshot"))["seq"] == 23

    asyncio.run(scenario())


def test_slow_reader_is_let_go_and_the_others_go_on() -> None:
    async def scenario() -> None:
        async with broadcaster(LiveLimits(gather_s=0, heartbeat_s=60, reader_frames_max=4)) as live:
            gone = []
            with live.join(None) as slow, live.join(None) as quick:
                slow.let_go = lambda: gone.append(slow)
                assert await next_of(quick, "snapshot")
                for seq in range(4, 10):
                    live.publish(Commit(seq, (unit(seq),)))
                    assert (await next_of(quick, "changes"))["seq"] == seq
                assert gone == [slow]
                assert (live.readers, live.let_go_total) == (1, 1)

    asyncio.run(scenario())


def test_too_many_readers_are_refused() -> None:
    async def scenario() -> None:
        async with broadcaster(LiveLimits(readers_max=2)) as live:
            with live.join(None), live.join(None), pytest.raises(ReadersFull):
                live.join(None)
            with live.join(None):
                live.close()
            with pytest.raises(ReadersFull):
                live.join(None)

    asyncio.run(scenario())


def test_the_end_does_not_wait_for_a_slow_reader() -> None:
    async def scenario() -> None:
        async with broadcaster(LiveLimits(heartbeat_s=60, reader_frames_max=2)) as live:
            gone = []
            with live.join(None) as slow:
                slow.let_go = lambda: gone.append(slow)
                live.close()
                assert gone == [slow]

    asyncio.run(scenario())


def test_streams_end_with_their_session() -> None:
    async def scenario() -> None:
        now = [0]
        tables = MemoryTables()
        live = Broadcaster(tables, clock=lambda: now[0], limits=LiveLimits(heartbeat_s=0.01))
        running = asyncio.create_task(live.run())
        with (
            live.join(None, "s1", until_ms=500) as expiring,
            live.join(None, "s2") as leaving,
            live.join(None) as token,
        ):
            await asyncio.sleep(0.05)
            assert live.readers == 3
            now[0] = 500
            live.end_session("s2")
            await asyncio.sleep(0.05)
            assert live.readers == 1
            for over in (expiring, leaving):
                while await over.next() is not None:
                    continue
            assert await next_of(token, "heartbeat")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert not live.running

    asyncio.run(scenario())
