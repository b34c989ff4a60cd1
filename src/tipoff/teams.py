"""The thirty teams, and every name that feeds and tables call them by."""

from __future__ import annotations

from typing import NamedTuple


class Team(NamedTuple):
    """A franchise under its current full name; `aliases` are compared without case, dots and doubled spaces."""

    name: str
    abbreviation: str
    conference: str
    aliases: tuple[str, ...] = ()


TEAMS = (
    Team("Atlanta Hawks", "ATL", "East"),
    Team("Boston Celtics", "BOS", "East"),
    Team("Brooklyn Nets", "BKN", "East", ("BRK", "New Jersey Nets", "NJN")),
    Team("Charlotte Hornets", "CHA", "East", ("CHO", "Charlotte Bobcats")),
    Team("Chicago Bulls", "CHI", "East"),
    Team("Cleveland Cavaliers", "CLE", "East"),
    Team("Dallas Mavericks", "DAL", "West"),
    Team("Denver Nuggets", "DEN", "West"),
    Team("Detroit Pistons", "DET", "East"),
    Team("Golden State Warriors", "GSW", "West", ("GS",)),
    Team("Houston Rockets", "HOU", "West"),
    Team("Indiana Pacers", "IND", "East"),
    Team("Los Angeles Clippers", "LAC", "West", ("LA Clippers",)),
    Team("Los Angeles Lakers", "LAL", "West", ("LA Lakers",)),
    Team("Memphis Grizzlies", "MEM", "West"),
    Team("Miami Heat", "MIA", "East"),
    Team("Milwaukee Bucks", "MIL", "East"),
    Team("Minnesota Timberwolves", "MIN", "West"),
    Team("New Orleans Pelicans", "NOP", "West", ("NO", "NOH", "NOK", "New Orleans Hornets")),
    Team("New York Knicks", "NYK", "East", ("NY",)),
    Team("Oklahoma City Thunder", "OKC", "West"),
    Team("Orlando Magic", "ORL", "East"),
    Team("Philadelphia 76ers", "PHI", "East", ("Philadelphia76ers", "PHL")),
    Team("Phoenix Suns", "PHX", "West", ("PHO",)),
    Team("Portland Trail Blazers", "POR", "West"),
    Team("Sacramento Kings", "SAC", "West"),
    Team("San Antonio Spurs", "SAS", "West", ("SA",)),
    Team("Toronto Raptors", "TOR", "East"),
    Team("Utah Jazz", "UTA", "West", ("UTAH",)),
    Team("Washington Wizards", "WAS", "East", ("WSH",)),
)


def _folded(name: str) -> str:
    return " ".join(name.replace(".", "").split()).casefold()


_BY_NAME = {_folded(alias): team.name for team in TEAMS for alias in (team.name, team.abbreviation, *team.aliases)}


def resolve_team(name: str) -> str | None:
    """The current full name behind a full name, abbreviation or known alias; None for a team not in the league.

    >>> resolve_team("LA Clippers"), resolve_team("Seattle Supersonics")
    ('Los Angeles Clippers', None)
    """
    return _BY_NAME.get(_folded(name))


def nearest_team(name: str) -> str:
    """The known full name that looks most like `name`, for a message that suggests and never guesses."""
    import difflib  # only a refusal needs it; it is no part of a normal night

    close = difflib.get_close_matches(_folded(name), _BY_NAME, n=1, cutoff=0.0)
    return _BY_NAME[close[0]]
