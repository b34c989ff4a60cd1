"""`tipoff migrate`: once, twice, two at once, and with tables of another's making in the way."""

from __future__ import annotations

import uuid
from datetime import date
from urllib.parse import quote

import pytest

from tipoff.database.predictions_table import COLUMNS, COMPATIBLE_COLUMNS

TABLES = {
    "bronze.games",
    "bronze.injuries",
    "bronze.odds",
    "bronze.player_box",
    "bronze.published_forecasts",
    "gold.ml_accuracy_daily",
    "gold.ml_accuracy_total",
    "gold.ml_game_predictions",
    "gold.ml_migrations",
    "gold.ml_prediction_log",
    "gold.ml_prediction_results",
    "gold.ml_runs",
    "gold.nba_predictions",
}


def relations(cursor):
    cursor.execute(
        "select table_schema || '.' || table_name, column_name, data_type, ordinal_position"
        " from information_schema.columns where table_schema in ('bronze', 'silver', 'gold') order by 1, 4"
    )
    return cursor.fetchall()


def to_sql_table(warehouse, *rows, **types):
    """The output table as a data frame's `to_sql` makes it: 22 columns, an index on `index`, no key."""
    columns = ", ".join(f'"{name}" {kind}' for name, kind in (COMPATIBLE_COLUMNS | types).items() if kind)
    warehouse.cursor.execute(
        f"create schema if not exists gold; create table gold.ml_game_predictions ({columns});"
        ' create index "ix_gold_ml_game_predictions_index" on gold.ml_game_predictions ("index")'
    )
    for day, home, away in rows:
        row = {'"index"': 0, "game_date": day, "home_team": home, "away_team": away}
        warehouse.insert("gold.ml_game_predictions", row | {"home_team_predicted_win_pct": 0.61})


def test_an_empty_database_gets_every_table(bare_warehouse):
    answer = bare_warehouse.run("migrate", "--json")
    assert answer.code == 0
    assert "created gold.ml_game_predictions" in answer.document["done"]
    assert {name for name, *_ in relations(bare_warehouse.cursor)} == TABLES
    found = {name: kind for table, name, kind, _ in relations(bare_warehouse.cursor) if "game_predictions" in table}
    assert list(found.items()) == list(COLUMNS.items())


def test_migrating_twice_changes_nothing(bare_warehouse):
    bare_warehouse.run("migrate")
    before = relations(bare_warehouse.cursor), bare_warehouse.rows("gold.ml_migrations")
    again = bare_warehouse.run("migrate")
    assert (again.code, again.out) == (0, "The database is up to date.\n")
    assert (relations(bare_warehouse.cursor), bare_warehouse.rows("gold.ml_migrations")) == before


def test_two_at_once_both_succeed(bare_warehouse, finished):
    answers = [finished(process) for process in [bare_warehouse.start("migrate") for _ in range(3)]]
    assert [answer.code for answer in answers] == [0, 0, 0], answers
    assert {name for name, *_ in relations(bare_warehouse.cursor)} == TABLES


def test_schemas_that_are_there_are_used(bare_warehouse):
    bare_warehouse.cursor.execute("create schema bronze; create schema silver; create table silver.theirs (x int)")
    assert bare_warehouse.run("migrate").code == 0
    assert bare_warehouse.count("silver.theirs") == 0


# An output table of another's making


def test_a_table_of_to_sql_s_making_is_adopted_with_its_rows(bare_warehouse):
    to_sql_table(
        bare_warehouse, ("2023-12-25", "Utah Jazz", "Miami Heat"), ("2023-12-25", "Boston Celtics", "LA Lakers")
    )

    answer = bare_warehouse.run("migrate")

    assert answer.code == 0
    assert "adopted gold.ml_game_predictions: added game_id, tip_off_at" in answer.out
    assert "added the key" in answer.out
    rows = bare_warehouse.rows()
    assert [(row["game_date"], row["home_team_predicted_win_pct"]) for row in rows] == [(date(2023, 12, 25), 0.61)] * 2
    assert list(rows[0]) == list(COLUMNS)
    assert bare_warehouse.run("migrate").out == "The database is up to date.\n"


def test_a_backfill_leaves_what_others_predicted_at_the_time(bare_warehouse):
    to_sql_table(bare_warehouse, ("2023-01-09", "Boston Celtics", "Miami Heat"))
    bare_warehouse.run("migrate")
    history = {"season": "2022-23", "game_date": "2023-01-09"}
    bare_warehouse.features(history, types={"season": "text"}, table="silver.ml_game_features_history")
    assert bare_warehouse.run("predict", "--season", "2022-23").code == 0
    assert [row["home_team_predicted_win_pct"] for row in bare_warehouse.rows()] == [0.61]
    assert bare_warehouse.count("gold.ml_prediction_log") == 1


def test_an_adopted_table_may_have_varchars_more_columns_and_a_key_of_its_own(bare_warehouse):
    to_sql_table(bare_warehouse, ("2023-12-25", "Utah Jazz", "Miami Heat"), home_team="varchar(40)", note="text")
    bare_warehouse.cursor.execute(
        "alter table gold.ml_game_predictions add column id bigserial primary key;"
        " create view gold.dashboard as select home_team, note from gold.ml_game_predictions"
    )
    assert bare_warehouse.run("migrate").code == 0
    bare_warehouse.features({})
    assert bare_warehouse.predict().code == 0
    assert bare_warehouse.count("gold.dashboard") == 2


def test_games_that_are_there_twice_are_named_and_nothing_is_changed(bare_warehouse):
    game = ("2023-12-25", "Utah Jazz", "Miami Heat")
    to_sql_table(bare_warehouse, game, game, game, ("2023-12-26", "Utah Jazz", "Miami Heat"), (None, "X", "Y"))
    before = relations(bare_warehouse.cursor)
    answer = bare_warehouse.run("migrate")
    assert answer.code == 4
    assert "Miami Heat at Utah Jazz on 2023-12-25 (3 times); 1 rows without a game_date" in answer.err
    assert relations(bare_warehouse.cursor) == before


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ({"game_date": "text"}, "game_date is text, expected date"),
        ({"game_date": "timestamp"}, "game_date is timestamp without time zone, expected date"),
        ({"home_days_rest": "double precision"}, "home_days_rest is double precision, expected bigint"),
        ({"away_team": None}, "away_team is missing"),
        ({"live": "text"}, "live is text, expected boolean"),
    ],
)
def test_a_column_of_a_wrong_type_is_named_and_nothing_is_changed(bare_warehouse, types, said):
    to_sql_table(bare_warehouse, **types)
    before = relations(bare_warehouse.cursor)
    answer = bare_warehouse.run("migrate")
    assert answer.code == 4
    assert said in answer.err
    assert relations(bare_warehouse.cursor) == before


# Other things in the way


def test_a_foreign_table_under_one_of_our_names_is_named_and_left_alone(bare_warehouse):
    bare_warehouse.cursor.execute("create schema bronze; create table bronze.games (id int, home text)")
    before = relations(bare_warehouse.cursor)
    answer = bare_warehouse.run("migrate")
    assert answer.code == 4
    assert "bronze.games is there already and not of tipoff's making" in answer.err
    assert relations(bare_warehouse.cursor) == before


def test_a_view_that_consumers_read_already_is_kept(bare_warehouse):
    to_sql_table(bare_warehouse)
    bare_warehouse.cursor.execute(
        "create view gold.nba_predictions as select game_date, home_team, home_moneyline as home_team_odds,"
        " home_team_predicted_win_pct, away_team, away_moneyline as away_team_odds, away_team_predicted_win_pct"
        " from gold.ml_game_predictions"
    )
    assert bare_warehouse.run("migrate").code == 0
    bare_warehouse.features({})
    bare_warehouse.predict()
    assert bare_warehouse.count("gold.nba_predictions") == 1


def test_a_view_of_other_columns_under_that_name_is_refused(bare_warehouse):
    bare_warehouse.cursor.execute("create schema gold; create view gold.nba_predictions as select 1 as game_date")
    answer = bare_warehouse.run("migrate")
    assert answer.code == 4
    assert "home_team is missing" in answer.err


def test_a_migration_that_was_applied_with_other_content_is_refused(warehouse):
    warehouse.cursor.execute("update gold.ml_migrations set sha256 = repeat('0', 64) where name = '0002_gold.sql'")
    answer = warehouse.run("migrate")
    assert answer.code == 4
    assert "Migration 0002_gold.sql was applied with other content" in answer.err


def test_a_role_that_may_not_create_finds_an_up_to_date_database_up_to_date(warehouse):
    role = f"reader_{uuid.uuid4().hex[:8]}"
    warehouse.cursor.execute(
        f"create role {role}; grant usage on schema bronze, silver, gold to {role};"
        f" grant select on gold.ml_migrations to {role}"
    )
    try:
        answer = warehouse.run("migrate", TIPOFF_DATABASE_URL=f"{warehouse.url}&options={quote(f'-c role={role}')}")
    finally:
        warehouse.cursor.execute(f"drop owned by {role}; drop role {role}")
    assert (answer.code, answer.out) == (0, "The database is up to date.\n"), answer.err


def test_a_role_that_may_not_create_is_told_so(bare_warehouse):
    role = f"reader_{uuid.uuid4().hex[:8]}"
    bare_warehouse.cursor.execute(f"create role {role}")
    try:
        url = f"{bare_warehouse.url}&options={quote(f'-c role={role}')}"
        answer = bare_warehouse.run("migrate", TIPOFF_DATABASE_URL=url)
    finally:
        bare_warehouse.cursor.execute(f"drop role {role}")
    assert answer.code == 3
    assert "The database role lacks a right: permission denied for database" in answer.err
