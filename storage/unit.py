"""One unit of work: what a plain function may touch inside one transaction.

Units share commits and may run again after a failure (CONTRACT 1.3): whatever is random or
tells the time comes in here, drawn outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from storage.crypto import Sealed, Vault
from storage.session import Session


class Unit(msgspec.Struct):
    session: Session
    """Bound to the writing connection; a unit never commits or rolls back."""
    vault: Vault
    ids: Iterator[int]
    """Fresh row ids, rising, from a block reserved outside (`storage.ids`)."""
    now: datetime
    """Aware UTC."""

    def seal(self, column: str, row: int, value: str | None) -> Sealed | None:
        """Return `value` sealed for its place; None stays None."""
        return None if value is None else self.vault.seal(column, row, value)
