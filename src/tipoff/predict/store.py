"""Every SQL statement of `predict`: reading features and schedule, writing predictions and the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tipoff.database.bulk import insert_pages
from tipoff.database.catalog import require
from tipoff.database.locks import LEDGER, take_lock
from tipoff.database.predictions_table import (
    COLUMNS,
    COMPATIBLE_COLUMNS,
    KEY,
    OUR_COLUMNS,
    TABLE,
    check_columns,
    has_key,
)
from tipoff.errors import ContractError
from tipoff.league import ASSUMED_TIP_OFF, LONGEST_GAME, SCORE_KNOWN
from tipoff.ledger import GENESIS, HASHED_COLUMNS, canonical_json, chained
from tipoff.predict.features import GameKey
from tipoff.predict.slate import ScheduledGame
from tipoff.teams import resolve_team

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from tipoff.database.catalog import Relation
    from tipoff.database.connection import Cursor

FEATURES = "silver.ml_game_features"
HISTORY = "silver.ml_game_features_history"
LOG = "gold.ml_prediction_log"

SCHEDULE = "bronze.games"
FLAGS = "gold.feature_flags"

OUTPUT_RIGHTS = {
    TABLE: ("select", "insert", "update"),
    LOG: ("select", "insert"),
    "gold.ml_runs": ("select", "insert"),
}


def season_is_off(cursor: Cursor, flags: Relation) -> bool:
    """Whether `gold.feature_flags` exists and says 0, false or NULL for `season`."""
    if not flags.exists:
        return False
    require({FLAGS: flags}, {FLAGS: ("select",)})  # a switch that cannot be read is not taken for one that is on
    cursor.execute(f"select is_enabled::text from {FLAGS} where flag = 'season'")
    values = [value for (value,) in cursor.fetchall()]
    return bool(values) and all(value is None or value.rstrip("0") in ("", "0.", "false") for value in values)


def check_output(table: Relation) -> None:
    """The predictions table has our columns and the key.

    Raises:
        ContractError: It is of another's making and was not adopted.
    """
    check_columns(table.columns, COMPATIBLE_COLUMNS, TABLE)
    if missing := [name for name in OUR_COLUMNS if name not in table.columns]:
        raise ContractError(f"{TABLE} lacks {', '.join(missing)}.", "Run tipoff migrate, which adds them.")
    check_columns(table.columns, OUR_COLUMNS, TABLE)
    if not has_key(table):
        raise ContractError(f"{TABLE} has no key ({', '.join(KEY)}).", "Run tipoff migrate, which adds it.")


def read_rows(
    cursor: Cursor, relation: str, columns: Mapping[str, str], *, first: date, last: date | None = None
) -> list[dict[str, Any]]:
    """Rows of league dates from `first` to `last`, and those without a date, which are refused by name.

    Numbers arrive as floats whatever their type; teams as text without padding.
    """
    cast = {"number": "{}::float8", "text": "rtrim({}::text)", "date": "{}", "instant": "{}"}
    selected = ", ".join(cast[kind].format(_quoted(name)) for name, kind in columns.items())
    cursor.execute(
        f"select {selected} from {relation}"
        " where game_date is null or (game_date >= %s and (%s::date is null or game_date <= %s))"
        " order by game_date, home_team, away_team",
        (first, last, last),
    )
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _quoted(name: str) -> str:
    """A column's name within a statement that has parameters; a model may read a column named "fg%"."""
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


def has_rows(cursor: Cursor, relation: str) -> bool:
    """Whether the table has any row at all."""
    cursor.execute(f"select exists (select from {relation})")
    return cursor.fetchone() == (True,)


def read_schedule(cursor: Cursor, *, first: date, last: date, as_of: datetime) -> list[ScheduledGame]:
    """What `bronze.games` knows of these dates."""
    cursor.execute(
        "select game_date, home_team, away_team, tip_off_at, home_pts is not null and"
        " coalesce(tip_off_at + %s, (game_date + 1 + %s) at time zone 'America/New_York') <= %s,"
        " status in ('postponed', 'cancelled') from bronze.games where game_date between %s and %s",
        (LONGEST_GAME, SCORE_KNOWN, as_of, first, last),
    )
    return [
        ScheduledGame(GameKey(day, resolve_team(home) or home, resolve_team(away) or away), *known)
        for day, home, away, *known in cursor.fetchall()
    ]


def lock_ledger(cursor: Cursor) -> tuple[int, str]:
    """Take the chain's lock until the transaction ends, and return the head as (log_id, row_hash)."""
    take_lock(cursor, LEDGER)
    # A server may be set to round the floats it shows; the ledger's are compared and hashed to the last digit.
    cursor.execute(
        "select head.log_id, head.row_hash, set_config('extra_float_digits', '1', true) from (select) as one"
        f" left join (select log_id, row_hash from {LOG} order by log_id desc limit 1) as head on true"
    )
    log_id, row_hash, _ = cursor.fetchone() or (None, None, None)
    return (0, GENESIS) if log_id is None else (log_id, row_hash)


def standing_games(cursor: Cursor, *, first: date | None, last: date | None) -> list[tuple[GameKey, datetime | None]]:
    """Games of these dates that the table has and that are not withdrawn, with their tip-offs."""
    cursor.execute(
        f"select game_date, home_team, away_team, tip_off_at from {TABLE}"
        " where game_date between %s and %s and withdrawn_at is null",
        (first, last),
    )
    return [(GameKey(*row[:3]), row[3]) for row in cursor.fetchall()]


def last_logged(
    cursor: Cursor, model_id: str, *, first: date | None, last: date | None
) -> dict[GameKey, dict[str, Any]]:
    """Per game of these dates, the newest row that the ledger has of this model."""
    cursor.execute(
        f"select distinct on (game_date, home_team, away_team) {', '.join(HASHED_COLUMNS)} from {LOG}"
        " where model_id = %s and game_date between %s and %s"
        " order by game_date, home_team, away_team, log_id desc",
        (model_id, first, last),
    )
    rows = (dict(zip(HASHED_COLUMNS, row, strict=True)) for row in cursor.fetchall())
    return {GameKey(row["game_date"], row["home_team"], row["away_team"]): row for row in rows}


def append_log(cursor: Cursor, rows: Iterable[Mapping[str, Any]], head: tuple[int, str]) -> tuple[int, str]:
    """Append rows to the ledger and return its new head; the lock is held."""
    columns = (*HASHED_COLUMNS, "prev_hash", "row_hash")
    linked = list(chained(rows, after=head))
    values = ([canonical_json(row[c]) if c == "features" else row[c] for c in columns] for row in linked)
    insert_pages(cursor, f"insert into {LOG} ({', '.join(columns)}) values ", values)
    return (linked[-1]["log_id"], linked[-1]["row_hash"]) if linked else head


def upsert_predictions(cursor: Cursor, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write the newest prediction of each game and return how many rows changed.

    A row that is not live replaces neither a live one nor one of another's making, and equal rows are left alone.
    """
    quoted = [f'"{name}"' for name in COLUMNS]
    changing = [f'"{name}"' for name in COLUMNS if name not in KEY]
    sql = f"insert into {TABLE} as t ({', '.join(quoted)}) values "
    old, new = (", ".join(f"{row}.{name}" for name in changing) for row in ("t", "excluded"))
    on_conflict = (
        f" on conflict ({', '.join(KEY)}) do update set {', '.join(f'{c} = excluded.{c}' for c in changing)}"
        " where not ((t.live is true or t.model_id is null) and excluded.live is not true)"
        f" and ({old}) is distinct from ({new})"
    )
    return insert_pages(cursor, sql, ([row[name] for name in COLUMNS] for row in rows), on_conflict)


def withdraw_missing(
    cursor: Cursor, present: Mapping[GameKey, str | None], *, first: date, last: date, as_of: datetime, now: datetime
) -> list[GameKey]:
    """Mark predictions of open games that were cancelled or re-dated, and return their keys.

    Args:
        cursor: Within the transaction that holds the ledger's lock.
        present: The games that the feature table has of these dates, with their ids where it gives them. A row of
            these dates that is not among them was cancelled; one that has such an id under another key was re-dated.
        first: First league date judged by absence.
        last: Last league date judged by absence.
        as_of: Games that had started by then stay as they are, and so do predictions that knew more than this run: a
            replay of last month does not withdraw what was backfilled since.
        now: The wall clock, written as `withdrawn_at`.
    """
    cursor.execute(
        f"update {TABLE} t set withdrawn_at = %s where withdrawn_at is null and as_of <= %s"
        " and coalesce(tip_off_at, (game_date + %s) at time zone 'America/New_York') > %s"
        " and (game_date between %s and %s or game_id = any(%s))"
        " and not exists (select from unnest(%s::date[], %s::text[], %s::text[]) as p(d, h, a)"
        " where p.d = t.game_date and p.h = t.home_team and p.a = t.away_team)"
        " returning game_date, home_team, away_team",
        (
            now,
            as_of,
            ASSUMED_TIP_OFF,
            as_of,
            first,
            last,
            [game_id for game_id in present.values() if game_id],
            *([key[part] for key in present] for part in range(len(KEY))),
        ),
    )
    return [GameKey(*row) for row in cursor.fetchall()]
