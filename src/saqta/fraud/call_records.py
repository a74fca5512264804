"""Call detail records in bulk: a CSV file, decided in its order by the rules on calls, after the fact."""

import csv
import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from saqta.fraud.deciding import BATCH_MAX, Decider
from saqta.fraud.engine.layout import Limits, empty
from saqta.fraud.engine.rules import Rules
from saqta.fraud.engine.trees import NO_TREES
from saqta.fraud.learning.folder import Manifest, Model
from saqta.fraud.lists.blocklist import Blocklist
from saqta.model.errors import InputError

NEEDED = ("time", "caller", "callee")
OPTIONAL = ("id", "trunk", "attestation", "imei", "imsi", "cell", "seconds")
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


def by_rules(rules: Rules, home: str, blocklist: Blocklist | None = None) -> Decider:
    """Decides calls, which need no model, and knows nothing of before."""
    return Decider(_NO_MODEL, rules, empty(0, Limits()), home, blocklist=blocklist)


def judge(path: Path, decider: Decider, now_ms: int) -> Iterator[Judged]:
    """What each record of the file is decided to be, in order.

    InputError when it can't be read at all, or from some line on; a single bad record gets its error.
    """
    records = _records(path)
    while batch := list(islice(records, BATCH_MAX)):
        answers = iter(decider.answer([record for _, record in batch if isinstance(record, bytes)], now_ms))
        for line, record in batch:
            answer = next(answers) if isinstance(record, bytes) else decider.refuse(_name(line), record)
            yield Judged(line, _decode(answer))


def _records(path: Path) -> Iterator[tuple[int, bytes | InputError]]:
    line = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            columns = next(rows, [])
            _require_columns(columns)
            for row in filter(None, rows):
                line = rows.line_num
                yield line, _record(line, columns, row)
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


def _record(line: int, columns: list[str], cells: list[str]) -> bytes | InputError:
    """The call as the decider reads it; a record without a name is named by its line."""
    if len(cells) != len(columns):
        return InputError("row", f"{len(cells)} cells", f"{len(columns)}, one for each column of the header")
    row = dict(zip(columns, cells, strict=True))
    told: dict[str, Any] = {name: row[name].strip() for name in NEEDED} | {
        name: value for name in OPTIONAL if (value := row.get(name, "").strip())
    }
    if "seconds" in told:
        told["seconds"] = _number(told["seconds"])
    return _encode({"kind": "call", "id": _name(line)} | told)


def _name(line: int) -> str:
    return f"line {line}"


def _number(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text
