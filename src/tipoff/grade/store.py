"""Every SQL statement of `grade`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tipoff.database.bulk import insert_pages
from tipoff.grade.figures import GradedGame
from tipoff.league import ASSUMED_TIP_OFF

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tipoff.database.connection import Cursor

RESULTS = "gold.ml_prediction_results"
DAILY = "gold.ml_accuracy_daily"
TOTAL = "gold.ml_accuracy_total"
RESULTS_KEY = ("game_date", "home_team", "away_team", "model_id", "live")
DAILY_KEY = ("game_date", "model_id", "live", "in_sample")
TOTAL_KEY = ("model_id", "live", "in_sample")

NEEDED_RIGHTS = {
    "bronze.games": ("select",),
    "gold.ml_prediction_log": ("select",),
    RESULTS: ("select", "insert", "update"),
    DAILY: ("select", "insert", "update"),
    TOTAL: ("select", "insert", "update"),
    "gold.ml_runs": ("select", "insert"),
}

# Of each game and model: the last live prediction made before the game started, else the last backfilled one, whose
# features are of before it started. A game's tip-off as the results know it wins over the one the ledger was told.
_OFFICIAL = """
select distinct on (l.game_date, l.home_team, l.away_team, l.model_id)
    l.game_date, l.home_team, l.away_team, l.model_id, l.live, l.in_sample, g.season, g.game_type, l.variant,
    l.p_home, l.p_home_blind, l.p_home_market, g.home_pts, g.away_pts, l.log_id
from gold.ml_prediction_log l
join bronze.games g using (game_date, home_team, away_team)
cross join lateral (
    select coalesce(g.tip_off_at, l.tip_off_at, (l.game_date + %s) at time zone 'America/New_York') as starts_at
) s
where g.home_pts is not null and l.as_of <= s.starts_at and (not l.live or l.predicted_at < s.starts_at)
order by l.game_date, l.home_team, l.away_team, l.model_id, l.live desc, l.log_id desc
"""

OFFICIAL_COLUMNS = (
    "game_date",
    "home_team",
    "away_team",
    "model_id",
    "live",
    "in_sample",
    "season",
    "game_type",
    "variant",
    "p_home",
    "p_home_blind",
    "p_home_market",
    "home_pts",
    "away_pts",
    "log_id",
)


def read_ungraded(cursor: Cursor) -> list[dict[str, Any]]:
    """Official predictions of games with a result that are not graded yet, or were against another result."""
    cursor.execute(
        f"select o.* from ({_OFFICIAL}) o left join {RESULTS} r using ({', '.join(RESULTS_KEY)})"
        " where r.log_id is distinct from o.log_id or r.home_pts <> o.home_pts or r.away_pts <> o.away_pts"
        " or r.season <> o.season or r.game_type <> o.game_type",
        (ASSUMED_TIP_OFF,),
    )
    return [dict(zip(OFFICIAL_COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def read_graded(cursor: Cursor) -> list[GradedGame]:
    """Every graded game, by season and date."""
    cursor.execute(
        f"select {', '.join(GradedGame._fields)} from {RESULTS}"
        " order by season, game_date, home_team, away_team, model_id, live"
    )
    return [GradedGame(*row) for row in cursor.fetchall()]


def read_home_wins(cursor: Cursor) -> dict[str, tuple[int, int]]:
    """Home wins and games of each season's regular games that were played."""
    cursor.execute(
        "select season, count(*) filter (where home_pts > away_pts), count(*) from bronze.games"
        " where game_type = 'regular' and home_pts is not null group by season"
    )
    return {season: (wins, games) for season, wins, games in cursor.fetchall()}


def empty_groups(cursor: Cursor, table: str, key: Sequence[str], scored: Sequence[str]) -> None:
    """Bring groups of an accuracy table that no graded regular game belongs to any more to n = 0.

    The job may update but not delete: a correction leaves the row, and nothing in it.

    Args:
        cursor: Of the warehouse.
        table: The accuracy table.
        key: Its key columns.
        scored: Whose figures it has, as prefixes of their columns.
    """
    figures = [f"{who}{name} = null" for who in scored for name in ("accuracy", "log_loss", "brier")]
    same = " and ".join(f"r.{name} = t.{name}" for name in key)
    cursor.execute(
        f"update {table} t set n = 0, priced_n = 0, {', '.join(figures)} where n > 0"
        f" and not exists (select from {RESULTS} r where r.game_type = 'regular' and {same})"
    )


def upsert(
    cursor: Cursor, table: str, key: Sequence[str], rows: Iterable[Mapping[str, Any]], *, stamps: Sequence[str] = ()
) -> int:
    """Write rows and return how many changed; equal rows are left alone.

    Args:
        cursor: Of the warehouse.
        table: The table.
        key: Its key columns.
        rows: All with the same columns.
        stamps: Columns that do not make two rows different by themselves (who wrote it, and when).
    """
    listed = list(rows)
    if not listed:
        return 0
    columns = list(listed[0])
    changing = [name for name in columns if name not in key]
    compared = [name for name in changing if name not in stamps]
    suffix = (
        f" on conflict ({', '.join(key)}) do update set {', '.join(f'{c} = excluded.{c}' for c in changing)}"
        f" where ({', '.join(f't.{c}' for c in compared)})"
        f" is distinct from ({', '.join(f'excluded.{c}' for c in compared)})"
    )
    sql = f"insert into {table} as t ({', '.join(columns)}) values "
    return insert_pages(cursor, sql, ([row[c] for c in columns] for row in listed), suffix)
