"""League time: dates are US/Eastern, instants are UTC, and the clock is always an argument."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")

# A game without a tip-off instant counts as started from this wall-clock time of its league date …
ASSUMED_TIP_OFF = time(12)
# … and its score as known from this one of the day after.
SCORE_KNOWN = time(6)
# A score whose tip-off is known counts as known this long after it: no game has taken four hours.
LONGEST_GAME = timedelta(hours=4)
# The feature table covers today and as many days after it.
SLATE_DAYS = 7


def league_date(instant: datetime) -> date:
    """The US/Eastern calendar date of an aware instant.

    >>> league_date(datetime(2024, 1, 16, 4, 59, tzinfo=UTC)).isoformat()
    '2024-01-15'
    """
    return instant.astimezone(EASTERN).date()


def eastern_instant(day: date, clock: time) -> datetime:
    """The UTC instant at which Eastern clocks show `clock` on `day`.

    >>> eastern_instant(date(2024, 7, 1), time(12)).isoformat()
    '2024-07-01T16:00:00+00:00'
    """
    return datetime.combine(day, clock, EASTERN).astimezone(UTC)


def starts_at(game_date: date, tip_off_at: datetime | None) -> datetime:
    """The instant from which a game counts as started: its tip-off, else noon Eastern of its date."""
    return tip_off_at if tip_off_at is not None else eastern_instant(game_date, ASSUMED_TIP_OFF)


def season_of(game_date: date) -> str:
    """The season a league date falls in, as people write it; a season turns over on 1 August.

    The 2019-20 season ended on 11 October 2020, so autumn 2020 games before that are asked for by
    their `season` column, which tables carry; this is for tables that do not.

    >>> season_of(date(2024, 4, 14)), season_of(date(2024, 10, 22))
    ('2023-24', '2024-25')
    """
    start = game_date.year if game_date.month >= 8 else game_date.year - 1
    return f"{start}-{(start + 1) % 100:02d}"
