"""Fitting: which rows a model may be fitted on, and in what order folds see them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from tipoff.errors import ContractError
from tipoff.model.estimator import build_estimator, forward_folds, weights_of
from tipoff.model.train import ANCHORED_INPUTS, training_games

ROW = {
    "game_date": date(2024, 1, 15),
    "home_team": "Boston Celtics",
    "away_team": "Miami Heat",
    "season": "2023-24",
    "game_type": "regular",
    "availability_source": "box score",
    "home_won": True,
    "home_moneyline": -110.0,
    "away_moneyline": -110.0,
    **{
        f"{side}_{name}": value
        for side in ("home", "away")
        for name, value in {
            "days_rest": 1.0,
            "is_top_players": 2.0,
            "team_win_pct": 0.5,
            "team_win_pct_last10": 0.5,
        }.items()
    },
}


@pytest.mark.parametrize(
    "change",
    [
        {"availability_source": "none"},
        {"game_type": "playoff"},
        {"home_moneyline": None},
        {"home_moneyline": 50.0},
    ],
    ids=["who played is not known", "no regular game", "no price", "an impossible price"],
)
def test_such_a_game_is_not_trained_on(change):
    other = ROW | {"game_date": date(2024, 1, 16)}
    assert [game.game_date for game in training_games([ROW | change, other])] == [date(2024, 1, 16)]


def test_a_value_means_the_same_to_a_fit_as_to_a_prediction():
    (game,) = training_games([ROW | {"home_days_rest": 133.0, "away_is_top_players": -1.0}])
    assert (game.values["home_days_rest"], game.values["away_is_top_players"]) == (4, 0)
    assert game.values["market_logit"] == 0  # -110 on both sides
    assert game.p_home_market == 0.5


@pytest.mark.parametrize("change", [{"home_days_rest": None}, {"home_team_win_pct": 75.0}])
def test_a_row_that_prediction_would_refuse_is_named_and_ends_the_training(change):
    with pytest.raises(ContractError, match=r"Miami Heat at Boston Celtics, 2024-01-15: home_"):
        training_games([ROW | change])


def test_folds_are_chained_forward_and_share_no_date():
    days = np.array([date(2024, 1, 1) + timedelta(days=n // 3) for n in range(60)], dtype="datetime64[D]")
    folds = list(forward_folds(days))
    assert len(folds) == 5
    for train, test in folds:
        assert days[train].max() < days[test].min()
    assert folds[0][0][0] == 0
    assert [len(train) for train, _ in folds] == sorted(len(train) for train, _ in folds)


def test_only_the_price_is_nearly_free_of_the_penalty():
    weights = weights_of(ANCHORED_INPUTS)
    assert weights == (10.0, *[1.0] * 8)
    rng = np.random.default_rng(0)
    x = np.repeat(rng.normal(size=(500, 1)), 2, axis=1)  # the same input twice, once as wide
    y = (rng.random(500) < 1 / (1 + np.exp(-x[:, 0]))).astype(np.int64)
    wide, narrow = build_estimator(0.001, (10.0, 1.0)).fit(x, y).named_steps["fit"].coef_[0] * (10.0, 1.0)
    # Of two equal inputs the penalty prefers the wide one by the square of its width.
    assert wide / narrow == pytest.approx(100, rel=1e-6)
