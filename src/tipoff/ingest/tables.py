"""The files that `ingest` reads, as data: their columns, what each value must be, and the bronze table behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tipoff.ingest import values
from tipoff.ingest.rows import forecast_row, game_row, injury_row, odds_row, player_row
from tipoff.league import league_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date


class Column(NamedTuple):
    """A column of a file.

    `required` asks for it in the header and `filled` for a value in every row; `target` is its name in bronze
    where that differs.
    """

    name: str
    parse: Callable[[str], Any]
    required: bool = True
    filled: bool = True
    target: str = ""


class Table(NamedTuple):
    """A kind of file and the bronze table of the same name.

    `build` makes the values of `target` of those of `columns` in order (None where empty), or raises `RowFault`.
    `place` gives a built row's season (None where its file has none) and league date.
    `settled` is SQL for columns whose new value depends on what is known: `known` is the row there, `{new}` the file's.
    """

    name: str
    columns: tuple[Column, ...]
    target: tuple[str, ...]
    key: tuple[str, ...]
    build: Callable[..., tuple[Any, ...]]
    place: Callable[[tuple[Any, ...]], tuple[str | None, date]]
    settled: Mapping[str, str] = {}
    any_of: tuple[str, ...] = ()


def required(name: str, parse: Callable[[str], Any]) -> Column:
    """A column that every file has, with a value in every row."""
    return Column(name, parse)


def may_be_empty(name: str, parse: Callable[[str], Any]) -> Column:
    """A column that every file has, with a value where there is one."""
    return Column(name, parse, filled=False)


def optional(name: str, parse: Callable[[str], Any], target: str = "") -> Column:
    """A column that a file may have."""
    return Column(name, parse, required=False, filled=False, target=target or name)


points = values.whole(0, 999)
SOURCE = optional("source", values.words)
GAME_KEY = ("game_date", "home_team", "away_team")

GAMES = Table(
    "games",
    (
        required("season", values.season),
        required("game_type", values.one_of(values.GAME_TYPES)),
        required("date", values.league_date_text),
        required("home_team", values.team),
        required("away_team", values.team),
        may_be_empty("home_pts", points),
        may_be_empty("away_pts", points),
        optional("game_id", values.identifier),
        optional("tip_off_at", values.instant),
        optional("status", values.one_of(values.STATUSES)),
        SOURCE,
    ),
    (*GAME_KEY, "season", "game_type", "home_pts", "away_pts", "game_id", "tip_off_at", "status", "source"),
    GAME_KEY,
    game_row,
    lambda row: (row[3], row[0]),
    # A file that has not heard of a result, an id or a tip-off does not take it away.
    settled={
        "home_pts": "coalesce({new}.home_pts, known.home_pts)",
        "away_pts": "coalesce({new}.away_pts, known.away_pts)",
        "game_id": "coalesce({new}.game_id, known.game_id)",
        "tip_off_at": "coalesce({new}.tip_off_at, known.tip_off_at)",
        "status": "case when known.home_pts is not null then 'final' else {new}.status end",
    },
)
ODDS = Table(
    "odds",
    (
        required("date", values.league_date_text),
        required("home_team", values.team),
        required("away_team", values.team),
        may_be_empty("home_moneyline", values.moneyline),
        may_be_empty("away_moneyline", values.moneyline),
        optional("spread", values.decimal(-99, 99)),
        optional("quoted_at", values.instant),
        optional("timing", values.words, target="quote_kind"),
        SOURCE,
    ),
    (*GAME_KEY, "source", "known_at", "timing", "home_moneyline", "away_moneyline", "spread", "quote_kind"),
    (*GAME_KEY, "source", "known_at", "timing"),
    odds_row,
    lambda row: (None, row[0]),
)
_COUNTS = ("reb", "ast", "stl", "blk", "tov")
PLAYER_BOX = Table(
    "player_box",
    (
        required("season", values.season),
        required("date", values.league_date_text),
        required("team", values.team),
        required("player_id", values.identifier),
        required("player", values.words),
        required("minutes", values.decimal(0, 999)),
        required("pts", points),
        *(optional(name, points) for name in _COUNTS),
        optional("plus_minus", values.whole(-999, 999)),
        SOURCE,
    ),
    (
        *("game_date", "team", "player_id", "season", "player", "player_key", "minutes", "pts"),
        *(*_COUNTS, "plus_minus", "source"),
    ),
    ("game_date", "team", "player_id"),
    player_row,
    lambda row: (row[3], row[0]),
)
INJURIES = Table(
    "injuries",
    (
        optional("reported_at", values.instant),
        optional("date", values.league_date_text),
        required("team", values.team),
        required("player", values.words),
        required("status", values.words),
        SOURCE,
    ),
    ("known_at", "timing", "game_date", "team", "player", "player_key", "status", "source"),
    ("known_at", "timing", "team", "player_key"),
    injury_row,
    lambda row: (None, row[2] or league_date(row[0])),
    any_of=("reported_at", "date"),
)
PUBLISHED_FORECASTS = Table(
    "published_forecasts",
    (
        required("date", values.league_date_text),
        required("home_team", values.team),
        required("away_team", values.team),
        required("peer", values.words),
        required("p_home", values.decimal(0, 1)),
        SOURCE,
    ),
    (*GAME_KEY, "peer", "p_home", "source"),
    (*GAME_KEY, "peer"),
    forecast_row,
    lambda row: (None, row[0]),
)
TABLES = (GAMES, ODDS, PLAYER_BOX, INJURIES, PUBLISHED_FORECASTS)
