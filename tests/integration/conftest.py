"""A warehouse of another's making, filled by plain SQL, and `tipoff` run against it as a user would."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg2
import pytest

from tipoff.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TIPOFF = Path(sys.executable).with_name("tipoff")

# Monday 15 January 2024, noon in Boston would be 17:00 UTC: an hour before, nothing without a tip-off has started.
MONDAY = date(2024, 1, 15)
MORNING = "2024-01-15T16:00:00Z"

# Not our order: prices first, the home side last.
COLUMNS = {
    "away_moneyline": "numeric",
    "home_moneyline": "numeric",
    "game_date": "date",
    "away_team": "text",
    "away_days_rest": "int",
    "away_is_top_players": "int",
    "away_team_win_pct": "double precision",
    "away_team_win_pct_last10": "double precision",
    "home_team_win_pct_last10": "double precision",
    "home_team_win_pct": "double precision",
    "home_is_top_players": "int",
    "home_days_rest": "int",
    "home_team": "text",
}
USUAL = {
    "game_date": MONDAY,
    "home_team": "Boston Celtics",
    "away_team": "Miami Heat",
    "home_days_rest": 1,
    "away_days_rest": 2,
    "home_is_top_players": 2,
    "away_is_top_players": 1,
    "home_moneyline": -150,
    "away_moneyline": 130,
    "home_team_win_pct": 0.6,
    "away_team_win_pct": 0.5,
    "home_team_win_pct_last10": 0.7,
    "away_team_win_pct_last10": 0.4,
}


class Answer(NamedTuple):
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        return json.loads(self.out)


class Warehouse:
    """A database of the test's own, and the commands that a cron job would run against it."""

    def __init__(self, url: str, cursor: psycopg2.extensions.cursor, home: Path) -> None:
        self.url = url
        self.cursor = cursor
        self.environment = {"TIPOFF_DATABASE_URL": url, "TIPOFF_HOME": str(home), "TIPOFF_LOG_FORMAT": "text"}

    def features(
        self,
        *games: Mapping[str, object],
        types: Mapping[str, str] | None = None,
        without: Iterable[str] = (),
        table: str = "silver.ml_game_features",
    ) -> None:
        """A feature table as a stranger would make it: a usual game, changed as each of `games` says."""
        columns = {name: kind for name, kind in (COLUMNS | dict(types or {})).items() if name not in set(without)}
        self.cursor.execute(f"drop table if exists {table}")
        self.cursor.execute(f"create table {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
        for game in games:
            self.game(table=table, without=without, **game)

    def game(self, *, table: str = "silver.ml_game_features", without: Iterable[str] = (), **values: object) -> None:
        """One more row of the feature table."""
        self.insert(table, {name: value for name, value in (USUAL | values).items() if name not in set(without)})

    def scheduled(self, home_team: str, away_team: str, game_date: date = MONDAY, **values: object) -> None:
        """One row of `bronze.games`, not played unless `values` say so."""
        row = {"game_date": game_date, "home_team": home_team, "away_team": away_team, "season": "2023-24"}
        self.insert("bronze.games", row | {"game_type": "regular", "source": "test"} | values)

    def insert(self, table: str, row: Mapping[str, object]) -> None:
        places = ", ".join(["%s"] * len(row))
        self.cursor.execute(f"insert into {table} ({', '.join(row)}) values ({places})", list(row.values()))

    def rows(self, relation: str = "gold.ml_game_predictions", order: str = "1, 2, 3") -> list[dict[str, Any]]:
        if relation == "gold.ml_game_predictions":
            order = 'game_date, "index"'
        self.cursor.execute(f"select * from {relation} order by {order}")
        names = [column.name for column in self.cursor.description]
        return [dict(zip(names, row, strict=True)) for row in self.cursor.fetchall()]

    def ledger(self) -> list[dict[str, Any]]:
        return self.rows("gold.ml_prediction_log", "log_id")

    def count(self, relation: str) -> int:
        self.cursor.execute(f"select count(*) from {relation}")
        return self.cursor.fetchone()[0]

    @property
    def written(self) -> dict[str, int]:
        """How many rows each of the outputs has."""
        return {name: self.count(f"gold.{name}") for name in ("ml_game_predictions", "ml_prediction_log", "ml_runs")}

    def run(self, *arguments: str, **environment: str) -> Answer:
        """`tipoff` with these arguments, within this process."""
        out, err = io.StringIO(), io.StringIO()
        with self._environment(environment), redirect_stdout(out), redirect_stderr(err):
            code = main(arguments)
        assert "Traceback" not in err.getvalue() or "-v" in arguments
        return Answer(code, out.getvalue(), err.getvalue())

    def predict(self, *arguments: str, as_of: str = MORNING, **environment: str) -> Answer:
        """`tipoff predict` on the morning of the usual game."""
        return self.run("predict", "--as-of", as_of, *arguments, **environment)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """`tipoff` as a process of its own."""
        return subprocess.Popen(
            [TIPOFF, *arguments],
            env={"PATH": os.environ["PATH"], **self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def process(self, *arguments: str, **environment: str) -> Answer:
        """`tipoff` as a process of its own, to its end."""
        return finished(self.start(*arguments, **environment))

    @contextmanager
    def _environment(self, extra: Mapping[str, str]) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.environment, **extra}.items():
                patch.setenv(name, value)
            yield


def finished(process: subprocess.Popen[str]) -> Answer:
    out, err = process.communicate(timeout=60)
    return Answer(process.returncode, out, err)


@pytest.fixture(name="finished")
def _finished():
    """Waits for a started process and gives its answer."""
    return finished


@pytest.fixture
def warehouse(database_url: str, cursor: psycopg2.extensions.cursor, tmp_path: Path) -> Warehouse:
    """A new, migrated database without a feature table."""
    return Warehouse(database_url, cursor, tmp_path / "home")


@pytest.fixture
def bare_warehouse(empty_url: str, empty_cursor: psycopg2.extensions.cursor, tmp_path: Path) -> Warehouse:
    """A new database that nothing has migrated."""
    return Warehouse(empty_url, empty_cursor, tmp_path / "home")
