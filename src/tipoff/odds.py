"""Prices: American moneylines to probabilities, with the vig taken out in proportion."""

from __future__ import annotations

from math import isfinite


def is_american(moneyline: float | None) -> bool:
    """Whether a number is a possible American price: at most -100 or at least 100.

    >>> is_american(-110.0), is_american(50.0), is_american(float("nan")), is_american(None)
    (True, False, False, False)
    """
    return moneyline is not None and isfinite(moneyline) and abs(moneyline) >= 100


def implied_probability(moneyline: float) -> float:
    """1 / decimal odds of an American price, vig included.

    >>> implied_probability(-150), implied_probability(150)
    (0.6, 0.4)
    """
    return -moneyline / (100 - moneyline) if moneyline < 0 else 100 / (100 + moneyline)


def no_vig_home(home_moneyline: float | None, away_moneyline: float | None) -> float | None:
    """Probability of a home win behind a two-way American price; None if either side is missing or impossible.

    The vig is removed in proportion to each side's implied probability.
    Source: Clarke, Kovalchik & Ingram (2017), "Adjusting bookmaker's odds to allow for overround".

    >>> round(no_vig_home(-160, 150), 4)
    0.6061
    >>> no_vig_home(-160, 50) is None
    True
    """
    if home_moneyline is None or away_moneyline is None:
        return None
    if not (is_american(home_moneyline) and is_american(away_moneyline)):
        return None
    home, away = implied_probability(home_moneyline), implied_probability(away_moneyline)
    return home / (home + away)
