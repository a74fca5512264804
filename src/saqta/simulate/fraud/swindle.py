"""Weeks of calls and payments of a simulated town, with truth: people are talked into paying, among honest people.

Made so that neither side tells alone. Honest people, too, get calls from abroad and over gateways, and pay to a courier
right after; they, too, pay large sums to whom they never paid. Who swindles calls from a presented bank's number, from
abroad, or from an ordinary number that shows nothing, and asks for no more than a few usual payments at a time.
"""

import math
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from saqta.simulate.fraud.scam import Act

CITIZENS = 3_000
DAY_S = 86_400.0
PAYMENTS_A_DAY, SHOPS, FAVOURITES = 1.2, 400, 6
CONTACTS, FRIENDS_CALL, COURIERS_CALL, ABROAD_CALLS = 6, 1.0, 0.08, 0.05
"""Calls a day that a citizen gets: of friends, over a gateway, from abroad."""
PAYS_COURIER, LARGE, STRANGER = 0.3, 0.02, 0.08
VICTIMS_A_DAY, OF_ONE_MULE = 15, 2
"""Whom an account of the swindlers serves for before it is left: new ones are never short."""
ACCOUNTS = 1_000_000
"""Accounts of other banks, where most strangers, and all mules, have theirs."""
PRESENTED, FROM_ABROAD = 0.5, 0.3
"""Shares of the swindlers' calls; the rest come from ordinary numbers."""
BANKS_NUMBER = "+77272580000"


class Citizen(NamedTuple):
    """Somebody with a telephone, an account, a usual amount, shops and friends."""

    number: str
    account: str
    usual: float
    shops: tuple[str, ...]
    friends: tuple[int, ...]


def acts(seed: int, days: int) -> list[Act]:
    """All that happens in so many days, in order; a call that is fraud comes before the payment that is."""
    rng = random.Random(f"swindle {seed}")
    town = [_citizen(rng, n) for n in range(CITIZENS)]
    happens = [act for day in range(days) for n in range(CITIZENS) for act in _lives(rng, town, n, day)]
    happens += (act for day in range(days) for n in range(VICTIMS_A_DAY) for act in _swindled(rng, town, day, n))
    return sorted(happens, key=lambda act: act.at_s)


def _citizen(rng: random.Random, n: int) -> Citizen:
    shops = tuple(f"KZ-S-{rng.randrange(SHOPS)}" for _ in range(FAVOURITES))
    friends = tuple(rng.sample(range(CITIZENS), CONTACTS))
    return Citizen(f"+7701{2_000_000 + n:07d}", f"KZ-A-{n}", rng.lognormvariate(8.8, 0.5), shops, friends)


def _lives(rng: random.Random, town: list[Citizen], n: int, day: int) -> Iterator[Act]:
    """A citizen's honest day."""
    who = town[n]
    for k in range(_count(rng, PAYMENTS_A_DAY)):
        usual = rng.random() >= LARGE
        to_stranger = rng.random() < (STRANGER if usual else 0.6)
        payee = _elsewhere(rng) if to_stranger else rng.choice(who.shops)
        amount = who.usual * rng.lognormvariate(0.0, 0.6) * (1.0 if usual else rng.uniform(5, 30))
        yield _payment(f"p{day}-{n}-{k}", _waking_s(rng, day), who, payee, amount, False)
    for k in range(_count(rng, FRIENDS_CALL)):
        shown = {"trunk": "national", "attestation": "A"}
        yield _call(f"c{day}-{n}-{k}", _waking_s(rng, day), town[rng.choice(who.friends)].number, who, shown, False)
    for k in range(_count(rng, COURIERS_CALL)):
        at_s = _waking_s(rng, day)
        shown = {"trunk": "national", "attestation": "C"}
        yield _call(f"g{day}-{n}-{k}", at_s, f"+7727{3_000_000 + rng.randrange(60):07d}", who, shown, False)
        if rng.random() < PAYS_COURIER:
            amount = who.usual * rng.lognormvariate(0.3, 0.7)
            yield _payment(f"q{day}-{n}-{k}", at_s + rng.uniform(120, 1_800), who, _elsewhere(rng), amount, False)
    for k in range(_count(rng, ABROAD_CALLS)):
        yield _call(f"a{day}-{n}-{k}", _waking_s(rng, day), _from_abroad(rng), who, {"trunk": "foreign"}, False)


def _swindled(rng: random.Random, town: list[Citizen], day: int, n: int) -> Iterator[Act]:
    """One who is called and pays, to an account that serves for a few others as well."""
    who, at_s, chance = town[rng.randrange(CITIZENS)], _waking_s(rng, day), rng.random()
    if chance < PRESENTED:
        caller, shown = BANKS_NUMBER, {"trunk": "national", "attestation": "C"}
    elif chance < PRESENTED + FROM_ABROAD:
        caller, shown = _from_abroad(rng), {"trunk": "foreign"}
    else:
        caller, shown = town[rng.randrange(CITIZENS)].number, {"trunk": "national", "attestation": "A"}
    yield _call(f"f{day}-{n}", at_s, caller, who, shown, True)
    payee = _elsewhere(random.Random(f"mule {day} {n // OF_ONE_MULE}"))
    for k in range(1 + (rng.random() < 0.3)):
        amount = who.usual * rng.lognormvariate(1.6, 0.5)
        at_s += rng.uniform(300, 1_800)
        yield _payment(f"f{day}-{n}-{k}", at_s, who, payee, amount, True)


def _call(id: str, at_s: float, caller: str, callee: Citizen, shown: dict[str, str], is_fraud: bool) -> Act:
    return Act(at_s, "call", {"id": id, "caller": caller, "callee": callee.number} | shown, is_fraud)


def _payment(id: str, at_s: float, payer: Citizen, payee: str, amount: float, is_fraud: bool) -> Act:
    asked: dict[str, Any] = {"id": id, "account": payer.account, "payee": payee, "phone": payer.number}
    return Act(at_s, "payment", asked | {"amount": f"{amount:.2f}", "currency": "KZT"}, is_fraud)


def _elsewhere(rng: random.Random) -> str:
    return f"KZ-X-{rng.randrange(ACCOUNTS)}"


def _from_abroad(rng: random.Random) -> str:
    return f"+4420{rng.randrange(70_000_000, 80_000_000):08d}"


def _waking_s(rng: random.Random, day: int) -> float:
    return (day + rng.uniform(7 / 24, 22 / 24)) * DAY_S


def _count(rng: random.Random, mean: float) -> int:
    """Poisson's, by Knuth's way."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product, count = product * rng.random(), count + 1
    return count
