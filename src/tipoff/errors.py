"""Every error a user can meet, and the exit code it ends the process with.

    TipoffError            1  unexpected
    ├── UsageError         2  wrong usage or settings
    ├── DatabaseError      3  unreachable, tables missing, or a right is missing
    ├── ContractError      4  a table breaks the shape that the contract fixes
    ├── StaleError         6  games of the slate have no features, or all features are old
    ├── ModelError         7  the bundle cannot be loaded, is tampered with, or does not fit
    ├── FeedError          8  a feed or file failed or was unreadable
    └── CheckError         9  verify, leakcheck, replay, doctor or grade --check said no

Exit code 5 (games refused, the others predicted) is an outcome, not an error: see `predict`.
"""


class TipoffError(Exception):
    """An error with a sentence for a person and the next step to take.

    Args:
        message: One sentence that names the value and what was expected.
        action: What to do next; printed after the message.
    """

    code = 1

    def __init__(self, message: str, action: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.action = action

    def __str__(self) -> str:
        return f"{self.message} {self.action}".strip()


class UsageError(TipoffError):
    """A flag, an argument or a setting is wrong."""

    code = 2


class DatabaseError(TipoffError):
    """The database is unreachable, lacks a table, or refuses the role a right."""

    code = 3


class ContractError(TipoffError):
    """A table has a missing column, a wrong type, or the same game twice."""

    code = 4


class StaleError(TipoffError):
    """The features are older than the slate."""

    code = 6


class ModelError(TipoffError):
    """A model bundle is missing, damaged, or made for other features."""

    code = 7


class FeedError(TipoffError):
    """A feed or file could not be read."""

    code = 8


class CheckError(TipoffError):
    """A check ran to its end and found a fault."""

    code = 9
