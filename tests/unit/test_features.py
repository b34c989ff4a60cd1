"""The feature table's contract, row by row: what is used, capped, ignored and refused."""

from __future__ import annotations

from datetime import date
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.errors import ContractError, ModelError
from tipoff.odds import is_american
from tipoff.predict.features import (
    CONTEXT,
    INPUTS,
    KEY_COLUMNS,
    REQUIRED,
    GameKey,
    checked_rows,
    readable_columns,
    refusal_reason,
)
from tipoff.teams import TEAMS

TYPES = KEY_COLUMNS | dict.fromkeys(REQUIRED, "double precision")
USUAL = {
    "game_date": date(2024, 1, 15),
    "home_team": "Boston Celtics",
    "away_team": "Miami Heat",
    **dict.fromkeys(INPUTS, 1.0),
    "home_moneyline": -150.0,
    "away_moneyline": 130.0,
}

shares = st.floats(0, 1)
rests = st.integers(0, 200).map(float)
counts = st.sampled_from([-1.0, 0.0, 1.0, 2.0])
prices = st.none() | st.floats()


@st.composite
def good_rows(draw):
    home, away = draw(st.lists(st.sampled_from(TEAMS), min_size=2, max_size=2, unique=True))
    return {
        "game_date": draw(st.dates()),
        "home_team": home.name,
        "away_team": away.abbreviation,
        **{name: draw(shares) for name in INPUTS if "win_pct" in name},
        **{name: draw(rests) for name in INPUTS if name.endswith("days_rest")},
        **{name: draw(counts) for name in INPUTS if name.endswith("is_top_players")},
        "home_moneyline": draw(prices),
        "away_moneyline": draw(prices),
    }


def test_the_contract_s_columns():
    assert sorted(REQUIRED) == sorted(
        f"{side}_{name}"
        for side in ("home", "away")
        for name in ("days_rest", "is_top_players", "moneyline", "team_win_pct", "team_win_pct_last10")
    )


# Columns


strange_names = st.text(max_size=8).map(lambda text: f"x_{text}")


@given(st.permutations(list(TYPES)), st.dictionaries(strange_names, st.sampled_from(["jsonb", "text"])))
def test_columns_are_matched_by_name_and_unknown_ones_are_ignored(names, unknown):
    found = unknown | {name: TYPES[name] for name in names}
    assert readable_columns(found, "t", []) == readable_columns(TYPES, "t", [])


@pytest.mark.parametrize("missing", list(TYPES))
def test_each_missing_column_is_named(missing):
    with pytest.raises(ContractError, match=rf"t lacks {missing}\."):
        readable_columns({name: kind for name, kind in TYPES.items() if name != missing}, "t", [])


def test_what_the_model_needs_beside_the_contract_is_the_model_s_fault():
    with pytest.raises(ModelError, match="The model needs home_elo, away_elo, which t does not have"):
        readable_columns(TYPES, "t", ["home_days_rest", "home_elo", "away_elo"])


def test_optional_columns_are_read_where_they_are_and_must_fit():
    optional = {
        "game_id": "text",
        "tip_off_at": "timestamp with time zone",
        "outcome": "integer",
        "home_team_rank": "bigint",
    }
    readable = readable_columns(TYPES | optional, "t", [])
    assert {name: readable[name] for name in optional} == {
        "game_id": "text",
        "tip_off_at": "instant",
        "outcome": "number",
        "home_team_rank": "number",
    }
    with pytest.raises(ContractError, match="game_id is bigint, expected text"):
        readable_columns(TYPES | {"game_id": "bigint"}, "t", [])


def test_a_stranger_s_season_of_another_type_is_an_unknown_column():
    assert "season" not in readable_columns(TYPES | {"season": "integer"}, "t", [])
    assert readable_columns(TYPES | {"season": "text"}, "t", [])["season"] == "text"


# Rows


@given(good_rows())
def test_a_good_row_is_used_within_the_contract_s_ranges(row):
    (game,), refused = checked_rows([row], INPUTS)
    assert refused == []
    for side in ("home", "away"):
        rest, top = game.values[f"{side}_days_rest"], game.values[f"{side}_is_top_players"]
        price = row[f"{side}_moneyline"]
        assert rest == min(row[f"{side}_days_rest"], 4)
        assert top == max(row[f"{side}_is_top_players"], 0)
        assert game.values[f"{side}_team_win_pct"] == row[f"{side}_team_win_pct"]
        assert game.values[f"{side}_moneyline"] == (price if is_american(price) else None)
    assert game.key.home_team == row["home_team"]
    assert game.key.away_team in {team.name for team in TEAMS}


@given(good_rows(), st.sampled_from(INPUTS), st.sampled_from([None, nan, inf, -inf, -1.5, 1e9, -7.0]))
def test_a_row_with_any_bad_input_is_refused_by_that_input_s_name(row, name, value):
    if name.endswith("days_rest") and value == 1e9:
        value = -1.0  # a rest of any length is capped, not refused
    assert refusal_reason(row | {name: value}).startswith(f"{name} is ")


@pytest.mark.parametrize("context", CONTEXT)
@pytest.mark.parametrize("value", [None, nan, inf, 1e30, -5.0])
def test_context_that_is_missing_or_no_number_refuses_nothing(context, value):
    (game,), refused = checked_rows([USUAL | {context: value}], INPUTS)
    assert refused == []
    assert game.values[context] == (-5.0 if value == -5.0 else None)


@given(st.lists(good_rows(), max_size=6), st.randoms())
def test_bad_rows_do_not_touch_the_others(rows, random):
    keys = {(row["game_date"], row["home_team"], row["away_team"]) for row in rows}
    if len(keys) < len(rows):
        with pytest.raises(ContractError, match="the same game twice"):
            checked_rows(rows, INPUTS)
        return
    bad = {id(row) for row in rows if random.random() < 0.5}
    mixed = [row | {"home_days_rest": None} if id(row) in bad else row for row in rows]
    games, refused = checked_rows(mixed, INPUTS)
    assert [game.key.home_team for game in games] == [row["home_team"] for row in rows if id(row) not in bad]
    assert [refusal.key.home_team for refusal in refused] == [row["home_team"] for row in rows if id(row) in bad]


def test_the_same_game_under_an_alias_is_the_same_game():
    with pytest.raises(ContractError, match="MIA at BOS, 2024-01-15"):
        checked_rows([USUAL, USUAL | {"home_team": "BOS", "away_team": "MIA"}], INPUTS)


def test_home_and_away_exchanged_is_another_game():
    games, _ = checked_rows([USUAL, USUAL | {"home_team": "Miami Heat", "away_team": "Boston Celtics"}], INPUTS)
    assert len(games) == 2


def test_negative_zero_and_numbers_without_an_end_are_used_as_the_ledger_gives_them_back():
    (game,), _ = checked_rows([USUAL | {"home_team_win_pct": -0.0, "home_moneyline": -1e16}], INPUTS)
    assert str(game.values["home_team_win_pct"]) == "0.0"
    assert str(game.values["home_moneyline"]) == "-10000000000000000"


def test_a_game_reads_as_people_say_it():
    assert str(GameKey(date(2024, 1, 15), "Boston Celtics", "Miami Heat")) == "Miami Heat at Boston Celtics, 2024-01-15"
