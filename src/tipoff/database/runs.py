"""`gold.ml_runs`: one row per run that came to its end."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from tipoff import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tipoff.database.connection import Cursor


def new_run_id(now: datetime) -> str:
    """A run's id: its start in UTC and eight random digits, so that ids sort by time."""
    return f"{now:%Y%m%dT%H%M%SZ}-{os.urandom(4).hex()}"


def record_run(
    cursor: Cursor,
    *,
    run_id: str,
    command: str,
    started_at: datetime,
    exit_code: int,
    counts: Mapping[str, int],
    model_id: str | None = None,
    as_of: datetime | None = None,
) -> None:
    """Write the run's row within the transaction of what it did; the database's clock says when it finished."""
    cursor.execute(
        "insert into gold.ml_runs"
        " (run_id, command, started_at, finished_at, exit_code, counts, model_id, as_of, code_version)"
        " values (%s, %s, %s, greatest(%s, clock_timestamp()), %s, %s, %s, %s, %s)",
        (run_id, command, started_at, started_at, exit_code, json.dumps(counts), model_id, as_of, __version__),
    )
