"""Scores: equal to scikit-learn's, by hand, and by the laws of log-odds."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tipoff.model.bundle import MARKET_LOGIT, Head, Input, dumps, load_bundle, parse_bundle, sealed
from tipoff.predict.features import INPUTS, GameFeatures, GameKey
from tipoff.predict.score import predict_slate

NOW = datetime(2024, 1, 15, 16, tzinfo=UTC)
BOUNDS = {"days_rest": (0, 4), "is_top_players": (0, 2), "team_win_pct": (0, 1), "team_win_pct_last10": (0, 1)}
CHAMPION = load_bundle("champion")


def bounds(name):
    return (-6, 6) if name == MARKET_LOGIT else BOUNDS[name.partition("_")[2]]


def fitted(names, seed):
    """A scaler and a logistic regression from scikit-learn on made-up games."""
    random = np.random.default_rng(seed)
    low, high = np.array([bounds(name) for name in names], dtype=float).T
    x = random.uniform(low, high, (300, len(names)))
    y = random.random(300) < 1 / (1 + np.exp(-(x - x.mean(0)) @ random.normal(size=len(names))))
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(x, y)


def as_head(pipeline, names):
    scaler, regression = pipeline[0], pipeline[1]
    numbers = zip(names, scaler.mean_, scaler.scale_, regression.coef_[0], strict=True)
    return {
        "intercept": digits(regression.intercept_[0]),
        "features": [
            {"name": n, "centre": digits(centre), "scale": digits(scale), "coefficient": digits(coefficient)}
            for n, centre, scale, coefficient in numbers
        ],
    }


def digits(number):
    return float(f"{number:.12g}")


ANCHORED = (MARKET_LOGIT, *INPUTS)
PIPELINES = {"anchored": (fitted(ANCHORED, 1), ANCHORED), "blind": (fitted(INPUTS, 2), INPUTS)}
BUNDLE = parse_bundle(
    dumps(
        sealed(
            {
                "format": 1,
                "name": "made-up",
                "heads": {head: as_head(*fit) for head, fit in PIPELINES.items()},
                "training": {"seasons": ["2021-22"]},
            }
        )
    ).encode(),
    source="test",
)


def game(**values):
    usual = dict.fromkeys(INPUTS, 1.0) | {"home_moneyline": -150.0, "away_moneyline": 130.0}
    return GameFeatures(GameKey(date(2024, 1, 15), "Boston Celtics", "Miami Heat"), usual | values)


def predict(*games, bundle=BUNDLE, as_of=NOW, now=NOW):
    return predict_slate(games, bundle, as_of=as_of, now=now)


inputs = st.fixed_dictionaries({name: st.floats(*bounds(name)) for name in INPUTS})
prices = st.floats(-20_000, -100) | st.floats(100, 20_000)


@settings(deadline=None)
@given(inputs, prices, prices)
def test_scores_equal_scikit_learn_s(values, home, away):
    (said,) = predict(game(**values, home_moneyline=home, away_moneyline=away))
    row = [values[name] for name in INPUTS]
    market = log(said.p_home_market / (1 - said.p_home_market))
    for p_home, head, x in [(said.p_home_blind, "blind", row), (said.p_home_anchored, "anchored", [market, *row])]:
        assert p_home == pytest.approx(PIPELINES[head][0].predict_proba([x])[0, 1], abs=1e-9)


def test_one_input_by_hand():
    head = Head((Input("x", centre=2.0, scale=0.5, coefficient=0.3),), intercept=0.1)
    assert head.p_home({"x": 3.0}) == pytest.approx(1 / (1 + exp(-(0.1 + 0.3 * (3 - 2) / 0.5))))


@given(st.floats(-1e6, 1e6))
def test_a_probability_is_one_whatever_the_log_odds(x):
    head = Head((Input("x", 0.0, 1.0, 1.0),), 0.0)
    assert 0 <= head.p_home({"x": x}) <= 1
    assert head.p_home({"x": x}) + head.p_home({"x": -x}) == pytest.approx(1)


@given(inputs)
def test_contributions_and_intercept_are_the_whole(values):
    (said,) = predict(game(**values))
    logit = BUNDLE.anchored.intercept + sum(said.contributions.values())
    assert 1 / (1 + exp(-logit)) == pytest.approx(said.p_home)
    assert list(said.contributions) == list(ANCHORED)


@given(inputs, prices)
def test_without_a_price_the_blind_head_speaks_and_the_price_never_moves_it(values, price):
    blind, anchored = predict(game(**values, home_moneyline=None), game(**values, home_moneyline=price))
    assert (blind.variant, anchored.variant) == ("blind", "anchored")
    assert blind.p_home == blind.p_home_blind == anchored.p_home_blind
    assert (blind.p_home_anchored, blind.p_home_market) == (None, None)
    assert anchored.p_home == anchored.p_home_anchored


@given(prices, prices, prices)
def test_with_the_champion_a_better_price_is_a_better_chance(away, one, other):
    low, high = (predict(game(home_moneyline=home, away_moneyline=away), bundle=CHAMPION)[0] for home in (one, other))
    assert (low.p_home < high.p_home) == (low.p_home_market < high.p_home_market) or low.p_home == pytest.approx(
        high.p_home
    )


def test_live_is_before_the_start_and_with_nothing_from_the_future():
    noon = datetime(2024, 1, 15, 17, tzinfo=UTC)
    cases = {
        "now": (NOW, NOW),
        "a replay of the morning, still in time": (datetime(2024, 1, 15, 12, tzinfo=UTC), NOW),
        "at the start": (NOW, noon),
        "as of a later hour": (noon, NOW),
        "a backfill": (None, datetime(2025, 1, 1, tzinfo=UTC)),
    }
    live = {name: predict(game(), as_of=as_of, now=now)[0].live for name, (as_of, now) in cases.items()}
    assert [name for name, is_live in live.items() if is_live] == ["now", "a replay of the morning, still in time"]


def test_a_backfilled_game_is_as_of_its_own_start():
    tip_off = datetime(2024, 1, 16, 0, 30, tzinfo=UTC)
    with_tip_off, without = predict(game()._replace(tip_off_at=tip_off), game(), as_of=None)
    assert (with_tip_off.as_of, without.as_of) == (tip_off, datetime(2024, 1, 15, 17, tzinfo=UTC))


def test_in_sample_is_a_matter_of_the_season():
    here, there = predict(game(), game()._replace(season="2021-22"))
    assert (here.season, here.in_sample) == ("2023-24", False)
    assert (there.season, there.in_sample) == ("2021-22", True)


def test_a_bundle_s_document_is_what_was_sealed():
    assert json.loads(dumps(BUNDLE.document)) == BUNDLE.document
    assert BUNDLE.columns == INPUTS
