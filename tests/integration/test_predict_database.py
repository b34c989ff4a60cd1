"""`tipoff predict` and the database around it: output tables, rights, passwords, and servers that go away."""

from __future__ import annotations

import os
import signal
import time
import uuid
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest

from tipoff.database.embedded import running_server
from tipoff.database.locks import LEDGER
from tipoff.database.migrate import migrate
from tipoff.database.predictions_table import COMPATIBLE_COLUMNS
from tipoff.league import league_date

NOTHING = {"ml_game_predictions": 0, "ml_prediction_log": 0, "ml_runs": 0}
BUCKS = {"home_team": "Milwaukee Bucks", "away_team": "Chicago Bulls"}
AS_OF = ("--as-of", "2024-01-15T16:00:00Z")
JOB_RIGHTS = {
    "usage": ["schema silver", "schema gold"],
    "select": ["silver.ml_game_features"],
    "select, insert, update": ["gold.ml_game_predictions", "gold.ml_runs"],
    "select, insert": ["gold.ml_prediction_log"],
}


# Tables that are not there, or not ours


def test_without_tables_it_says_run_tipoff_migrate(bare_warehouse):
    answer = bare_warehouse.predict()
    assert answer.code == 3
    assert "There is no table" in answer.err
    assert "gold.ml_prediction_log" in answer.err
    assert answer.err.endswith("Run tipoff migrate.\n")


def test_without_a_feature_table_it_says_what_makes_one(warehouse):
    answer = warehouse.predict()
    assert answer.code == 3
    assert "There is no table silver.ml_game_features. Run tipoff build, or let your own dbt project" in answer.err
    assert warehouse.written == NOTHING


def replace_predictions_table(warehouse, **types):
    """What a data frame's `to_sql(if_exists='replace')` leaves: 22 columns, an index, no key."""
    columns = ", ".join(f'"{name}" {kind}' for name, kind in (COMPATIBLE_COLUMNS | types).items())
    warehouse.cursor.execute(
        f"drop table gold.ml_game_predictions cascade; create table gold.ml_game_predictions ({columns})"
    )


def test_a_table_of_to_sql_s_making_is_adopted_by_migrate_first(warehouse):
    warehouse.features({})
    replace_predictions_table(warehouse)
    row = {"game_date": date(2023, 12, 25), "home_team": "Utah Jazz", "away_team": "Miami Heat", '"index"': 4}
    warehouse.insert("gold.ml_game_predictions", row)

    early = warehouse.predict()
    assert early.code == 4
    assert "gold.ml_game_predictions lacks game_id, tip_off_at" in early.err
    assert "Run tipoff migrate" in early.err

    assert warehouse.run("migrate").code == 0
    assert warehouse.predict().code == 0
    assert [(r["home_team"], r["index"], r["model_id"] is None) for r in warehouse.rows()] == [
        ("Utah Jazz", 4, True),
        ("Boston Celtics", 0, False),
    ]


def test_a_table_without_a_key_says_that_migrate_adds_it(warehouse):
    warehouse.features({})
    warehouse.cursor.execute(
        "alter table gold.ml_game_predictions drop constraint ml_game_predictions_pkey;"
        # Neither of these is a key that an upsert can use.
        " create unique index on gold.ml_game_predictions (game_date, home_team, away_team, lower(variant));"
        " create unique index on gold.ml_game_predictions (game_date, home_team, away_team) where live"
    )
    answer = warehouse.predict()
    assert answer.code == 4
    assert "has no key (game_date, home_team, away_team). Run tipoff migrate, which adds it." in answer.err
    assert warehouse.run("migrate").code == 0
    assert warehouse.predict().code == 0


def test_an_output_table_with_game_date_as_text_is_refused(warehouse):
    warehouse.features({})
    replace_predictions_table(warehouse, game_date="text")
    for answer in (warehouse.predict(), warehouse.run("migrate")):
        assert answer.code == 4
        assert "game_date is text, expected date" in answer.err
    assert warehouse.written == NOTHING


def test_without_a_schedule_staleness_is_not_checked_and_it_says_so(warehouse):
    warehouse.features({})
    warehouse.cursor.execute("drop table bronze.games")
    answer = warehouse.predict()
    assert answer.code == 0
    assert "no schedule in bronze.games" in answer.err


# Rights


@pytest.fixture
def role(warehouse):
    """A role with the rights that the contract gives the predict job, and nothing more."""
    name = f"job_{uuid.uuid4().hex[:8]}"
    warehouse.features({}, BUCKS)
    warehouse.cursor.execute(f"create role {name} login password 'p@s/s:w?rd'")
    for right, objects in JOB_RIGHTS.items():
        for thing in objects:
            warehouse.cursor.execute(f"grant {right} on {thing} to {name}")
    yield name
    warehouse.cursor.execute(f"drop owned by {name}; drop role {name}")


@pytest.fixture
def as_role(warehouse, role):
    return f"{warehouse.url}&options={quote(f'-c role={role}')}"


def test_the_rights_of_the_contract_are_enough(warehouse, as_role):
    answer = warehouse.predict(TIPOFF_DATABASE_URL=as_role)
    assert answer.code == 0, answer.err
    assert warehouse.written == {"ml_game_predictions": 2, "ml_prediction_log": 2, "ml_runs": 1}
    assert "no schedule in bronze.games" in answer.err  # which the role may not read


@pytest.mark.parametrize(
    ("revoked", "named"),
    [
        ("insert on gold.ml_game_predictions", "INSERT on gold.ml_game_predictions"),
        ("insert on gold.ml_prediction_log", "INSERT on gold.ml_prediction_log"),
        ("update on gold.ml_game_predictions", "UPDATE on gold.ml_game_predictions"),
        ("insert on gold.ml_runs", "INSERT on gold.ml_runs"),
        ("select on silver.ml_game_features", "SELECT on silver.ml_game_features"),
        ("usage on schema gold", "USAGE on schema gold"),
        ("usage on schema silver", "USAGE on schema silver"),
    ],
)
def test_a_right_that_is_missing_is_named_and_nothing_is_written(warehouse, role, as_role, revoked, named):
    warehouse.cursor.execute(f"revoke {revoked} from {role}")
    answer = warehouse.predict(TIPOFF_DATABASE_URL=as_role)
    assert answer.code == 3
    assert f"The role {role} lacks {named}" in answer.err
    assert warehouse.written == NOTHING


def test_a_switch_that_may_not_be_read_is_not_taken_for_on(warehouse, role, as_role):
    warehouse.cursor.execute("create table gold.feature_flags (flag text, is_enabled int)")
    answer = warehouse.predict(TIPOFF_DATABASE_URL=as_role)
    assert answer.code == 3
    assert "SELECT on gold.feature_flags" in answer.err


def test_a_dry_run_needs_no_right_to_write(warehouse, role, as_role):
    warehouse.cursor.execute(f"revoke insert, update on all tables in schema gold from {role}")
    answer = warehouse.predict("--dry-run", TIPOFF_DATABASE_URL=as_role)
    assert answer.code == 0


def test_a_table_that_wants_more_than_we_know_is_named_and_nothing_is_written(warehouse):
    warehouse.features({})
    warehouse.cursor.execute("alter table gold.ml_game_predictions add column theirs int not null")
    answer = warehouse.predict()
    assert answer.code == 3
    assert 'null value in column "theirs"' in answer.err
    assert warehouse.written == NOTHING


def test_a_database_that_only_reads_is_three_and_a_dry_run_works(warehouse):
    warehouse.features({})
    warehouse.cursor.execute(
        "do $$ begin execute format("
        "'alter database %I set default_transaction_read_only = on', current_database()); end $$"
    )
    assert warehouse.predict().code == 3
    assert warehouse.predict("--dry-run").code == 0
    assert warehouse.written == NOTHING


# Where the database is


def test_libpq_s_own_variables_will_do(warehouse, role):
    place = dict(pair.split("=") for pair in warehouse.url.partition("?")[2].split("&"))
    name = warehouse.url.partition("@/")[2].partition("?")[0]
    variables = {"PGHOST": place["host"], "PGPORT": place["port"], "PGDATABASE": name, "PGUSER": role}
    assert warehouse.process("predict", *AS_OF, TIPOFF_DATABASE_URL="", **variables).code == 0
    assert warehouse.count("gold.ml_game_predictions") == 2


# Passwords


@pytest.fixture
def guarded(warehouse, role):
    """The warehouse's URL with a place for a password, which the server asks this role for."""
    cursor = warehouse.cursor
    cursor.execute("show hba_file")
    file = Path(cursor.fetchone()[0])
    rules = file.read_text()
    file.write_text(f"local all {role} scram-sha-256\n{rules}")
    cursor.execute("select pg_reload_conf()")
    where = warehouse.url.partition("@")[2]
    yield f"postgresql://{role}:{{}}@{where}".format
    file.write_text(rules)
    cursor.execute("select pg_reload_conf()")


@pytest.mark.parametrize("password", ["p@s/s:w?rd", quote("p@s/s:w?rd", safe="")])
def test_a_password_with_any_sign_works_raw_and_encoded(warehouse, guarded, password):
    answer = warehouse.predict(TIPOFF_DATABASE_URL=guarded(password))
    assert answer.code == 0, answer.err


@pytest.mark.parametrize("password", ["wr@ng/p?ss", "wr@ng/pass:", quote("wr@ng/p?ss", safe="")])
def test_a_wrong_password_is_never_shown(warehouse, guarded, password):
    secrets = ["wr@ng", "ng/p", "p?ss", "p%3Fss", "/pass:", quote("wr@ng/p?ss", safe="")]
    for flags in [(), ("-v",), ("--json",), ("--json", "-v")]:
        answer = warehouse.process("predict", *AS_OF, *flags, TIPOFF_DATABASE_URL=guarded(password))
        assert answer.code == 3
        said = answer.out + answer.err
        assert "password authentication failed" in said
        assert not [secret for secret in secrets if secret in said]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@127.0.0.1:1/nba",
        "postgresql://me:hunter2@127.0.0.1:port/nba",
        "postgresql://me:?hunter2@127.0.0.1:port/nba",
        "postgresql://me:a?x=hunter2@127.0.0.1/nba",
        "postgresql://127.0.0.1:1/nba?password=hunter2",
        "postgresql://me:hunter2@127.0.0.1:1/nba?no_such_parameter=1",
        "mysql://me:hunter2@127.0.0.1/nba",
        "postgresql://me:hunter2@no-such-host.invalid/nba",
    ],
)
def test_no_way_to_get_a_url_wrong_shows_its_password(warehouse, url):
    for flags in [("-v",), ("--json",)]:
        answer = warehouse.predict(*flags, TIPOFF_DATABASE_URL=url)
        assert answer.code in (2, 3)
        assert "hunter2" not in answer.out + answer.err


# Servers that go away


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return found


def waiting_backends(cursor):
    cursor.execute(
        "select pid from pg_stat_activity where application_name = 'tipoff' and wait_event = 'advisory'"
        " and datname = current_database()"
    )
    return [pid for (pid,) in cursor.fetchall()]


@pytest.fixture
def held_at_the_ledger(warehouse):
    """Someone else holds the ledger's lock: a run has read and scored everything, and waits to write."""
    with closing(psycopg2.connect(warehouse.url)) as other, other.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", (LEDGER,))
        yield


@pytest.mark.usefixtures("held_at_the_ledger")
def test_a_connection_that_is_cut_mid_run_leaves_nothing_half_written(warehouse, finished):
    warehouse.features({}, BUCKS)
    process = warehouse.start("predict", *AS_OF)
    (backend,) = wait_for(lambda: waiting_backends(warehouse.cursor))
    warehouse.cursor.execute("select pg_terminate_backend(%s)", (backend,))
    answer = finished(process)
    assert answer.code == 3
    assert "The database is unreachable or went away" in answer.err
    assert "Nothing was written" in answer.err
    assert "Traceback" not in answer.err
    assert warehouse.written == NOTHING


def test_a_game_that_tips_off_while_another_run_holds_the_ledger_is_not_live(warehouse, finished):
    soon = datetime.now(UTC) + timedelta(seconds=4)
    late = soon + timedelta(minutes=1)
    day = league_date(soon)
    warehouse.features(
        {"game_date": day, "tip_off_at": soon},
        {**BUCKS, "game_date": day, "tip_off_at": late},
        types={"tip_off_at": "timestamptz"},
    )
    with closing(psycopg2.connect(warehouse.url)) as other, other.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", (LEDGER,))
        process = warehouse.start("predict")
        wait_for(lambda: waiting_backends(warehouse.cursor))
        wait_for(lambda: datetime.now(UTC) > soon)
    assert finished(process).code == 0
    live = {row["home_team"]: row["live"] for row in warehouse.ledger()}
    assert live == {"Boston Celtics": False, BUCKS["home_team"]: True}


@pytest.mark.parametrize("command", ["migrate", "predict", "build", "run"])
def test_an_unknown_parameter_of_the_url_is_not_repeated_by_any_command(warehouse, command):
    answer = warehouse.run(command, TIPOFF_DATABASE_URL="postgresql://me:pw@127.0.0.1:1/db?hunter=x")
    assert answer.code == 2
    assert "hunter" not in answer.err + answer.out


@pytest.mark.usefixtures("held_at_the_ledger")
def test_ctrl_c_mid_run_leaves_nothing_half_written(warehouse, finished):
    warehouse.features({}, BUCKS)
    process = warehouse.start("predict", *AS_OF)
    wait_for(lambda: waiting_backends(warehouse.cursor))
    process.send_signal(signal.SIGINT)
    warehouse.cursor.execute("select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'tipoff'")
    answer = finished(process)
    assert answer.code in (3, 130)
    assert "Traceback" not in answer.err
    assert warehouse.written == NOTHING


def test_a_server_that_is_not_there_is_three_with_a_next_step(warehouse):
    answer = warehouse.predict(TIPOFF_DATABASE_URL="postgresql://127.0.0.1:1/nba")
    assert answer.code == 3
    assert "check that it runs and that TIPOFF_DATABASE_URL or the PG* variables are right" in answer.err


@pytest.mark.slow
def test_a_server_killed_mid_run_comes_back_without_half_a_slate(warehouse, tmp_path, finished):
    with running_server(tmp_path / "doomed") as server:
        url = f"postgresql://{server.user}@/postgres?host={server.socket_dir}&port={server.port}"
        with closing(psycopg2.connect(url)) as holder, holder, holder.cursor() as cursor:
            migrate(cursor)
        with closing(psycopg2.connect(url)) as holder, holder.cursor() as cursor:
            holder.autocommit = True
            warehouse.cursor, mine = cursor, warehouse.cursor
            warehouse.features({}, BUCKS)
            warehouse.cursor = mine
            cursor.execute("select pg_advisory_lock(%s)", (LEDGER,))
            process = warehouse.start("predict", *AS_OF, TIPOFF_DATABASE_URL=url)
            wait_for(lambda: waiting_backends(cursor))
            postmaster = tmp_path / "doomed" / "postgres" / "data" / "postmaster.pid"
            os.kill(int(postmaster.read_text().split()[0]), signal.SIGKILL)
            answer = finished(process)
    assert answer.code == 3
    assert "Traceback" not in answer.err
    with running_server(tmp_path / "doomed") as server:
        url = f"postgresql://{server.user}@/postgres?host={server.socket_dir}&port={server.port}"
        with closing(psycopg2.connect(url)) as again, again.cursor() as cursor:
            warehouse.cursor = cursor
            assert warehouse.written == NOTHING
        assert warehouse.predict(TIPOFF_DATABASE_URL=url).code == 0
