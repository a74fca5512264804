"""What rows are, and what one event changes."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from saqta.model.event import Recorded
from saqta.model.step import Change, Tables

Changes = Callable[[Tables, Recorded, Any], Iterable[Change]]
"""What one event changes in one family of tables."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a table of ours."""
