"""Prices: American odds by hand, and the laws of taking the vig out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.odds import implied_probability, is_american, no_vig_home

prices = (st.integers(100, 100_000) | st.integers(-100_000, -100)).map(float)
impossible = st.none() | st.floats(-99.999, 99.999) | st.sampled_from([float("nan"), float("inf"), float("-inf")])


def test_prices_by_hand():
    assert implied_probability(-150) == 150 / 250  # stake 150 to win 100
    assert implied_probability(130) == 100 / 230
    assert implied_probability(100) == implied_probability(-100) == 0.5
    # 0.6 + 0.4348 = 1.0348: 3.5% vig, taken out in proportion.
    assert no_vig_home(-150, 130) == pytest.approx(0.6 / 1.0347826)


@given(prices, prices)
def test_both_sides_without_vig_sum_to_one(home, away):
    assert no_vig_home(home, away) + no_vig_home(away, home) == pytest.approx(1)


@given(prices)
def test_a_probability_and_its_price_say_the_same(price):
    p = implied_probability(price)
    assert 0 < p < 1
    assert (p >= 0.5) == (price <= 100)
    back = -100 * p / (1 - p) if price < 0 else 100 * (1 - p) / p
    assert back == pytest.approx(price)


@given(prices, prices)
def test_the_side_with_the_higher_implied_probability_is_the_favourite(home, away):
    assert (no_vig_home(home, away) > 0.5) == (implied_probability(home) > implied_probability(away))


@given(impossible, prices | impossible)
def test_an_impossible_price_on_either_side_is_no_price(bad, other):
    assert not is_american(bad)
    assert no_vig_home(bad, other) is None
    assert no_vig_home(other, bad) is None
