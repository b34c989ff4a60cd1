"""Scores of probabilities, by hand and by law."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tipoff.metrics import Scores, brier, correct, expected_calibration_error, log_loss, score

probabilities = st.floats(0, 1)
games = st.lists(st.tuples(probabilities, st.booleans()), min_size=1, max_size=30)


def test_two_games_by_hand():
    assert score([(0.8, True), (0.4, False)]) == Scores(
        n=2,
        accuracy=1.0,
        log_loss=pytest.approx(-(log(0.8) + log(0.6)) / 2),
        brier=pytest.approx((0.2**2 + 0.4**2) / 2),
        ece=pytest.approx((0.2 + 0.4) / 2),
    )


def test_no_games_have_no_figures():
    assert score([]) == Scores(0, None, None, None, None)


def test_certainty_costs_the_log_of_a_millionth_and_no_more():
    assert log_loss(1.0, False) == pytest.approx(-log(1e-6))
    assert log_loss(0.0, True) == pytest.approx(-log(1e-6))
    assert log_loss(1.0, True) == pytest.approx(1e-6, rel=1e-3)


@given(st.booleans())
def test_exactly_a_half_counts_half_correct(home_won):
    assert correct(0.5, home_won) == 0.5


@given(games)
def test_every_figure_keeps_its_bounds(listed):
    figures = score(listed)
    assert 0 <= figures.accuracy <= 1
    assert 0 <= figures.brier <= 1
    assert 0 <= figures.ece <= 1
    assert 0 < figures.log_loss <= -log(1e-6) + 1e-9


@given(games)
def test_seen_from_the_away_side_accuracy_loss_and_brier_are_the_same(listed):
    assume(all(1 - (1 - p) == p for p, _ in listed))
    home, away = score(listed), score([(1 - p, not won) for p, won in listed])
    assert away[:4] == pytest.approx(home[:4])


@given(games, st.randoms())
def test_the_order_of_games_does_not_matter(listed, random):
    shuffled = random.sample(listed, len(listed))
    assert score(shuffled) == pytest.approx(score(listed))


@given(probabilities, st.booleans())
def test_of_one_game_the_calibration_error_is_the_distance(p, won):
    assert expected_calibration_error([p], [won]) == pytest.approx(abs(p - won))
    assert brier(p, won) == pytest.approx(abs(p - won) ** 2)


def test_bins_are_a_tenth_wide_and_one_belongs_to_the_last():
    # 0.79 and 0.71 share a bin, 0.8 has its own; 1.0 joins 0.95.
    assert expected_calibration_error([0.79, 0.71], [True, False]) == pytest.approx(abs(1.5 - 1) / 2)
    assert expected_calibration_error([0.79, 0.8], [True, False]) == pytest.approx((0.21 + 0.8) / 2)
    assert expected_calibration_error([1.0, 0.95], [True, False]) == pytest.approx(abs(1.95 - 1) / 2)


@given(st.integers(1, 20))
def test_as_many_wins_as_said_are_no_error(n):
    assert expected_calibration_error([0.5] * 2 * n, [True, False] * n) == 0
