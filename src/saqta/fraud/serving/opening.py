"""Opens the decision path of a centre: its model, its rules, and the path itself."""

from collections.abc import Callable
from pathlib import Path

from saqta.fraud.engine.layout import LABEL_DELAY_D, Limits, empty
from saqta.fraud.engine.rules import STANDARD, read_rules
from saqta.fraud.learning.folder import Model, read_model
from saqta.fraud.lists.blocklist import Blocklist
from saqta.fraud.numbers import require_country
from saqta.fraud.publishing.books import RuleBook
from saqta.fraud.serving.challenger import Challenger
from saqta.fraud.serving.deadlines import LIMITS
from saqta.fraud.serving.judging import Judge
from saqta.fraud.serving.path import DecisionPath
from saqta.fraud.serving.tenge import Exchange
from saqta.log.personal import Keyring
from saqta.log.port import Log
from saqta.log.tables import TableStore
from saqta.model.errors import InputError
from saqta.model.moment import Clock


def open_path(
    log: Log,
    keyring: Keyring,
    tables: TableStore,
    blocklist: Blocklist,
    folder: Path,
    clock: Clock,
    now_ns: Callable[[], int],
    *,
    model: str | None,
    challenger: str | None = None,
    rules: str | None,
    home: str,
    hold_s: float,
    deadline_ms: float,
) -> DecisionPath:
    """A path that starts to decide when it is run; InputError for a model, rules or limits that can't be.

    What ``challenger`` says is recorded and nothing else: it comes into force when somebody names it as ``model``.
    """
    require_country(home, "fraud.home")
    for field, given in (("hold_s", hold_s), ("deadline_ms", deadline_ms)):
        if not given > 0:
            raise InputError(f"fraud.{field}", given, "more than 0")
    loaded = read_model(Path(model)) if model else None
    read = read_rules(Path(rules) if rules else STANDARD)
    state = empty(loaded.manifest.label_delay_d if loaded else LABEL_DELAY_D, Limits())
    second = _challenger(challenger, loaded) if challenger else None
    exchange = Exchange()
    judge = Judge(loaded, read, state, blocklist, home, hold_s, exchange, second)
    quick = Judge(None, read, empty(0, LIMITS), blocklist, home, hold_s, exchange)
    return DecisionPath(judge, quick, RuleBook(read), log, keyring, tables, folder, clock, now_ns, deadline_ms)


def _challenger(folder: str, in_force: Model | None) -> Challenger:
    """The challenger of the model in force; InputError for one that can't be compared with it."""
    if in_force is None:
        raise InputError("fraud.challenger", folder, "none where fraud.model names no model that it could challenge")
    model = read_model(Path(folder))
    delay_d, expected_d = model.manifest.label_delay_d, in_force.manifest.label_delay_d
    if delay_d != expected_d:
        expected = f"a model whose labels take {expected_d} days, as those of fraud.model do"
        raise InputError("fraud.challenger", f"{folder} (label_delay_d {delay_d})", expected)
    return Challenger(model)
