"""What a made-up bookmaker asks: the true probability, seen through some noise, plus his margin."""

from __future__ import annotations

from math import exp, log

from tipoff.simulate.dice import Dice

NOISE = 0.13  # of the closing line, in logits
MORNING_NOISE = 0.08  # what the morning line adds to it
HEAVIEST_FAVOURITE = 2.6  # in logits: nobody is priced above 93%


def quote(dice: Dice, p_home: float, *, drift: float = 0.0) -> tuple[int, int]:
    """(home, away) American moneylines for a true probability of a home win; the vig is 4 to 5%.

    Args:
        dice: Where the market's error and margin come from; fresh dice of the same key make the same ones.
        p_home: True probability, strictly between 0 and 1.
        drift: How far this quote still is from the closing line, in logits.
    """
    logit = log(p_home / (1.0 - p_home)) + NOISE * dice.normal() + drift
    logit = min(HEAVIEST_FAVOURITE, max(-HEAVIEST_FAVOURITE, logit))
    p_seen = 1.0 / (1.0 + exp(-logit))
    booked = 1.04 + 0.01 * dice.random()
    return moneyline(p_seen * booked), moneyline((1.0 - p_seen) * booked)


def moneyline(implied: float) -> int:
    """The American price nearest to an implied probability, in the steps that books use.

    >>> moneyline(0.6), moneyline(0.4), moneyline(0.81), moneyline(0.08)
    (-150, 150, -425, 1150)
    """
    price = -100.0 * implied / (1.0 - implied) if implied > 0.5 else 100.0 * (1.0 - implied) / implied
    size = abs(price)
    step = 1 if size < 200 else 5 if size < 500 else 25 if size < 1000 else 50
    return step * round(price / step)
