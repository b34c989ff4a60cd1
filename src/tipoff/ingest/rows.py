"""The checked values of a file's row as a row of bronze; the rules that values keep together are here."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import cache
from typing import Any

from tipoff.ingest.names import player_key
from tipoff.league import eastern_instant, league_date

midnight = cache(lambda day: eastern_instant(day, time(0)))
cached_key = cache(player_key)


class RowFault(ValueError):
    """The values of a row are right one by one, but not together.

    Args:
        column: Where a person should look.
        expected: What should have been there.
    """

    def __init__(self, column: str, expected: str) -> None:
        super().__init__(expected)
        self.column = column


def _two_teams(home: str, away: str) -> None:
    if home == away:
        raise RowFault("away_team", "a team other than the home team")


def _in_season(season: str, day: date) -> None:
    # The 2019-20 season ended on 11 October 2020, the latest yet.
    start = int(season[:4])
    if not date(start, 1, 1) <= day <= date(start + 1, 10, 31):
        raise RowFault("date", f"a date of the season {season}")


def _key_of_player(name: str) -> str:
    key = cached_key(name)
    if not key:
        raise RowFault("player", "a player's name")
    return key


def game_row(
    season: str,
    game_type: str,
    day: date,
    home: str,
    away: str,
    home_pts: int | None,
    away_pts: int | None,
    game_id: str | None,
    tip_off_at: datetime | None,
    status: str | None,
    source: str | None,
) -> tuple[Any, ...]:
    """A row of bronze.games: final if and only if it has points."""
    _two_teams(home, away)
    _in_season(season, day)
    if (home_pts is None) != (away_pts is None):
        raise RowFault("home_pts" if home_pts is None else "away_pts", "points of both teams, or of neither")
    if home_pts is not None and home_pts == away_pts:
        raise RowFault("away_pts", "points other than the home team's (no game ends in a tie)")
    if status is None:
        status = "scheduled" if home_pts is None else "final"
    if (status == "final") != (home_pts is not None):
        raise RowFault("status", "final with points, and something else without")
    if tip_off_at is not None and league_date(tip_off_at) != day:
        raise RowFault("tip_off_at", f"an instant of {day} on Eastern clocks")
    return day, home, away, season, game_type, home_pts, away_pts, game_id, tip_off_at, status, source


def odds_row(
    day: date,
    home: str,
    away: str,
    home_moneyline: float | None,
    away_moneyline: float | None,
    spread: float | None,
    quoted_at: datetime | None,
    kind: str | None,
    source: str | None,
) -> tuple[Any, ...]:
    """A row of bronze.odds: known at its instant, or at 00:00 Eastern of its date."""
    _two_teams(home, away)
    known_at, timing = (quoted_at, "quoted") if quoted_at else (midnight(day), "date-only")
    return day, home, away, source, known_at, timing, home_moneyline, away_moneyline, spread, kind


def player_row(
    season: str, day: date, team: str, player_id: str, player: str, minutes: float, pts: int, *others: Any
) -> tuple[Any, ...]:
    """A row of bronze.player_box; `others` are the optional counts and the source, in order."""
    _in_season(season, day)
    return day, team, player_id, season, player, _key_of_player(player), minutes, pts, *others


def injury_row(
    reported_at: datetime | None, day: date | None, team: str, player: str, status: str, source: str | None
) -> tuple[Any, ...]:
    """A row of bronze.injuries: of a snapshot taken at an instant, or for one date alone."""
    key = _key_of_player(player)
    if reported_at is not None:
        return reported_at, "reported", None, team, player, key, status, source
    if day is None:
        raise RowFault("date", "a date, or an instant in reported_at")
    return midnight(day), "date-only", day, team, player, key, status, source


def forecast_row(day: date, home: str, away: str, peer: str, p_home: float, source: str | None) -> tuple[Any, ...]:
    """A row of bronze.published_forecasts."""
    _two_teams(home, away)
    return day, home, away, peer, p_home, source
