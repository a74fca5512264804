"""Who comes to a public place, what they leave there and what becomes of it: plots with their full truth, of a seed."""

import random
from collections.abc import Sequence
from math import hypot, inf, tau
from typing import NamedTuple

from saqta.simulate.camera.layout import Spot
from saqta.simulate.camera.lens import WIDTH
from saqta.simulate.camera.scene import PERSON, Actor
from saqta.simulate.labels import Left
from saqta.simulate.left.places import Block, Place, block_box, spot_at

AWAY_M = 3.0
"""An owner further from a thing than this has left it (PETS 2006, i-LIDS)."""
STORIES = (
    "left", "left", "left", "left", "left_after_a_while", "left_in_a_crowd", "left_in_a_crowd", "appeared",
    "attended", "reclaimed", "taken", "ghost", "ghost", "stands", "sits", "sits", "crowd", "parked", "train", "nothing",
)  # fmt: skip
"""What a seed may be about, the frequent ones more than once."""


class Thing(NamedTuple):
    """A thing that rests where its block is from ``from_s`` to ``until_s``, and is carried by ``bringer`` before and by
    ``taker`` after."""

    block: Block
    from_s: float
    until_s: float
    bringer: Actor | None = None
    taker: Actor | None = None


class Plot(NamedTuple):
    """One story; ``left`` is its truth."""

    story: str
    seconds: float
    abandoned_after_s: float
    people: tuple[Actor, ...]
    things: tuple[Thing, ...]
    left: tuple[Left, ...]
    train_s: tuple[float, float] | None = None


class Walk:
    """Puts an actor together, waypoint by waypoint."""

    def __init__(self, rng: random.Random, start: Spot, start_s: float, speed_ms: float | None = None) -> None:
        self._rng, self._speed_ms = rng, speed_ms or rng.uniform(0.9, 1.6)
        self.times, self.spots = [start_s], [start]

    @property
    def now_s(self) -> float:
        return self.times[-1]

    def to(self, *spots: Spot) -> "Walk":
        for spot in spots:
            far_m = hypot(spot[0] - self.spots[-1][0], spot[1] - self.spots[-1][1])
            self._at(spot, max(0.05, far_m / self._speed_ms))
        return self

    def stay(self, seconds: float) -> "Walk":
        """Stands there as people do: never quite still."""
        until_s, (x, y) = self.now_s + seconds, self.spots[-1]
        while self.now_s < until_s - 0.1:
            pause_s = min(self._rng.uniform(0.8, 5.0), until_s - self.now_s)
            self._at(self.spots[-1], pause_s)
            sway_m = self._rng.choice((0.03, 0.05, 0.12))
            self._at((x + self._rng.uniform(-sway_m, sway_m), y + self._rng.uniform(-sway_m, sway_m)), 0.4)
        return self

    def rest(self, seconds: float) -> "Walk":
        """Does not move at all."""
        self._at(self.spots[-1], seconds)
        return self

    def actor(self, sits: bool = False, kind: str = PERSON) -> Actor:
        xs, ys = zip(*self.spots, strict=True)
        look = self._rng.getrandbits(32)
        return Actor(f"{kind}{look}", kind, tuple(self.times), xs, ys, look, sits)

    def _at(self, spot: Spot, after_s: float) -> None:
        self.times.append(self.now_s + after_s)
        self.spots.append(spot)


class Stage:
    """Where people can be in a place: spots in view, of people of fair size, and ways out of it."""

    def __init__(self, rng: random.Random, place: Place) -> None:
        self._rng, self._lens, self._place = rng, place.lens, place
        self.near_m, self.far_m = (
            place.lens.focal_px * 1.75 / 190,
            min(place.back_m - 1.5, place.lens.focal_px * 1.75 / 50),
        )

    def spot(self) -> Spot:
        """Somewhere in view where nothing stands before it."""
        for _ in range(200):
            x_px, y_px = self._rng.uniform(0.14, 0.86) * WIDTH, self._rng.uniform(90, 340)
            x, y = spot_at(self._lens, x_px, y_px)
            if self.near_m < y < self.far_m and self._is_clear(x_px, y_px, y):
                return x, y
        return spot_at(self._lens, WIDTH / 2, 300)

    def exit(self, near: Spot | None = None) -> Spot:
        """Out of view, at the left or at the right."""
        side = self._rng.choice((-1, 1))
        y = self._rng.uniform(self.near_m, self.far_m) if near is None else near[1] + self._rng.uniform(-2, 2)
        y = min(max(y, self.near_m), self.far_m)
        reach = (WIDTH / 2 + 70) / self._lens.focal_px
        return side * reach * (y + 1.5), y

    def _is_clear(self, x_px: float, y_px: float, y: float) -> bool:
        window = self._place.depth[max(0, int(y_px) - 70) : int(y_px) + 4, max(0, int(x_px) - 35) : int(x_px) + 36]
        return bool((window > y + 0.4).all())


def plot(seed: int, place: Place, story: str | None = None) -> Plot:
    """What happens in a place; ``story`` is one of STORIES, drawn from the seed where None."""
    rng = random.Random(f"plot {seed}")
    drawn = rng.choice(STORIES)
    return _Author(rng, place, story or drawn).told()


class _Author:
    def __init__(self, rng: random.Random, place: Place, story: str) -> None:
        self.rng, self.place, self.story = rng, place, story
        self.stage = Stage(rng, place)
        self.after_s = rng.choice((10.0, 15.0, 20.0, 30.0))
        self.seconds = self.after_s + rng.uniform(45, 65)
        self.people: list[Actor] = []
        self.things: list[Thing] = []
        self.left: list[Left] = []
        self.train_s: tuple[float, float] | None = None

    def told(self) -> Plot:
        begin_s = self.rng.uniform(7, 12)
        match self.story:
            case "left" | "left_in_a_crowd":
                self.leave(begin_s, self.rng.choice((0.0, 0.0, 1.0, 4.0)))
            case "left_after_a_while":
                self.leave(begin_s, self.rng.uniform(6, 18))
            case "attended":
                self.leave(begin_s, self.seconds)
            case "reclaimed" | "taken":
                self.leave(begin_s, self.rng.uniform(0, 3), taken_after_s=self.rng.uniform(0.4, 1.6) * self.after_s)
            case "appeared":
                self.things.append(self._appears(self.stage.spot(), begin_s))
            case "ghost":
                self.take_away(begin_s)
            case "stands" | "sits":
                self.linger(begin_s, sits=self.story == "sits")
            case "parked":
                self.park(begin_s)
            case "train":
                self.train_s = (begin_s + 2, self.rng.uniform(0.6, 1.0) * self.seconds)
        self.pass_by(self.rng.randint(6, 12) if "crowd" in self.story else self.rng.randint(0, 4))
        return Plot(
            self.story,
            self.seconds,
            self.after_s,
            tuple(self.people),
            tuple(self.things),
            tuple(self.left),
            self.train_s,
        )

    def leave(self, begin_s: float, lingers_s: float, taken_after_s: float | None = None) -> None:
        spot = self.stage.spot()
        walk = Walk(self.rng, self.stage.exit(spot), begin_s).to(self._beside(spot))
        put_down_s = walk.now_s + 0.6
        walk.stay(1.2 + lingers_s)
        owner = walk.to(self.stage.exit(spot)).actor(sits=lingers_s > 8 and self.rng.random() < 0.4)
        self.people.append(owner)
        left_s = _left_s(owner, spot, put_down_s)
        taken_s, taker = None, None
        if taken_after_s is not None and left_s < self.seconds:
            taker = self._taker(owner, spot, max(left_s + taken_after_s, owner.times[-1] + 1))
            taken_s = _beside_s(taker, spot) + 0.6
        self._lay(self._bag(spot), put_down_s, left_s, taken_s, owner, taker)

    def take_away(self, begin_s: float) -> None:
        """Somebody takes a thing that was there from the beginning."""
        spot = self.stage.spot()
        walk = Walk(self.rng, self.stage.exit(spot), begin_s + self.rng.uniform(0, 15)).to(self._beside(spot))
        taken_s = walk.now_s + 0.6
        taker = walk.stay(1.2).to(self.stage.exit(spot)).actor()
        self.people.append(taker)
        self.things.append(Thing(self._bag(spot), -inf, taken_s, None, taker))

    def linger(self, begin_s: float, sits: bool) -> None:
        """People stay where they are for long, and one of them goes before the end."""
        for number in range(self.rng.randint(1, 2)):
            spot = self.stage.spot()
            stays_s = self.seconds if number else self.rng.uniform(20, 60)
            walk = Walk(self.rng, self.stage.exit(spot), begin_s + 3 * number).to(spot).stay(stays_s)
            self.people.append(walk.to(self.stage.exit(spot)).actor(sits))

    def park(self, begin_s: float) -> None:
        """A car comes and stays."""
        spot = self.stage.spot()
        walk = Walk(self.rng, self.stage.exit(spot), begin_s, self.rng.uniform(3, 6)).to(spot)
        self.people.append(walk.rest(self.seconds).actor(kind="car"))

    def pass_by(self, count: int) -> None:
        """People cross the picture, in a crowd story before what lies there."""
        for _ in range(count):
            lies = self.things[0].block.spot if self.things and "crowd" in self.story else None
            depth = None if lies is None else (lies[0], lies[1] - self.rng.uniform(0.4, 2.5))
            start, end = self.stage.exit(depth), self.stage.exit(depth)
            end = (-abs(end[0]) if start[0] > 0 else abs(end[0]), end[1])
            self.people.append(Walk(self.rng, start, self.rng.uniform(0, self.seconds - 8)).to(end).actor())

    def _appears(self, spot: Spot, at_s: float) -> Thing:
        """A thing that nobody was seen to bring: thrown in, or put down while something hid it."""
        thing = Thing(self._bag(spot), at_s, inf)
        self._note(thing, at_s, at_s, None)
        return thing

    def _lay(
        self, block: Block, put_down_s: float, left_s: float, taken_s: float | None, owner: Actor, taker: Actor | None
    ) -> None:
        thing = Thing(block, put_down_s, inf if taken_s is None else taken_s, owner, taker)
        self.things.append(thing)
        self._note(thing, put_down_s, left_s if left_s < self.seconds else None, taken_s)

    def _note(self, thing: Thing, put_down_s: float, left_s: float | None, taken_s: float | None) -> None:
        due_s = inf if left_s is None else left_s + self.after_s
        told = due_s < min(self.seconds, inf if taken_s is None else taken_s)
        box = block_box(thing.block, self.place.lens)
        abandoned_s = due_s if told else None
        self.left.append(Left(box=box, put_down_s=put_down_s, left_s=left_s, taken_s=taken_s, abandoned_s=abandoned_s))

    def _taker(self, owner: Actor, spot: Spot, near_s: float) -> Actor:
        """Who takes it: the owner, who comes back, or another one."""
        walk = Walk(self.rng, self.stage.exit(spot), near_s).to(self._beside(spot)).stay(1.2)
        taker = walk.to(self.stage.exit(spot)).actor()
        taker = taker._replace(look=owner.look) if self.story == "reclaimed" else taker
        self.people.append(taker)
        return taker

    def _bag(self, spot: Spot) -> Block:
        sizes = ((0.45, 0.25, 0.65), (0.4, 0.3, 0.45), (0.6, 0.3, 0.32), (0.5, 0.45, 0.5), (0.35, 0.25, 0.5))
        across, ahead, up = (size * self.rng.uniform(0.9, 1.2) for size in self.rng.choice(sizes))
        shade = self._unlike(spot)
        return Block(spot, (across, ahead, up), self.rng.uniform(-0.7, 0.7), shade, self.rng.getrandbits(32))

    def _unlike(self, spot: Spot) -> float:
        """A brightness that can be told from the ground there."""
        x_px, y_px = self.place.lens.on_ground([spot])[0].astype(int).tolist()
        ground = float(self.place.picture[max(0, y_px - 12) : y_px + 4, max(0, x_px - 8) : x_px + 8].mean())
        shades = [shade for shade in range(15, 240, 5) if abs(shade - ground) > 40]
        return float(self.rng.choice(shades))

    def _beside(self, spot: Spot) -> Spot:
        return spot[0] + self.rng.choice((-1, 1)) * self.rng.uniform(0.45, 0.65), spot[1] + self.rng.uniform(
            -0.15, 0.25
        )


def _left_s(owner: Actor, spot: Spot, put_down_s: float) -> float:
    """When the owner was further than AWAY_M for the first time."""
    at_s = put_down_s
    while (pose := owner.pose(at_s)) is not None and hypot(pose.x - spot[0], pose.y - spot[1]) <= AWAY_M:
        at_s += 0.1
    return at_s


def _beside_s(taker: Actor, spot: Spot) -> float:
    """When somebody got within reach of a thing."""
    ways = zip(taker.times, taker.xs, taker.ys, strict=True)
    return next(at_s for at_s, x, y in ways if hypot(x - spot[0], y - spot[1]) < 0.9)


def carried(actor: Actor, at_s: float, block: Block) -> Block | None:
    """A thing in somebody's hand at a moment."""
    pose = actor.pose(at_s)
    if pose is None:
        return None
    return block._replace(spot=(pose.x + 0.35, pose.y - 0.05), turn=pose.heading % tau)


def people_at(people: Sequence[Actor], at_s: float) -> list[Actor]:
    """Those who are there."""
    return [actor for actor in people if actor.times[0] <= at_s < actor.times[-1]]
