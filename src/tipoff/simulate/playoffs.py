"""Who plays after the regular season: eight teams a conference, best of seven, every other night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WINS_NEEDED = 4
# Bracket order: the best can meet the second best only in the last round.
SEED_ORDER = (0, 7, 3, 4, 1, 6, 2, 5)
UPPER_HOSTS = (True, True, False, False, True, False, True)


@dataclass
class Series:
    """Two teams; the better record hosts games one, two, five and seven."""

    upper: str
    lower: str
    upper_wins: int = 0
    lower_wins: int = 0

    @property
    def winner(self) -> str | None:
        """The team with four wins, if there is one yet."""
        if self.upper_wins == WINS_NEEDED:
            return self.upper
        return self.lower if self.lower_wins == WINS_NEEDED else None

    def next_game(self) -> tuple[str, str]:
        """(home, away) of the next game."""
        upper_hosts = UPPER_HOSTS[self.upper_wins + self.lower_wins]
        return (self.upper, self.lower) if upper_hosts else (self.lower, self.upper)

    def book(self, winner: str) -> None:
        """Count a win."""
        if winner == self.upper:
            self.upper_wins += 1
        else:
            self.lower_wins += 1


def first_round(wins: Mapping[str, int], conferences: Mapping[str, str]) -> list[Series]:
    """The first eight series, neighbours in the list meeting in the next round; equal records go by name."""
    rounds: list[Series] = []
    for conference in ("East", "West"):
        table = sorted((team for team in wins if conferences[team] == conference), key=lambda team: (-wins[team], team))
        field = [table[seed] for seed in SEED_ORDER]
        rounds += [Series(upper, lower) for upper, lower in zip(field[::2], field[1::2], strict=True)]
    return rounds


def next_round(finished: list[Series], wins: Mapping[str, int]) -> list[Series]:
    """The series between the winners of neighbours; empty after the final."""
    winners = [series.winner for series in finished if series.winner is not None]
    rounds: list[Series] = []
    for pair in zip(winners[::2], winners[1::2], strict=False):
        upper, lower = sorted(pair, key=lambda team: (-wins[team], team))
        rounds.append(Series(upper, lower))
    return rounds
