"""Writes the pages of the docs that are drawn from the code: events, states and settings.

Run as ``python docs/generate.py``; a test fails when a page is not what this would write.
"""

import inspect
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path

import msgspec
from typer.main import get_command
from typer.testing import CliRunner

from saqta import config
from saqta.__main__ import app
from saqta.intake.frigate import Mqtt
from saqta.intake.onvif.events import OnvifDevice
from saqta.intake.sip import transactions
from saqta.intake.sip.settings import Sip
from saqta.model import incident, kinds, list_entry, rule, unit
from saqta.model import object as left
from saqta.model.catalogue import KINDS
from saqta.registry import DETECTORS, GUARDS, INTAKES, MODELS, RATES, SOURCES

DOCS = Path(__file__).parent
EXAMPLE = """```toml
[cameras.C1]
source = "rtsp://camera.example/stream"
place = { lat = 51.128, lon = 71.430 }
restricted = ["yard"]

[cameras.C1.zones]
yard = [[0.1, 0.4], [0.9, 0.4], [0.9, 1.0], [0.1, 1.0]]

[cameras.C1.lines]
gate = [0.0, 0.6, 1.0, 0.6]
```"""


def pages() -> dict[str, str]:
    """Every generated page: its file name and its text."""
    return {
        "events.md": "\n".join(_events()) + "\n",
        "states.md": "\n".join(_states()) + "\n",
        "settings.md": "\n".join(_settings()) + "\n",
        "commands.md": "\n".join(_commands()) + "\n",
    }


def _events() -> Iterator[str]:
    yield "# The event catalogue\n"
    yield "Drawn from `model/catalogue.py` by `docs/generate.py`. An event is a CloudEvent 1.0 in JSON with extensions"
    yield "`recorded`, `actor`, `purpose` and `cause`; what follows is its `data`. Fields in *italics* may be left out."
    yield "Fields that end in `_ms` are UTC milliseconds; `Sealed` is a personal field, in ciphertext.\n"
    for type_, kind in KINDS.items():
        yield f"## {type_}\n"
        yield f"{_doc(kind.record)}\n"
        yield f"Subject `{kind.subject}`.\n"
        yield "| field | type |\n|---|---|"
        hints = typing.get_type_hints(kind.record, include_extras=True)
        for field in msgspec.structs.fields(kind.record):
            name = f"`{field.name}`" if field.required else f"*`{field.name}`*"
            yield f"| {name} | {_type(hints[field.name])} |"
        yield ""
    nested = [kinds.Candidate, kinds.ListTerms, kinds.RuleTerms]
    for record in nested:
        yield f"## Within others: {record.__name__}\n"
        yield f"{_doc(record)}\n"
        yield "| field | type |\n|---|---|"
        for field in msgspec.structs.fields(record):
            yield f"| `{field.name}` | {_type(field.type)} |"


def _states() -> Iterator[str]:
    yield "# States\n"
    yield "Drawn from the tables in `model/incident.py`, `model/unit.py`, `model/object.py`, `model/list_entry.py`,"
    yield "`model/rule.py` and `intake/sip/transactions.py` by `docs/generate.py`. What they do not hold of incidents,"
    yield "units, entries and rules is refused, with the reason, as HTTP 409.\n"
    yield "## An incident\n\n```mermaid\nstateDiagram-v2\n    [*] --> open"
    for state, row in incident.TRANSITIONS.items():
        yield from (f"    {state} --> {after}: {trigger}" for trigger, after in row.items() if after != state)
    yield "```\n\nWithout a change of state:\n"
    yield "| in state | may come |\n|---|---|"
    for state, row in incident.TRANSITIONS.items():
        yield f"| {state} | {', '.join(trigger for trigger, after in row.items() if after == state)} |"
    yield "\n## A unit\n\n```mermaid\nstateDiagram-v2\n    [*] --> available"
    for status, afterwards in unit.TRANSITIONS.items():
        yield from (f"    {status} --> {after}" for after in sorted(afterwards))
    yield "```\n\n## A thing left\n\n```mermaid\nstateDiagram-v2\n    [*] --> attended\n    [*] --> unattended"
    for state, row in left.TRANSITIONS.items():
        yield from (f"    {state} --> {after}: {happening}" for happening, after in row.items())
        if left.is_over(state):
            yield f"    {state} --> [*]"
    yield "```\n\n## An entry of a list\n\n```mermaid\nstateDiagram-v2"
    yield "    [*] --> proposed\n    [*] --> in_force: import"
    for state, row in list_entry.TRANSITIONS.items():
        yield from (f"    {state} --> {after}: {trigger}" for trigger, after in row.items())
    yield "```\n\n## A rule that analysts write\n\n```mermaid\nstateDiagram-v2\n    [*] --> proposed"
    for state, row in rule.TRANSITIONS.items():
        yield from (f"    {state} --> {after}: {trigger}" for trigger, after in row.items())
    yield "```\n\n## A call that a switch asks about over SIP\n\n```mermaid\nstateDiagram-v2\n    [*] --> waiting"
    for state, happenings in transactions.TRANSITIONS.items():
        yield from (f"    {state} --> {after}: {what}" for what, (after, _) in happenings.items() if after != state)
    yield "    answered --> [*]\n    confirmed --> [*]\n```"


def _settings() -> Iterator[str]:
    yield "# Settings\n"
    yield "Drawn from `config.py` by `docs/generate.py`. `saqta serve --settings FILE` and `saqta watch"
    yield "--settings FILE` read a TOML file once, at the start; a key that is not here is refused by name.\n"
    tables = {
        "serve": config.Serve,
        "edge": config.Edge,
        "log": config.LogSettings,
        "fraud": config.Fraud,
        "cameras.ID": config.Camera,
        "mqtt": Mqtt,
        "onvif.NAME": OnvifDevice,
        "sip": Sip,
    }
    for name, record in tables.items():
        yield from _setting_table(f"[{name}]", record)
    yield EXAMPLE


def _commands() -> Iterator[str]:
    yield "# Commands\n"
    yield "Drawn from the command line's own help by `docs/generate.py`. Exit status: 0 done, 1 a fault of ours,"
    yield "2 bad usage or bad input, 3 a verification failed.\n"
    for words in (("saqta",), *_words(get_command(app), ())):
        shown = CliRunner().invoke(app, [*words[1:], "--help"], prog_name="saqta", terminal_width=100)
        yield f"## {' '.join(words)}\n\n```text\n{shown.output.strip()}\n```\n"
    yield "## Plug-ins\n"
    yield "Every one has a line in `registry.py`.\n"
    yield f"Sources of frames, by the scheme of their address: {', '.join(f'`{name}`' for name in SOURCES)}.\n"
    yield f"Detectors: {', '.join(f'`{name}`' for name in DETECTORS)}.\n"
    yield f"Guards, which say whether a camera sees: {', '.join(f'`{name}`' for name in GUARDS)}.\n"
    yield f"Forms of models: {', '.join(f'`{name}`' for name in MODELS)}.\n"
    yield f"Other systems, by their table of the settings: {', '.join(f'`{name}`' for name in INTAKES)}.\n"
    yield f"Forms of exchange rates: {', '.join(f'`{name}`' for name in RATES)}."


def _words(group: typing.Any, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _words(command, (*above, name))
        else:
            yield ("saqta", *above, name)


def _setting_table(heading: str, record: type[msgspec.Struct]) -> Iterator[str]:
    yield f"## `{heading}`\n"
    yield f"{_doc(record)}\n"
    yield "| key | type | default |\n|---|---|---|"
    for field in msgspec.structs.fields(record):
        default = "must be given" if field.required else f"`{_default(field)}`"
        yield f"| `{field.name}` | {_type(field.type)} | {default} |"
    yield ""


def _doc(record: type) -> str:
    return inspect.cleandoc(record.__doc__ or "").replace("``", "`")


def _default(field: msgspec.structs.FieldInfo) -> str:
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return msgspec.json.encode(value).decode()


def _limited(type_: str, meta: msgspec.Meta) -> str:
    if meta.max_length is None:
        return f"{type_} from {meta.ge:,} to {meta.le:,}"
    if type_ == "text":
        return f"text of {meta.min_length or 0} to {meta.max_length} characters"
    return f"{type_}, at most {meta.max_length}"


def _type(hint: object) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _limited(_type(arguments[0]), arguments[1])
    if origin in (types.UnionType, typing.Union):
        return " or ".join(_type(argument) for argument in arguments if argument is not type(None))
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        inner = arguments[:1] if arguments[-1] is Ellipsis else arguments
        return f"list of {_type(inner[0])}" if len(inner) < len(arguments) else f"[{', '.join(map(_type, inner))}]"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"{{{_type(arguments[0])}: {_type(arguments[1])}}}"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return " · ".join(f"`{member.value}`" for member in hint)
    names = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "Any": "anything"}
    name = getattr(hint, "__name__", str(hint))
    return names.get(name, name)


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
