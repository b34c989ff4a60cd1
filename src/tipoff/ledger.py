"""The ledger's arithmetic: canonical JSON, and a chain of sha256 hashes over it.

`row_hash = sha256(prev_hash ‖ canonical JSON)`: keys sorted, no spaces, UTF-8, floats as their shortest round-trip,
instants as UTC with microseconds. The first `prev_hash` is 64 zeros.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

GENESIS = "0" * 64

# The columns that the hash covers, in the table's order: all but the two hashes themselves.
HASHED_COLUMNS = (
    "log_id",
    "game_date",
    "home_team",
    "away_team",
    "game_id",
    "tip_off_at",
    "season",
    "model_id",
    "variant",
    "p_home",
    "p_home_anchored",
    "p_home_blind",
    "p_home_market",
    "features",
    "as_of",
    "predicted_at",
    "live",
    "in_sample",
    "run_id",
)


def canonical_json(value: Any) -> str:
    """One text per value, whatever made it.

    Raises:
        ValueError: A NaN or an infinity, which JSON has no word for.

    >>> canonical_json({"b": 0.1, "a": datetime(2024, 1, 15, 17, tzinfo=UTC)})
    '{"a":"2024-01-15T17:00:00.000000Z","b":0.1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def row_hash(prev_hash: str, row: Mapping[str, Any]) -> str:
    """The hash that chains a row to the one before it: 64 hexadecimal digits."""
    content = canonical_json({name: row[name] for name in HASHED_COLUMNS})
    return hashlib.sha256((prev_hash + content).encode()).hexdigest()


def chained(rows: Iterable[Mapping[str, Any]], *, after: tuple[int, str] = (0, GENESIS)) -> Iterator[dict[str, Any]]:
    """The rows with their `log_id`, `prev_hash` and `row_hash`, following the ledger's head.

    Args:
        rows: Every hashed column but `log_id`, in the order to append.
        after: The head as (log_id, row_hash); of an empty ledger (0, 64 zeros).
    """
    log_id, head = after
    for row in rows:
        log_id += 1
        linked = {**row, "log_id": log_id, "prev_hash": head}
        head = linked["row_hash"] = row_hash(head, linked)
        yield linked
