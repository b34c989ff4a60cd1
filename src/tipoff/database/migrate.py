"""`tipoff migrate`: numbered SQL files, each applied once, all in one transaction."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from tipoff.database.catalog import describe
from tipoff.database.locks import MIGRATE, take_lock
from tipoff.database.predictions_table import check_columns, ensure_predictions_table
from tipoff.errors import ContractError

if TYPE_CHECKING:
    from tipoff.database.connection import Cursor


RECORD = "gold.ml_migrations"
VIEW = "gold.nba_predictions"
VIEW_COLUMNS = (
    "game_date",
    "home_team",
    "home_team_odds",
    "home_team_predicted_win_pct",
    "away_team",
    "away_team_odds",
    "away_team_predicted_win_pct",
)


def migrations() -> dict[str, str]:
    """SQL by file name, in the order of the numbers they begin with."""
    folder = resources.files("tipoff.database") / "migrations"
    return {
        file.name: file.read_text()
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".sql")
    }


def migrate(cursor: Cursor) -> list[str]:
    """Bring the database to this version and say what was done; an empty list if it was there already.

    Raises:
        ContractError: A table of another's making stands in the way and cannot be adopted, or a migration
            that was applied differs from the file of that name.
    """
    take_lock(cursor, MIGRATE)
    done = [f"created schema {schema}" for schema in ("bronze", "silver", "gold") if _ensure_schema(cursor, schema)]
    # Asked first, like the schemas: a role without the right to create must find an up-to-date database up to date.
    if not describe(cursor, [RECORD])[RECORD].exists:
        cursor.execute(
            f"create table {RECORD}"
            " (name text primary key, sha256 text not null, applied_at timestamptz not null default now())"
        )
    if adopted := ensure_predictions_table(cursor):
        done.append(adopted)
    cursor.execute(f"select name, sha256 from {RECORD}")
    applied = dict(cursor.fetchall())
    for name, sql in migrations().items():
        digest = hashlib.sha256(sql.encode()).hexdigest()
        if name not in applied:
            if not (name == "0003_views.sql" and _view_is_there(cursor)):
                _refuse_strangers(cursor, name, sql)
                cursor.execute(sql)
            cursor.execute(f"insert into {RECORD} (name, sha256) values (%s, %s)", (name, digest))
            done.append(f"applied {name}")
        elif applied[name] != digest:
            raise ContractError(
                f"Migration {name} was applied with other content than this version has.",
                "This database belongs to another version of tipoff; install that one, or use another database.",
            )
    return done


def _ensure_schema(cursor: Cursor, schema: str) -> bool:
    """Make a schema that is not there; asking first spares a role that cannot create what it need not create."""
    cursor.execute("select to_regnamespace(%s) is null", (schema,))
    missing = cursor.fetchone() == (True,)
    if missing:
        cursor.execute(f"create schema {schema}")
    return missing


def _view_is_there(cursor: Cursor) -> bool:
    """Whether consumers' view is there already, made by another with the columns that they read."""
    found = describe(cursor, [VIEW])[VIEW].columns
    if found:
        check_columns(found, {name: found.get(name, "") for name in VIEW_COLUMNS}, VIEW)
    return bool(found)


def _refuse_strangers(cursor: Cursor, name: str, sql: str) -> None:
    """A table of another's making under one of our names is named, not met half-way through."""
    tables = [line.split()[2] for line in sql.splitlines() if line.startswith("create table ")]
    if strangers := [table.name for table in describe(cursor, tables).values() if table.exists]:
        raise ContractError(
            f"{name} cannot be applied: {', '.join(strangers)} is there already and not of tipoff's making.",
            "Move it to another name or schema and run tipoff migrate again.",
        )
