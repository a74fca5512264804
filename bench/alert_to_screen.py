"""From an alert to the screens: p99 of the time from its append to its receipt by every live client.

The whole centre runs in this process, its readers in another: 20 of them, while 100 alerts a second come in. What
counts is the moment in which a reader has decoded the board's row that holds the alert.
"""

import http.client
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from time import perf_counter_ns, sleep
from urllib.parse import urlsplit

import msgspec

from saqta.config import Settings
from saqta.log.port import Log
from saqta.model import kinds
from saqta.model.catalogue import make
from saqta.model.event import Event
from saqta.model.place import Place
from saqta.model.terms import Role
from saqta.web.accounts import add_token
from saqta.wiring import Centre, new_secret, now_ms, opened

CLIENTS = 20
ALERTS_PER_S = 100
SECONDS = 10
PLACES = 25
UNITS = 10
LIMIT_MS = 250
QUIET_S = 10
"""Readers give up when nothing new came for so long."""


def run() -> list[dict[str, object]]:
    """p99 in ms against the limit, over every alert and reader; RuntimeError when a reader missed one."""
    with tempfile.TemporaryDirectory() as data, opened(Path(data)) as folder:
        token = add_token(folder.log.append, now_ms, new_secret, Role.DISPATCHER, "bench")
        folder.log.append(
            [_event(kinds.UnitRegistered(unit=f"U{n}", name=f"Unit {n}", place=_place(n))) for n in range(UNITS)]
        )
        with Centre(folder, Settings(), "127.0.0.1", 0) as centre, _readers(centre.address, token) as readers:
            assert readers.stdout is not None
            readers.stdout.readline()
            sent = _send(folder.log)
            received = msgspec.json.decode(readers.stdout.read(), type=list[dict[str, int]])
    waits_ms = sorted((at[key] - began) / 1e6 for key, began in sent.items() for at in received if key in at)
    if len(waits_ms) != len(sent) * CLIENTS:
        raise RuntimeError(f"{len(sent) * CLIENTS - len(waits_ms)} of {len(sent) * CLIENTS} alerts were not received")
    p99_ms = waits_ms[int(len(waits_ms) * 0.99)]
    return [
        {
            "name": "alert-to-screen",
            "value": round(p99_ms, 1),
            "unit": "ms",
            "reference": "limit",
            "reference_value": LIMIT_MS,
            "ratio": round(p99_ms / LIMIT_MS, 3),
        }
    ]


def _send(log: Log) -> dict[str, int]:
    """Appends the alerts, one at a time and evenly; returns when each append began, by the alert's key."""
    sent, start = {}, perf_counter_ns()
    for n in range(ALERTS_PER_S * SECONDS):
        sleep(max(0.0, (start + n * 1e9 / ALERTS_PER_S - perf_counter_ns()) / 1e9))
        event = _event(kinds.AlertRaised(kind="intrusion", place=_place(n % PLACES), at_s=float(n)), f"a{n}")
        sent[event.key] = perf_counter_ns()
        log.append([event])
    return sent


def _event(record: kinds.Record, id: str | None = None) -> Event:
    return make(record, id=id or new_secret(), source="/bench", actor="bench", time_ms=now_ms(), recorded_ms=now_ms())


def _place(n: int) -> Place:
    """Places a kilometre apart, so that each has an incident of its own."""
    return Place(51.0 + (n % 5) / 100, 71.0 + (n // 5) / 100)


def _readers(address: str, token: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, __file__, address, token], stdout=subprocess.PIPE)


# The readers' process


class _Row(msgspec.Struct):
    alerts: tuple[str, ...] = ()


class _Change(msgspec.Struct):
    table: str
    row: _Row | None


class _Frame(msgspec.Struct):
    changes: tuple[_Change, ...] = ()


def _read(address: str, token: str, ready: threading.Barrier, received: dict[str, int]) -> None:
    decode = msgspec.json.Decoder(_Frame).decode
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=QUIET_S)
    connection.request("GET", "/live", headers={"Authorization": f"Bearer {token}"})
    stream = connection.getresponse()
    ready.wait()
    last_news_ns = perf_counter_ns()
    while len(received) < ALERTS_PER_S * SECONDS and perf_counter_ns() - last_news_ns < QUIET_S * 1e9:
        line = stream.readline()
        if line.startswith(b"data: "):
            frame, now_ns = decode(line[6:]), perf_counter_ns()
            for change in frame.changes:
                if change.table == "board" and change.row:
                    for key in change.row.alerts:
                        if key not in received:
                            received[key] = last_news_ns = now_ns
    connection.close()


def _read_all(address: str, token: str) -> None:
    ready = threading.Barrier(CLIENTS + 1)
    received: list[dict[str, int]] = [{} for _ in range(CLIENTS)]
    threads = [threading.Thread(target=_read, args=(address, token, ready, mine)) for mine in received]
    for thread in threads:
        thread.start()
    ready.wait()
    print("ready", flush=True)
    for thread in threads:
        thread.join()
    sys.stdout.buffer.write(msgspec.json.encode(received))


if __name__ == "__main__":
    _read_all(*sys.argv[1:])
