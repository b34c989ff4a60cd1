"""A made-up league for the offline demo and the tests: real team names, and everything else invented."""

from tipoff.simulate.league import simulate_league
from tipoff.simulate.rows import SOURCE, GameRow, InjuryRow, OddsRow, PlayerRow, SimulatedLeague, write_files

__all__ = [
    "SOURCE",
    "GameRow",
    "InjuryRow",
    "OddsRow",
    "PlayerRow",
    "SimulatedLeague",
    "simulate_league",
    "write_files",
]
