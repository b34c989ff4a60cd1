"""The feature tables of a small league made by hand, and how the build behaves."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tipoff.build import build_features, dbt_arguments, invoke_dbt
from tipoff.database.connection import parse_url
from tipoff.errors import ContractError, DatabaseError, UsageError
from tipoff.teams import TEAMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tipoff.database.connection import Cursor

# Sunday 14 January 2024, 11:00 in Boston: an hour before games without a tip-off count as started.
SUNDAY = date(2024, 1, 14)
MORNING = datetime(2024, 1, 14, 16, tzinfo=UTC)
JAZZ, HEAT, BULLS, SUNS = "Utah Jazz", "Miami Heat", "Chicago Bulls", "Phoenix Suns"


class League:
    """A migrated database that tests fill game by game, and build."""

    def __init__(self, parameters: dict[str, Any], cursor: Cursor, home: Path) -> None:
        self.parameters = parameters
        self.cursor = cursor
        self.home = home

    def game(
        self, day: date, home_team: str, away_team: str, score: tuple[int, int] | None = None, **columns: object
    ) -> None:
        home_pts, away_pts = score or (None, None)
        row = {
            "game_date": day,
            "home_team": home_team,
            "away_team": away_team,
            "home_pts": home_pts,
            "away_pts": away_pts,
        }
        self._insert("games", row | {"season": "2023-24", "game_type": "regular", "source": "test"} | columns)

    def line(self, day: date, team: str, player: str, pts: int) -> None:
        row = {"game_date": day, "team": team, "player_id": player, "player": player, "player_key": player, "pts": pts}
        self._insert("player_box", row | {"season": "2023-24", "source": "test"})

    def price(self, day: date, home: str, away: str, odds: tuple[int, int], known_at: datetime) -> None:
        row = {"game_date": day, "home_team": home, "away_team": away, "known_at": known_at, "timing": "quoted"}
        self._insert("odds", row | {"home_moneyline": odds[0], "away_moneyline": odds[1], "source": "test"})

    def snapshot(self, known_at: datetime, reports: Mapping[tuple[str, str], str]) -> None:
        for (team, player), status in reports.items():
            row = {"known_at": known_at, "timing": "reported", "team": team, "player": player, "player_key": player}
            self._insert("injuries", row | {"status": status, "source": "test"})

    def dated_report(self, day: date, team: str, player: str, status: str) -> None:
        row = {"game_date": day, "timing": "date-only", "team": team, "player": player, "player_key": player}
        midnight = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
        self._insert("injuries", row | {"known_at": midnight, "status": status, "source": "test"})

    def _insert(self, table: str, row: Mapping[str, object]) -> None:
        places = ", ".join(["%s"] * len(row))
        self.cursor.execute(f"insert into bronze.{table} ({', '.join(row)}) values ({places})", list(row.values()))

    def build(self, as_of: datetime = MORNING) -> None:
        build_features(self.parameters, as_of=as_of, home=self.home)

    def rows(self, relation: str = "silver.ml_game_features") -> list[dict[str, Any]]:
        self.cursor.execute(f"select * from {relation} order by game_date, home_team")
        names = [column.name for column in self.cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in self.cursor.fetchall()]

    def availability(self) -> dict[str, tuple[int, int, str]]:
        """Home and away top players and their source, by home team, of the games on Sunday."""
        return {
            row["home_team"]: (row["home_is_top_players"], row["away_is_top_players"], row["availability_source"])
            for row in self.rows()
            if row["game_date"] == SUNDAY
        }


@pytest.fixture(scope="module")
def dbt_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all builds of this module, so that dbt parses the project once."""
    return tmp_path_factory.mktemp("dbt_home")


@pytest.fixture
def league(database_url: str, cursor: Cursor, dbt_home: Path) -> League:
    return League(dict(parse_url(database_url)), cursor, dbt_home)


@pytest.fixture
def rivals(league: League) -> League:
    """Jazz and Heat met once, each with a star, a second and a third man; they meet again on Sunday."""
    league.game(SUNDAY - timedelta(days=2), JAZZ, HEAT, (110, 100))
    for team in (JAZZ, HEAT):
        for player, pts in (("star", 30), ("second", 20), ("third", 10)):
            league.line(SUNDAY - timedelta(days=2), team, f"{team[0]}-{player}", pts)
    league.game(SUNDAY, JAZZ, HEAT)
    return league


def whole_snapshot() -> dict[tuple[str, str], str]:
    """A report that names twenty teams, none of them the Jazz or the Heat."""
    others = [team.name for team in TEAMS if team.name not in (JAZZ, HEAT)]
    return {(team, "somebody"): "Out" for team in others[:20]}


def test_the_window_is_today_and_seven_days_of_games_that_have_not_started(league: League) -> None:
    league.game(SUNDAY - timedelta(days=1), JAZZ, HEAT)  # yesterday's score has not arrived
    league.game(SUNDAY, JAZZ, SUNS, tip_off_at=MORNING)
    league.game(SUNDAY, BULLS, HEAT, tip_off_at=MORNING + timedelta(minutes=1))
    league.game(SUNDAY + timedelta(days=7), JAZZ, HEAT)
    league.game(SUNDAY + timedelta(days=8), JAZZ, HEAT)
    league.game(SUNDAY + timedelta(days=1), BULLS, SUNS, status="postponed")
    league.game(SUNDAY + timedelta(days=2), BULLS, SUNS, status="cancelled")
    league.build()
    assert [(row["game_date"], row["home_team"]) for row in league.rows()] == [
        (SUNDAY, BULLS),
        (SUNDAY + timedelta(days=7), JAZZ),
    ]
    assert league.rows("silver.ml_game_features_history") == []


@pytest.mark.parametrize(
    ("as_of", "dates"),
    [
        # 23:30 on Saturday in Boston is Sunday in UTC: Saturday is still today, Sunday week is beyond the window.
        (datetime(2024, 1, 14, 4, 30, tzinfo=UTC), [SUNDAY, SUNDAY + timedelta(days=6)]),
        (datetime(2024, 1, 14, 5, 30, tzinfo=UTC), [SUNDAY, SUNDAY + timedelta(days=6), SUNDAY + timedelta(days=7)]),
        # From noon the dated game of today has started.
        (datetime(2024, 1, 14, 17, 0, tzinfo=UTC), [SUNDAY + timedelta(days=6), SUNDAY + timedelta(days=7)]),
    ],
)
def test_today_is_the_eastern_date_whatever_the_clock_of_the_server(
    league: League, as_of: datetime, dates: list[date]
) -> None:
    league.cursor.execute("select format('alter database %I set timezone to ''Asia/Tokyo''', current_database())")
    league.cursor.execute(league.cursor.fetchone()[0])  # type: ignore[index]
    for day in (SUNDAY, SUNDAY + timedelta(days=6), SUNDAY + timedelta(days=7)):
        league.game(day, JAZZ, HEAT)
    league.build(as_of)
    assert [row["game_date"] for row in league.rows()] == dates


def test_tonights_row_holds_what_happened_before_it(rivals: League) -> None:
    rivals.price(SUNDAY, JAZZ, HEAT, (-150, 130), MORNING - timedelta(hours=2))
    rivals.price(SUNDAY, JAZZ, HEAT, (-170, 150), MORNING - timedelta(hours=1))
    rivals.price(SUNDAY, JAZZ, HEAT, (-900, 600), MORNING + timedelta(minutes=1))
    rivals.build()
    (row,) = rivals.rows()
    assert {name: row[name] for name in row if name.startswith("home_")} == {
        "home_team": JAZZ,
        "home_team_rank": 1,
        "home_days_rest": 1,
        "home_team_avg_pts_scored": 110.0,
        "home_team_avg_pts_scored_opp": 100.0,
        "home_team_win_pct": 1.0,
        "home_team_win_pct_last10": 1.0,
        "home_is_top_players": 2,
        "home_moneyline": -170,
    }
    # The fourteen others of the East have not played: .500 goes before the Heat's .000.
    assert (row["away_team_rank"], row["away_team_win_pct"], row["away_days_rest"]) == (15, 0.0, 1)
    assert (row["outcome"], row["as_of"], row["season"]) == (None, MORNING, "2023-24")


def test_history_is_as_of_tip_off_and_takes_who_played_from_the_box_score(rivals: League) -> None:
    tip_off = MORNING + timedelta(hours=4)
    rivals.cursor.execute(
        "update bronze.games set home_pts = 90, away_pts = 95, tip_off_at = %s where game_date = %s", (tip_off, SUNDAY)
    )
    for player in ("U-star", "U-third"):
        rivals.line(SUNDAY, JAZZ, player, 25)
    for player in ("M-star", "M-second"):
        rivals.line(SUNDAY, HEAT, player, 25)
    rivals.price(SUNDAY, JAZZ, HEAT, (-150, 130), tip_off - timedelta(seconds=1))
    rivals.price(SUNDAY, JAZZ, HEAT, (-900, 600), tip_off)
    rivals.build(tip_off + timedelta(hours=5))
    row = rivals.rows("silver.ml_game_features_history")[-1]
    assert (row["home_is_top_players"], row["away_is_top_players"], row["availability_source"]) == (1, 2, "box score")
    assert (row["home_moneyline"], row["as_of"], row["outcome"], row["home_won"]) == (-150, tip_off, 0, False)
    assert row["home_team_win_pct"] == 1.0


def test_out_doubtful_and_suspended_sit_and_questionable_plays(rivals: League) -> None:
    jazz = {(JAZZ, "U-star"): "Questionable", (JAZZ, "U-second"): "Doubtful"}
    heat = {(HEAT, "M-star"): "Out", (HEAT, "M-second"): "Suspension"}
    rivals.snapshot(MORNING - timedelta(hours=1), jazz | heat)
    rivals.build()
    assert rivals.availability() == {JAZZ: (1, 0, "report")}


def test_a_team_that_a_whole_snapshot_does_not_name_is_healthy(rivals: League) -> None:
    rivals.snapshot(MORNING - timedelta(days=2), {(HEAT, "M-star"): "Out"})  # older than the whole one
    rivals.snapshot(MORNING - timedelta(hours=1), whole_snapshot())
    rivals.build()
    assert rivals.availability() == {JAZZ: (2, 2, "report")}


def test_a_team_that_a_partial_snapshot_does_not_name_is_unknown_and_counts_two(rivals: League) -> None:
    rivals.snapshot(MORNING - timedelta(hours=1), {(HEAT, "M-star"): "Out"})
    rivals.build()
    assert rivals.availability() == {JAZZ: (2, 1, "none")}


def test_a_snapshot_of_a_week_ago_or_of_this_very_instant_says_nothing(rivals: League) -> None:
    rivals.snapshot(MORNING - timedelta(days=7, seconds=1), {(JAZZ, "U-star"): "Out", (HEAT, "M-star"): "Out"})
    rivals.snapshot(MORNING, {(JAZZ, "U-star"): "Out", (HEAT, "M-star"): "Out"})
    rivals.build()
    assert rivals.availability() == {JAZZ: (2, 2, "none")}


def test_a_dated_report_holds_for_its_date_only_and_goes_before_the_snapshot(rivals: League) -> None:
    rivals.game(SUNDAY + timedelta(days=2), HEAT, JAZZ)
    rivals.snapshot(MORNING - timedelta(hours=20), whole_snapshot() | {(JAZZ, "U-star"): "Out"})
    rivals.dated_report(SUNDAY, JAZZ, "U-star", "Probable")
    rivals.dated_report(SUNDAY, HEAT, "M-second", "Out")
    rivals.build()
    assert [(r["home_team"], r["home_is_top_players"], r["away_is_top_players"]) for r in rivals.rows()] == [
        (JAZZ, 2, 1),
        (HEAT, 2, 1),
    ]


def test_a_namesake_in_another_team_is_somebody_else(rivals: League) -> None:
    rivals.snapshot(MORNING - timedelta(hours=1), {(JAZZ, "M-star"): "Out", (HEAT, "U-star"): "Out"})
    rivals.build()
    assert rivals.availability() == {JAZZ: (2, 2, "report")}


def test_building_twice_gives_the_same_tables_and_keeps_the_rights_on_them(rivals: League) -> None:
    rivals.build()
    first = rivals.rows(), rivals.rows("silver.ml_game_features_history")
    role = f"reader_{os.getpid()}"
    rivals.cursor.execute(f"create role {role}; grant select on silver.ml_game_features to {role}")
    try:
        rivals.build()
        assert (rivals.rows(), rivals.rows("silver.ml_game_features_history")) == first
        rivals.cursor.execute("select has_table_privilege(%s, 'silver.ml_game_features', 'select')", (role,))
        assert rivals.cursor.fetchone() == (True,)
    finally:
        rivals.cursor.execute(f"drop owned by {role}; drop role {role}")


def test_the_tables_have_the_columns_of_the_contract(rivals: League) -> None:
    rivals.build()
    rivals.cursor.execute(
        "select table_name, string_agg(column_name || ' ' || data_type, ', ' order by ordinal_position)"
        " from information_schema.columns where table_schema = 'silver' and table_name like 'ml\\_%'"
        " group by 1 order by 1"
    )
    side = (
        "{0}_team_rank bigint, {0}_days_rest integer, {0}_team_avg_pts_scored double precision,"
        " {0}_team_avg_pts_scored_opp double precision, {0}_team_win_pct double precision,"
        " {0}_team_win_pct_last10 double precision, {0}_is_top_players integer, {0}_moneyline numeric"
    )
    columns = (
        "game_date date, home_team text, away_team text, game_id text, tip_off_at timestamp with time zone,"
        f" season text, game_type text, {side.format('home')}, {side.format('away')}, outcome integer,"
        " availability_source text, as_of timestamp with time zone"
    )
    assert rivals.cursor.fetchall() == [
        ("ml_game_features", columns),
        ("ml_game_features_history", f"{columns}, home_won boolean"),
    ]


def test_a_team_outside_the_league_stops_the_build_before_the_tables_change(rivals: League) -> None:
    rivals.build()
    before = rivals.rows()
    rivals.game(SUNDAY, "Seattle Supersonics", BULLS)
    with pytest.raises(ContractError, match="home_teams_are_in_the_league found 1 rows") as failure:
        rivals.build()
    assert "dbt.log" in failure.value.action
    assert rivals.rows() == before


def test_a_database_without_tables_is_told_to_migrate(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"bronze\.games.*Run tipoff migrate\."):
        build_features(parse_url(empty_url), as_of=MORNING, home=tmp_path)


def test_without_dbt_the_build_names_the_line_that_installs_it(league: League, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dbt.cli.main", None)
    with pytest.raises(UsageError, match=r"pip install 'tipoff\[pipeline\]'"):
        league.build()


def test_a_role_that_may_not_create_is_told_which_right_it_lacks(league: League, tmp_path: Path) -> None:
    role = f"weak_{os.getpid()}"
    league.cursor.execute(f"create role {role} login; grant usage on schema bronze to {role}")
    try:
        with pytest.raises(DatabaseError, match="permission denied for schema silver"):
            build_features(league.parameters | {"user": role}, as_of=MORNING, home=tmp_path)
    finally:
        league.cursor.execute(f"drop owned by {role}; drop role {role}")


def test_the_build_prints_nothing_and_leaves_package_folder_and_environment_as_they_were(
    rivals: League, capfd: pytest.CaptureFixture[str]
) -> None:
    package = Path(build_features.__code__.co_filename).parent / "dbt"
    files, environment, folder = sorted(package.rglob("*")), dict(os.environ), Path.cwd()
    nodes: list[tuple[str, str]] = []
    report = build_features(
        rivals.parameters, as_of=MORNING, home=rivals.home, on_node=lambda name, status, _: nodes.append((name, status))
    )
    assert capfd.readouterr() == ("", "")
    assert (sorted(package.rglob("*")), dict(os.environ), Path.cwd()) == (files, environment, folder)
    assert ("ml_game_features", "success") in nodes
    assert list(report.seconds) == [name for name, _ in nodes]
    assert (report.upcoming, report.history) == (1, 1)


def test_the_units_of_dbt_pass(rivals: League, monkeypatch: pytest.MonkeyPatch) -> None:
    rivals.build()  # dbt takes the column types of a unit test's inputs from the tables
    for name, value in {"HOST": "host", "PORT": "port", "USER": "user", "DBNAME": "dbname"}.items():
        monkeypatch.setenv(f"TIPOFF_DBT_{name}", str(rivals.parameters[value]))
    arguments = dbt_arguments("test", as_of=MORNING, work=rivals.home / "dbt")
    outcome = invoke_dbt([*arguments, "--select", "test_type:unit"])
    assert outcome.success, [(r.node.name, r.message) for r in outcome.result if r.status != "pass"]
    assert len(outcome.result) >= 12
