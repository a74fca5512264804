"""A telecom and a bank of the simulated city: they ask over HTTP before they act; the bank calls customers back."""

import http.client
import json
import threading
from collections import deque
from http import HTTPStatus
from urllib.parse import urlsplit

from saqta.model.moment import Clock, to_text
from saqta.simulate.fraud.scam import CONFIRMED_AFTER_S, Act, acts

TICK_S = 0.25
ASKED_MAX = 500
WAIT_S = 10.0


class Partners:
    """Two partners by their tokens, ``call`` of the telecom and ``payment`` of the bank; for one thread."""

    def __init__(self, address: str, tokens: dict[str, str], seed: int, speed: float, clock: Clock) -> None:
        self._address, self._tokens, self._speed, self._clock = urlsplit(address).netloc, tokens, speed, clock
        self._began_ms = clock()
        self._acts = acts(seed, f"{self._began_ms:x}")
        self._next = next(self._acts)
        self._to_confirm: deque[tuple[float, str]] = deque()

    def run(self, stop: threading.Event) -> None:
        """Asks about what happens as it happens, until ``stop`` is set. Blocks."""
        while not stop.wait(TICK_S):
            at_s = (self._clock() - self._began_ms) / 1000 * self._speed
            due: list[Act] = []
            while self._next.at_s <= at_s and len(due) < ASKED_MAX:
                due.append(self._next)
                self._next = next(self._acts)
            for kind in ("call", "payment"):
                self._ask(kind, [act for act in due if act.kind == kind], at_s, stop)
            while self._to_confirm and self._to_confirm[0][0] <= at_s:
                self._post(
                    f"/api/v1/decisions/{self._to_confirm.popleft()[1]}/outcome", "payment", {"outcome": "fraud"}
                )

    def _ask(self, kind: str, due: list[Act], at_s: float, stop: threading.Event) -> None:
        if not due:
            return
        now = to_text(self._clock())
        path, body = f"/api/v1/decisions/{kind}", [act.asked | {"time": now} for act in due]
        status, told = self._post(path, kind, body)
        while status == HTTPStatus.SERVICE_UNAVAILABLE and not stop.wait(TICK_S):
            status, told = self._post(path, kind, body)
        if status != HTTPStatus.OK:
            return
        for act, answer in zip(due, told["items"], strict=True):
            if act.is_fraud and act.kind == "payment" and answer.get("action") in ("hold", "block"):
                self._to_confirm.append((at_s + CONFIRMED_AFTER_S, answer["decision_id"]))

    def _post(self, path: str, kind: str, body: object) -> tuple[int, dict[str, list[dict[str, str]]]]:
        connection = http.client.HTTPConnection(self._address, timeout=WAIT_S)
        headers = {"authorization": f"Bearer {self._tokens[kind]}", "content-type": "application/json"}
        try:
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except OSError:
            return HTTPStatus.SERVICE_UNAVAILABLE, {}
        finally:
            connection.close()
