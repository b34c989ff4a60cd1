"""Rows of text to rows of bronze: what is let in, and what is said of the rest."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.errors import FeedError
from tipoff.ingest import values
from tipoff.ingest.check import Bounds, check_header, checked_rows
from tipoff.ingest.tables import GAMES, INJURIES, ODDS, PLAYER_BOX, PUBLISHED_FORECASTS
from tipoff.teams import TEAMS

GAME = {
    "season": "2023-24",
    "game_type": "regular",
    "date": "2024-01-15",
    "home_team": "Boston Celtics",
    "away_team": "Miami Heat",
    "home_pts": "110",
    "away_pts": "101",
}
PRICE = {name: GAME[name] for name in ("date", "home_team", "away_team")} | {
    "home_moneyline": "-120.0",
    "away_moneyline": "+100",
}
LINE = {
    "season": "2023-24",
    "date": "2024-01-15",
    "team": "BOS",
    "player_id": "001628369",
    "player": "Jayson Tatum",
    "minutes": "36.5",
    "pts": "31",
}
INJURY = {"team": "Miami Heat", "player": "Butler III, Jimmy", "status": "Out"}
FORECAST = {name: GAME[name] for name in ("date", "home_team", "away_team")} | {"peer": "someone", "p_home": "0.61"}


def checked(table, *rows, **options):
    """The checked rows of a file with these rows as dicts of equal keys, each as a dict by target column."""
    header = list(rows[0])
    check_header(table, header)
    numbered = ((line, list(row.values())) for line, row in enumerate(rows, start=2))
    return [dict(zip(table.target, row[1:], strict=True)) for row in checked_rows(table, header, numbered, **options)]


def fault(table, *rows):
    with pytest.raises(FeedError) as caught:
        checked(table, *rows)
    return str(caught.value)


def test_a_game_with_points_is_final():
    assert checked(GAMES, GAME) == [
        {
            "game_date": date(2024, 1, 15),
            "home_team": "Boston Celtics",
            "away_team": "Miami Heat",
            "season": "2023-24",
            "game_type": "regular",
            "home_pts": 110,
            "away_pts": 101,
            "game_id": None,
            "tip_off_at": None,
            "status": "final",
            "source": "files",
        }
    ]


def test_a_game_without_points_is_scheduled():
    (game,) = checked(GAMES, GAME | {"home_pts": "", "away_pts": " "})
    assert (game["home_pts"], game["away_pts"], game["status"]) == (None, None, "scheduled")


@given(st.permutations(list(GAME | {"game_id": "0022300001", "unknown": "?"})))
def test_columns_may_come_in_any_order(order):
    game = GAME | {"game_id": "0022300001", "unknown": "?"}
    assert checked(GAMES, {name: game[name] for name in order}) == checked(GAMES, game)


@given(st.sampled_from(TEAMS))
def test_every_alias_of_a_team_enters_as_its_current_full_name(team):
    for name in (team.name, team.abbreviation, *team.aliases):
        assert values.team(name) == team.name


def test_ids_keep_their_leading_zeros():
    assert checked(GAMES, GAME | {"game_id": "0022300001"})[0]["game_id"] == "0022300001"
    assert checked(PLAYER_BOX, LINE)[0]["player_id"] == "001628369"


def test_a_price_without_an_instant_is_known_from_midnight_eastern():
    (price,) = checked(ODDS, PRICE | {"timing": "closing"})
    assert price["known_at"] == datetime(2024, 1, 15, 5, tzinfo=UTC)
    assert (price["timing"], price["quote_kind"], price["source"]) == ("date-only", "closing", "files")
    assert (price["home_moneyline"], price["away_moneyline"]) == (-120.0, 100.0)


def test_a_quoted_price_is_known_from_its_instant():
    (price,) = checked(ODDS, PRICE | {"quoted_at": "2024-01-15T18:30:00-05:00", "source": "a book"})
    assert price["known_at"] == datetime(2024, 1, 15, 23, 30, tzinfo=UTC)
    assert (price["timing"], price["source"]) == ("quoted", "a book")


def test_a_reported_injury_has_an_instant_and_no_date():
    (injury,) = checked(INJURIES, {"reported_at": "2024-07-01T16:00:00Z", **INJURY})
    assert (injury["known_at"], injury["timing"]) == (datetime(2024, 7, 1, 16, tzinfo=UTC), "reported")
    assert injury["game_date"] is None
    assert injury["player_key"] == "jimmy butler"


def test_a_dated_injury_holds_for_its_date_and_is_known_from_midnight_eastern():
    (injury,) = checked(INJURIES, {"date": "2024-07-01", **INJURY})
    assert (injury["known_at"], injury["timing"]) == (datetime(2024, 7, 1, 4, tzinfo=UTC), "date-only")
    assert injury["game_date"] == date(2024, 7, 1)


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("season", "2023", "a season like 2023-24"),
        ("season", "2023-25", "a season like 2023-24"),
        ("game_type", "preseason", "one of regular, play-in, playoff, cup-final"),
        ("date", "15/01/2024", "a date like 2024-01-15"),
        ("date", "20240115", "a date like 2024-01-15"),
        ("date", "2024-02-30", "a date like 2024-01-15"),
        ("date", "2015-01-15", "a date of the season 2023-24"),
        ("home_team", "Seattle Supersonics", "a team of the league"),
        ("home_team", "", "a value"),
        ("away_team", "BOS", "a team other than the home team"),
        ("home_pts", "110.5", "a whole number from 0 to 999"),
        ("home_pts", "-1", "a whole number from 0 to 999"),
        ("home_pts", "9" * 5000, "a whole number from 0 to 999"),
        ("home_pts", "NaN", "a whole number from 0 to 999"),
        ("home_pts", "", "points of both teams, or of neither"),
        ("away_pts", "110", "points other than the home team's"),
        ("tip_off_at", "2024-01-15T19:30:00", "an instant with its time zone"),
        ("tip_off_at", "2024-01-15", "an instant with its time zone"),
        ("tip_off_at", "0001-01-01T00:00:00+14:00", "an instant with its time zone"),
        ("tip_off_at", "2024-01-15T04:30:00Z", "an instant of 2024-01-15 on Eastern clocks"),
        ("status", "cancelled", "final with points"),
        ("status", "Final", "one of scheduled, final, postponed, cancelled"),
        ("game_id", "22300001.0", "an id as it was given"),
        ("game_id", "0022\x00300001", "text without control characters"),
    ],
)
def test_a_fault_of_a_game_names_line_column_value_and_expectation(column, value, expected):
    message = fault(GAMES, GAME | {column: value})
    assert message.startswith(f"line 2, column {column}: {value!r}"[:60])
    assert f"is not {expected}" in message


@pytest.mark.parametrize(
    ("table", "row", "column", "value"),
    [
        (ODDS, PRICE, "home_moneyline", "50"),
        (ODDS, PRICE, "home_moneyline", "0"),
        (ODDS, PRICE, "away_moneyline", "1e999"),
        (ODDS, PRICE, "away_moneyline", "1_000"),
        (ODDS, PRICE, "away_team", "Boston Celtics"),
        (PLAYER_BOX, LINE, "minutes", "-1"),
        (PLAYER_BOX, LINE, "minutes", "36:30"),
        (PLAYER_BOX, LINE, "pts", ""),
        (PLAYER_BOX, LINE, "player", "."),
        (INJURIES, INJURY | {"date": "2024-01-15"}, "date", ""),
        (PUBLISHED_FORECASTS, FORECAST, "p_home", "61"),
        (PUBLISHED_FORECASTS, FORECAST, "p_home", "nan"),
        (PUBLISHED_FORECASTS, FORECAST, "peer", ""),
    ],
)
def test_a_value_out_of_range_is_a_fault(table, row, column, value):
    assert f"line 2, column {column}: {value!r} is not " in fault(table, row | {column: value})


def test_the_closest_team_is_suggested_and_not_taken():
    assert "'Bostn Celtics' is not a team of the league (the closest is 'Boston Celtics')" in fault(
        GAMES, GAME | {"home_team": "Bostn Celtics"}
    )


def test_every_bad_value_of_a_row_is_named():
    message = fault(GAMES, GAME | {"home_pts": "x", "away_pts": "y"})
    assert "line 2, column home_pts: 'x'" in message
    assert "line 2, column away_pts: 'y'" in message


def test_five_faults_are_named_and_the_rest_is_not_read():
    good, bad = list(GAME.values()), [*GAME.values()][:-1] + ["x"]

    def rows():
        yield 2, list(good)
        for line in range(3, 9):
            yield line, list(bad)
        pytest.fail("read on after the fifth fault")

    with pytest.raises(FeedError) as caught:
        list(checked_rows(GAMES, list(GAME), rows()))
    assert re.findall(r"line (\d)", str(caught.value)) == ["3", "4", "5", "6", "7"]
    assert "and the rest was not read" in str(caught.value)


def test_a_row_with_a_value_too_many_is_a_fault():
    with pytest.raises(FeedError, match="line 2 has 8 values where the header names 7"):
        list(checked_rows(GAMES, list(GAME), [(2, [*GAME.values(), "x"])]))


def test_a_long_value_is_shown_in_part():
    assert len(fault(GAMES, GAME | {"game_type": "x" * 10_000})) < 300


def test_a_header_without_a_required_column_says_which():
    with pytest.raises(FeedError, match="line 1 lacks season, home_pts; it names date"):
        check_header(GAMES, ["date", "game_type", "home_team", "away_team", "away_pts"])


def test_injuries_need_an_instant_or_a_date():
    with pytest.raises(FeedError, match="line 1 lacks reported_at or date"):
        check_header(INJURIES, ["team", "player", "status"])


def test_a_column_named_twice_is_a_fault_only_if_it_is_ours():
    check_header(GAMES, [*GAME, "unknown", "unknown"])
    with pytest.raises(FeedError, match="line 1 names date twice"):
        check_header(GAMES, [*GAME, "date"])


def test_bounds_keep_the_season_and_the_dates_that_were_asked_for():
    days = ["2023-12-31", "2024-01-01", "2024-01-02"]
    rows = [GAME | {"date": day} for day in days]
    kept = checked(GAMES, *rows, bounds=Bounds("2023-24", date(2024, 1, 1), date(2024, 1, 1)))
    assert [game["game_date"] for game in kept] == [date(2024, 1, 1)]
    assert checked(GAMES, *rows, bounds=Bounds("2022-23")) == []


def test_a_price_has_the_season_of_its_date():
    days = ["2020-09-30", "2020-12-22"]
    rows = [PRICE | {"date": day} for day in days]
    assert [len(checked(ODDS, *rows, bounds=Bounds(season))) for season in ("2019-20", "2020-21")] == [1, 1]
