"""`gold.ml_game_predictions`: its columns, and how a table of another's making becomes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tipoff.database.catalog import describe
from tipoff.errors import ContractError

if TYPE_CHECKING:
    from tipoff.database.catalog import Relation
    from tipoff.database.connection import Cursor

TABLE = "gold.ml_game_predictions"
KEY = ("game_date", "home_team", "away_team")

_SIDE = {
    "team_rank": "bigint",
    "days_rest": "bigint",
    "team_avg_pts_scored": "double precision",
    "team_avg_pts_scored_opp": "double precision",
    "team_win_pct": "double precision",
    "team_win_pct_last10": "double precision",
    "is_top_players": "bigint",
}

# The 22 columns that consumers of existing pipelines read, in the order a data frame's to_sql gave them.
COMPATIBLE_COLUMNS = {
    "index": "bigint",
    "home_team": "text",
    "home_moneyline": "double precision",
    "away_team": "text",
    "away_moneyline": "double precision",
    "game_date": "date",
    **{f"home_{name}": kind for name, kind in _SIDE.items()},
    **{f"away_{name}": kind for name, kind in _SIDE.items()},
    "home_team_predicted_win_pct": "double precision",
    "away_team_predicted_win_pct": "double precision",
}

OUR_COLUMNS = {
    "game_id": "text",
    "tip_off_at": "timestamp with time zone",
    "model_id": "text",
    "variant": "text",
    "p_home_anchored": "double precision",
    "p_home_blind": "double precision",
    "p_home_market": "double precision",
    "run_id": "text",
    "as_of": "timestamp with time zone",
    "predicted_at": "timestamp with time zone",
    "live": "boolean",
    "in_sample": "boolean",
    "withdrawn_at": "timestamp with time zone",
}

COLUMNS = COMPATIBLE_COLUMNS | OUR_COLUMNS

_SAME_TYPE = {"character varying": "text"}


def check_columns(found: dict[str, str], expected: dict[str, str], relation: str) -> None:
    """Every expected column is there with its type.

    Raises:
        ContractError: Naming each missing column and each wrong type.
    """
    faults = [f"{name} is missing" for name in expected if name not in found] + [
        f"{name} is {found[name]}, expected {kind}"
        for name, kind in expected.items()
        if name in found and _SAME_TYPE.get(found[name], found[name]) != kind
    ]
    if faults:
        raise ContractError(
            f"{relation} breaks its contract: {'; '.join(faults)}.",
            "Nothing was changed; mend the table, or move it away and run tipoff migrate.",
        )


def ensure_predictions_table(cursor: Cursor) -> str | None:
    """Make the table, or adopt the one that is there: add our columns and the key, keep every row.

    Returns:
        What was done, in a few words; None if nothing was to do.

    Raises:
        ContractError: A column is missing or of a wrong type, or a game is there twice.
    """
    table = describe(cursor, [TABLE])[TABLE]
    found = table.columns
    if not found:
        columns = ", ".join(f'"{name}" {kind}{" not null" if name in KEY else ""}' for name, kind in COLUMNS.items())
        cursor.execute(f"create table {TABLE} ({columns}, primary key ({', '.join(KEY)}))")
        return f"created {TABLE}"
    check_columns(found, COMPATIBLE_COLUMNS, TABLE)
    check_columns(found, {name: kind for name, kind in OUR_COLUMNS.items() if name in found}, TABLE)
    done = _add_columns(cursor, found) + _add_key(cursor, table)
    return f"adopted {TABLE}: {', '.join(done)}" if done else None


def _add_columns(cursor: Cursor, found: dict[str, str]) -> list[str]:
    missing = {name: kind for name, kind in OUR_COLUMNS.items() if name not in found}
    for name, kind in missing.items():
        cursor.execute(f'alter table {TABLE} add column "{name}" {kind}')
    return [f"added {', '.join(missing)}"] if missing else []


def has_key(table: Relation) -> bool:
    """Whether the table has a unique key of exactly (game_date, home_team, away_team)."""
    return tuple(sorted(KEY)) in table.unique_keys


def _add_key(cursor: Cursor, table: Relation) -> list[str]:
    if has_key(table):
        return []
    _refuse_unusable_keys(cursor)
    cursor.execute("select exists (select from pg_index where indrelid = to_regclass(%s) and indisprimary)", (TABLE,))
    kind = "unique" if cursor.fetchone() == (True,) else "primary key"
    cursor.execute(f"alter table {TABLE} add {kind} ({', '.join(KEY)})")
    return ["added the key"]


def _refuse_unusable_keys(cursor: Cursor) -> None:
    keys = ", ".join(KEY)
    cursor.execute(f"select count(*) from {TABLE} where {' or '.join(f'{name} is null' for name in KEY)}")
    (nulls,) = cursor.fetchone() or (0,)
    cursor.execute(f"select {keys}, count(*) from {TABLE} group by {keys} having count(*) > 1 order by {keys} limit 5")
    twice = [f"{away} at {home} on {day} ({n} times)" for day, home, away, n in cursor.fetchall()]
    if nulls:
        twice.append(f"{nulls} rows without a {' or '.join(KEY)}")
    if twice:
        raise ContractError(
            f"{TABLE} cannot get its key ({keys}): {'; '.join(twice)}.",
            "Nothing was changed; delete the rows that are too many and run tipoff migrate again.",
        )
