"""Decisions on the wire: one at a time, in batches of 100, and at light load; each durable before it is answered.

The whole centre runs in this process without a model; who asks is another process, an asyncio client over kept
connections on the same cores. The reference is a bare ASGI route on the same server that reads the body and answers the
same number of bytes, asked by the same client.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
import uvloop

from saqta.config import Settings
from saqta.model.moment import to_text
from saqta.model.terms import Role
from saqta.web.accounts import add_token
from saqta.web.server import listen
from saqta.wiring import Centre, new_secret, now_ms, opened

SECONDS = 6.0
CONNECTIONS, BATCH_CONNECTIONS, LIGHT_PER_S = 32, 8, 100
BATCH = 100
PATH = "/api/v1/decisions/payment"
ANSWER = b'{"id":"0123456789","action":"allow","score":0.0,"reasons":[],"decision_id":"bank-0-0","model":null}'


def run() -> list[dict[str, object]]:
    """Decisions a second, and p99 in ms, beside the stub's and the limits."""
    with _stub() as address:
        stub = _asked(address, "none", "single")
    with tempfile.TemporaryDirectory() as data, opened(Path(data)) as folder:
        token = add_token(folder.log.append, now_ms, new_secret, Role.PARTNER, "bench", "bank", "/bank")
        with Centre(folder, Settings(), "127.0.0.1", 0) as centre:
            single, batch, light = (_asked(centre.address, token, load) for load in ("single", "batch", "light"))
    return [
        _record("decisions-single", single["per_s"], "decisions/s", "bare ASGI route", stub["per_s"]),
        _record("decisions-single", single["per_s"], "decisions/s", "goal", 5_000),
        _record("decisions-single-p99", single["p99_ms"], "ms", "goal", 10),
        _record("decisions-batches-of-100", batch["per_s"], "decisions/s", "goal", 100_000),
        _record("decisions-light-load-p99", light["p99_ms"], "ms", "goal", 3),
        _record("decisions-light-load-p50", light["p50_ms"], "ms", "goal", 3),
    ]


def _record(name: str, value: float, unit: str, reference: str, reference_value: float) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "reference": reference,
        "reference_value": round(reference_value, 2),
        "ratio": round(value / reference_value, 3),
    }


def _asked(address: str, token: str, load: str) -> dict[str, float]:
    arguments = [sys.executable, __file__, address, token, load]
    told = subprocess.run(arguments, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(told.stdout)
    return found


@contextmanager
def _stub() -> Iterator[str]:
    async def app(scope: dict[str, object], receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
        await receive()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": ANSWER})

    socket = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", access_log=False, log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    socket.close()


class _Asker(asyncio.Protocol):
    """One kept connection: asks, and asks again when it has its answer."""

    def __init__(self, ask: Callable[[], bytes | None], told: Callable[[float, int], None]) -> None:
        self._ask, self._told, self._rest, self._since = ask, told, b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.next()

    def next(self) -> None:
        request = self._ask()
        if request is not None:
            self._since = time.perf_counter()
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._rest += data
        head, found, body = self._rest.partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            return
        self._rest = b""
        self._told((time.perf_counter() - self._since) * 1000, int(head.split(b" ", 2)[1]))
        self.next()


async def _load(address: str, token: str, load: str) -> dict[str, float]:
    host = urlsplit(address).netloc
    size, connections = (BATCH, BATCH_CONNECTIONS) if load == "batch" else (1, CONNECTIONS)
    began, count, refused, took = time.perf_counter(), 0, 0, []
    counted_from, names = began + 1.0, f"{load}{began:.3f}"
    head = (
        f"POST {PATH} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
    )

    def ask() -> bytes | None:
        nonlocal count
        if time.perf_counter() > counted_from + SECONDS:
            return None
        moment = to_text(now_ms())
        asked = [_payment(f"{names}-{count + n}", count + n, moment) for n in range(size)]
        count += size
        body = f"[{','.join(asked)}]" if size > 1 else asked[0]
        return f"{head}content-length: {len(body)}\r\n\r\n{body}".encode()

    def told(ms: float, status: int) -> None:
        nonlocal refused
        if status != 200:
            refused += 1
        elif time.perf_counter() > counted_from:
            took.append(ms)

    loop = asyncio.get_running_loop()
    target = (urlsplit(address).hostname, urlsplit(address).port)
    if load == "light":
        due: asyncio.Semaphore = asyncio.Semaphore(0)

        def told_light(ms: float, status: int) -> None:
            told(ms, status)
            due.release()

        asks = iter(lambda: None, 0)
        _, protocol = await loop.create_connection(lambda: _Asker(lambda: next(asks), told_light), *target)
        while (request := ask()) is not None:
            asks = iter([request, None])
            protocol.next()
            await due.acquire()
            await asyncio.sleep(1 / LIGHT_PER_S)
    else:
        for _ in range(connections):
            await loop.create_connection(lambda: _Asker(ask, told), *target)
        await asyncio.sleep(counted_from + SECONDS + 0.5 - time.perf_counter())
    took.sort()
    return {
        "per_s": len(took) * size / SECONDS,
        "p50_ms": took[len(took) // 2],
        "p99_ms": took[int(len(took) * 0.99)],
        "refused": refused,
    }


def _payment(id: str, n: int, moment: str) -> str:
    """One payment in JSON: of 100,003 payers to 997 payees."""
    return (
        f'{{"id":"{id}","time":"{moment}","account":"KZ-A-{n * 7919 % 100_003}","payee":"KZ-S-{n % 997}",'
        f'"amount":"{n % 90_000 + 100}.50","currency":"KZT","phone":"+7701{n % 9_000_000 + 1:07d}"}}'
    )


def _wait_until_ready(address: str, token: str) -> None:
    while True:
        connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
        body, headers = _payment(f"ready-{time.time_ns()}", 1, to_text(now_ms())), {"authorization": f"Bearer {token}"}
        connection.request("POST", PATH, body, headers)
        if connection.getresponse().status == 200:
            return
        connection.close()
        time.sleep(0.2)


if __name__ == "__main__":
    _wait_until_ready(*sys.argv[1:3])
    print(json.dumps(uvloop.run(_load(*sys.argv[1:4]))))
