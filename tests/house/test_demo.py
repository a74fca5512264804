"""The demo to its end: a scam is stopped, money is kept, and its own console saw every alert."""

from pathlib import Path

import pytest

from conftest import RunningDemo
from saqta.simulate.fraud.scam import VICTIMS


@pytest.mark.timeout(180)
def test_a_scam_is_stopped_and_every_alert_is_seen(tmp_path: Path) -> None:
    demo = RunningDemo(tmp_path / "data", "--speed", "3", "--for", "14")
    code, summary = demo.wait()
    assert (code, summary["ok"], summary["put_aside"]) == (0, True, 0)
    assert summary["calls_blocked"] >= VICTIMS / 2
    assert summary["payments_held"] >= VICTIMS / 2
    assert float(summary["money_kept_kzt"]) > 0
    assert summary["alerts"] > 0
    assert summary["alert_to_screen_ms_p99"] > 0
