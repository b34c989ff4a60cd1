"""A made-up league, so that the whole chain can be tried without a network and tested without real data.

Same (today, seed), same rows. Everything random comes from dice with a name of their own (a game's, a
night's), so the league of tomorrow continues today's until the opening night moves, once a week.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from math import erf, sqrt

from tipoff.league import eastern_instant
from tipoff.simulate.clubs import Club, Trade, found_clubs, make_trade, pass_night, pass_summer, plan_trades
from tipoff.simulate.dice import Dice
from tipoff.simulate.players import Academy, box_lines, dressed
from tipoff.simulate.playoffs import Series, first_round, next_round
from tipoff.simulate.prices import MORNING_NOISE, quote
from tipoff.simulate.reports import injury_report
from tipoff.simulate.rows import SOURCE, GameRow, OddsRow, PlayerRow, SimulatedLeague
from tipoff.simulate.schedule import Fixture, opening_night, regular_season, tip_off

# In points.
HOME_EDGE = 2.3
TIRED = 1.0
MARGIN_NOISE = 12.0
TOTAL = 226.0
TOTAL_NOISE = 19.5

SCHEDULE_AHEAD = timedelta(days=10)
PRICES_AHEAD = timedelta(days=1)
REPORTS_BACK = timedelta(days=9)
# Reports and first prices come out on the eve, after the last tip-off and before the league date begins.
EVE = time(23, 30)
MORNING = time(12)  # UTC
CLOSING = timedelta(hours=1)  # before tip-off
UNPRICED = 0.03
SEASON_LENGTH = timedelta(weeks=52)


def simulate_league(today: date, *, seed: int = 2024, seasons: int = 2) -> SimulatedLeague:
    """A league `today` (a league date) eleven weeks into its season, with `seasons - 1` full ones before it.

    Games before today have points, box scores and two quotes (3% have none). Those of today and the next
    ten days have neither; all but one of today's, and all of tomorrow's, have a price quoted on the eve of today.
    """
    opening = opening_night(today)
    academy = Academy(Dice(seed, opening, "names"))
    clubs = found_clubs(Dice(seed, opening, "clubs"), academy)
    league = SimulatedLeague(today, [], [], [], [])
    for year in range(opening.year - seasons + 1, opening.year + 1):
        first_night = opening - (opening.year - year) * SEASON_LENGTH
        season = _Season(league, clubs, f"{year}-{(year + 1) % 100:02d}", first_night, (seed, opening, year))
        season.play_until_today()
        if year == opening.year:
            season.look_ahead()
        else:
            season.play_offs()
            pass_summer(Dice(seed, opening, year, "summer"), clubs, academy)
    return league


class _Season:
    """One season on its way: nights pass, and what happens is written into the league."""

    def __init__(
        self,
        league: SimulatedLeague,
        clubs: dict[str, Club],
        label: str,
        opening: date,
        key: tuple[object, ...],
    ) -> None:
        self.league, self.clubs, self.label, self.opening, self.key = league, clubs, label, opening, key
        self.tonight = (league.today - opening).days  # beyond the last night of a season that is over
        self.night = -1
        self.trades: Sequence[Trade] = plan_trades(self.dice("trades"))
        self.wins = dict.fromkeys(clubs, 0)
        self.schedule = regular_season(self.dice("schedule"), opening, label, league.today + SCHEDULE_AHEAD)

    def dice(self, *name: object) -> Dice:
        return Dice(*self.key, *name)

    def play_until_today(self) -> None:
        """Play the scheduled games that lie before today."""
        for night, games in groupby(self.schedule, key=lambda fixture: fixture.night):
            if night < self.tonight:
                self.play(list(games))

    def pass_nights(self, night: int, playing: set[str]) -> None:
        """Go on to the morning of `night`; `playing` are those with a game on it."""
        while self.night < night:
            self.night += 1
            for trade in self.trades:
                if trade.night == self.night:
                    make_trade(self.clubs, trade)
            in_action = playing if self.night == night else set()
            pass_night(self.dice("night", self.night), self.clubs, self.night, in_action)
            game_date = self.opening + timedelta(days=self.night)
            if self.league.today - REPORTS_BACK <= game_date <= self.league.today:
                dice = self.dice("report", self.night)
                self.league.injuries.extend(injury_report(dice, self.clubs.values(), self.night, _eve(game_date)))

    def play(self, fixtures: Sequence[Fixture]) -> list[str]:
        """Play the games of one night; the winners."""
        self.pass_nights(fixtures[0].night, {team for game in fixtures for team in (game.home_team, game.away_team)})
        return [self.play_game(fixture) for fixture in fixtures]

    def play_game(self, fixture: Fixture) -> str:
        """Price and play one game, and write it down; the winner's name."""
        home, away = self.clubs[fixture.home_team], self.clubs[fixture.away_team]
        expected = self.expected_margin(fixture)
        self.price(fixture, expected)
        dice = self.dice("game", fixture.game_id)
        played = expected + MARGIN_NOISE * dice.normal()
        margin = round(played) or (1 if played > 0 else -1)
        total = round(TOTAL + home.pace + away.pace + TOTAL_NOISE * dice.normal())
        home_pts = (total + margin) // 2
        self.write_game(fixture, home_pts, home_pts - margin)
        self.write_box(dice, fixture, home, home_pts, margin)
        self.write_box(dice, fixture, away, home_pts - margin, -margin)
        self.tire(fixture)
        winner = home.name if margin > 0 else away.name
        self.wins[winner] += fixture.game_type == "regular"
        return winner

    def expected_margin(self, fixture: Fixture) -> float:
        home, away = self.clubs[fixture.home_team], self.clubs[fixture.away_team]
        night = min(fixture.night, self.night)  # of later games only this much is known
        edge = 0.0 if fixture.game_type == "cup-final" else HOME_EDGE
        tired = TIRED * (away.is_tired(fixture.night) - home.is_tired(fixture.night))
        return home.ability(night) - away.ability(night) + edge + tired

    def tire(self, fixture: Fixture) -> None:
        for team in (fixture.home_team, fixture.away_team):
            self.clubs[team].last_night = fixture.night

    def price(self, fixture: Fixture, expected: float) -> None:
        """The morning's quote and the closing one of a game now in the past."""
        dice = self.dice("price", fixture.game_id)
        if dice.random() < UNPRICED:
            return
        drift = MORNING_NOISE * dice.normal()
        morning = datetime.combine(fixture.game_date, MORNING, UTC)
        self.write_quote(fixture, expected, drift, morning)
        self.write_quote(fixture, expected, 0.0, fixture.tip_off_at - CLOSING)

    def look_ahead(self) -> None:
        """Write down the schedule from today on, and the prices that are out on the eve."""
        coming = [fixture for fixture in self.schedule if fixture.night >= self.tonight]
        tonight = [fixture for fixture in coming if fixture.night == self.tonight]
        self.pass_nights(self.tonight, {team for game in tonight for team in (game.home_team, game.away_team)})
        unpriced = self.dice("unpriced", self.tonight).pick(tonight)
        for fixture in coming:
            self.write_game(fixture, None, None)
            if fixture.game_date <= self.league.today + PRICES_AHEAD and fixture != unpriced:
                drift = MORNING_NOISE * self.dice("eve", fixture.game_id).normal()
                self.write_quote(fixture, self.expected_margin(fixture), drift, _eve(self.league.today))
            self.tire(fixture)  # so that tomorrow's price knows a back-to-back

    def play_offs(self) -> None:
        """Rounds of series until there is a champion."""
        series = first_round(self.wins, {club.name: club.conference for club in self.clubs.values()})
        night, n_games = self.night + 4, len(self.schedule)
        while series:
            while going := [one for one in series if one.winner is None]:
                numbers = range(n_games + 1, n_games + 1 + len(going))
                fixtures = [self.play_off_game(night, one, n) for one, n in zip(going, numbers, strict=True)]
                for one, winner in zip(going, self.play(fixtures), strict=True):
                    one.book(winner)
                night, n_games = night + 2, n_games + len(going)
            series = next_round(series, self.wins)

    def play_off_game(self, night: int, series: Series, number: int) -> Fixture:
        home, away = series.next_game()
        game_date = self.opening + timedelta(days=night)
        game_id = f"sim-{self.label}-{number:04d}"
        starts = tip_off(self.dice("clock", game_id), game_date, home)
        return Fixture(night, "playoff", game_date, home, away, game_id, starts)

    def write_game(self, fixture: Fixture, home_pts: int | None, away_pts: int | None) -> None:
        self.league.games.append(
            GameRow(
                self.label,
                fixture.game_type,
                fixture.game_date,
                fixture.home_team,
                fixture.away_team,
                home_pts,
                away_pts,
                fixture.game_id,
                fixture.tip_off_at,
            )
        )

    def write_quote(self, fixture: Fixture, expected: float, drift: float, quoted_at: datetime) -> None:
        p_home = 0.5 + 0.5 * erf(expected / MARGIN_NOISE / sqrt(2.0))
        home, away = quote(self.dice("quote", fixture.game_id), p_home, drift=drift)
        self.league.odds.append(
            OddsRow(fixture.game_date, fixture.home_team, fixture.away_team, home, away, SOURCE, quoted_at)
        )

    def write_box(self, dice: Dice, fixture: Fixture, club: Club, pts: int, margin: int) -> None:
        lineup = dressed(dice, club.roster, fixture.night)
        for player, line in zip(lineup, box_lines(dice, lineup, pts, margin), strict=True):
            row = (self.label, fixture.game_date, club.name, player.player_id, player.name, *line)
            self.league.player_box.append(PlayerRow._make(row))


def _eve(day: date) -> datetime:
    return eastern_instant(day - timedelta(days=1), EVE)
