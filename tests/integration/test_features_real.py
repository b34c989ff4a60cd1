"""The feature tables on 18 real seasons, against a second reckoning in plain Python and against changed futures."""

from __future__ import annotations

import csv
import gzip
import io
import random
from bisect import bisect_left
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg2
import pytest

from tipoff.build import build_features
from tipoff.database.migrate import migrate
from tipoff.teams import TEAMS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tipoff.build import BuildReport
    from tipoff.database.embedded import ServerAddress

AFTER_THE_LAST_SEASON = datetime(2024, 7, 1, tzinfo=UTC)
CUT = date(2019, 2, 10)
SIDE_FEATURES = (
    "team_rank",
    "days_rest",
    "team_avg_pts_scored",
    "team_avg_pts_scored_opp",
    "team_win_pct",
    "team_win_pct_last10",
)
COLUMNS = {
    "games": "season, game_type, day, home_team, away_team, home_pts, away_pts, game_id",
    "odds": "season, day, home_team, away_team, home_moneyline, away_moneyline, spread, source, quote_kind",
    "player_box": "season, game_type, day, team, opponent, is_home, player_id, player, minutes, pts, reb, ast, stl,"
    " blk, tov, plus_minus",
}
INSERTS = (
    "insert into bronze.games"
    " (game_date, home_team, away_team, season, game_type, home_pts, away_pts, game_id, status, source)"
    " select day::date, home_team, away_team, season, game_type, home_pts::int, away_pts::int, game_id, 'final',"
    " 'files' from raw_games",
    "insert into bronze.odds"
    " (game_date, home_team, away_team, source, known_at, timing, home_moneyline, away_moneyline)"
    " select day::date, home_team, away_team, source, day::timestamp at time zone 'America/New_York', 'date-only',"
    " home_moneyline::float8, away_moneyline::float8 from raw_odds",
    "insert into bronze.player_box (game_date, team, player_id, season, player, player_key, pts, source)"
    " select day::date, team, player_id, season, player, lower(player), pts::int, 'files' from raw_player_box",
)
HISTORY = "silver.ml_game_features_history"


class Warehouse(NamedTuple):
    """A database with the real games, and what its first build said."""

    parameters: dict[str, Any]
    home: Path
    report: BuildReport

    def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        return query(self.parameters, sql, *args)


def query(parameters: dict[str, Any], sql: str, *args: object) -> list[dict[str, Any]]:
    with psycopg2.connect("", **parameters) as conn, conn.cursor() as cursor:
        cursor.execute(sql, args)
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()] if names else []
    conn.close()
    return rows


def execute_outside_a_transaction(parameters: dict[str, Any], sql: str) -> None:
    conn = psycopg2.connect("", **parameters)
    conn.autocommit = True
    with conn.cursor() as cursor:
        cursor.execute(sql)
    conn.close()


def read_csv(folder: Path, name: str) -> list[dict[str, str]]:
    with gzip.open(folder / f"{name}.csv.gz", "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def load(parameters: dict[str, Any], folder: Path) -> None:
    """Copy the files into bronze by the shortest way; the product's own reader has tests of its own."""
    with psycopg2.connect("", **parameters) as conn, conn.cursor() as cursor:
        migrate(cursor)
        for name, columns in COLUMNS.items():
            cursor.execute(
                f"create temp table raw_{name} ({', '.join(f'{c} text' for c in columns.split(','))}) on commit drop"
            )
            text = gzip.decompress((folder / f"{name}.csv.gz").read_bytes())
            cursor.copy_expert(f"copy raw_{name} from stdin (format csv, header)", io.BytesIO(text))
        for insert in INSERTS:
            cursor.execute(insert)
    conn.close()


@pytest.fixture(scope="module")
def warehouse(server: ServerAddress, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    admin = {"host": server.socket_dir, "port": server.port, "user": server.user, "dbname": "postgres"}
    execute_outside_a_transaction(admin, "create database features_real")
    parameters = admin | {"dbname": "features_real"}
    load(parameters, real_data)
    home = tmp_path_factory.mktemp("build")
    yield Warehouse(parameters, home, build_features(parameters, as_of=AFTER_THE_LAST_SEASON, home=home))
    execute_outside_a_transaction(admin, "drop database features_real with (force)")


@pytest.fixture
def another(warehouse: Warehouse) -> Iterator[dict[str, Any]]:
    """A copy of the warehouse to change the future in."""
    admin = warehouse.parameters | {"dbname": "postgres"}
    execute_outside_a_transaction(admin, "create database features_changed template features_real")
    yield warehouse.parameters | {"dbname": "features_changed"}
    execute_outside_a_transaction(admin, "drop database features_changed with (force)")


def up_to_the_cut(parameters: dict[str, Any]) -> list[dict[str, Any]]:
    return query(
        parameters,
        f"select * from {HISTORY} where game_date <= %s order by game_date, home_team, away_team",
        CUT,
    )


class TeamGame(NamedTuple):
    """One team's view of a game."""

    game_date: date
    season: str
    game_type: str
    pts: int
    opp_pts: int

    @property
    def won(self) -> bool:
        return self.pts > self.opp_pts


class Line(NamedTuple):
    """One line of a box score."""

    game_date: date
    season: str
    game_type: str
    team: str
    pts: int


class Almanac:
    """The same features reckoned the slow way, from the files, game by game."""

    def __init__(self, folder: Path) -> None:
        self.games: dict[str, list[TeamGame]] = defaultdict(list)
        self.days: dict[str, set[date]] = defaultdict(set)
        self.last_regular: dict[str, date] = {}
        types: dict[tuple[date, str], str] = {}
        for row in read_csv(folder, "games"):
            day, season, kind = date.fromisoformat(row["date"]), row["season"], row["game_type"]
            home, away = int(row["home_pts"]), int(row["away_pts"])
            self.days[season].add(day)
            if kind == "regular":
                self.last_regular[season] = max(day, self.last_regular.get(season, day))
            for team, pts, opp_pts in ((row["home_team"], home, away), (row["away_team"], away, home)):
                self.games[team].append(TeamGame(day, season, kind, pts, opp_pts))
                types[day, team] = kind
        for games in self.games.values():
            games.sort()
        self.seasons = sorted(self.days)
        self.lines: dict[str, list[Line]] = defaultdict(list)
        self.listed: dict[tuple[date, str], set[str]] = defaultdict(set)
        for row in read_csv(folder, "player_box"):
            day, team = date.fromisoformat(row["date"]), row["team"]
            self.lines[row["player_id"]].append(Line(day, row["season"], types[day, team], team, int(row["pts"])))
            self.listed[day, team].add(row["player_id"])
        for lines in self.lines.values():
            lines.sort()

    def earlier(self, team: str, day: date, season: str) -> list[TeamGame]:
        return [game for game in self.games[team] if game.season == season and game.game_date < day]

    def features(self, team: str, day: date, season: str) -> dict[str, float | None]:
        earlier = self.earlier(team, day, season)
        regular = [game for game in earlier if game.game_type == "regular"]
        conference = next(t.conference for t in TEAMS if t.name == team)
        rivals = [self.win_pct(t.name, day, season) for t in TEAMS if t.conference == conference]
        return {
            "team_rank": 1 + sum(pct > self.win_pct(team, day, season) for pct in rivals),
            "days_rest": min((day - earlier[-1].game_date).days - 1, 4) if earlier else 4,
            "team_avg_pts_scored": sum(g.pts for g in regular) / len(regular) if regular else None,
            "team_avg_pts_scored_opp": sum(g.opp_pts for g in regular) / len(regular) if regular else None,
            "team_win_pct": self.win_pct(team, day, season),
            "team_win_pct_last10": sum(g.won for g in regular[-10:]) / len(regular[-10:]) if regular else 0.5,
        }

    def win_pct(self, team: str, day: date, season: str) -> float:
        won = [game.won for game in self.earlier(team, day, season) if game.game_type == "regular"]
        return sum(won) / len(won) if won else 0.5

    def days_between(self, season: str, first: date, last: date) -> int:
        """Days from first to last, less those on which the whole league paused."""
        days = sorted(day for day in self.days[season] if first <= day <= last)
        pauses = [(b - a).days - 1 for a, b in zip(days, days[1:], strict=False) if (b - a).days > 60]
        return (last - first).days - sum(pauses)

    def days_unseen(self, last: Line, day: date, season: str) -> int | None:
        """Days of the season between a player's last line and a game; None if that was not this season or the last."""
        if last.season == season:
            return self.days_between(season, last.game_date, day)
        if self.seasons.index(season) - self.seasons.index(last.season) != 1:
            return None
        end = self.last_regular[last.season]
        missed = self.days_between(last.season, last.game_date, end) if last.game_date < end else 0
        return missed + self.days_between(season, min(self.days[season]), day)

    def top_two(self, team: str, day: date, season: str) -> list[str]:
        previous = self.seasons[self.seasons.index(season) - 1]
        ranked = []
        for player, lines in self.lines.items():
            before = lines[: bisect_left(lines, (day,))]
            if not before or before[-1].team != team:
                continue
            unseen = self.days_unseen(before[-1], day, season)
            if unseen is None or unseen >= 60:
                continue
            this = [line.pts for line in before if line.season == season and line.game_type == "regular"]
            last = [line.pts for line in before if line.season == previous and line.game_type == "regular"]
            counted = last if len(this) < 5 <= len(last) else this
            if counted:
                ranked.append((-sum(counted) / len(counted), -sum(counted), player))
        return [player for _, _, player in sorted(ranked)[:2]]

    def top_players_listed(self, team: str, day: date, season: str) -> int:
        """How many of the top two were on the floor; a team with fewer than two known ones misses nobody."""
        if not self.listed[day, team]:
            return 2
        return 2 - sum(player not in self.listed[day, team] for player in self.top_two(team, day, season))


@pytest.fixture(scope="module")
def almanac(real_data: Path) -> Almanac:
    return Almanac(real_data)


def test_every_played_game_has_one_row_of_history(warehouse: Warehouse) -> None:
    assert (warehouse.report.upcoming, warehouse.report.history) == (0, 23_106)


def test_features_equal_a_slow_reckoning_of_the_same_games(warehouse: Warehouse, almanac: Almanac) -> None:
    history = warehouse.rows(f"select * from {HISTORY} order by game_date, home_team, away_team")
    picked = random.Random(20240414).sample(history, 150)
    for row in picked:
        for side in ("home", "away"):
            expected = almanac.features(row[f"{side}_team"], row["game_date"], row["season"])
            got = {name: row[f"{side}_{name}"] for name in SIDE_FEATURES}
            assert got == pytest.approx(expected), (row["game_date"], row[f"{side}_team"])


def test_top_players_equal_a_slow_reckoning_of_the_same_box_scores(warehouse: Warehouse, almanac: Almanac) -> None:
    history = warehouse.rows(
        f"select * from {HISTORY} where season >= '2015-16' order by game_date, home_team, away_team"
    )
    top_two = defaultdict(list)
    for row in warehouse.rows("select team, game_date, player_id from silver.int_top_players order by place"):
        top_two[row["team"], row["game_date"]].append(row["player_id"])
    hard_days = [
        r
        for r in history
        if r["game_date"] in {date(2020, 7, 31), date(2020, 12, 25), date(2023, 10, 25), date(2024, 2, 14)}
    ]
    picked = random.Random(20240414).sample(history, 150) + hard_days
    for row in picked:
        for side in ("home", "away"):
            team, day, season = row[f"{side}_team"], row["game_date"], row["season"]
            assert top_two[team, day] == almanac.top_two(team, day, season), (team, day)
            assert row[f"{side}_is_top_players"] == almanac.top_players_listed(team, day, season), (team, day)


def test_prices_are_those_of_the_file(warehouse: Warehouse, real_data: Path) -> None:
    rows = warehouse.rows(f"select * from {HISTORY} where home_moneyline is not null")
    got = {
        (str(r["game_date"]), r["home_team"], r["away_team"]): (r["home_moneyline"], r["away_moneyline"]) for r in rows
    }
    prices = read_csv(real_data, "odds")
    assert got == {
        (p["date"], p["home_team"], p["away_team"]): (float(p["home_moneyline"]), float(p["away_moneyline"]))
        for p in prices
    }


def test_games_that_rest_on_no_box_score_say_so(warehouse: Warehouse) -> None:
    counts = warehouse.rows(
        "select availability_source, season >= '2015-16' as has_box, count(*) as n, min(home_is_top_players) as least"
        f" from {HISTORY} where game_type in ('regular', 'playoff') group by 1, 2"
    )
    by_source = {(row["availability_source"], row["has_box"]): row for row in counts}
    assert by_source["none", False]["least"] == 2
    assert ("box score", False) not in by_source
    assert by_source["none", True]["n"] < 20  # the first night of the first season with box scores


def test_removing_all_after_a_date_leaves_every_row_up_to_it(warehouse: Warehouse, another: dict[str, Any]) -> None:
    for table in ("games", "odds", "player_box"):
        query(another, f"delete from bronze.{table} where game_date > %s", CUT)
    build_features(another, as_of=AFTER_THE_LAST_SEASON, home=warehouse.home)
    kept = up_to_the_cut(another)
    assert len(kept) > 15_000
    assert kept == up_to_the_cut(warehouse.parameters)


def test_other_scores_from_a_date_on_change_no_feature_up_to_it(warehouse: Warehouse, another: dict[str, Any]) -> None:
    query(another, "update bronze.games set home_pts = away_pts, away_pts = home_pts where game_date >= %s", CUT)
    query(another, "update bronze.player_box set pts = 60 - pts where game_date >= %s and pts <= 60", CUT)
    query(another, "update bronze.odds set home_moneyline = away_moneyline where game_date > %s", CUT)
    build_features(another, as_of=AFTER_THE_LAST_SEASON, home=warehouse.home)
    features = [set(row.items()) for row in map(without_result, up_to_the_cut(another))]
    assert features == [set(row.items()) for row in map(without_result, up_to_the_cut(warehouse.parameters))]


def without_result(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("outcome", "home_won")}


def test_tonights_features_are_those_that_history_has_later(warehouse: Warehouse, another: dict[str, Any]) -> None:
    today, morning = date(2023, 1, 15), datetime(2023, 1, 15, 15, tzinfo=UTC)
    later = warehouse.rows(
        f"select * from {HISTORY} where game_date between %s and %s order by game_date, home_team",
        today, today + timedelta(days=7),
    )  # fmt: skip
    report = build_features(another, as_of=morning, home=warehouse.home)
    upcoming = query(another, "select * from silver.ml_game_features order by game_date, home_team")
    key = ("game_date", "home_team", "away_team", "game_id", "season", "game_type", "home_days_rest", "away_days_rest")
    assert [[row[c] for c in key] for row in upcoming] == [[row[c] for c in key] for row in later]
    assert {row["outcome"] for row in upcoming} == {None}
    assert {row["as_of"] for row in upcoming} == {morning}
    names = [f"{side}_{name}" for side in ("home", "away") for name in (*SIDE_FEATURES, "moneyline")]
    tonight = [[row[name] for name in names] for row in upcoming if row["game_date"] == today]
    assert len(tonight) == sum(row["game_date"] == today for row in later) > 0
    assert tonight == [[row[name] for name in names] for row in later if row["game_date"] == today]
    assert report.history == len(warehouse.rows(f"select game_date from {HISTORY} where game_date < %s", today))
    # Tomorrow's prices are not known yet, nor who plays.
    assert {row["home_moneyline"] for row in upcoming if row["game_date"] > today} == {None}
    assert {(row["home_is_top_players"], row["availability_source"]) for row in upcoming} == {(2, "none")}
