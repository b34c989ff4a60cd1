"""`tipoff predict` against feature tables of another's making: what is predicted, refused, written and said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

MONDAY = date(2024, 1, 15)
NOTHING = {"ml_game_predictions": 0, "ml_prediction_log": 0, "ml_runs": 0}
BUCKS = {"home_team": "Milwaukee Bucks", "away_team": "Chicago Bulls"}

COMPATIBLE = [
    ("index", "bigint"),
    ("home_team", "text"),
    ("home_moneyline", "double precision"),
    ("away_team", "text"),
    ("away_moneyline", "double precision"),
    ("game_date", "date"),
    ("home_team_rank", "bigint"),
    ("home_days_rest", "bigint"),
    ("home_team_avg_pts_scored", "double precision"),
    ("home_team_avg_pts_scored_opp", "double precision"),
    ("home_team_win_pct", "double precision"),
    ("home_team_win_pct_last10", "double precision"),
    ("home_is_top_players", "bigint"),
    ("away_team_rank", "bigint"),
    ("away_days_rest", "bigint"),
    ("away_team_avg_pts_scored", "double precision"),
    ("away_team_avg_pts_scored_opp", "double precision"),
    ("away_team_win_pct", "double precision"),
    ("away_team_win_pct_last10", "double precision"),
    ("away_is_top_players", "bigint"),
    ("home_team_predicted_win_pct", "double precision"),
    ("away_team_predicted_win_pct", "double precision"),
]


# What is written


def test_the_first_22_columns_are_those_that_existing_consumers_read(warehouse):
    warehouse.cursor.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = 'gold' and table_name = 'ml_game_predictions' order by ordinal_position limit 22"
    )
    assert warehouse.cursor.fetchall() == COMPATIBLE


def test_a_slate_is_written_as_used_and_indexed_by_tip_off_then_home_team(warehouse):
    evening = datetime(2024, 1, 16, 0, 30, tzinfo=UTC)
    warehouse.features(
        {"home_team": "Utah Jazz", "away_team": "Phoenix Suns", "tip_off_at": evening + timedelta(hours=2)},
        {"home_team": "Miami Heat", "away_team": "New York Knicks", "tip_off_at": evening, "game_id": "g7"},
        {"home_team": "Boston Celtics", "away_team": "Chicago Bulls", "tip_off_at": evening, "home_team_rank": 3},
        types={"tip_off_at": "timestamptz", "game_id": "text", "home_team_rank": "int"},
    )

    assert warehouse.predict().code == 0

    rows = warehouse.rows()
    assert [(row["index"], row["home_team"]) for row in rows] == [
        (0, "Boston Celtics"),
        (1, "Miami Heat"),
        (2, "Utah Jazz"),
    ]
    assert (rows[0]["home_team_rank"], rows[1]["home_team_rank"], rows[1]["game_id"]) == (3, None, "g7")
    assert rows[0]["home_team_avg_pts_scored"] is None
    for row in rows:
        assert row["home_team_predicted_win_pct"] == round(row["p_home_anchored"], 3)
        assert row["away_team_predicted_win_pct"] == round(1 - row["home_team_predicted_win_pct"], 3)
        assert row["p_home_market"] == pytest.approx(0.6 / (0.6 + 100 / 230))  # -150 and +130
        assert (row["variant"], row["live"], row["in_sample"]) == ("anchored", False, True)  # 2023-24, long past
        assert row["as_of"] == datetime(2024, 1, 15, 16, tzinfo=UTC)
        assert row["withdrawn_at"] is None
    assert [entry["p_home"] for entry in warehouse.ledger()] == [row["p_home_anchored"] for row in rows]
    (run,) = warehouse.rows("gold.ml_runs")
    assert (run["command"], run["exit_code"], run["run_id"]) == ("predict", 0, rows[0]["run_id"])
    assert run["counts"] == {"predicted": 3, "refused": 0, "started": 0, "logged": 3, "written": 3, "withdrawn": 0}


def test_the_first_league_date_with_an_open_game_is_the_slate_and_date_asks_for_another(warehouse):
    warehouse.features(
        {"game_date": MONDAY + timedelta(days=3)},
        {"game_date": MONDAY + timedelta(days=2), **BUCKS},
        {"game_date": MONDAY - timedelta(days=1)},
    )
    assert warehouse.predict("--json").document["game_date"] == "2024-01-17"
    assert warehouse.predict("--json", "--date", "2024-01-18").document["games"][0]["home_team"] == "Boston Celtics"
    assert warehouse.predict("--json", "--date", "2024-01-16").document["games"] == []


def test_games_beyond_seven_days_are_no_games(warehouse):
    warehouse.features({"game_date": MONDAY + timedelta(days=8)})
    answer = warehouse.predict()
    assert (answer.code, answer.out) == (0, "No games from 2024-01-15 to 2024-01-22.\n")
    far = warehouse.predict("--date", "2024-03-01")
    assert (far.code, far.out) == (0, "No games on 2024-03-01.\n")


def test_a_dry_run_writes_nothing_and_shows_the_same_numbers(warehouse):
    warehouse.features({}, BUCKS)
    dry = warehouse.predict("--dry-run", "--json")
    assert dry.code == 0
    assert warehouse.written == NOTHING
    assert warehouse.predict("--json").document["games"] == dry.document["games"]


def test_a_dry_run_needs_no_output_tables(bare_warehouse):
    bare_warehouse.cursor.execute("create schema silver")
    bare_warehouse.features({})
    assert bare_warehouse.predict("--dry-run").code == 0


def test_explain_adds_up_to_the_log_odds(warehouse, log_odds):
    warehouse.features({})
    (game,) = warehouse.predict("--explain", "--json").document["games"]
    intercept = log_odds(game["p_home"]) - sum(game["contributions"].values())
    warehouse.features({"home_days_rest": 0, "home_moneyline": 200, "away_moneyline": -240})
    (other,) = warehouse.predict("--explain", "--json").document["games"]
    assert log_odds(other["p_home"]) - sum(other["contributions"].values()) == pytest.approx(intercept)
    text = warehouse.predict("--explain").out
    assert all(name in text for name in game["contributions"])


@pytest.fixture
def log_odds():
    from math import log

    return lambda p: log(p / (1 - p))


# The table's shape


def test_columns_in_another_order_give_the_same_numbers(warehouse):
    warehouse.features({"away_days_rest": 3, "home_days_rest": 0})
    expected = warehouse.predict("--json").document["games"]
    names = sorted(warehouse.rows("silver.ml_game_features")[0])
    warehouse.cursor.execute(
        f"create table silver.other as select {', '.join(names)} from silver.ml_game_features;"
        " drop table silver.ml_game_features; alter table silver.other rename to ml_game_features"
    )
    assert warehouse.predict("--json").document["games"] == expected


def test_an_unknown_column_is_ignored_whatever_its_type(warehouse):
    warehouse.features({}, types={"outcome_of_cat": "jsonb", '"Home Team"': "text", "season": "int"})
    assert warehouse.predict().code == 0


def test_a_season_in_another_notation_does_not_hide_that_a_game_is_in_sample(warehouse):
    warehouse.features({"season": "2024"}, types={"season": "text"})
    assert warehouse.predict("--json").document["games"][0]["in_sample"] is True
    assert warehouse.ledger()[0]["season"] == "2023-24"


def test_missing_columns_are_named(warehouse):
    warehouse.features({}, without=["home_days_rest", "away_team"])
    answer = warehouse.predict()
    assert answer.code == 4
    assert "silver.ml_game_features lacks away_team, home_days_rest." in answer.err
    assert warehouse.written == NOTHING


@pytest.mark.parametrize(
    ("column", "kind", "value"),
    [
        ("game_date", "text", "2024-01-15"),
        ("game_date", "timestamp", "2024-01-15"),
        ("home_days_rest", "text", "1"),
        ("home_is_top_players", "boolean", True),
        ("tip_off_at", "timestamp", None),
    ],
)
def test_a_column_of_a_wrong_type_is_named_with_both_types(warehouse, column, kind, value):
    warehouse.features({column: value}, types={column: kind})
    answer = warehouse.predict()
    assert answer.code == 4
    assert f"{column} is {'timestamp without time zone' if kind == 'timestamp' else kind}, expected" in answer.err
    assert warehouse.written == NOTHING


def test_a_view_and_other_number_types_will_do(warehouse):
    numeric = dict.fromkeys(["home_days_rest", "away_is_top_players", "home_team_win_pct"], "numeric(8, 3)")
    warehouse.features({}, types=numeric | {"away_team_win_pct": "real", "home_team": "char(30)"}, table="silver.mine")
    warehouse.cursor.execute("create view silver.ml_game_features as select * from silver.mine")
    assert warehouse.predict().code == 0
    assert warehouse.rows()[0]["home_team"] == "Boston Celtics"


# Single rows


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"home_team_win_pct": None}, "home_team_win_pct is NULL"),
        ({"away_days_rest": None}, "away_days_rest is NULL"),
        ({"away_team_win_pct_last10": "NaN"}, "away_team_win_pct_last10 is nan, expected a number"),
        ({"home_team_win_pct": "Infinity"}, "home_team_win_pct is inf, expected a number"),
        ({"home_team_win_pct": 75}, "home_team_win_pct is 75, expected 0 to 1 (a share, not per cent)"),
        ({"away_team_win_pct": -0.1}, "away_team_win_pct is -0.1, expected 0 to 1"),
        ({"home_days_rest": -1}, "home_days_rest is -1, expected 0 or more"),
        ({"home_is_top_players": 3}, "home_is_top_players is 3, expected 0 to 2"),
        ({"home_is_top_players": -2}, "home_is_top_players is -2, expected 0 to 2"),
        ({"game_date": None}, "game_date is NULL"),
        ({"away_team": None}, "away_team is missing"),
        ({"away_team": "  "}, "away_team is missing"),
        ({"away_team": "BOS"}, "Boston Celtics would play against itself"),
        (
            {"home_team": "Seattle Supersonics"},
            "home_team is 'Seattle Supersonics', which is not in the league (nearest: Phoenix Suns)",
        ),
        (
            {"away_team": "Golden State Wariors"},
            "away_team is 'Golden State Wariors', which is not in the league (nearest: Golden State Warriors)",
        ),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_the_others_are_predicted(warehouse, fault, reason):
    warehouse.features(fault, BUCKS)
    answer = warehouse.predict("--json")
    assert answer.code == 5
    (refused,) = answer.document["refused"]
    if "Supersonics" in reason:
        reason = reason.partition("nearest")[0]
        assert refused["reason"].startswith(reason)
    else:
        assert refused["reason"] == reason
    assert reason in answer.err
    assert [row["home_team"] for row in warehouse.rows()] == ["Milwaukee Bucks"]
    (run,) = warehouse.rows("gold.ml_runs")
    assert (run["exit_code"], run["counts"]["refused"], run["counts"]["predicted"]) == (5, 1, 1)


def test_two_rows_of_unknown_games_are_refused_one_by_one(warehouse):
    nobody = {"game_date": None, "home_team": None}
    warehouse.features(nobody, nobody, {})
    answer = warehouse.predict("--json")
    assert (answer.code, len(answer.document["refused"]), len(answer.document["games"])) == (5, 2, 1)


def test_a_slate_of_bad_rows_only_is_five_and_writes_no_prediction(warehouse):
    warehouse.features({"home_days_rest": -3})
    answer = warehouse.predict()
    assert answer.code == 5
    assert "Refused Miami Heat at Boston Celtics, 2024-01-15: home_days_rest is -3, expected 0 or more." in answer.out
    assert warehouse.written == {"ml_game_predictions": 0, "ml_prediction_log": 0, "ml_runs": 1}


def test_an_alias_is_written_under_the_full_name(warehouse):
    warehouse.features({"home_team": "LA Clippers", "away_team": "ny"})
    assert warehouse.predict().code == 0
    (row,) = warehouse.rows()
    assert (row["home_team"], row["away_team"]) == ("Los Angeles Clippers", "New York Knicks")


def test_rest_of_133_days_counts_as_4_and_minus_one_top_players_as_none(warehouse):
    warehouse.features({"home_days_rest": 133, "away_is_top_players": -1})
    strange = warehouse.predict("--json")
    (row,) = warehouse.rows()
    assert (strange.code, row["home_days_rest"], row["away_is_top_players"]) == (0, 4, 0)
    assert warehouse.ledger()[0]["features"]["home_days_rest"] == 4
    warehouse.features({"home_days_rest": 4, "away_is_top_players": 0})
    assert warehouse.predict("--json").document["games"] == strange.document["games"]


@pytest.mark.parametrize("other", ["Boston Celtics", "BOS", "boston  celtics"])
def test_the_same_game_twice_stops_the_run_also_under_an_alias(warehouse, other):
    warehouse.features({}, BUCKS, {"home_team": other})
    answer = warehouse.predict()
    assert answer.code == 4
    assert "the same game twice: Miami Heat at " in answer.err
    assert warehouse.written == NOTHING


# Prices


def test_without_any_price_every_game_gets_the_blind_model_and_says_so(warehouse):
    warehouse.features({"home_moneyline": None, "away_moneyline": None}, BUCKS)
    anchored = next(g for g in warehouse.predict("--json").document["games"] if g["home_team"] == "Milwaukee Bucks")
    warehouse.cursor.execute("update silver.ml_game_features set home_moneyline = null, away_moneyline = null")

    answer = warehouse.predict("--json")

    assert answer.code == 0
    for game in answer.document["games"]:
        assert game["variant"] == "blind"
        assert game["p_home"] == game["p_home_blind"] == anchored["p_home_blind"]
        assert game["p_home_anchored"] is None
        assert game["p_home_market"] is None
    assert {row["variant"] for row in warehouse.rows()} == {"blind"}
    assert warehouse.predict().out.count("blind\n") == 2


@pytest.mark.parametrize(
    ("home", "away"),
    [(50, 130), (0, 130), (-150, None), (None, 130), (-99, 130), ("NaN", 130), ("Infinity", 130), (-(10**30), 10**30)],
)
def test_a_missing_or_impossible_price_is_no_refusal(warehouse, home, away):
    warehouse.features({"home_moneyline": home, "away_moneyline": away}, BUCKS)
    answer = warehouse.predict("--json")
    assert answer.code == 0
    blind, anchored = answer.document["games"]
    assert (blind["variant"], anchored["variant"]) == ("blind", "anchored")
    assert blind["p_home_anchored"] is None


# Which games, and when


def test_only_yesterdays_rows_are_stale(warehouse):
    warehouse.features({"game_date": MONDAY - timedelta(days=1)})
    answer = warehouse.predict()
    assert answer.code == 6
    assert "holds only games before 2024-01-15; the newest is of 2024-01-14. Run tipoff build" in answer.err
    assert warehouse.written == NOTHING


def test_an_empty_table_is_no_games_also_where_a_schedule_is_known(warehouse):
    warehouse.features()
    warehouse.scheduled("Boston Celtics", "Miami Heat")
    answer = warehouse.predict("--json")
    assert answer.code == 0
    assert answer.document["games"] == []
    assert answer.document["note"].startswith("No games from 2024-01-15")


def test_games_that_have_started_are_skipped_and_counted(warehouse):
    noon = datetime(2024, 1, 15, 17, tzinfo=UTC)
    warehouse.features(
        {"tip_off_at": noon},  # at the very instant
        {"home_team": "Utah Jazz", "tip_off_at": noon - timedelta(hours=1), "away_team": "Phoenix Suns"},
        {**BUCKS, "tip_off_at": noon + timedelta(seconds=1)},
        {"home_team": "Denver Nuggets", "away_team": "Sacramento Kings", "outcome": 1, "tip_off_at": None},
        types={"tip_off_at": "timestamptz", "outcome": "int"},
    )
    answer = warehouse.predict("--json", as_of="2024-01-15T17:00:00Z")
    assert answer.code == 0
    assert [game["home_team"] for game in answer.document["games"]] == ["Milwaukee Bucks"]
    assert answer.document["started"] == 3
    assert "3 games had started and were skipped." in warehouse.predict(as_of="2024-01-15T17:00:00Z").out


def test_a_game_without_a_tip_off_has_started_at_noon_eastern(warehouse):
    warehouse.features({})
    assert len(warehouse.predict("--json", as_of="2024-01-15T16:59:59Z").document["games"]) == 1
    late = warehouse.predict("--json", as_of="2024-01-15T17:00:00Z")
    assert (late.code, late.document["started"], late.document["games"]) == (0, 1, [])


def test_a_game_whose_result_is_known_has_started(warehouse):
    warehouse.features({"tip_off_at": datetime(2024, 1, 16, 0, tzinfo=UTC)}, types={"tip_off_at": "timestamptz"})
    earlier = datetime(2024, 1, 15, 12, tzinfo=UTC)  # the schedule knows better: played in the morning, known by 16:00
    warehouse.scheduled("Boston Celtics", "Miami Heat", home_pts=100, away_pts=90, tip_off_at=earlier)
    assert warehouse.predict("--json").document["started"] == 1


def test_a_scheduled_game_without_features_is_stale(warehouse):
    warehouse.features({}, BUCKS)
    warehouse.scheduled("Boston Celtics", "Miami Heat")
    warehouse.scheduled("Utah Jazz", "Phoenix Suns")
    warehouse.scheduled("Denver Nuggets", "Phoenix Suns", status="cancelled")
    warehouse.scheduled("Orlando Magic", "Phoenix Suns", MONDAY + timedelta(days=1))
    answer = warehouse.predict()
    assert answer.code == 6
    assert "The schedule has 1 games of the slate that have no features: Phoenix Suns at Utah Jazz" in answer.err
    assert warehouse.written == NOTHING


def test_a_slate_that_was_passed_over_is_stale_too(warehouse):
    warehouse.features({"game_date": MONDAY + timedelta(days=1)})
    warehouse.scheduled("Utah Jazz", "Phoenix Suns")
    assert warehouse.predict().code == 6


def test_a_refused_row_is_no_sign_of_staleness(warehouse):
    warehouse.features({"home_days_rest": None}, BUCKS)
    warehouse.scheduled("Boston Celtics", "Miami Heat")
    assert warehouse.predict().code == 5


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_today_is_eastern_wherever_the_server_stands(warehouse, zone):
    """At 04:30 UTC it is 23:30 of the day before in New York."""
    for setting in (f"timezone = ''{zone}''", "datestyle = ''German''", "intervalstyle = ''sql_standard''"):
        warehouse.cursor.execute(
            f"do $$ begin execute format('alter database %I set {setting}', current_database()); end $$"
        )
    tip_off = datetime(2024, 1, 16, 4, 45, tzinfo=UTC)
    warehouse.features(
        {"tip_off_at": tip_off},
        {**BUCKS, "game_date": MONDAY + timedelta(days=1), "tip_off_at": None},
        types={"tip_off_at": "timestamptz"},
    )
    before = warehouse.predict("--json", as_of="2024-01-16T04:30:00Z").document
    assert (before["game_date"], before["games"][0]["home_team"]) == ("2024-01-15", "Boston Celtics")
    after = warehouse.predict("--json", as_of="2024-01-16T05:00:00Z").document
    assert (after["game_date"], after["games"][0]["home_team"]) == ("2024-01-16", "Milwaukee Bucks")
    assert warehouse.ledger()[0]["tip_off_at"] == tip_off


@pytest.mark.parametrize(
    ("day", "as_of", "open_at_as_of"),
    [
        (date(2024, 3, 9), "2024-03-09T16:59:00Z", True),  # winter: noon is 17:00 UTC
        (date(2024, 3, 10), "2024-03-10T15:59:00Z", True),  # clocks went forward at night: 16:00 UTC
        (date(2024, 3, 10), "2024-03-10T16:00:00Z", False),
        (date(2024, 11, 3), "2024-11-03T16:59:00Z", True),  # and back: 17:00 UTC
        (date(2024, 11, 3), "2024-11-03T17:00:00Z", False),
        (date(2024, 3, 9), "2024-03-10T04:59:00Z", False),  # 23:59 of the 9th
        (date(2024, 3, 10), "2024-03-10T05:01:00Z", True),  # 00:01 of the 10th
    ],
)
def test_noon_and_midnight_follow_the_clocks_of_new_york(warehouse, day, as_of, open_at_as_of):
    warehouse.features({"game_date": day})
    assert bool(warehouse.predict("--json", as_of=as_of).document["games"]) is open_at_as_of


# The season flag


@pytest.mark.parametrize(
    ("kind", "value", "is_off"),
    [
        ("int", 0, True),
        ("int", None, True),
        ("int", 1, False),
        ("numeric(3,1)", 0, True),
        ("boolean", False, True),
        ("boolean", True, False),
        ("text", "0", True),
    ],
)
def test_the_season_flag_switches_predict_off(warehouse, kind, value, is_off):
    warehouse.features({})
    warehouse.cursor.execute(f"create table gold.feature_flags (flag text, is_enabled {kind})")
    warehouse.insert("gold.feature_flags", {"flag": "season", "is_enabled": value})
    answer = warehouse.predict()
    assert answer.code == 0
    if is_off:
        assert answer.out == "The season flag in gold.feature_flags is off: nothing to predict.\n"
        assert warehouse.written == NOTHING
    else:
        assert len(warehouse.rows()) == 1


def test_a_flag_table_without_a_season_row_switches_nothing_off(warehouse):
    warehouse.features({})
    warehouse.cursor.execute("create table gold.feature_flags (flag text, is_enabled int)")
    warehouse.cursor.execute("insert into gold.feature_flags values ('playoffs', 0)")
    assert warehouse.predict().code == 0
    assert len(warehouse.rows()) == 1


def test_the_season_flag_switches_a_backfill_off_as_well(warehouse):
    warehouse.features({"season": "2023-24"}, types={"season": "text"}, table="silver.ml_game_features_history")
    warehouse.cursor.execute("create table gold.feature_flags (flag text, is_enabled int)")
    warehouse.cursor.execute("insert into gold.feature_flags values ('season', 0)")
    answer = warehouse.run("predict", "--season", "2023-24")
    assert (answer.code, answer.out) == (0, "The season flag in gold.feature_flags is off: nothing to predict.\n")
    assert warehouse.written == NOTHING


def test_the_switch_comes_before_a_table_that_is_not_there_in_summer(warehouse):
    warehouse.cursor.execute("create table gold.feature_flags (flag text, is_enabled int)")
    warehouse.cursor.execute("insert into gold.feature_flags values ('season', 0)")
    assert warehouse.predict().code == 0


# What the schedule knows


def test_a_tip_off_that_only_the_schedule_knows_decides_what_has_started(warehouse):
    warehouse.features({})
    warehouse.scheduled("Boston Celtics", "Miami Heat", tip_off_at="2024-01-16T00:00:00Z")
    in_the_afternoon = warehouse.predict("--json", as_of="2024-01-15T20:00:00Z")
    assert len(in_the_afternoon.document["games"]) == 1
    assert warehouse.rows()[0]["tip_off_at"] == datetime(2024, 1, 16, tzinfo=UTC)
    at_night = warehouse.predict("--json", as_of="2024-01-16T00:30:00Z")
    assert (at_night.code, at_night.document["games"], at_night.document["started"]) == (0, [], 1)


def test_features_that_know_more_than_was_known_are_stale(warehouse):
    warehouse.features({"as_of": "2024-01-15T14:00:00Z"}, types={"as_of": "timestamptz"})
    answer = warehouse.predict(as_of="2024-01-15T12:00:00Z")
    assert answer.code == 6
    assert "Run tipoff build --as-of 2024-01-15T12:00:00+00:00 first." in answer.err
    assert set(warehouse.written.values()) == {0}
    assert warehouse.predict(as_of="2024-01-15T14:00:00Z").code == 0


def test_a_strangers_as_of_of_another_type_is_ignored(warehouse):
    warehouse.features({"as_of": "tonight"}, types={"as_of": "text"})
    assert warehouse.predict(as_of="2024-01-15T12:00:00Z").code == 0
