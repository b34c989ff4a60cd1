"""The league-wide injury report of a made-up day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tipoff.simulate.clubs import Club
from tipoff.simulate.dice import Dice
from tipoff.simulate.rows import InjuryRow

# The report covers the league only if most teams are in it; on a healthy day some mention a Probable.
TEAMS_IN_A_REPORT = 22
# Upper ends of a draw from 0 to 1: what is said of those who miss the night, and of those who play.
SAID_OF_ABSENT = ((0.88, "Out"), (0.96, "Doubtful"), (0.98, "Questionable"), (1.0, "Day-To-Day"))
SAID_OF_FIT = ((0.002, "Doubtful"), (0.016, "Questionable"), (0.026, "Day-To-Day"), (0.05, "Probable"))


def injury_report(dice: Dice, clubs: Iterable[Club], night: int, reported_at: datetime) -> list[InjuryRow]:
    """One snapshot: nearly everybody who will miss the night, and some who will play after all."""
    rows: list[InjuryRow] = []
    silent: list[Club] = []
    for club in clubs:
        said = len(rows)
        for player in club.roster:
            if status := _status(dice.random(), SAID_OF_ABSENT if player.is_out(night) else SAID_OF_FIT):
                rows.append(InjuryRow(reported_at, club.name, player.name, status))
        if len(rows) == said:
            silent.append(club)
    talking = len({row.team for row in rows})
    rows += [
        InjuryRow(reported_at, club.name, club.roster[-1].name, "Probable")
        for club in silent[: max(0, TEAMS_IN_A_REPORT - talking)]
    ]
    return sorted(rows)


def _status(luck: float, said: tuple[tuple[float, str], ...]) -> str | None:
    return next((status for end, status in said if luck < end), None)
