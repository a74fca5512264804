"""Blind: covered, sprayed, out of focus, flooded with light, or dark.

A thing that passes close by, as a bus does, hides the view too: but it has outlines of its own, and goes.
"""

from saqta.edge.plugins import Guard, Suspicion
from saqta.edge.settings import CameraSettings
from saqta.edge.view import Outlook

PLAIN_MIN = 0.65
"""Least share of what is lost that has nothing in its place, where the lens is covered."""
COVERED = ((0.9, 2.8, 4.6), (0.7, 3.6, 8.0), (0.45, 20.0, 20.0))
"""Least share of the view that is lost, and for how long it has to be, if suddenly and if not."""
PART_MIN, PART_S = 0.25, 4.2
"""The same of a part of the view that is lost suddenly, as behind a hand or a cloth."""
DOUBT_MIN = 0.7
"""With less of the view lost, what is left of it is looked at until the guard is sure."""
HIDDEN_MIN, RESTING_MAX, HIDDEN_S = 0.85, 0.5, 10.0
"""The same, where things come and go in its place."""
SHARPNESS_MAX, DETAIL_MAX, SOFT_S = 0.45, 0.6, 2.8
WHITE_MIN, WHITER_MIN, WHITE_S = 0.55, 0.4, 2.8
BRIGHT_MIN, DARK_MAX = 200, 40
"""Of 255: what a picture that shows nothing is called."""
EMPTY_MAX, EMPTY_S = 0.03, 10.0
"""Share of the picture in which there is anything at all, where it shows nothing from the start."""


def blind(settings: CameraSettings) -> Guard:
    """The guard against pictures that show nothing."""
    return suspect


def suspect(outlook: Outlook) -> Suspicion | None:
    """Why a frame shows nothing, if it does."""
    if outlook.present <= EMPTY_MAX and outlook.textured <= EMPTY_MAX:
        return Suspicion((f"{_look(outlook)}: nothing can be told apart in it",), 0.7, EMPTY_S, doubt=False)
    if not outlook.is_known:
        return None
    whiter = outlook.white - outlook.white_known
    if outlook.white >= WHITE_MIN and whiter >= WHITER_MIN:
        words = f"flooded with light: {outlook.white:.0%} of the picture is white, {outlook.white_known:.0%} was before"
        return Suspicion((words, _gone(outlook)), 0.6 + 0.4 * min(1.0, whiter), WHITE_S)
    return _covered(outlook) or _soft(outlook)


def _covered(outlook: Outlook) -> Suspicion | None:
    if outlook.lost >= HIDDEN_MIN and outlook.plain < PLAIN_MIN and outlook.resting < RESTING_MAX:
        words = "hidden: other things are where the known outlines were, and they change"
        return Suspicion((words, _gone(outlook)), 0.5 * outlook.lost, HIDDEN_S)
    for least, sudden_s, slow_s in COVERED:
        if outlook.lost >= least and outlook.plain >= PLAIN_MIN:
            certain = 0.5 + 0.5 * outlook.lost * outlook.plain
            wait_s = sudden_s if outlook.sudden else slow_s
            if outlook.part_sudden:
                wait_s = min(wait_s, PART_S)
            return Suspicion((_look(outlook), _gone(outlook)), certain, wait_s, doubt=least >= DOUBT_MIN)
    if outlook.part_sudden and outlook.lost >= PART_MIN and outlook.plain >= PLAIN_MIN:
        words = "covered in part: nothing is to be seen where it was"
        return Suspicion((words, _gone(outlook)), 0.5 + 0.5 * outlook.lost, PART_S, doubt=False)
    return None


def _soft(outlook: Outlook) -> Suspicion | None:
    if outlook.sharpness > SHARPNESS_MAX or outlook.detail > DETAIL_MAX:
        return None
    words = f"out of focus: outlines are in their place and {max(0.0, outlook.sharpness):.0%} as sharp as they were"
    return Suspicion((words,), 0.95 - 0.5 * max(0.0, outlook.sharpness), SOFT_S)


def _look(outlook: Outlook) -> str:
    if outlook.brightness <= DARK_MAX:
        return f"dark: the picture's brightness is {outlook.brightness:.0f} of 255"
    if outlook.brightness >= BRIGHT_MIN:
        return f"flooded with light: the picture's brightness is {outlook.brightness:.0f} of 255"
    return "covered: the picture is plain"


def _gone(outlook: Outlook) -> str:
    return f"{outlook.lost:.0%} of the view's known outlines are gone"
