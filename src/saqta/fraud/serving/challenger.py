"""The challenger: a second model that decides in shadow, on the very features that the one in force reads.

What it says is recorded and compared (``reviewing``). Nothing is done because of it, and nothing puts it into force.
"""

import base64
from typing import NamedTuple

import numpy as np

from saqta.fraud.engine.layout import PAYMENT, Array
from saqta.fraud.engine.machine import MODEL_FEATURES
from saqta.fraud.engine.rules import ACTIONS, Rules
from saqta.fraud.engine.trees import score_rows
from saqta.fraud.learning.folder import Model
from saqta.model.kinds import Challenge

CHALLENGED = np.dtype([("score", "<f4"), ("action", "u1")])
"""It lies in logs, and is never changed."""


class Challenged(NamedTuple):
    """What the model of this version says of decisions, in their order: ``rows`` (n,) CHALLENGED."""

    version: str
    rows: Array

    def recorded(self, start: int, end: int) -> Challenge:
        """The same of some rows, as it stands in the log."""
        return Challenge(model=self.version, rows=base64.b64encode(self.rows[start:end].tobytes()).decode())


class Challenger:
    """Asks one model; for one thread."""

    def __init__(self, model: Model) -> None:
        self._version, self._trees = model.version, model.trees
        reached = sorted((ACTIONS.index(action), from_) for action, from_ in model.manifest.thresholds.items())
        self._reached = [(np.uint8(action), from_) for action, from_ in reached]

    def judge(self, events: Array, values: Array, answers: Array, rules: Rules, acts: bool) -> Challenged:
        """What it says of decided ``events`` (layout.EVENT), from their features (n, features) and the rules that fired
        (``answers``, layout.ANSWER); rules alone act where it does not."""
        rows, scores = np.zeros(len(events), CHALLENGED), np.zeros(len(events))
        score_rows(self._trees, np.ascontiguousarray(values[:, :MODEL_FEATURES]), scores)
        scores[events["kind"] != PAYMENT] = 0.0
        masks, which = np.unique(answers["mask"], return_inverse=True)
        strictest = [
            max((ACTIONS.index(rule.action) for rule in rules.fired(mask)), default=0) for mask in masks.tolist()
        ]
        rows["action"] = np.array(strictest, np.uint8)[which]
        for action, from_ in self._reached if acts else ():
            reached = (events["kind"] == PAYMENT) & (scores >= from_)
            rows["action"][reached] = np.maximum(rows["action"][reached], action)
        rows["score"] = scores
        return Challenged(self._version, rows)


def challenged_of(challenge: Challenge) -> Array:
    """The rows (n,) CHALLENGED as they were recorded."""
    return np.frombuffer(base64.b64decode(challenge.rows), CHALLENGED)
