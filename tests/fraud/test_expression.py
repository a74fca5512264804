"""Expressions in CEL: what they mean to the machine is what CEL means, and what is no rule is refused at its place."""

import numpy as np
import pytest
from cel_expr_python import cel
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from saqta.fraud.engine.expression import FIELDS, TEXTS, ExpressionError, compile_expression
from saqta.fraud.engine.layout import EVENT, PAYMENT
from saqta.fraud.engine.naming import CHANNEL, CURRENCY_NUMBERS, key
from saqta.fraud.engine.program import OPERATIONS_MAX, STACK_MAX, holds
from saqta.model.kinds import EXPRESSION_CHARS_MAX

NAMES = list(FIELDS["payment"])
SINGLE = st.floats(-1e6, 1e6, width=32)
LEAVES = st.sampled_from(["amount", "hour", "payer_payments"]) | SINGLE.map(lambda number: f"({number!r})")
NUMBERS = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({' '.join(parts)})")
        | inner.map(lambda number: f"-({number})")
    ),
    max_leaves=6,
)
COMPARED = st.tuples(NUMBERS, st.sampled_from(["<", "<=", "==", "!=", ">=", ">"]), NUMBERS).map(" ".join)
AMONG = st.tuples(NUMBERS, st.lists(NUMBERS, max_size=3)).map(lambda parts: f"{parts[0]} in [{', '.join(parts[1])}]")
TEXT = st.sampled_from(
    [
        "currency == 'KZT'",
        '"USD" != currency',
        "currency in ['KZT', 'UZS']",
        "channel == 'app'",
        "channel in ['', 'app']",
    ]
)
CONDITIONS = st.recursive(
    COMPARED | AMONG | TEXT | st.sampled_from(["true", "false"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["&&", "||", "==", "!="]), inner).map(
            lambda parts: f"(({parts[0]}) {parts[1]} ({parts[2]}))"
        )
        | inner.map(lambda condition: f"!({condition})")
        | st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})")
    ),
    max_leaves=5,
)


def run(text: str, currency: str = "KZT", channel: str = "", **numbers: float) -> bool:
    row = np.zeros(len(NAMES), np.float32)
    for name, value in numbers.items():
        row[NAMES.index(name)] = value
    event = np.zeros(1, EVENT)
    event["kind"], event["currency"] = PAYMENT, CURRENCY_NUMBERS[currency]
    event["facts"] = key(CHANNEL, channel) & 0xFFFFFFFF if channel else 0
    code = compile_expression("payment", text).code
    return holds(code, 0, len(code), event[0], row, np.zeros(STACK_MAX))


@settings(deadline=None, max_examples=200)
@given(
    CONDITIONS,
    st.sampled_from(["KZT", "USD", "UZS"]),
    st.sampled_from(["", "app", "atm"]),
    st.tuples(SINGLE, SINGLE, SINGLE),
)
def test_the_machine_finds_what_cel_finds(
    text: str, currency: str, channel: str, values: tuple[float, float, float]
) -> None:
    numbers = dict(zip(("amount", "hour", "payer_payments"), values, strict=True))
    types = dict.fromkeys(numbers, cel.Type.DOUBLE) | {"currency": cel.Type.STRING, "channel": cel.Type.STRING}
    known = {**numbers, "currency": currency, "channel": channel}
    expected = cel.NewEnv(variables=types).compile(text).eval(data=known).value()
    try:
        found = run(text, currency, channel, **numbers)
    except ExpressionError as error:
        assume("operations" not in error.message)
        raise
    assert found is expected


def test_whole_numbers_are_numbers_and_texts_stay_texts() -> None:
    assert run("amount * 2 > 1000 // twice 3\n && channel != '7 or 8' && hour in [1, 2]", amount=501, hour=2)
    assert not run("amount > 1e3 || amount > 1000", amount=1000)


def test_it_tells_the_fields_that_it_reads_and_what_it_costs() -> None:
    compiled = compile_expression("payment", "amount > 1000 && currency == 'KZT' && amount < 5000")
    assert (compiled.fields, compiled.cost) == (("amount", "currency"), 11)
    assert compile_expression("call", "trunk_foreign == 1").fields == ("trunk_foreign",)


LONG = "||".join(["hour>1"] * 80)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("amount >", 1, 9, "more is expected"),
        ("amount > 1 and hour < 2", 1, 12, "mismatched input 'and'"),
        ("amount > 10 &&\n  payer_paymens > 3", 2, 3, "no field of a payment; is payer_payments meant?"),
        ("zzz > 1", 1, 1, "zzz is no field of a payment"),
        ("trunk_foreign == 1", 1, 1, "no field of a payment"),
        ("amount > 1 && currency > 3", 1, 24, "> does not take a text, a number"),
        ("amount", 1, 1, "a rule is a condition"),
        ("amount > 1 && [1, 2].all(x, x > amount)", 1, 25, "rules know fields"),
        ("double('3') > 1", 1, 7, "a text is compared"),
        ("currency.startsWith('K')", 1, 20, "a text is compared"),
        ("currency == channel", 1, 10, "a text is compared"),
        ("currency in [channel]", 1, 14, "compared with texts in quotes"),
        ("amount in [1] && currency in ['XYZ']", 1, 31, "no currency"),
        ("(" * 400 + "amount > 1" + ")" * 400, 1, 1, "nested deeper"),
        (LONG, 1, 1, f"more than {OPERATIONS_MAX} operations"),
        ("amount > 1 " + " " * EXPRESSION_CHARS_MAX, 1, EXPRESSION_CHARS_MAX + 1, "characters"),
        ("amount in {1: 1}", 1, 8, "rules know fields"),
    ],
)
def test_what_is_no_rule_is_refused_at_its_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(ExpressionError) as told:
        compile_expression("payment", text)
    assert (told.value.line, told.value.column) == (line, column)
    assert message in told.value.message


def test_no_expression_that_cel_takes_is_higher_than_the_stack() -> None:
    deepest = "amount" + " + (amount" * 28 + ")" * 28 + " > 1"
    assert compile_expression("payment", deepest).cost < STACK_MAX
    assert run(deepest, amount=1)


def test_every_field_has_a_meaning() -> None:
    assert all(meaning for kind in FIELDS for meaning in {**FIELDS[kind], **TEXTS[kind]}.values())
