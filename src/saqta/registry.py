"""Every plug-in on one screen; adding one is its file and its line here."""

from typing import Any

from saqta import correlate, dispatch, views
from saqta.edge.detectors.abandoned import abandoned
from saqta.edge.detectors.carriageway import carriageway
from saqta.edge.detectors.crowd import crowd
from saqta.edge.detectors.intrusion import intrusion
from saqta.edge.detectors.queue import queue
from saqta.edge.detectors.stopped_vehicle import stopped_vehicle
from saqta.edge.detectors.wrong_way import wrong_way
from saqta.edge.guards.blind import blind
from saqta.edge.guards.frozen import frozen
from saqta.edge.guards.moved import moved
from saqta.edge.models.fastestdet import FASTESTDET
from saqta.edge.models.form import Form
from saqta.edge.models.nanodet import NANODET
from saqta.edge.models.weights import NANODET_WEIGHTS, Weights
from saqta.edge.models.yolox import YOLOX
from saqta.edge.plugins import DetectorFactory, GuardFactory
from saqta.edge.source import SourceFactory, open_file, open_rtsp
from saqta.fraud import lists, publishing
from saqta.fraud.serving import step as fraud
from saqta.intake.arrivals import Intake
from saqta.intake.frigate import frigate
from saqta.intake.onvif.events import onvif
from saqta.intake.rates.europe import europe
from saqta.intake.rates.form import Reader
from saqta.intake.rates.kazakhstan import kazakhstan
from saqta.intake.rates.kyrgyzstan import kyrgyzstan
from saqta.intake.rates.table import table
from saqta.intake.rates.tajikistan import tajikistan
from saqta.intake.rates.uzbekistan import uzbekistan
from saqta.model.command import Command, FraudCommand, IncidentCommand, ListCommand, RuleCommand
from saqta.model.step import Step
from saqta.simulate.camera.stream import open_feed

STEPS = (fraud.STEP, correlate.STEP, dispatch.STEP, lists.STEP, publishing.STEP, views.STEP)
"""What follows from events, in the order in which they take turns."""

SOURCES: dict[str, SourceFactory] = {
    "file": open_file,
    "rtsp": open_rtsp,
    "rtsps": open_rtsp,
    "sim": open_feed,
}
"""Where cameras' frames come from, by the scheme of the source's text."""

DETECTORS: dict[str, DetectorFactory] = {
    "intrusion": intrusion,
    "abandoned": abandoned,
    "stopped_vehicle": stopped_vehicle,
    "wrong_way": wrong_way,
    "queue": queue,
    "crowd": crowd,
    "carriageway": carriageway,
}
"""What looks at every analysed frame, in this order."""

MODELS: dict[str, Form] = {
    "yolox": YOLOX,
    "fastestdet": FASTESTDET,
    "nanodet": NANODET,
}
"""Forms of detector models, by the name that a manifest gives them."""

WEIGHTS: dict[str, Weights] = {
    "nanodet": NANODET_WEIGHTS,
}
"""Models that can be fetched."""

INTAKES: dict[str, Intake[Any]] = {
    "mqtt": frigate,
    "onvif": onvif,
}
"""Other systems whose events are taken in, by their table of the settings."""

RATES: dict[str, Reader] = {
    "kazakhstan": kazakhstan,
    "kyrgyzstan": kyrgyzstan,
    "tajikistan": tajikistan,
    "uzbekistan": uzbekistan,
    "europe": europe,
    "table": table,
}
"""Forms of exchange rates; the first that knows a file's form reads it."""

GUARDS: dict[str, GuardFactory] = {
    "camera_blind": blind,
    "camera_moved": moved,
    "camera_frozen": frozen,
}
"""What tells that a camera does not see, by the kind of alert: the first one that is sure is told."""


def step_of(command: Command) -> Step:
    """The step that decides a command."""
    if isinstance(command, IncidentCommand):
        return correlate.STEP
    if isinstance(command, ListCommand):
        return lists.STEP
    if isinstance(command, RuleCommand):
        return publishing.STEP
    return fraud.STEP if isinstance(command, FraudCommand) else dispatch.STEP
