"""The rows of a made-up league, field by field those of the files that `ingest --source files:DIR` reads."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

SOURCE = "simulated"


class GameRow(NamedTuple):
    """A game; without points it has not been played."""

    season: str
    game_type: str
    game_date: date
    home_team: str
    away_team: str
    home_pts: int | None
    away_pts: int | None
    game_id: str
    tip_off_at: datetime


class OddsRow(NamedTuple):
    """One quote of a game's two American moneylines."""

    game_date: date
    home_team: str
    away_team: str
    home_moneyline: int
    away_moneyline: int
    source: str
    quoted_at: datetime


class PlayerRow(NamedTuple):
    """What one player did in one game; `minutes` may be 0."""

    season: str
    game_date: date
    team: str
    player_id: str
    player: str
    minutes: int
    pts: int
    reb: int
    ast: int
    stl: int
    blk: int
    tov: int
    plus_minus: int


class InjuryRow(NamedTuple):
    """One line of the league-wide snapshot taken at `reported_at`."""

    reported_at: datetime
    team: str
    player: str
    status: str


@dataclass(frozen=True)
class SimulatedLeague:
    """A made-up league as it stands on the morning of `today`; rows in order of their league dates."""

    today: date
    games: list[GameRow]
    odds: list[OddsRow]
    player_box: list[PlayerRow]
    injuries: list[InjuryRow]


def write_files(league: SimulatedLeague, folder: Path) -> None:
    """Save the league as games.csv, odds.csv, player_box.csv and injuries.csv; the folder is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    _save(folder / "games.csv", GameRow._fields, league.games)
    _save(folder / "odds.csv", OddsRow._fields, league.odds)
    _save(folder / "player_box.csv", PlayerRow._fields, league.player_box)
    _save(folder / "injuries.csv", InjuryRow._fields, league.injuries)


def _save(path: Path, fields: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    header = ["date" if field == "game_date" else field for field in fields]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
