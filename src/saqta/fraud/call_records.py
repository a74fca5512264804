"""Call detail records in bulk: a CSV file, decided in its order by the rules on calls, after the fact."""

import csv
import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from saqta.fraud.deciding import BATCH_MAX, Decider
from saqta.fraud.folder import Manifest, Model
from saqta.fraud.layout import Limits, empty
from saqta.fraud.rules import Rules
from saqta.fraud.trees import NO_TREES
from saqta.model.errors import InputError

NEEDED = ("time", "caller", "callee")
OPTIONAL = ("id", "trunk", "attestation", "imei", "cell", "seconds")
_NO_MANIFEST = Manifest(
    features="", trees="", label_delay_d=0, until="", thresholds={"warn": 2.0}, train_payments=0, train_frauds=0
)
_NO_MODEL = Model("none", _NO_MANIFEST, NO_TREES)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Judged(NamedTuple):
    """What came of the record in one line of the file, the header being the first: an answer, or an error."""

    line: int
    answer: dict[str, Any]


def by_rules(rules: Rules, home: str) -> Decider:
    """Decides calls, which need no model, and knows nothing of before."""
    return Decider(_NO_MODEL, rules, empty(0, Limits()), home)


def judge(path: Path, decider: Decider, now_ms: int) -> Iterator[Judged]:
    """What each record of the file is decided to be, in order.

    InputError when it can't be read at all, or from some line on; a single bad record gets its error.
    """
    records = _records(path)
    while batch := list(islice(records, BATCH_MAX)):
        answers = decider.answer([record for _, record in batch], now_ms)
        yield from (Judged(line, _decode(answer)) for (line, _), answer in zip(batch, answers, strict=True))


def _records(path: Path) -> Iterator[tuple[int, bytes]]:
    line = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, restval="", restkey="more")
            _require_columns(rows.fieldnames or ())
            for row in rows:
                line = rows.line_num
                yield line, _record(line, row)
    except OSError as error:
        raise InputError("records", str(path), f"a readable file ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError("records", str(path), f"UTF-8 text, which ends after line {line}") from error
    except csv.Error as error:
        raise InputError("records", str(path), f"CSV, which ends after line {line} ({error})") from error


def _require_columns(columns: Any) -> None:
    lacking = [name for name in NEEDED if name not in columns]
    if lacking:
        raise InputError("records", ", ".join(columns)[:200], f"columns {', '.join(lacking)} as well")


def _record(line: int, row: dict[str, Any]) -> bytes:
    """The call as the decider reads it; a record without a name is named by its line."""
    told = {name: row[name].strip() for name in NEEDED} | {
        name: value for name in OPTIONAL if (value := row.get(name, "").strip())
    }
    if "seconds" in told:
        told["seconds"] = _number(told["seconds"])
    return _encode({"kind": "call", "id": f"line {line}"} | told)


def _number(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text
