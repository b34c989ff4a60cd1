"""The thirty teams and the names they go by."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.teams import TEAMS, nearest_team, resolve_team

NAMES = [team.name for team in TEAMS]
KNOWN = [(name, team.name) for team in TEAMS for name in (team.name, team.abbreviation, *team.aliases)]


def test_there_are_thirty_fifteen_in_each_conference():
    assert Counter(team.conference for team in TEAMS) == {"East": 15, "West": 15}
    assert len({team.abbreviation for team in TEAMS}) == len(set(NAMES)) == 30


def test_no_name_stands_for_two_teams():
    assert max(Counter(alias.casefold() for alias, _ in KNOWN).values()) == 1


@given(st.sampled_from(KNOWN), st.sampled_from([str.upper, str.lower, str.title, lambda s: f"  {s} ", str]))
def test_every_known_name_resolves_whatever_its_case_and_spaces(known, written):
    alias, name = known
    assert resolve_team(written(alias)) == name


def test_aliases_that_tables_use():
    assert resolve_team("LA Clippers") == "Los Angeles Clippers"
    assert resolve_team("L.A. Lakers") == "Los Angeles Lakers"
    assert resolve_team("Philadelphia76ers") == "Philadelphia 76ers"


@pytest.mark.parametrize("name", ["Seattle Supersonics", "Los Angeles", "", "East", "Team LeBron"])
def test_a_team_outside_the_league_is_not_guessed(name):
    assert resolve_team(name) is None


@given(st.text(max_size=20))
def test_a_suggestion_is_always_a_team(name):
    assert nearest_team(name) in NAMES


def test_a_slip_of_the_pen_suggests_the_right_team():
    assert nearest_team("Bostn Celtics") == "Boston Celtics"
    assert nearest_team("Golden State Wariors") == "Golden State Warriors"
