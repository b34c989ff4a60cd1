"""Fitting a bundle: past games of the history table in, a sealed JSON document out."""

from __future__ import annotations

import hashlib
import platform
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import sklearn

from tipoff.errors import ContractError, UsageError
from tipoff.ledger import canonical_json
from tipoff.metrics import score
from tipoff.model.bundle import FORMAT, MARKET_LOGIT, market_logit, sealed
from tipoff.model.estimator import C_GRID, N_FOLDS, build_estimator, choose_c, forward_folds, out_of_fold, weights_of
from tipoff.odds import no_vig_home
from tipoff.predict.features import INPUTS, checked_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from tipoff.metrics import Scores

SIGNIFICANT_DIGITS = 12
MIN_GAMES = 200

BLIND_INPUTS = INPUTS
ANCHORED_INPUTS = (MARKET_LOGIT, *INPUTS)


class TrainingGame(NamedTuple):
    """One past regular-season game with a price: its inputs by name, as the model sees them, and its result."""

    game_date: date
    home_team: str
    away_team: str
    season: str
    values: dict[str, float]
    p_home_market: float
    home_won: bool


def training_games(rows: Sequence[Mapping[str, Any]]) -> list[TrainingGame]:
    """The games a model may be fitted on: regular, with a price and known availability, in order of date.

    Rows pass the same checks as those that are scored, so that a value means the same to a fit and to a prediction.

    Raises:
        ContractError: A row that prediction would refuse, or the same game twice.
    """
    usable = [row for row in rows if row["game_type"] == "regular" and row["availability_source"] != "none"]
    checked, refused = checked_rows(usable, ())
    if refused:
        raise ContractError(
            f"{len(refused)} rows cannot be trained on; the first is {refused[0].key}: {refused[0].reason}.",
            "Mend the history table, or run tipoff build.",
        )
    won = {game.key: bool(row["home_won"]) for game, row in zip(checked, usable, strict=True)}
    games = []
    for game in checked:
        prices = game.values["home_moneyline"], game.values["away_moneyline"]
        p_market, logit = no_vig_home(*prices), market_logit(*prices)
        if p_market is None or logit is None:
            continue
        values = {name: float(value) for name in INPUTS if (value := game.values[name]) is not None}
        values[MARKET_LOGIT] = logit
        games.append(TrainingGame(*game.key, game.season or "", values, p_market, won[game.key]))
    return sorted(games, key=lambda game: game[:3])


def train(
    games: Sequence[TrainingGame],
    *,
    name: str,
    home_rates: Mapping[str, float],
    on_step: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """A sealed bundle document with both heads, fitted on `games`.

    Args:
        games: Of the training seasons, sorted by date.
        name: The bundle's name.
        home_rates: Per season, the share of home wins in the three seasons before, for the baseline.
        on_step: Told what is being fitted, for a progress bar.

    Raises:
        UsageError: Too few games to fit and to choose C on.
    """
    if len(games) < MIN_GAMES:
        raise UsageError(
            f"There are {len(games)} regular games with a price and known availability, expected at least {MIN_GAMES}.",
            "Ingest that season's games, odds and player_box, run tipoff build, and train again.",
        )
    heads, metrics = {}, {}
    for head, inputs in (("anchored", ANCHORED_INPUTS), ("blind", BLIND_INPUTS)):
        on_step(head)
        heads[head], metrics[head] = _fit_head(games, inputs)
    test_rows = np.concatenate([test for _, test in forward_folds(_dates(games))])
    metrics |= _baselines([games[row] for row in test_rows], home_rates)
    return sealed(
        {
            "format": FORMAT,
            "model_id": "",
            "name": name,
            "heads": heads,
            "training": _training(games),
            "metrics": {
                "what": f"out of fold: {N_FOLDS} forward-chained blocks of the training seasons, same games for all",
                **metrics,
            },
            "library_versions": {
                "python": platform.python_version(),
                "numpy": np.__version__,
                "scikit-learn": sklearn.__version__,
            },
            "checksum": "",
        }
    )


def _fit_head(games: Sequence[TrainingGame], inputs: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    x, y, dates, weights = _matrix(games, inputs), _labels(games), _dates(games), weights_of(inputs)
    c, losses = choose_c(x, y, dates, weights)
    p, rows = out_of_fold(x, y, dates, c, weights)
    fitted = build_estimator(c, weights).fit(x, y).named_steps
    scaler, regression = fitted["standardise"], fitted["fit"]
    columns = zip(inputs, scaler.mean_, scaler.scale_ / np.asarray(weights), regression.coef_[0], strict=True)
    head = {
        "intercept": rounded(regression.intercept_[0]),
        "features": [
            {"name": column, "centre": rounded(centre), "scale": rounded(scale), "coefficient": rounded(coefficient)}
            for column, centre, scale, coefficient in columns
        ],
        "C": c,
        "C_log_loss": {str(value): round(losses[value], 6) for value in C_GRID},
    }
    return head, _figures(score(zip(p.tolist(), (y[rows] == 1).tolist(), strict=True)))


def _baselines(games: Sequence[TrainingGame], home_rates: Mapping[str, float]) -> dict[str, Any]:
    home = score((home_rates[game.season], game.home_won) for game in games)
    home = home._replace(accuracy=sum(game.home_won for game in games) / len(games))
    return {
        "market": _figures(score((game.p_home_market, game.home_won) for game in games)),
        "home": _figures(home),
    }


def _training(games: Sequence[TrainingGame]) -> dict[str, Any]:
    content = canonical_json([game._asdict() for game in games])
    return {
        "seasons": sorted({game.season for game in games}),
        "games": "regular-season games with a price and known availability",
        "n": len(games),
        "first_date": games[0].game_date.isoformat(),
        "last_date": games[-1].game_date.isoformat(),
        "data_sha256": hashlib.sha256(content.encode()).hexdigest(),
    }


def _figures(scores: Scores) -> dict[str, Any]:
    return {name: value if name == "n" else round(value, 6) for name, value in scores._asdict().items()}


def _matrix(games: Sequence[TrainingGame], inputs: Sequence[str]) -> NDArray[np.float64]:
    return np.array([[game.values[name] for name in inputs] for game in games], dtype=np.float64)


def _labels(games: Sequence[TrainingGame]) -> NDArray[np.int64]:
    return np.array([game.home_won for game in games], dtype=np.int64)


def _dates(games: Sequence[TrainingGame]) -> NDArray[np.datetime64]:
    return np.array([game.game_date for game in games], dtype="datetime64[D]")


def rounded(value: float) -> float:
    """The value with the bundle's significant digits.

    >>> rounded(0.1234567890123456)
    0.123456789012
    """
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
