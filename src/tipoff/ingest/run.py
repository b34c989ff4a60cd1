"""The imperative shell of `ingest`: each file of a folder into bronze, all in the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tipoff import log
from tipoff.database.catalog import require_rights
from tipoff.database.runs import record_run
from tipoff.errors import FeedError, UsageError
from tipoff.ingest import store
from tipoff.ingest.check import Bounds, check_header, checked_rows
from tipoff.ingest.readers import opened
from tipoff.ingest.tables import GAMES, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from tipoff.database.connection import Cursor
    from tipoff.ingest.tables import Table

    Progress = Callable[[str, int], None]

SIMULATED = "simulated"
FILE_NAMES = tuple(table.name for table in TABLES)


class Run(NamedTuple):
    """What identifies a run and what it was asked for; `source` is what bronze says of rows without their own."""

    run_id: str
    now: datetime
    source: str = "files"
    bounds: Bounds = Bounds()


class TableCounts(NamedTuple):
    """What a file changed. `postponed` counts games that moved to another date, beside the file's own rows."""

    table: str
    file: str
    rows: int
    inserted: int
    updated: int
    unchanged: int
    postponed: int = 0


class Failure(NamedTuple):
    """A file of which nothing was ingested, and why."""

    file: str
    message: str


class Outcome(NamedTuple):
    """What a run did, for the command line to show."""

    run_id: str
    tables: Sequence[TableCounts] = ()
    failed: Sequence[Failure] = ()

    @property
    def exit_code(self) -> int:
        """8 if any file failed, else 0."""
        return FeedError.code if self.failed else 0


def ingest_files(
    cursor: Cursor, files: Mapping[str, Path], run: Run, *, progress: Progress = lambda _file, _position: None
) -> Outcome:
    """Read each file, merge it into its bronze table and write the run's row; a bad file leaves no trace.

    Args:
        cursor: Within the transaction that all of this is part of.
        files: The file of each table, as `find_files` gives them.
        run: What is asked for.
        progress: Told a file's name and how many of its bytes are read, now and then.

    Raises:
        UsageError: A made-up league would be mixed with a real one.
    """
    rights = ("select", "insert", "update")
    require_rights(cursor, {f"bronze.{name}": rights for name in files} | {"gold.ml_runs": ("insert",)})
    store.lock_ingest(cursor)
    _keep_apart(cursor, run)
    tables: list[TableCounts] = []
    failed: list[Failure] = []
    for table in TABLES:
        if table.name not in files:
            continue
        path = files[table.name]
        try:
            counts = _ingest(cursor, table, path, run, progress)
        except FeedError as error:
            failed.append(Failure(path.name, f"{path.name}: {error}"))
            log.error(failed[-1].message, file=path.name)
        else:
            tables.append(counts)
            _log(counts)
        # Not in a `finally`: after an error of the database it would hide what went wrong.
        store.unstage(cursor, table)
    outcome = Outcome(run.run_id, tables, failed)
    _record(cursor, outcome, run)
    return outcome


def _keep_apart(cursor: Cursor, run: Run) -> None:
    other = store.foreign_source(cursor, simulated=run.source == SIMULATED)
    if other is not None:
        raise UsageError(
            f"The database holds games of the source {other!r}, and {run.source!r} must not be mixed with them.",
            "Keep the simulated league in a database of its own.",
        )


def _ingest(cursor: Cursor, table: Table, path: Path, run: Run, progress: Progress) -> TableCounts:
    with opened(path) as source:
        check_header(table, source.header)
        rows = checked_rows(table, source.header, source.rows, unit=source.unit, source=run.source, bounds=run.bounds)
        n = store.stage(cursor, table, rows, on_batch=lambda: progress(path.name, source.position()))
    store.refuse_contradictions(cursor, table, unit=source.unit)
    merged = store.merge(cursor, table, source.header, n)
    postponed = store.postpone_moved_games(cursor, table) if table is GAMES else 0
    return TableCounts(table.name, path.name, merged.rows, merged.inserted, merged.updated, merged.unchanged, postponed)


def _log(counts: TableCounts) -> None:
    moved = f", {counts.postponed} moved games postponed on their old date" if counts.postponed else ""
    log.info(
        f"ingested {counts.table}: {counts.rows} rows of {counts.file}, {counts.inserted} new,"
        f" {counts.updated} updated, {counts.unchanged} unchanged{moved}",
        **counts._asdict(),
    )


def _record(cursor: Cursor, outcome: Outcome, run: Run) -> None:
    counts = {
        f"{table.table}_{name}": getattr(table, name)
        for table in outcome.tables
        for name in ("rows", "inserted", "updated")
    }
    counts["failed_files"] = len(outcome.failed)
    record_run(
        cursor,
        run_id=run.run_id,
        command="ingest",
        started_at=run.now,
        exit_code=outcome.exit_code,
        counts=counts,
    )
