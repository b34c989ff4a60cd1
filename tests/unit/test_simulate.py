"""The made-up league behaves like a real one, and is the same on every machine."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from math import log
from pathlib import Path
from statistics import mean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tipoff.league import EASTERN, eastern_instant, league_date, season_of
from tipoff.odds import implied_probability, is_american, no_vig_home
from tipoff.simulate import GameRow, OddsRow, SimulatedLeague, simulate_league, write_files
from tipoff.teams import TEAMS

TODAY = date(2026, 1, 8)
NAMES = {team.name for team in TEAMS}


@pytest.fixture(scope="module")
def league() -> SimulatedLeague:
    return simulate_league(TODAY)


@pytest.fixture(scope="module")
def full_season(league: SimulatedLeague) -> list[GameRow]:
    return [game for game in league.games if game.season == "2024-25" and game.game_type == "regular"]


def key(row: GameRow | OddsRow) -> tuple[date, str, str]:
    return row.game_date, row.home_team, row.away_team


def teams(game: GameRow) -> tuple[str, str]:
    return game.home_team, game.away_team


def dates_of_teams(games: list[GameRow]) -> dict[str, list[date]]:
    dates = defaultdict(list)
    for game in games:
        for team in teams(game):
            dates[team].append(game.game_date)
    return {team: sorted(days) for team, days in dates.items()}


def played(league: SimulatedLeague) -> list[GameRow]:
    return [game for game in league.games if game.home_pts is not None]


def home_won(game: GameRow) -> bool:
    assert game.home_pts is not None
    assert game.away_pts is not None
    return game.home_pts > game.away_pts


def closing_lines(league: SimulatedLeague) -> dict[tuple[date, str, str], float]:
    """The no-vig home probability of each game's last quote."""
    lines = {}
    for quote in sorted(league.odds, key=lambda quote: quote.quoted_at):
        p_home = no_vig_home(quote.home_moneyline, quote.away_moneyline)
        assert p_home is not None
        lines[key(quote)] = p_home
    return lines


def fingerprint(league: SimulatedLeague) -> str:
    return hashlib.sha256(repr(league).encode()).hexdigest()


def broken_promises(league: SimulatedLeague) -> Iterator[str]:
    """What must hold for any `today`, said for each thing that does not."""
    today, games = league.today, league.games
    tonight = [game for game in games if game.game_date == today]
    if not 6 <= len(tonight) <= 11:
        yield f"{len(tonight)} games today"
    if len({key(game) for game in games}) < len(games) or len({game.game_id for game in games}) < len(games):
        yield "the same game twice"
    for team, days in dates_of_teams(games).items():
        if len(set(days)) < len(days):
            yield f"{team} plays twice on a day"
    for game in games:
        if (game.home_pts is None) != (game.away_pts is None) or (game.home_pts is None) != (game.game_date >= today):
            yield f"points and date disagree: {game}"
        if game.home_pts == game.away_pts and game.home_pts is not None:
            yield f"a tie: {game}"
        if league_date(game.tip_off_at) != game.game_date or game.tip_off_at.tzinfo is not UTC:
            yield f"tip-off and date disagree: {game}"
        if game.game_date > today + timedelta(days=10):
            yield f"too far ahead: {game}"
    tip_offs = {key(game): game.tip_off_at for game in games}
    for quote in league.odds:
        vig = implied_probability(quote.home_moneyline) + implied_probability(quote.away_moneyline) - 1
        if not (is_american(quote.home_moneyline) and is_american(quote.away_moneyline) and 0.02 < vig < 0.07):
            yield f"an impossible price: {quote}"
        if quote.quoted_at >= tip_offs[key(quote)]:
            yield f"quoted after tip-off: {quote}"
    if len({key(game) for game in tonight} - {key(quote) for quote in league.odds}) != 1:
        yield "not exactly one game of today lacks a price"


def test_any_day_of_twenty_years_has_a_league_that_keeps_its_promises():
    @settings(max_examples=8, deadline=None, derandomize=True, database=None)
    @given(st.dates(date(2015, 1, 1), date(2035, 12, 31)), st.integers(0, 10_000))
    def holds(today: date, seed: int) -> None:
        assert list(broken_promises(simulate_league(today, seed=seed, seasons=1))) == []

    holds()


@pytest.mark.parametrize(
    "today",
    [date(2024, 2, 29), date(2025, 7, 4), date(2025, 11, 2), date(2026, 3, 8), date(2026, 3, 16), date(2027, 12, 31)],
    ids=["leap day", "summer", "clocks go back", "clocks go forward", "opened on 30 December", "end of the year"],
)
def test_awkward_days_have_two_seasons_that_do_not_overlap(today: date):
    league = simulate_league(today)
    assert list(broken_promises(league)) == []
    before, now = sorted({game.season for game in league.games})
    assert int(now[:4]) == int(before[:4]) + 1
    first_day = min(game.game_date for game in league.games if game.season == now)
    assert now == f"{first_day.year}-{(first_day.year + 1) % 100:02d}"
    assert max(game.game_date for game in league.games if game.season == before) < first_day
    assert 74 <= (today - first_day).days <= 80


def test_the_same_day_and_seed_make_the_same_rows_whatever_the_hash_seed(league: SimulatedLeague):
    code = (
        "import hashlib; from datetime import date;"
        "from tipoff.simulate import simulate_league;"
        f"rows = repr(simulate_league(date({TODAY.year}, {TODAY.month}, {TODAY.day})));"
        "print(hashlib.sha256(rows.encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4321", "PYTHONPATH": os.pathsep.join(sys.path)}
    elsewhere = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert elsewhere.stdout.strip() == fingerprint(league) == fingerprint(simulate_league(TODAY))


def test_another_seed_makes_another_league(league: SimulatedLeague):
    assert fingerprint(simulate_league(TODAY, seed=7)) != fingerprint(league)


def test_tomorrow_continues_the_league_of_today_within_a_week(league: SimulatedLeague):
    tomorrow = simulate_league(TODAY + timedelta(days=1))
    assert [game for game in tomorrow.games if game.game_date < TODAY] == played(league)
    assert tomorrow.player_box[: len(league.player_box)] == league.player_box
    assert set(tomorrow.injuries) >= {row for row in league.injuries if league_date(row.reported_at) >= TODAY}


def test_the_seasons_are_labelled_as_the_league_labels_its_dates(league: SimulatedLeague):
    assert all(game.season == season_of(game.game_date) for game in league.games)


def test_every_team_plays_41_games_at_home_and_41_away(full_season: list[GameRow]):
    assert len(full_season) == 1230
    assert Counter(game.home_team for game in full_season) == dict.fromkeys(NAMES, 41)
    assert Counter(game.away_team for game in full_season) == dict.fromkeys(NAMES, 41)


def test_teams_meet_as_often_as_in_the_real_league(full_season: list[GameRow]):
    conference = {team.name: team.conference for team in TEAMS}
    meetings = Counter(frozenset(teams(game)) for game in full_season)
    assert len(meetings) == 30 * 29 / 2
    across = [n for pair, n in meetings.items() if len({conference[team] for team in pair}) == 2]
    within = Counter(n for pair, n in meetings.items() if len({conference[team] for team in pair}) == 1)
    assert set(across) == {2}
    assert within == {3: 60, 4: 150}


def test_legs_are_as_tired_as_in_the_real_league(full_season: list[GameRow]):
    for days in dates_of_teams(full_season).values():
        gaps = [(after - before).days for before, after in zip(days, days[1:], strict=False)]
        assert 11 <= gaps.count(1) <= 17
        assert all((third - first).days > 2 for first, third in zip(days, days[2:], strict=False))
        assert 165 <= (days[-1] - days[0]).days <= 180


def test_tip_offs_are_in_the_evening_on_the_clocks_of_the_east(league: SimulatedLeague):
    for game in league.games:
        assert time(19) <= game.tip_off_at.astimezone(EASTERN).time() <= time(22, 30)


def test_each_season_has_a_cup_final_and_the_finished_one_a_champion(league: SimulatedLeague):
    count = Counter((game.season, game.game_type) for game in league.games)
    assert count["2024-25", "cup-final"] == count["2025-26", "cup-final"] == 1
    assert 15 * 4 <= count["2024-25", "playoff"] <= 15 * 7
    playoffs = [game for game in league.games if game.game_type == "playoff"]
    wins = Counter(game.home_team if home_won(game) else game.away_team for game in playoffs)
    assert [n for n in wins.values() if n == 16] == [16]


def test_scores_look_like_scores(full_season: list[GameRow]):
    points = [pts for game in full_season for pts in (game.home_pts, game.away_pts) if pts is not None]
    assert mean(points) == pytest.approx(113, abs=2)
    assert stdev(points) == pytest.approx(12, abs=1)
    assert 0.52 <= mean(home_won(game) for game in full_season) <= 0.62


def test_the_closing_line_is_as_good_as_real_ones(league: SimulatedLeague, full_season: list[GameRow]):
    lines = closing_lines(league)
    graded = [(lines[key(game)], home_won(game)) for game in full_season if key(game) in lines]
    assert 0.60 <= mean((p > 0.5) == won for p, won in graded if p != 0.5) <= 0.74
    assert 0.56 <= mean(-log(p if won else 1 - p) for p, won in graded) <= 0.635


def test_about_three_in_a_hundred_past_games_have_no_price(league: SimulatedLeague):
    priced = {key(quote) for quote in league.odds}
    assert 0.015 <= mean(key(game) not in priced for game in played(league)) <= 0.045


def test_a_past_game_is_quoted_in_the_morning_and_an_hour_before_tip_off(league: SimulatedLeague):
    quotes = defaultdict(list)
    for quote in league.odds:
        quotes[key(quote)].append(quote.quoted_at)
    for game in played(league):
        if key(game) in quotes:
            noon = datetime(game.game_date.year, game.game_date.month, game.game_date.day, 12, tzinfo=UTC)
            assert quotes[key(game)] == [noon, game.tip_off_at - timedelta(hours=1)]


def test_prices_and_reports_for_today_are_out_before_the_league_date_begins(league: SimulatedLeague):
    midnight = eastern_instant(TODAY, time(0))
    for quote in league.odds:
        if quote.game_date >= TODAY:
            assert quote.game_date <= TODAY + timedelta(days=1)
            assert quote.quoted_at < midnight
    last_tip_off = max(game.tip_off_at for game in played(league))
    assert last_tip_off < max(row.reported_at for row in league.injuries) < midnight


def test_player_points_add_up_to_the_score_and_minutes_to_the_game(league: SimulatedLeague):
    points: Counter[tuple[date, str]] = Counter()
    minutes: Counter[tuple[date, str]] = Counter()
    for row in league.player_box:
        points[row.game_date, row.team] += row.pts
        minutes[row.game_date, row.team] += row.minutes
    scores = {}
    for game in played(league):
        scores[game.game_date, game.home_team] = game.home_pts
        scores[game.game_date, game.away_team] = game.away_pts
    assert points == scores
    assert set(minutes.values()) == {240}
    assert 10 <= len(league.player_box) / len(scores) <= 13


def test_the_best_scorer_of_a_team_averages_24_to_30(league: SimulatedLeague):
    points = defaultdict(list)
    for row in league.player_box:
        if row.season == "2024-25":
            points[row.team, row.player_id].append(row.pts)
    best = {
        name: max(mean(pts) for (team, _), pts in points.items() if team == name and len(pts) >= 30) for name in NAMES
    }
    assert mean(best.values()) == pytest.approx(27, abs=1.5)
    assert all(22 <= average <= 34 for average in best.values())


def test_stars_miss_about_an_eighth_of_their_games(league: SimulatedLeague, full_season: list[GameRow]):
    points, lineups = defaultdict(list), defaultdict(set)
    days = {(game.game_date, team) for game in full_season for team in teams(game)}
    for row in league.player_box:
        if (row.game_date, row.team) in days:
            points[row.team, row.player_id].append(row.pts)
            lineups[row.team, row.game_date].add(row.player_id)
    top_two = {
        name: sorted(
            (player for team, player in points if team == name and len(points[team, player]) >= 40),
            key=lambda player: -mean(points[name, player]),
        )[:2]
        for name in NAMES
    }
    missed = [player not in lineup for (team, _), lineup in lineups.items() for player in top_two[team]]
    assert 0.07 <= mean(missed) <= 0.18


def test_some_players_change_teams_in_mid_season_and_keep_their_id(league: SimulatedLeague):
    clubs = defaultdict(set)
    for row in league.player_box:
        if row.season == "2024-25":
            clubs[row.player_id].add(row.team)
    assert 4 <= sum(len(teams) == 2 for teams in clubs.values()) <= 14


def test_names_are_nobody_s_twice(league: SimulatedLeague):
    people = {(row.player_id, row.player) for row in league.player_box}
    assert len({player_id for player_id, _ in people}) == len({name for _, name in people}) == len(people)


def test_each_injury_report_covers_the_league(league: SimulatedLeague):
    covered = defaultdict(set)
    for row in league.injuries:
        covered[row.reported_at].add(row.team)
    assert len(covered) == 10
    assert all(len(names) >= 20 for names in covered.values())
    assert {row.status for row in league.injuries} == {"Out", "Doubtful", "Questionable", "Day-To-Day", "Probable"}


def test_whoever_is_out_stays_out_and_most_others_play(league: SimulatedLeague):
    appeared = {(row.game_date, row.player) for row in league.player_box}
    busy = {(game.game_date, team) for game in played(league) for team in teams(game)}
    outcomes = defaultdict(list)
    for row in league.injuries:
        game_date = league_date(row.reported_at) + timedelta(days=1)  # reports come out on the eve
        if (game_date, row.team) in busy:
            outcomes[row.status].append((game_date, row.player) in appeared)
    assert not any(outcomes["Out"])
    assert mean(outcomes["Doubtful"]) < 0.5
    assert mean(outcomes["Probable"]) > 0.5


def test_the_files_say_what_the_rows_say(league: SimulatedLeague, tmp_path: Path):
    write_files(league, tmp_path / "new" / "folder")
    tables = {}
    for path in (tmp_path / "new" / "folder").iterdir():
        with path.open(encoding="utf-8", newline="") as file:
            tables[path.name] = list(csv.DictReader(file))
    assert {name: len(rows) for name, rows in tables.items()} == {
        "games.csv": len(league.games),
        "odds.csv": len(league.odds),
        "player_box.csv": len(league.player_box),
        "injuries.csv": len(league.injuries),
    }
    first, last = tables["games.csv"][0], tables["games.csv"][-1]
    assert date.fromisoformat(first["date"]) == league.games[0].game_date
    assert int(first["home_pts"]) == league.games[0].home_pts
    assert last["home_pts"] == last["away_pts"] == ""
    assert datetime.fromisoformat(last["tip_off_at"]) == league.games[-1].tip_off_at
    assert {row["source"] for row in tables["odds.csv"]} == {"simulated"}
    assert "date" in tables["odds.csv"][0]
    assert "date" in tables["player_box.csv"][0]
    assert "reported_at" in tables["injuries.csv"][0]
