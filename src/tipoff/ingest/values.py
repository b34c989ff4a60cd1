"""One parser per kind of value: text to value, or a `ValueError` whose message is what was expected."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from math import isfinite
from typing import TYPE_CHECKING

from tipoff.odds import is_american
from tipoff.teams import nearest_team, resolve_team

if TYPE_CHECKING:
    from collections.abc import Callable

GAME_TYPES = ("regular", "play-in", "playoff", "cup-final")
STATUSES = ("scheduled", "final", "postponed", "cancelled")
FIRST_YEAR, LAST_YEAR = 1946, 2100  # the league's first season, and far enough

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"([+-]?\d+)(\.0*)?", re.ASCII)
_WAS_A_FLOAT = re.compile(r"\d+\.0|\d(\.\d+)?[eE]\+\d+", re.ASCII)


def league_date_text(text: str) -> date:
    """A calendar date.

    >>> league_date_text("2024-01-15")
    datetime.date(2024, 1, 15)
    """
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError("a date like 2024-01-15")
    return day


def instant(text: str) -> datetime:
    """An aware instant, in UTC.

    >>> instant("2024-01-15T19:30:00-05:00").isoformat()
    '2024-01-16T00:30:00+00:00'
    """
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None or not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        raise ValueError("an instant with its time zone, like 2024-01-15T17:00:00Z")
    return parsed.astimezone(UTC)


def season(text: str) -> str:
    """A season as people write it.

    >>> season("1999-00")
    '1999-00'
    """
    start, _, end = text.partition("-")
    right = re.fullmatch(r"\d{4}", start, re.ASCII) and end == f"{(int(start) + 1) % 100:02d}"
    if not right or not FIRST_YEAR <= int(start) <= LAST_YEAR:
        raise ValueError("a season like 2023-24")
    return text


def team(text: str) -> str:
    """The current full name behind any known name of a team.

    >>> team("LA Clippers")
    'Los Angeles Clippers'
    """
    name = resolve_team(text)
    if name is None:
        raise ValueError(f"a team of the league (the closest is {nearest_team(text)!r})")
    return name


def words(text: str) -> str:
    """Text that people read, its spaces made single.

    >>> words("Day-To-Day")
    'Day-To-Day'
    """
    tidy = " ".join(text.split())
    if not tidy.isprintable():
        raise ValueError("text without control characters")
    return tidy


def identifier(text: str) -> str:
    """An id exactly as written: leading zeros are part of it.

    >>> identifier("0022300001")
    '0022300001'
    """
    if not text.isprintable():
        raise ValueError("text without control characters")
    if _WAS_A_FLOAT.fullmatch(text):
        raise ValueError("an id as it was given, not turned into a floating-point number on the way")
    return text


def one_of(options: tuple[str, ...]) -> Callable[[str], str]:
    """A parser of one of a few words."""

    def parse(text: str) -> str:
        if text not in options:
            raise ValueError(f"one of {', '.join(options)}")
        return text

    return parse


def whole(low: int, high: int) -> Callable[[str], int]:
    """A parser of whole numbers; 114.0 is one, as data frames write it where a column has gaps.

    >>> whole(0, 999)("114.0")
    114
    """

    def parse(text: str) -> int:
        match = _WHOLE.fullmatch(text)
        # A thousand digits are no number either: Python refuses to convert them.
        number = int(match[1]) if match and len(text) < 20 else None
        if number is None or not low <= number <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return number

    return parse


def decimal(low: float, high: float) -> Callable[[str], float]:
    """A parser of numbers within bounds, the bounds included.

    >>> decimal(0, 1)("0.4031")
    0.4031
    """

    def parse(text: str) -> float:
        number = _number(text)
        if number is None or not low <= number <= high:
            raise ValueError(f"a number from {low} to {high}")
        return number

    return parse


def moneyline(text: str) -> float:
    """American odds.

    >>> moneyline("-120.0"), moneyline("+150")
    (-120.0, 150.0)
    """
    number = _number(text)
    if number is None or not is_american(number):
        raise ValueError("American odds, at most -100 or at least 100, or nothing")
    return number


def _number(text: str) -> float | None:
    number = float(text) if _NUMBER.fullmatch(text) else None
    return number if number is not None and isfinite(number) else None
