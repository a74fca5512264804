"""The whole program on a simulated city: its cameras, its units, a desk that acts where nobody does, and a live client.

The city meets the program where a real one would: cameras by their streams, units and the desk by commands, the client
over HTTP.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog

from saqta import views, wiring
from saqta.commands.centre import stop_on_signals
from saqta.config import Settings
from saqta.edge.frames import open_video
from saqta.folder import Folder
from saqta.log.runner import Runner
from saqta.log.verify import verify
from saqta.model import kinds
from saqta.model.catalogue import TYPE_OF
from saqta.model.command import Command, Context
from saqta.model.errors import StateError, VersionConflict
from saqta.model.event import Event
from saqta.model.moment import day_start, to_datetime
from saqta.model.money import decimal_text
from saqta.model.place import Place
from saqta.model.step import Tables
from saqta.model.terms import IncidentState, PartnerKind, Role
from saqta.simulate.desk import desk
from saqta.simulate.field import Field
from saqta.simulate.fraud.partners import Partners
from saqta.simulate.rates import rates
from saqta.simulate.scenario import Scenario, scenario, setup_events
from saqta.terminal import Results
from saqta.views.tables import BOARD, DECIDED, MONEY, RECOMMENDATIONS, SYSTEM, TALLY, TIMELINE, UNITS, Decided
from saqta.web import accounts

TICK_S = 0.5
SEEN_WAIT_S = 2.0
"""How long the end of the demo waits for the screen to show the last alerts."""
ALERTS_TIMED_MAX = 100_000
ACTOR = "saqta/demo"
Append = Callable[[Sequence[Event]], object]
logger = structlog.get_logger()
WHOLE_PICTURE = ((0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98))


def run_demo(
    data: Path, port: int, for_s: float | None, videos: Sequence[Path], speed: float, seed: int, results: Results
) -> bool:
    """Runs until Ctrl-C, or for ``for_s`` seconds; returns whether all went well. Raises what made a part stop."""
    city = scenario("demo", seed)
    cameras = list(as_cameras(videos, city))
    clock = ScreenClock()
    with wiring.opened(data) as folder:
        folder.log.append(setup_events(city, wiring.now_ms()))
        folder.log.append(wiring.announce(cameras, ACTOR))
        published = [*rates(to_datetime(wiring.now_ms()).date())]
        folder.log.append(wiring.named_by_content(published, (day_start(each.day) for each in published), ACTOR))
        centre = wiring.Centre(folder, Settings(), "127.0.0.1", port, speed, loop_files=True, appended=clock.sent)
        stop_on_signals(centre)
        with centre:
            append = partial(wiring.append, data)  # Through the door that answers when who was added may come in.
            _say_where(centre, append, results)
            screen = LiveClient(centre.address, _token(append), clock)
            people = centre.run_part("city", lambda stop: _run_people(centre, city, seed, speed))
            partners = Partners(centre.address, _partners(append), seed, speed, wiring.now_ms)
            asking = centre.run_part("partners", partners.run)
            centre.wait(for_s)
            screen.wait_for_all(SEEN_WAIT_S)
            centre.stop.set()
            people.join(SEEN_WAIT_S)
            asking.join(SEEN_WAIT_S)
        screen.close()
        Runner(views.STEP, folder.log, folder.tables).catch_up()
        summary = _summary(folder, clock)
    results.summary(summary)
    return bool(summary["ok"])


class ScreenClock:
    """How long alerts take from their append to a screen: told of both ends, in whichever order they come."""

    def __init__(self) -> None:
        self._sent: dict[str, float] = {}
        self._took_ms: list[float] = []
        self._lock = threading.Lock()

    def sent(self, events: Iterable[Event]) -> None:
        """These events are on their way into the log now."""
        now = time.perf_counter()
        with self._lock:
            if len(self._sent) < ALERTS_TIMED_MAX:
                alert = TYPE_OF[kinds.AlertRaised]
                self._sent.update((event.key, now) for event in events if event.type == alert)

    def shown(self, alerts: Iterable[str]) -> None:
        """These alerts are on the screen now."""
        now = time.perf_counter()
        with self._lock:
            self._took_ms += [(now - self._sent.pop(alert)) * 1000 for alert in alerts if alert in self._sent]

    @property
    def waiting(self) -> int:
        return len(self._sent)

    def p99_ms(self) -> float | None:
        """The 99th of 100; None where no alert was shown."""
        with self._lock:
            took = sorted(self._took_ms)
        return round(took[min(len(took) - 1, len(took) * 99 // 100)], 1) if took else None


class LiveClient:
    """A console without a screen: follows ``/live`` over HTTP and tells which alerts it shows."""

    def __init__(self, address: str, token: str, clock: ScreenClock) -> None:
        self._clock = clock
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        self._connection.request("GET", "/live", headers={"Authorization": f"Bearer {token}"})
        self._answer = self._connection.getresponse()
        if self._answer.status != HTTPStatus.OK:
            raise RuntimeError(f"/live answered {self._answer.status}")
        self._thread = threading.Thread(target=self._read, name="screen", daemon=True)
        self._thread.start()

    def wait_for_all(self, wait_s: float) -> None:
        """Until every alert that was sent is shown, but no longer than ``wait_s``."""
        deadline = time.monotonic() + wait_s
        while self._clock.waiting and time.monotonic() < deadline:
            time.sleep(0.02)

    def close(self) -> None:
        self._thread.join(SEEN_WAIT_S)
        self._connection.close()

    def _read(self) -> None:
        for line in self._answer:
            if line.startswith(b"data: "):
                self._clock.shown(_alerts_in(json.loads(line[6:])))


def _alerts_in(message: dict[str, Any]) -> Iterator[str]:
    rows = list(message.get("tables", {}).get(BOARD.name, {}).values())
    rows += [change["row"] for change in message.get("changes", ()) if change["table"] == BOARD.name and change["row"]]
    for row in rows:
        yield from row.get("alerts", ())


def as_cameras(videos: Sequence[Path], city: Scenario) -> Iterator[kinds.CameraRegistered]:
    """Video files as further cameras: beside the city's own ones, with the whole picture as a restricted zone.

    InputError for what is no video.
    """
    places = [camera.place for camera in city.cameras if camera.place]
    for number, video in enumerate(videos):
        open_video(wiring.PLUGINS.open(str(video)), str(video))[0].close()
        beside = places[number % len(places)]
        yield kinds.CameraRegistered(
            camera=f"video-{number + 1}",
            name=video.stem,
            source=str(video.resolve()),
            place=Place(beside.lat + 0.0009, beside.lon + 0.0012 * (1 + number // len(places))),
            zones={"picture": WHOLE_PICTURE},
            lines={"middle": (0.0, 0.5, 1.0, 0.5)},
            restricted=("picture",),
        )


def _say_where(centre: wiring.Centre, append: Append, results: Results) -> None:
    link, fraud_link = (
        f"{centre.address}/sign-in?link={secret}"
        for secret in (
            accounts.add_user(append, wiring.now_ms, wiring.new_secret, name, role, ACTOR)
            for name, role in (("dispatcher", Role.DISPATCHER), ("analyst", Role.FRAUD_ANALYST))
        )
    )
    results.line(
        {"address": f"{centre.address}/console", "sign_in": link, "sign_in_fraud": fraud_link},
        f"Saqta is at {centre.address}/console\nSign in, once, with     {link}\n"
        f"the analysts' desk with {fraud_link}\nStop with Ctrl-C.",
    )


def _token(append: Append) -> str:
    return accounts.add_token(append, wiring.now_ms, wiring.new_secret, Role.ANALYST, ACTOR)


def _partners(append: Append) -> dict[str, str]:
    """Tokens of the city's telecom and of its bank, by what they ask about."""
    return {
        asks: accounts.add_token(
            append, wiring.now_ms, wiring.new_secret, Role.PARTNER, ACTOR, str(kind), f"/city/{kind}", kind
        )
        for asks, kind in (("call", PartnerKind.TELECOM), ("payment", PartnerKind.BANK))
    }


def _run_people(centre: wiring.Centre, city: Scenario, seed: int, speed: float) -> None:
    """Lets units drive and the desk act, until the centre stops."""
    field, tables = Field(city, speed), centre.folder.tables
    while not centre.stop.wait(TICK_S):
        units, incidents = [unit for _, unit in tables.scan(UNITS)], dict(tables.scan(BOARD))
        now_ms = wiring.now_ms()
        orders: list[tuple[Context, Command]] = [*field.tick(units, incidents, now_ms)]
        live = [incident for incident in incidents.values() if incident.state is not IncidentState.CLOSED]
        actors = {each.id: _acted_on(tables, each.id) for each in live}
        orders += desk(live, dict(tables.scan(RECOMMENDATIONS)), actors, now_ms, seed=seed, speed=speed)
        for context, command in orders:
            _try(centre.decide, command, context)


def _acted_on(tables: Tables, incident: str) -> set[str]:
    """Who did something about the incident, apart from raising its alerts."""
    deeds = ("saqta.incident.", "saqta.assignment.")
    return {entry.actor for _, entry in tables.scan(TIMELINE, f"{incident}/") if entry.type.startswith(deeds)}


def _try(decide: Callable[[Command, Context], object], command: Command, context: Context) -> None:
    try:
        decide(command, context)
    except (StateError, VersionConflict) as error:
        # Somebody was faster, which is a city's everyday life; the next tick sees what became of it.
        logger.info("not possible any more", reason=str(error))


def _summary(folder: Folder, clock: ScreenClock) -> dict[str, Any]:
    def count(type_: str) -> int:
        tally = folder.tables.get(TALLY, type_)
        return tally.count if tally else 0

    decided = folder.tables.get(DECIDED, SYSTEM) or Decided()
    opened, verified = count("saqta.incident.opened.v1"), verify(folder.path)
    return {
        "incidents_opened": opened,
        "incidents_closed": count("saqta.incident.closed.v1"),
        "alerts": count("saqta.alert.raised.v1"),
        "reports": count("saqta.report.received.v1"),
        "calls_blocked": decided.calls_blocked,
        "payments_held": decided.payments_held,
        "money_kept_kzt": decimal_text(sum(row.kept_kzt_minor for _, row in folder.tables.scan(MONEY)), "KZT"),
        "events": folder.log.size(),
        "put_aside": count("saqta.event.put_aside.v1"),
        "alert_to_screen_ms_p99": clock.p99_ms(),
        "ok": verified.ok and not clock.waiting and count("saqta.event.put_aside.v1") == 0,
    }
