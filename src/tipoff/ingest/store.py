"""The SQL of `ingest`: a file by COPY into a table of its own, from there what is new or changed into bronze."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from tipoff.database.locks import INGEST, take_lock
from tipoff.errors import FeedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tipoff.database.connection import Cursor
    from tipoff.ingest.tables import Table

BATCH_ROWS = 2_000


class Merged(NamedTuple):
    """What became of a file's rows; equal rows of one key count as one inserted and the others unchanged."""

    rows: int
    inserted: int
    updated: int

    @property
    def unchanged(self) -> int:
        """Rows that bronze had already."""
        return self.rows - self.inserted - self.updated


def lock_ingest(cursor: Cursor) -> None:
    """One ingest at a time: two would wait for each other's rows in different orders."""
    take_lock(cursor, INGEST)
    # A small sort memory would spill a season's rows to disk.
    cursor.execute("set local work_mem = '64MB'")


def foreign_source(cursor: Cursor, *, simulated: bool) -> str | None:
    """The source of a game that must not be mixed with what comes: a made-up one with real ones, or the reverse."""
    cursor.execute(
        "select source from bronze.games where (source = 'simulated') <> %s order by source limit 1", (simulated,)
    )
    found = cursor.fetchone()
    return found[0] if found else None


def stage(cursor: Cursor, table: Table, rows: Iterable[tuple[Any, ...]], *, on_batch: Callable[[], None]) -> int:
    """COPY checked rows, their line number first, into the table's staging table; returns how many.

    Raises:
        FeedError, or whatever else `rows` raises: After the copy has ended, so that the transaction goes on.
    """
    staging = _staging(table)
    cursor.execute(
        f"create temporary table {staging} on commit drop as"
        f" select 0::bigint as line, {', '.join(table.target)} from bronze.{table.name} with no data"
    )
    stream = _Stream(rows, on_batch)
    # COPY from stdin calls nothing but `read`.
    cursor.copy_expert(f"copy {staging} from stdin (format csv, encoding 'UTF8')", stream, size=1 << 16)  # type: ignore[arg-type]
    if stream.error is not None:
        raise stream.error
    cursor.execute(f"analyze {staging}")
    return stream.n


def unstage(cursor: Cursor, table: Table) -> None:
    """Drop the staging tables, if there are any."""
    cursor.execute(f"drop table if exists pg_temp.{_staging(table)}, pg_temp.{_staging(table)}_twice")


def refuse_contradictions(cursor: Cursor, table: Table, *, unit: str) -> None:
    """Collapse equal rows of one key.

    Raises:
        FeedError: Rows of one key differ; names their lines and the key.
    """
    staging, key = _staging(table), ", ".join(table.key)
    cursor.execute(
        f"create temporary table {staging}_twice on commit drop as"
        f" select {key}, min(line) as first_line from {staging} group by {key} having count(*) > 1"
    )
    if cursor.rowcount > 0:
        shown = ", ".join(f"first.{column}::text" for column in table.key)
        cursor.execute(
            f"select first.line, other.line, concat_ws(', ', {shown}) from {staging}_twice"
            f" join {staging} other using ({key}) join {staging} first on first.line = first_line"
            f" where {_row('other', table.target)} is distinct from {_row('first', table.target)} order by 1, 2 limit 5"
        )
        if found := cursor.fetchall():
            pairs = "; ".join(f"{unit}s {a} and {b} say different things of {of}" for a, b, of in found)
            raise FeedError(f"{pairs}.", "Keep the right ones; nothing of this file was ingested.")
        cursor.execute(
            f"delete from {staging} other using {staging}_twice twice where line > first_line"
            f" and {_row('other', table.key)} = {_row('twice', table.key)}"
        )


def merge(cursor: Cursor, table: Table, header: Sequence[str], n_rows: int) -> Merged:
    """Insert the staged rows that bronze lacks and update those that differ; a row that is there stays untouched."""
    cursor.execute(merge_statement(table, header))
    inserted, updated = cursor.fetchone() or (0, 0)
    return Merged(n_rows, inserted, updated)


def merge_statement(table: Table, header: Sequence[str]) -> str:
    """The merge of a staging table; columns that the file does not have keep what is known."""
    absent = {column.target for column in table.columns if not column.required and column.name not in header}
    absent -= table.settled.keys()  # these say themselves what becomes of nothing
    changing = [c for c in table.target if c not in {*table.key, *absent, "source"}]

    def settled(new: str) -> list[str]:
        return [table.settled.get(column, f"{{new}}.{column}").format(new=new) for column in changing]

    key, target = ", ".join(table.key), ", ".join(table.target)
    assignments = [f"{c} = {value}" for c, value in zip(changing, settled("excluded"), strict=True)]
    assignments += ["ingested_at = now()"] + ["source = excluded.source"] * ("source" not in table.key)
    differs = f"{_row('known', changing)} is distinct from row({', '.join(settled('new'))})"
    return (
        f"with changed as ("
        f" insert into bronze.{table.name} as known ({target})"
        f" select {', '.join(f'new.{column}' for column in table.target)} from {_staging(table)} new"
        f" left join bronze.{table.name} known using ({key})"
        # Rows that are as they should be are left out before the insert, which would lock each of them.
        f" where known.ingested_at is null or {differs}"
        f" on conflict ({key}) do update set {', '.join(assignments)}"
        f" returning xmax = 0 as is_new)"
        f" select count(*) filter (where is_new), count(*) filter (where not is_new) from changed"
    )


def postpone_moved_games(cursor: Cursor, table: Table) -> int:
    """A game whose id the staged file has under another date, and not under this one, was moved; returns how many."""
    cursor.execute(
        "update bronze.games known set status = 'postponed', ingested_at = now()"
        f" where home_pts is null and status = 'scheduled' and exists (select from {_staging(table)} new"
        " where new.game_id = known.game_id and new.season = known.season"
        " and least(new.home_team, new.away_team) = least(known.home_team, known.away_team)"
        " and greatest(new.home_team, new.away_team) = greatest(known.home_team, known.away_team))"
        f" and not exists (select from {_staging(table)} same where same.game_date = known.game_date"
        " and same.home_team = known.home_team and same.away_team = known.away_team)"
    )
    return cursor.rowcount


def _staging(table: Table) -> str:
    return f"ingest_{table.name}"


def _row(alias: str, columns: Iterable[str]) -> str:
    return f"row({', '.join(f'{alias}.{column}' for column in columns)})"


class _Stream:
    """What COPY reads: rows as CSV, a batch at a time, so that no file is ever whole in memory."""

    def __init__(self, rows: Iterable[tuple[Any, ...]], on_batch: Callable[[], None]) -> None:
        self.n = 0
        self.error: BaseException | None = None
        self._rows: Iterator[tuple[Any, ...]] = iter(rows)
        self._on_batch = on_batch

    def read(self, _size: int = -1) -> bytes:
        """The next batch, empty at the end. An error ends the copy and waits in `error`: here it would be lost."""
        try:
            batch = list(islice(self._rows, BATCH_ROWS))
            self._on_batch()
        except BaseException as error:  # KeyboardInterrupt too
            self.error = error
            return b""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(batch)
        self.n += len(batch)
        return text.getvalue().encode()
