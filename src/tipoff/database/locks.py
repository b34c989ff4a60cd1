"""Advisory locks: who waits for whom, in one place, so that no two share a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tipoff.database.connection import Cursor

# The key of each is its name's bytes, so that pg_locks shows something that can be told.
MIGRATE = int.from_bytes(b"tipoff m")
INGEST = int.from_bytes(b"tipoff i")
BUILD = int.from_bytes(b"tipoff b")
LEDGER = int.from_bytes(b"tipoff l")
GRADE = int.from_bytes(b"tipoff g")

# Longer than any step holds one; whoever waits longer is behind a process that hangs.
PATIENCE = "5min"


def take_lock(cursor: Cursor, key: int) -> None:
    """Wait for a lock and hold it until the transaction ends.

    Raises:
        psycopg2.errors.LockNotAvailable: It was not free within `PATIENCE`.
    """
    cursor.execute("select set_config('lock_timeout', %s, true), pg_advisory_xact_lock(%s)", (PATIENCE, key))
