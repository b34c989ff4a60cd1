"""The whole chain on a made-up league, in a database of its own: simulate, ingest, build, backfill, grade, predict."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tipoff.build import build_features
from tipoff.database.connection import connect, connection_parameters, open_connection, translated_errors
from tipoff.database.migrate import migrate
from tipoff.database.runs import new_run_id
from tipoff.grade.run import GradeOutcome, grade
from tipoff.ingest.readers import find_files
from tipoff.ingest.run import FILE_NAMES, SIMULATED, ingest_files
from tipoff.ingest.run import Run as IngestRun
from tipoff.league import league_date
from tipoff.model.bundle import load_bundle
from tipoff.predict.run import Outcome, Run, predict_history, predict_upcoming
from tipoff.simulate import simulate_league, write_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from tipoff.settings import Settings

DATABASE = "tipoff_demo"


class Demo(NamedTuple):
    """What the demo shows: tonight's predictions and the record of the season so far."""

    slate: Outcome
    grading: GradeOutcome
    season: str


def run_demo(
    settings: Settings, *, now: datetime, clock: Callable[[], datetime], on_step: Callable[[str], None]
) -> Demo:
    """Run every step once on a fresh database; the embedded server is used whatever the settings say.

    Args:
        settings: For the home folder, the binaries and the model.
        now: The instant of "tonight".
        clock: The wall clock.
        on_step: Told what comes next.
    """
    embedded = settings._replace(embedded=True, database_url=None)
    bundle = load_bundle(settings.model, home=settings.home)
    on_step("starting PostgreSQL")
    with _fresh_database(embedded) as parameters:
        on_step("simulating a league and ingesting it")
        with connect(embedded, database=DATABASE) as connection, connection.cursor() as cursor:
            migrate(cursor)
            season = _ingest_simulated(cursor, now)
        on_step("building features with dbt")
        build_features(parameters, as_of=now, home=Path(settings.home))
        on_step("predicting the season so far, each game as of its own tip-off")
        with connect(embedded, database=DATABASE) as connection, connection.cursor() as cursor:
            today = league_date(now)
            backfill = Run(new_run_id(now), now, now)
            predict_history(cursor, bundle, backfill, first=today - timedelta(days=365), last=today, season=season)
            grading = grade(cursor, run_id=new_run_id(now), now=now)
        on_step("predicting tonight")
        with connect(embedded, database=DATABASE) as connection, connection.cursor() as cursor:
            slate = predict_upcoming(cursor, bundle, Run(new_run_id(now), now, now), clock=clock)
    return Demo(slate, grading, season)


@contextmanager
def _fresh_database(settings: Settings) -> Iterator[Mapping[str, Any]]:
    """Connection parameters of a new, empty demo database; the server runs as long as the block does."""
    with connection_parameters(settings, database="postgres") as parameters, translated_errors(parameters):
        connection = open_connection(parameters)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"drop database if exists {DATABASE} with (force)")
            cursor.execute(f"create database {DATABASE}")
        connection.close()
        yield {**parameters, "dbname": DATABASE}


def _ingest_simulated(cursor: Any, now: datetime) -> str:
    """Ingest a simulated league through its files, as a user's own would be; return the season under way."""
    league = simulate_league(league_date(now))
    with tempfile.TemporaryDirectory() as folder:
        write_files(league, Path(folder))
        files = find_files(Path(folder), FILE_NAMES)
        ingest_files(cursor, files, IngestRun(new_run_id(now), now, SIMULATED))
    return max(game.season for game in league.games)
