"""Why storage could not do what it was asked.

Library exceptions are converted here once; what a person or an operator reads says what
happened, what was kept and what to do.
"""

from __future__ import annotations


class StorageError(Exception):
    """Anything that went wrong below the handlers."""


class Conflict(StorageError):
    """Somebody was quicker: the row is not as it was when it was read."""


class SealBroken(StorageError):
    """A sealed value does not open: edited, moved to another row, or sealed with another key."""


class Refused(StorageError):
    """Storage cannot be used as it stands; the message is a sentence for the operator."""


class DatabaseRefused(Refused):
    """The database cannot be opened or written."""


class DatabaseAway(DatabaseRefused):
    """The database cannot be reached, or the connection was cut; another try may succeed.

    Cut in the middle of a commit, it says nothing about whether that is kept.
    """


class TryAgain(StorageError):
    """Two transactions were in each other's way; nothing was kept and the same will do again."""


class KeyRefused(Refused):
    """The key file is missing, readable by others, damaged, or not this database's."""


class FolderRefused(Refused):
    """The attachment folder cannot be written."""


class FileRefused(StorageError):
    """A file is not taken: its content says why, by code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        """`empty`, `type` (not one of the kinds we keep) or `size`."""
