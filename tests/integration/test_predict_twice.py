"""`tipoff predict` again, later, at once and backwards: what changes, and what never does again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tipoff.errors import StaleError
from tipoff.model.bundle import load_bundle
from tipoff.predict.run import Run, predict_upcoming

MONDAY = date(2024, 1, 15)
BUCKS = {"home_team": "Milwaukee Bucks", "away_team": "Chicago Bulls"}
JAZZ = {"home_team": "Utah Jazz", "away_team": "Phoenix Suns"}
TIP_OFF = datetime(2024, 1, 16, 0, 30, tzinfo=UTC)
INSTANT = {"tip_off_at": "timestamptz"}


def at(hour: int, minute: int = 0) -> datetime:
    """An instant of Monday 15 January 2024, UTC; the hours go on past 23."""
    return datetime(2024, 1, 15, tzinfo=UTC) + timedelta(hours=hour, minutes=minute)


@pytest.fixture
def predict_at(warehouse):
    """Predict by a wall clock of the test's own: with `as_of` other than `now` it is a replay."""
    bundle = load_bundle("champion")

    def predict(now: datetime, as_of: datetime | None = None, *, on: date | None = None, dry_run: bool = False):
        run = Run(f"run-{warehouse.count('gold.ml_runs')}", as_of or now, now, dry_run)
        return predict_upcoming(warehouse.cursor, bundle, run, clock=lambda: now, on=on)

    return predict


def contiguous(ledger):
    heads = ["0" * 64, *(row["row_hash"] for row in ledger)]
    return [row["prev_hash"] for row in ledger] == heads[:-1] and [row["log_id"] for row in ledger] == list(
        range(1, len(ledger) + 1)
    )


# The same run again, and a later one


def test_the_same_run_again_changes_nothing(warehouse):
    warehouse.features({}, BUCKS)
    first = warehouse.predict("--json").document
    table, ledger = warehouse.rows(), warehouse.ledger()

    again = warehouse.predict("--json").document

    assert (warehouse.rows(), warehouse.ledger()) == (table, ledger)
    assert again["games"] == first["games"]
    assert again["ledger_head"] == first["ledger_head"] == {"log_id": 2, "row_hash": ledger[1]["row_hash"]}
    assert [run["counts"]["logged"] for run in warehouse.rows("gold.ml_runs", "started_at")] == [2, 0]


def test_a_later_run_is_appended_and_replaces_the_row(warehouse):
    warehouse.features({}, BUCKS)
    warehouse.predict(as_of="2024-01-15T12:00:00Z")
    warehouse.cursor.execute("update silver.ml_game_features set home_is_top_players = 0")
    warehouse.predict(as_of="2024-01-15T15:00:00Z")
    ledger, table = warehouse.ledger(), warehouse.rows()
    assert [row["as_of"].hour for row in ledger] == [12, 12, 15, 15]
    assert [row["features"]["home_is_top_players"] for row in ledger] == [2, 2, 0, 0]
    assert [(row["as_of"].hour, row["home_is_top_players"]) for row in table] == [(15, 0), (15, 0)]
    assert contiguous(ledger)


def test_a_change_of_one_feature_is_logged_even_at_the_same_instant(warehouse):
    warehouse.features({}, BUCKS)
    warehouse.predict()
    warehouse.cursor.execute("update silver.ml_game_features set home_moneyline = -160 where home_team like 'B%'")
    warehouse.predict()
    assert [row["home_team"] for row in warehouse.ledger()] == ["Boston Celtics", "Milwaukee Bucks", "Boston Celtics"]


def test_two_runs_at_once_both_succeed_on_one_chain(warehouse, finished):
    warehouse.features({}, BUCKS, JAZZ)
    times = ["2024-01-15T15:00:00Z", "2024-01-15T16:00:00Z"] * 2
    answers = [finished(process) for process in [warehouse.start("predict", "--as-of", t) for t in times]]
    assert [answer.code for answer in answers] == [0] * 4, answers
    ledger = warehouse.ledger()
    assert contiguous(ledger)
    assert {(row["home_team"], row["as_of"].hour) for row in ledger} == {
        (team, hour) for team in ("Boston Celtics", "Milwaukee Bucks", "Utah Jazz") for hour in (15, 16)
    }
    assert [row["home_team"] for row in warehouse.rows()] == ["Boston Celtics", "Milwaukee Bucks", "Utah Jazz"]
    assert warehouse.count("gold.ml_runs") == 4


def test_two_runs_at_once_succeed_where_the_server_s_default_isolation_is_strict(warehouse, finished):
    warehouse.cursor.execute(
        "do $$ begin execute format("
        "'alter database %I set default_transaction_isolation = ''repeatable read''', current_database()); end $$"
    )
    warehouse.features({}, BUCKS)
    processes = [warehouse.start("predict", "--as-of", f"2024-01-15T{hour}:00:00Z") for hour in (13, 14, 15)]
    assert [finished(process).code for process in processes] == [0, 0, 0]
    assert contiguous(warehouse.ledger())


# Live, and what has started


def test_a_prediction_before_tip_off_is_live_and_one_after_it_is_not(warehouse, predict_at):
    warehouse.features({"tip_off_at": TIP_OFF}, {**BUCKS, "tip_off_at": None}, types=INSTANT)
    predict_at(at(16))
    assert [row["live"] for row in warehouse.rows()] == [True, True]
    predict_at(at(18), as_of=at(15))  # a replay in the afternoon: the Bucks' game counts as started from noon, 17:00
    by_team = {row["home_team"]: row for row in warehouse.ledger()[2:]}
    assert (by_team["Boston Celtics"]["live"], by_team["Milwaukee Bucks"]["live"]) == (True, False)


def test_what_claims_to_know_the_future_is_not_live(warehouse, predict_at):
    warehouse.features({"tip_off_at": TIP_OFF}, types=INSTANT)
    predict_at(at(16), as_of=at(20))
    assert [row["live"] for row in warehouse.rows()] == [False]


def test_a_live_row_of_a_started_game_never_changes(warehouse, predict_at):
    warehouse.features({"tip_off_at": TIP_OFF}, {**JAZZ, "tip_off_at": TIP_OFF + timedelta(hours=2)}, types=INSTANT)
    predict_at(at(23))
    boston, _ = warehouse.rows()

    warehouse.cursor.execute("update silver.ml_game_features set home_days_rest = 4")
    predict_at(at(25))  # Boston plays, Utah does not yet
    predict_at(at(26), as_of=at(23))  # and a replay of the evening, with other features

    after, utah = warehouse.rows()
    assert {**after, "index": 0} == boston
    assert utah["home_days_rest"] == 4
    assert warehouse.ledger()[-2]["live"] is False


def test_a_backfill_never_replaces_a_live_row(warehouse, predict_at):
    warehouse.features({"tip_off_at": TIP_OFF}, types=INSTANT)
    predict_at(at(16))
    live = warehouse.rows()
    warehouse.features(
        {"season": "2023-24", "tip_off_at": TIP_OFF, "home_days_rest": 3},
        types={**INSTANT, "season": "text"},
        table="silver.ml_game_features_history",
    )
    assert warehouse.run("predict", "--season", "2023-24").code == 0
    assert warehouse.rows() == live
    assert [(row["live"], row["features"]["home_days_rest"]) for row in warehouse.ledger()] == [(True, 1), (False, 3)]


# Backfill


@pytest.fixture
def history(warehouse):
    """Three past games, one of the season that the model was fitted on, one of them with a bad row."""
    warehouse.features(
        {"game_date": date(2022, 11, 1), "season": "2022-23"},
        {"game_date": date(2022, 11, 1), "season": "2022-23", **BUCKS, "tip_off_at": datetime(2022, 11, 2, tzinfo=UTC)},
        {"game_date": MONDAY, "season": "2023-24"},
        {"game_date": MONDAY, "season": "2023-24", **JAZZ, "home_team_win_pct": 61},
        types={**INSTANT, "season": "text", "home_won": "boolean"},
        table="silver.ml_game_features_history",
    )


@pytest.mark.usefixtures("history")
def test_a_backfilled_season_is_not_live_and_marked_in_sample_by_its_season(warehouse):
    answer = warehouse.run("predict", "--season", "2022-23")
    assert (answer.code, answer.out) == (0, "Backfilled 2 games, 2022-11-01 to 2022-11-01; 0 are in-sample.\n")
    assert [(row["live"], row["in_sample"], row["index"]) for row in warehouse.rows()] == [
        (False, False, 0),
        (False, False, 1),
    ]
    noon, tip_off = (row["as_of"] for row in warehouse.rows())  # each as of its own start
    assert (noon, tip_off) == (datetime(2022, 11, 1, 16, tzinfo=UTC), datetime(2022, 11, 2, tzinfo=UTC))

    fitted_on = warehouse.run("predict", "--from", "2024-01-01", "--to", "2024-12-31")
    assert fitted_on.code == 5
    assert "home_team_win_pct is 61, expected 0 to 1 (a share, not per cent)" in fitted_on.out
    assert [row["in_sample"] for row in warehouse.rows()] == [False, False, True]


@pytest.mark.usefixtures("history")
def test_a_backfill_twice_changes_nothing(warehouse):
    warehouse.run("predict", "--season", "2022-23")
    before = warehouse.rows(), warehouse.ledger()
    warehouse.run("predict", "--season", "2022-23")
    assert (warehouse.rows(), warehouse.ledger()) == before


@pytest.mark.usefixtures("history")
def test_a_backfill_of_no_games_says_so(warehouse):
    answer = warehouse.run("predict", "--season", "1999-00")
    assert (answer.code, warehouse.count("gold.ml_prediction_log")) == (0, 0)
    assert "has no games of 1999-00: nothing to backfill." in answer.out


@pytest.mark.usefixtures("history")
def test_a_dry_backfill_writes_nothing(warehouse):
    assert warehouse.run("predict", "--season", "2022-23", "--dry-run").code == 0
    assert set(warehouse.written.values()) == {0}


def test_a_history_without_seasons_breaks_its_contract(warehouse):
    warehouse.features({}, table="silver.ml_game_features_history")
    answer = warehouse.run("predict", "--season", "2023-24")
    assert answer.code == 4
    assert "silver.ml_game_features_history lacks season" in answer.err


# Cancelled and re-dated


def test_a_cancelled_game_is_withdrawn_and_comes_back_when_it_is_on_again(warehouse):
    warehouse.features({}, BUCKS)
    warehouse.predict(as_of="2024-01-15T12:00:00Z")
    warehouse.cursor.execute("delete from silver.ml_game_features where home_team = 'Boston Celtics'")

    gone = warehouse.predict("--json", as_of="2024-01-15T13:00:00Z").document

    assert gone["withdrawn"] == [{"game_date": "2024-01-15", "home_team": "Boston Celtics", "away_team": "Miami Heat"}]
    withdrawn = {row["home_team"]: row["withdrawn_at"] is not None for row in warehouse.rows()}
    assert withdrawn == {"Boston Celtics": True, "Milwaukee Bucks": False}

    warehouse.game()
    warehouse.predict(as_of="2024-01-15T14:00:00Z")
    assert all(row["withdrawn_at"] is None for row in warehouse.rows())


@pytest.mark.parametrize("status", ["cancelled", "postponed"])
@pytest.mark.parametrize("rebuilt", [True, False])
def test_the_only_game_of_a_night_is_withdrawn_when_the_schedule_calls_it_off(warehouse, status, rebuilt):
    warehouse.features({})
    warehouse.predict(as_of="2024-01-15T12:00:00Z")
    warehouse.scheduled("Boston Celtics", "Miami Heat", status=status)
    if rebuilt:
        warehouse.cursor.execute("delete from silver.ml_game_features")
    answer = warehouse.predict("--json", as_of="2024-01-15T13:00:00Z")
    assert (answer.code, answer.document["games"], len(answer.document["withdrawn"])) == (0, [], 1)
    assert warehouse.rows()[0]["withdrawn_at"] is not None


@pytest.mark.parametrize("scheduled", [True, False])
def test_a_table_that_is_empty_for_a_moment_withdraws_nothing(warehouse, scheduled):
    warehouse.features({}, BUCKS)
    if scheduled:
        warehouse.scheduled("Boston Celtics", "Miami Heat")
        warehouse.scheduled(BUCKS["home_team"], BUCKS["away_team"])
    warehouse.predict(as_of="2024-01-15T12:00:00Z")
    warehouse.cursor.execute("delete from silver.ml_game_features")
    answer = warehouse.predict("--json", as_of="2024-01-15T13:00:00Z")
    assert (answer.code, answer.document["withdrawn"]) == (0, [])
    assert all(row["withdrawn_at"] is None for row in warehouse.rows())


def test_a_re_dated_game_is_withdrawn_on_its_old_date_and_predicted_on_its_new_one(warehouse):
    warehouse.features({"game_id": "g1"}, {**BUCKS, "game_id": "g2"}, types={"game_id": "text"})
    warehouse.predict(as_of="2024-01-15T12:00:00Z")
    warehouse.cursor.execute("update silver.ml_game_features set game_date = game_date + 1 where game_id = 'g1'")
    warehouse.predict(as_of="2024-01-15T13:00:00Z")
    warehouse.predict("--date", "2024-01-16", as_of="2024-01-15T13:00:00Z")
    boston = [row for row in warehouse.rows() if row["home_team"] == "Boston Celtics"]
    assert [(row["game_date"].day, row["withdrawn_at"] is None) for row in boston] == [(15, False), (16, True)]


def test_a_game_that_has_started_is_not_withdrawn_by_leaving_the_table(warehouse):
    warehouse.features({}, {**JAZZ, "game_date": MONDAY + timedelta(days=1)})
    warehouse.predict()
    warehouse.cursor.execute("delete from silver.ml_game_features where home_team = 'Boston Celtics'")
    warehouse.predict(as_of="2024-01-15T17:00:00Z")
    assert all(row["withdrawn_at"] is None for row in warehouse.rows())


def test_a_replay_does_not_withdraw_what_was_predicted_since(warehouse):
    warehouse.features({}, BUCKS)
    warehouse.predict(as_of="2024-01-15T14:00:00Z")
    warehouse.cursor.execute("delete from silver.ml_game_features where home_team = 'Boston Celtics'")
    warehouse.predict(as_of="2024-01-15T11:00:00Z")  # when the Celtics' game was not scheduled yet
    assert all(row["withdrawn_at"] is None for row in warehouse.rows())


def test_a_row_that_may_be_any_game_stops_conclusions_from_absence(warehouse):
    warehouse.features({}, BUCKS)
    warehouse.predict(as_of="2024-01-15T12:00:00Z")
    warehouse.cursor.execute("update silver.ml_game_features set home_team = 'Bostn' where home_team like 'Bos%'")
    assert warehouse.predict(as_of="2024-01-15T13:00:00Z").code == 5
    assert all(row["withdrawn_at"] is None for row in warehouse.rows())


def test_a_stale_run_withdraws_nothing(warehouse, predict_at):
    warehouse.features({}, BUCKS)
    warehouse.scheduled("Boston Celtics", "Miami Heat")
    predict_at(at(12))
    warehouse.cursor.execute("delete from silver.ml_game_features where home_team = 'Boston Celtics'")
    with pytest.raises(StaleError):
        predict_at(at(13))
    assert all(row["withdrawn_at"] is None for row in warehouse.rows())


# The consumers' view


def test_the_view_shows_today_s_slate_without_withdrawn_games(warehouse):
    warehouse.cursor.execute("select (now() at time zone 'America/New_York')::date")
    today = warehouse.cursor.fetchone()[0]
    late = datetime.combine(today, datetime.min.time(), UTC) + timedelta(
        hours=29
    )  # 00:00 Eastern of tomorrow, or 01:00
    warehouse.features(
        {"game_date": today, "tip_off_at": late, "home_moneyline": -150.4},
        {**BUCKS, "game_date": today, "tip_off_at": late},
        {**JAZZ, "game_date": today + timedelta(days=1), "tip_off_at": late + timedelta(days=1)},
        types=INSTANT,
    )
    assert warehouse.run("predict", "--date", f"{today}").code == 0
    assert warehouse.run("predict", "--date", f"{today + timedelta(days=1)}").code == 0
    assert [row["home_team"] for row in warehouse.rows("gold.nba_predictions")] == ["Boston Celtics", "Milwaukee Bucks"]
    warehouse.cursor.execute("delete from silver.ml_game_features where home_team = 'Milwaukee Bucks'")
    assert warehouse.run("predict", "--date", f"{today}").code == 0
    (row,) = warehouse.rows("gold.nba_predictions")
    assert list(row) == [
        "game_date",
        "home_team",
        "home_team_odds",
        "home_team_predicted_win_pct",
        "away_team",
        "away_team_odds",
        "away_team_predicted_win_pct",
    ]
    assert (row["home_team_odds"], row["away_team_odds"]) == (-150, 130)
