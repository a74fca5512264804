"""The door: what is put aside is recorded and said, but no flood of it."""

from structlog.testing import capture_logs

from saqta.intake.door import PUT_ASIDE_MAX, PUT_ASIDE_S, Door
from saqta.log.memory import MemoryLog


def test_a_flood_is_counted_and_neither_recorded_nor_said() -> None:
    now_ms = 1_790_000_000_000
    log = MemoryLog(lambda: now_ms)
    door = Door("/intake/flood", log, lambda: now_ms)
    with capture_logs() as said:
        for number in range(3 * PUT_ASIDE_MAX):
            door.refuse(b"%d" % number, "it can't be read")
        assert (door.put_aside, log.size()) == (3 * PUT_ASIDE_MAX, PUT_ASIDE_MAX)
        assert [line["event"] for line in said] == ["put aside"] * PUT_ASIDE_MAX + ["put aside too much"]
        now_ms += int(PUT_ASIDE_S * 1000)
        door.refuse(b"later", "it can't be read")
    assert (said[-1]["event"], said[-1]["so_far"]) == ("put aside", 3 * PUT_ASIDE_MAX + 1)
    assert log.size() == PUT_ASIDE_MAX + 1
