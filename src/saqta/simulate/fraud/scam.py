"""Calls and payments of the simulated city, with known truth: honest ones, and a scam campaign now and then.

In a campaign somebody presents a bank's number to one citizen after the other. Half of these calls come over a foreign
trunk; the others over a gateway, and the citizen, who until then paid small sums to shops, pays a large one to a
stranger while the call goes on.
"""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

FIRST_S, EVERY_S = 6.0, 240.0
VICTIMS = 8
BETWEEN_S, PAYS_AFTER_S = 1.5, 4.0
HABIT = 6
HONEST_A_S = 4.0
CITIZENS = 400
CONFIRMED_AFTER_S = 8.0
BANKS_NUMBER = "+77272580000"
MULES = ("KZ-M-1", "KZ-M-2")


class Act(NamedTuple):
    """At ``at_s`` of the city, a partner asks about this call or payment; ``is_fraud`` is the truth."""

    at_s: float
    kind: str
    asked: dict[str, Any]
    is_fraud: bool


def acts(seed: int, run: str) -> Iterator[Act]:
    """What happens, in order, without an end; ids begin with ``run``. Times of the messages are left to who sends."""
    rng = random.Random(f"scam {seed}")
    honest, campaign = _honest(rng, run), _campaigns(rng, run)
    one, other = next(honest), next(campaign)
    while True:
        if one.at_s <= other.at_s:
            yield one
            one = next(honest)
        else:
            yield other
            other = next(campaign)


def _honest(rng: random.Random, run: str) -> Iterator[Act]:
    at_s, n = 0.0, 0
    while True:
        at_s, n = at_s + rng.expovariate(HONEST_A_S), n + 1
        citizen, other = rng.sample(range(CITIZENS), 2)
        if rng.random() < 0.5:
            asked = {"id": f"{run}-c{n}", "caller": _number(citizen), "callee": _number(other), "trunk": "national"}
            yield Act(at_s, "call", asked | {"attestation": "A"}, False)
        else:
            amount = f"{rng.lognormvariate(8.8, 0.7):.2f}"
            payee = f"KZ-S-{rng.randrange(40)}"
            yield Act(at_s, "payment", _payment(f"{run}-p{n}", citizen, payee, amount), False)


def _campaigns(rng: random.Random, run: str) -> Iterator[Act]:
    campaign = 0
    while True:
        begins_s = FIRST_S + campaign * EVERY_S
        happens = []
        for n, victim in enumerate(rng.sample(range(CITIZENS), VICTIMS)):
            at_s, name = begins_s + n * BETWEEN_S, f"{run}-f{campaign}-{n}"
            for before in range(HABIT):
                shop, amount = f"KZ-S-{rng.randrange(40)}", f"{rng.uniform(2_000, 9_000):.2f}"
                bought = _payment(f"{name}-h{before}", victim, shop, amount)
                happens.append(Act(begins_s - FIRST_S * (1 - before / HABIT), "payment", bought, False))
            foreign = n % 2 == 1
            call = {"id": name, "caller": BANKS_NUMBER, "callee": _number(victim)}
            call |= {"trunk": "foreign"} if foreign else {"trunk": "national", "attestation": "C"}
            happens.append(Act(at_s, "call", call, True))
            if not foreign:
                amount = f"{rng.randrange(200, 900)}000.00"
                paid = _payment(f"{name}-p", victim, MULES[n // 2 % len(MULES)], amount)
                happens.append(Act(at_s + PAYS_AFTER_S, "payment", paid, True))
        yield from sorted(happens, key=lambda act: act.at_s)
        campaign += 1


def _payment(id: str, citizen: int, payee: str, amount: str) -> dict[str, Any]:
    made = {"id": id, "account": f"KZ-A-{citizen}", "payee": payee, "amount": amount, "currency": "KZT"}
    return made | {"phone": _number(citizen)}


def _number(citizen: int) -> str:
    return f"+7701{2_000_000 + citizen * 7_919 % 7_000_000:07d}"
