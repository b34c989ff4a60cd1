"""Scores of probabilities against results, as the contract's section 9 defines them; standard library only.

Natural logs; p is clipped to [1e-6, 1 - 1e-6]; a p of exactly 0.5 counts half correct.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CLIP = 1e-6
ECE_BINS = 10


class Scores(NamedTuple):
    """Figures over n games; all None where n is 0."""

    n: int
    accuracy: float | None = None
    log_loss: float | None = None
    brier: float | None = None
    ece: float | None = None


def log_loss(p_home: float, home_won: bool) -> float:
    """Minus the log of the probability given to what happened.

    >>> round(log_loss(0.8, True), 4), round(log_loss(1.0, False), 4)
    (0.2231, 13.8155)
    """
    p = min(max(p_home, CLIP), 1 - CLIP)
    return -log(p if home_won else 1 - p)


def brier(p_home: float, home_won: bool) -> float:
    """Squared distance of the probability from the result, 0..1.

    >>> round(brier(0.8, True), 4)
    0.04
    """
    return (p_home - home_won) ** 2


def correct(p_home: float, home_won: bool) -> float:
    """1 if the side given more than half won, 0 if it lost, 0.5 if neither was given more.

    >>> correct(0.6, True), correct(0.6, False), correct(0.5, True)
    (1.0, 0.0, 0.5)
    """
    return 0.5 if p_home == 0.5 else float((p_home > 0.5) == home_won)


def expected_calibration_error(p_home: Sequence[float], home_won: Sequence[bool]) -> float:
    """Mean over games of |mean p - share won| of their bin; ten bins of equal width.

    Two games at 0.85, one of them won: the bin's mean p is 0.85 and its share 0.5.

    >>> round(expected_calibration_error([0.85, 0.85], [True, False]), 4)
    0.35
    """
    sums = [[0.0, 0.0] for _ in range(ECE_BINS)]
    for p, won in zip(p_home, home_won, strict=True):
        bucket = sums[min(int(p * ECE_BINS), ECE_BINS - 1)]
        bucket[0] += p
        bucket[1] += won
    return sum(abs(p - won) for p, won in sums) / len(p_home)


def score(pairs: Iterable[tuple[float, bool]]) -> Scores:
    """All figures of (p_home, home_won) pairs."""
    games = list(pairs)
    n = len(games)
    if not n:
        return Scores(0)
    p_home, home_won = zip(*games, strict=True)
    return Scores(
        n=n,
        accuracy=sum(correct(*game) for game in games) / n,
        log_loss=sum(log_loss(*game) for game in games) / n,
        brier=sum(brier(*game) for game in games) / n,
        ece=expected_calibration_error(p_home, home_won),
    )
