"""Thirty clubs: how good they are, who is on the team, and how that changes over the months."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import NamedTuple

from tipoff.simulate.dice import Dice
from tipoff.simulate.players import ROSTER, Academy, Player, injure
from tipoff.teams import TEAMS

# In points a game, or as standard deviations of points.
LEVEL = 4.6
DAILY_DRIFT = 0.12
CARRIED_OVER = 0.65  # the part of a level that survives the summer
PACE = 2.0
FORM = 0.08  # how far a player's rate moves over a summer, relative to it

TRADES = 6
TRADE_NIGHTS = range(30, 106)
SUMMER_TRADES = 10
TRADED_PLACES = 8
NEWCOMERS = 2


@dataclass
class Club:
    """A team on its way through the seasons; `level` is its strength in points with everybody fit."""

    name: str
    conference: str
    level: float
    pace: float  # points that its games see more than others
    roster: list[Player]  # the best scorer first
    last_night: int = -9

    def ability(self, night: int) -> float:
        """Strength in points that night, without those who are out."""
        # fsum: what sum() makes of floats depends on the version of Python.
        return self.level - fsum(player.value for player in self.roster if player.is_out(night))

    def is_tired(self, night: int) -> bool:
        """Whether the club played the night before."""
        return night - self.last_night == 1

    def rank_roster(self) -> None:
        """Put the best scorer first again."""
        self.roster.sort(key=lambda player: -player.rate)


class Trade(NamedTuple):
    """Two clubs swap the players at one place of their rosters."""

    night: int
    one: str
    other: str
    place: int


def found_clubs(dice: Dice, academy: Academy) -> dict[str, Club]:
    """The thirty teams with new players, by name."""
    clubs = {}
    for team in TEAMS:
        roster = [academy.graduate(place) for place in range(ROSTER)]
        clubs[team.name] = Club(team.name, team.conference, LEVEL * dice.normal(), PACE * dice.normal(), roster)
        clubs[team.name].rank_roster()
    return clubs


def plan_trades(dice: Dice) -> list[Trade]:
    """The trades of a season, to be made in the morning of their night."""
    names = [team.name for team in TEAMS]
    nights = sorted(TRADE_NIGHTS.start + dice.below(len(TRADE_NIGHTS)) for _ in range(TRADES))
    return [_any_trade(dice, night, names) for night in nights]


def _any_trade(dice: Dice, night: int, names: list[str]) -> Trade:
    one, other = dice.shuffled(names)[:2]
    return Trade(night, one, other, dice.below(TRADED_PLACES))


def make_trade(clubs: dict[str, Club], trade: Trade) -> None:
    """Swap the two players; each club gains what the newcomer is worth more."""
    one, other = clubs[trade.one], clubs[trade.other]
    gain = other.roster[trade.place].value - one.roster[trade.place].value
    one.level, other.level = one.level + gain, other.level - gain
    place = trade.place
    one.roster[place], other.roster[place] = other.roster[place], one.roster[place]
    one.rank_roster()
    other.rank_roster()


def pass_night(dice: Dice, clubs: dict[str, Club], night: int, playing: set[str]) -> None:
    """What changes by the morning of a night: form drifts, players get hurt or are given a rest."""
    for club in clubs.values():
        club.level += DAILY_DRIFT * dice.normal()
        injure(dice, club.roster, night, tired=club.name in playing and club.is_tired(night))


def pass_summer(dice: Dice, clubs: dict[str, Club], academy: Academy) -> None:
    """Between two seasons: everybody heals, players get better or worse, some leave, some are traded."""
    renewed = LEVEL * (1.0 - CARRIED_OVER**2) ** 0.5
    names = list(clubs)
    for _ in range(SUMMER_TRADES):
        make_trade(clubs, _any_trade(dice, 0, names))
    for club in clubs.values():
        club.level = CARRIED_OVER * club.level + renewed * dice.normal()
        club.last_night = -9
        club.roster[-NEWCOMERS:] = [academy.graduate(ROSTER - 1 - rank) for rank in range(NEWCOMERS)]
        for player in club.roster:
            player.rate *= 1.0 + FORM * dice.normal()
            player.back_on = 0
        club.rank_roster()
