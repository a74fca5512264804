"""Figures of traffic: what crossed each line of a camera in a minute, how fast, and for how long it was occupied."""

from collections.abc import Sequence

from saqta.edge.tracking.ground import Speed, mean
from saqta.edge.tracking.lines import Crossing
from saqta.model.kinds import LineCounted

MINUTE_S = 60.0

Directions = dict[str, dict[str, int]]
"""``forward`` and ``backward``, each a count by class."""


def no_counts() -> Directions:
    """Nothing crossed yet."""
    return {"forward": {}, "backward": {}}


def count(into: Directions, crossing: Crossing) -> None:
    """Adds a crossing."""
    by_class = into["forward" if crossing.forward else "backward"]
    by_class[crossing.kind] = by_class.get(crossing.kind, 0) + 1


class LineFigures:
    """The running minute of one line."""

    def __init__(self) -> None:
        self.counts = no_counts()
        self.occupied_s = self.watched_s = 0.0
        self.speeds: list[Speed] = []

    def record(self, camera: str, line: str, from_s: float, until_s: float) -> LineCounted:
        """The minute as it is told."""
        kmh = uncertainty_kmh = None
        if self.speeds:
            kmh, uncertainty_kmh = (round(value, 1) for value in mean(self.speeds))
        return LineCounted(
            camera=camera,
            line=line,
            from_s=round(from_s, 3),
            until_s=round(until_s, 3),
            forward=self.counts["forward"],
            backward=self.counts["backward"],
            occupied=round(self.occupied_s / self.watched_s, 4) if self.watched_s else None,
            speed_kmh=kmh,
            speed_uncertainty_kmh=uncertainty_kmh,
        )


class Figures:
    """All lines of one session of a camera: ``counts`` since it began, and the running minute."""

    def __init__(self, camera: str, lines: Sequence[str]) -> None:
        self.counts: dict[str, Directions] = {name: no_counts() for name in lines}
        self._camera, self._minute_s = camera, 0.0
        self._minute = {name: LineFigures() for name in lines}

    def add(self, step_s: float, crossings: Sequence[Crossing], occupied: Sequence[str]) -> None:
        """Takes in a frame in which these lines are ``occupied``."""
        for name, figures in self._minute.items():
            figures.watched_s += step_s
            figures.occupied_s += step_s if name in occupied else 0.0
        for crossing in crossings:
            count(self.counts[crossing.line], crossing)
            figures = self._minute[crossing.line]
            count(figures.counts, crossing)
            if crossing.speed is not None:
                figures.speeds.append(crossing.speed)

    def due(self, at_s: float) -> bool:
        """Whether the minute is over."""
        return at_s - self._minute_s >= MINUTE_S

    def told(self, at_s: float) -> Sequence[LineCounted]:
        """The minute of each line, which ends now; none where no time has passed."""
        since_s, self._minute_s = self._minute_s, at_s
        if at_s <= since_s:
            return ()
        minute, self._minute = self._minute, {name: LineFigures() for name in self._minute}
        return [figures.record(self._camera, name, since_s, at_s) for name, figures in minute.items()]
