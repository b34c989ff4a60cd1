"""Scoring a slate: checked features in, probabilities out; pure, and standard library only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tipoff.league import season_of, starts_at
from tipoff.model.bundle import MARKET_LOGIT, market_logit
from tipoff.odds import no_vig_home

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tipoff.model.bundle import Bundle
    from tipoff.predict.features import GameFeatures


class Prediction(NamedTuple):
    """One game's win probabilities and what they rest on.

    `variant` names the head whose probability is `p_home`: `anchored` where there is a price, else `blind`.
    `live` says that it was made before the game started, by the wall clock and with features of before.
    """

    game: GameFeatures
    season: str
    model_id: str
    variant: str
    p_home: float
    p_home_anchored: float | None
    p_home_blind: float
    p_home_market: float | None
    as_of: datetime
    predicted_at: datetime
    live: bool
    in_sample: bool
    contributions: dict[str, float]


def predict_slate(
    games: Iterable[GameFeatures], bundle: Bundle, *, as_of: datetime | None, now: datetime
) -> list[Prediction]:
    """Home win probabilities of every game, in the order given.

    Args:
        games: Checked rows of the feature table.
        bundle: The model.
        as_of: The instant the features are as of; None where each game's are as of its own start (a backfill).
        now: The wall clock; it decides what is live.
    """
    return [_predict(game, bundle, as_of, now) for game in games]


def _predict(game: GameFeatures, bundle: Bundle, as_of: datetime | None, now: datetime) -> Prediction:
    starts = starts_at(game.key.game_date, game.tip_off_at)
    prices = game.values["home_moneyline"], game.values["away_moneyline"]
    logit = market_logit(*prices)
    # The contract check has refused every row that lacks one of the model's inputs.
    inputs = {name: value for name in bundle.columns if (value := game.values[name]) is not None}
    p_blind = bundle.blind.p_home(inputs)
    p_anchored = None if logit is None else bundle.anchored.p_home({**inputs, MARKET_LOGIT: logit})
    if logit is None:
        contributions = bundle.blind.contributions(inputs)
    else:
        contributions = bundle.anchored.contributions({**inputs, MARKET_LOGIT: logit})
    season = game.season or season_of(game.key.game_date)
    known = as_of if as_of is not None else starts
    return Prediction(
        game=game,
        season=season,
        model_id=bundle.model_id,
        variant="blind" if p_anchored is None else "anchored",
        p_home=p_blind if p_anchored is None else p_anchored,
        p_home_anchored=p_anchored,
        p_home_blind=p_blind,
        p_home_market=no_vig_home(*prices),
        as_of=known,
        predicted_at=now,
        live=now < starts and known <= now,
        in_sample=season in bundle.seasons,
        contributions=contributions,
    )
