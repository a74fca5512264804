"""Zones that hold too much: each told once it has lasted, and not again before it is well over."""


class Overfull:
    """Remembers since when there is too much in which zone, and what was told."""

    def __init__(self, lasts_s: float) -> None:
        self._lasts_s = lasts_s
        self._since_s: dict[str, float] = {}
        self._told: set[str] = set()

    def is_due(self, zone: str, too_much: bool, over: bool, at_s: float) -> bool:
        """Whether a zone is to be told with this frame; asked of every frame, in order. ``over`` when it holds so
        little that the next time is told again."""
        if over:
            self._told.discard(zone)
        if not too_much:
            self._since_s.pop(zone, None)
            return False
        since_s = self._since_s.setdefault(zone, at_s)
        if zone in self._told or at_s - since_s < self._lasts_s:
            return False
        self._told.add(zone)
        return True
