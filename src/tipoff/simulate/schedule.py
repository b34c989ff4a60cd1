"""Who meets whom, on which night and at what hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import NamedTuple

from tipoff.league import eastern_instant
from tipoff.simulate.dice import Dice
from tipoff.teams import TEAMS

# Games a night from Tuesday, when seasons open, to Monday: 3.5 a week for each team.
GAMES_A_NIGHT = (7, 9, 6, 9, 7, 6, 7)
CUP_FINAL_NIGHT = 56
BREAK_NIGHTS = range(115, 121)  # the All-Star week
# `today` is one of the nights 74 to 80 of its season, whichever makes opening night a Tuesday.
EARLIEST_TODAY = 74
TUESDAY = 1
# What a team's season comes to, and what the schedule steers towards.
BACK_TO_BACKS = 13
LAST_NIGHT = 171
REMATCH = 5  # nights before the same two meet again, while there is a choice
NEVER = -1000.0

HOURS_BEHIND_EASTERN = {
    **dict.fromkeys(("CHI", "DAL", "HOU", "MEM", "MIL", "MIN", "NOP", "OKC", "SAS"), 1),
    **dict.fromkeys(("DEN", "PHX", "UTA"), 2),
    **dict.fromkeys(("GSW", "LAC", "LAL", "POR", "SAC"), 3),
}
_HOURS_BEHIND = {team.name: HOURS_BEHIND_EASTERN.get(team.abbreviation, 0) for team in TEAMS}


class Fixture(NamedTuple):
    """A game as the schedule knows it."""

    night: int  # days after opening night
    game_type: str
    game_date: date
    home_team: str
    away_team: str
    game_id: str
    tip_off_at: datetime


def opening_night(today: date) -> date:
    """The Tuesday 74 to 80 days before `today`.

    >>> opening_night(date(2026, 1, 8)).isoformat()
    '2025-10-21'
    """
    latest = today - timedelta(days=EARLIEST_TODAY)
    return latest - timedelta(days=(latest.weekday() - TUESDAY) % 7)


def pairings(dice: Dice) -> list[tuple[str, str]]:
    """(home, away) of 1,230 regular games, 41 at home and 41 away for everyone, in random order.

    As in the real league: two games against each team of the other conference, four against ten of one's
    own and three against the other four, who are the two neighbours on either side in a shuffled circle.
    """
    east, west = (
        dice.shuffled([team.name for team in TEAMS if team.conference == conference]) for conference in ("East", "West")
    )
    games = [pair for home in east for away in west for pair in ((home, away), (away, home))]
    for circle in (east, west):
        for place, home in enumerate(circle):
            for step in range(1, len(circle)):
                meetings = 1 if step >= len(circle) - 2 else 2
                games += [(home, circle[(place + step) % len(circle)])] * meetings
    return dice.shuffled(games)


def tip_off(dice: Dice, game_date: date, home_team: str) -> datetime:
    """19:00 or 19:30 on the clocks of the home team (Arizona taken to keep summer time): 19:00 to 22:30 Eastern."""
    clock = time(19 + _HOURS_BEHIND[home_team], 30 * dice.below(2))
    return eastern_instant(game_date, clock)


def regular_season(dice: Dice, opening: date, label: str, until: date) -> list[Fixture]:
    """The regular games and the Cup final, in order of tip-off; nothing after `until`."""
    fixtures: list[Fixture] = []
    for night, home, away in _nights(dice):
        game_date = opening + timedelta(days=night)
        if game_date > until:
            break
        game_type = "cup-final" if night == CUP_FINAL_NIGHT else "regular"
        game_id = f"sim-{label}-{len(fixtures) + 1:04d}"
        fixtures.append(Fixture(night, game_type, game_date, home, away, game_id, tip_off(dice, game_date, home)))
    return sorted(fixtures, key=lambda fixture: (fixture.tip_off_at, fixture.game_id))


@dataclass
class _Load:
    """What a team has behind it on the way through a season."""

    played: int = 0
    last: int = -9
    before_last: int = -9
    back_to_backs: int = 0

    def ease(self, night: int, pace: float) -> float:
        """How ready the team is for a game tonight: games behind the pace, less what its legs say."""
        behind = pace - self.played
        if night - self.last > 1:
            return behind
        if night - self.before_last == 2:
            return NEVER
        return behind - (self.back_to_backs - BACK_TO_BACKS * night / LAST_NIGHT)

    def play(self, night: int, *, counts: bool) -> None:
        """Book a game; the Cup final tires but does not count towards the 82."""
        self.back_to_backs += night - self.last == 1
        self.before_last, self.last = self.last, night
        self.played += counts


def _nights(dice: Dice) -> Iterator[tuple[int, str, str]]:
    """(night, home, away) until all pairings are played.

    Each night takes the pairings whose teams are furthest behind the pace and best rested; nobody plays
    three nights running. The Cup final has its night to itself.
    """
    left = pairings(dice)
    loads = {team.name: _Load() for team in TEAMS}
    met: dict[tuple[str, str], int] = {}
    pace = 0.0  # games that a team on schedule has played
    for night in count():
        if not left:
            return
        if night in BREAK_NIGHTS:
            continue
        if night == CUP_FINAL_NIGHT:
            chosen = [left[0]]  # these two, and they still owe their regular games
        else:
            wanted = 2 if night == 0 else GAMES_A_NIGHT[night % 7] + (dice.random() < 0.2)
            pace += 2 * wanted / len(loads)
            ease = {team: load.ease(night, pace) for team, load in loads.items()}
            wait = REMATCH if len(left) > 60 else 1
            chosen = _choose(dice, [pair for pair in left if night - met.get(pair, NEVER) > wait], ease, wanted)
            for pair in chosen:
                left.remove(pair)
        for home, away in chosen:
            for team in (home, away):
                loads[team].play(night, counts=night != CUP_FINAL_NIGHT)
            met[home, away] = met[away, home] = night
            yield night, home, away


def _choose(
    dice: Dice, open_pairs: list[tuple[str, str]], ease: dict[str, float], wanted: int
) -> list[tuple[str, str]]:
    """Up to `wanted` games in which nobody plays twice, those of the readiest teams first, with some luck."""
    draw = dice.random
    ranked = [(ease[home] + ease[away] + 2 * draw(), place) for place, (home, away) in enumerate(open_pairs)]
    chosen: list[tuple[str, str]] = []
    busy: set[str] = set()
    for readiness, place in sorted(ranked, reverse=True):
        home, away = open_pairs[place]
        if len(chosen) == wanted or readiness < NEVER / 2:
            break
        if home not in busy and away not in busy:
            chosen.append((home, away))
            busy |= {home, away}
    return chosen
