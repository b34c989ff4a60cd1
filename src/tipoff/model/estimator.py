"""The estimator: a scaler and an L2 logistic regression, and how its C is chosen inside the training season."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from tipoff.metrics import CLIP
from tipoff.model.bundle import MARKET_LOGIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Labels = NDArray[np.int64]
    Dates = NDArray[np.datetime64]

# Half-decades; the ends are far beyond any C that a season of games has chosen.
C_GRID = tuple(float(f"{10**exponent:.3g}") for exponent in np.arange(-6, 2.01, 0.5))
N_FOLDS = 5

# The price enters ten times as wide, so that L2 penalises its coefficient a hundredth as much as the others'. With one
# penalty for all, a C small enough to quiet the eight inputs that the price already knows also shrinks the price, and
# the fit loses to the price alone (docs/model.md has the figures, all from inside the training season).
PRICE_WEIGHT = 10.0


def weights_of(inputs: Sequence[str]) -> tuple[float, ...]:
    """How wide each standardised input enters the regression: 10 for the price, 1 for everything else."""
    return tuple(PRICE_WEIGHT if name == MARKET_LOGIT else 1.0 for name in inputs)


def build_estimator(c: float, weights: Sequence[float]) -> Pipeline:
    """Standardise, weigh, then fit. Newton steps to a gradient of 1e-10: the same coefficients on every machine."""
    return Pipeline(
        [
            ("standardise", StandardScaler()),
            ("weigh", FunctionTransformer(_weigh, kw_args={"weights": np.asarray(weights)})),
            ("fit", LogisticRegression(C=c, solver="newton-cholesky", tol=1e-10, max_iter=200)),
        ]
    )


def _weigh(x: Matrix, weights: NDArray[np.float64]) -> Matrix:
    return x * weights


def forward_folds(dates: Dates, n_folds: int = N_FOLDS) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Row numbers of (train, test), each test block later than its train block and no date in both.

    Args:
        dates: (n,) league dates, sorted.
        n_folds: Test blocks of about n_dates / (n_folds + 1) dates each.
    """
    days = np.unique(dates)
    for train_days, test_days in TimeSeriesSplit(n_splits=n_folds).split(days):
        yield (
            np.flatnonzero(np.isin(dates, days[train_days])),
            np.flatnonzero(np.isin(dates, days[test_days])),
        )


def out_of_fold(
    x: Matrix, y: Labels, dates: Dates, c: float, weights: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Probabilities of a home win for every game of a test block, fitted on the blocks before it.

    Returns:
        (m,) probabilities and (m,) row numbers of the games.
    """
    parts = [
        (build_estimator(c, weights).fit(x[train], y[train]).predict_proba(x[test])[:, 1], test)
        for train, test in forward_folds(dates)
    ]
    return np.concatenate([p for p, _ in parts]), np.concatenate([rows for _, rows in parts])


def mean_log_loss(p: NDArray[np.float64], y: Labels) -> float:
    """Mean log loss of (n,) probabilities against (n,) labels of 0 and 1."""
    p = np.clip(p, CLIP, 1 - CLIP)
    return float(-np.mean(np.where(y == 1, np.log(p), np.log1p(-p))))


def choose_c(x: Matrix, y: Labels, dates: Dates, weights: Sequence[float]) -> tuple[float, dict[float, float]]:
    """The C of `C_GRID` with the best log loss over all out-of-fold games, and the loss of each."""
    losses = {}
    for c in C_GRID:
        p, rows = out_of_fold(x, y, dates, c, weights)
        losses[c] = mean_log_loss(p, y[rows])
    return min(losses, key=lambda c: losses[c]), losses
