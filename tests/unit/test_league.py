"""League time: Eastern dates, UTC instants, and nights on which the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.league import eastern_instant, league_date, season_of, starts_at

days = st.dates(date(1996, 1, 1), date(2040, 12, 31))
instants = st.datetimes(datetime(1996, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2024-01-16T04:59:59Z", date(2024, 1, 15)),  # 23:59:59 EST
        ("2024-01-16T05:00:00Z", date(2024, 1, 16)),
        ("2024-07-16T03:59:59Z", date(2024, 7, 15)),  # 23:59:59 EDT
        ("2024-07-16T04:00:00Z", date(2024, 7, 16)),
        ("2024-03-10T04:59:00Z", date(2024, 3, 9)),  # the night the clocks go forward
        ("2024-03-11T04:00:00Z", date(2024, 3, 11)),
        ("2024-11-04T04:59:00Z", date(2024, 11, 3)),  # and back: that day has 25 hours
    ],
)
def test_a_league_date_turns_at_midnight_in_new_york(instant, day):
    assert league_date(datetime.fromisoformat(instant)) == day


@given(instants, st.integers(-12, 14))
def test_the_zone_in_which_an_instant_is_written_does_not_matter(instant, hours):
    assert league_date(instant.astimezone(timezone(timedelta(hours=hours)))) == league_date(instant)


@given(days, st.sampled_from([time(0), time(6), time(12), time(23, 59)]))
def test_a_clock_in_new_york_shows_its_own_date(day, clock):
    assert league_date(eastern_instant(day, clock)) == day


@given(days)
def test_a_league_date_lasts_twenty_four_hours_but_for_two_a_year(day):
    length = eastern_instant(day + timedelta(days=1), time(0)) - eastern_instant(day, time(0))
    assert length in (timedelta(hours=23), timedelta(hours=24), timedelta(hours=25))


@given(days, instants)
def test_a_game_starts_at_its_tip_off_and_at_noon_without_one(day, tip_off):
    assert starts_at(day, tip_off) == tip_off
    assert starts_at(day, None) == eastern_instant(day, time(12))


@given(days)
def test_a_season_is_two_years_and_runs_from_august(day):
    label = season_of(day)
    assert int(label[5:]) == (int(label[:4]) + 1) % 100
    assert date(int(label[:4]), 8, 1) <= day < date(int(label[:4]) + 1, 8, 1)


def test_the_turn_of_the_century_has_two_digits():
    assert season_of(date(1999, 12, 31)) == "1999-00"
