"""Predictions as rows of the ledger and of consumers' table; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tipoff.league import starts_at
from tipoff.predict.features import CONTEXT, SIDES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from tipoff.predict.features import GameKey
    from tipoff.predict.score import Prediction

# Columns that ledger and table have in common, as the ledger has them.
SHARED = (
    "game_date",
    "home_team",
    "away_team",
    "game_id",
    "tip_off_at",
    "model_id",
    "variant",
    "p_home_anchored",
    "p_home_blind",
    "p_home_market",
    "run_id",
    "as_of",
    "predicted_at",
    "live",
    "in_sample",
)

# What makes two predictions of a game by a model the same one; the wall clock and the run id are not part of it.
_SAME = (
    "p_home",
    "p_home_anchored",
    "p_home_blind",
    "p_home_market",
    "features",
    "as_of",
    "live",
    "game_id",
    "tip_off_at",
)


def log_row(prediction: Prediction, run_id: str) -> dict[str, Any]:
    """The ledger's row of a prediction, without its place in the chain."""
    game = prediction.game
    return {
        **game.key._asdict(),
        "game_id": game.game_id,
        "tip_off_at": game.tip_off_at,
        "season": prediction.season,
        "model_id": prediction.model_id,
        "variant": prediction.variant,
        "p_home": prediction.p_home,
        "p_home_anchored": prediction.p_home_anchored,
        "p_home_blind": prediction.p_home_blind,
        "p_home_market": prediction.p_home_market,
        "features": dict(game.values),
        "as_of": prediction.as_of,
        "predicted_at": prediction.predicted_at,
        "live": prediction.live,
        "in_sample": prediction.in_sample,
        "run_id": run_id,
    }


def is_same(before: Mapping[str, Any] | None, row: Mapping[str, Any]) -> bool:
    """Whether the ledger's newest row of a game says what `row` would say again."""
    return before is not None and all(before[name] == row[name] for name in _SAME)


def table_row(prediction: Prediction, logged: Mapping[str, Any], index: int) -> dict[str, Any]:
    """The table's row of a prediction that the ledger has as `logged`."""
    values = prediction.game.values
    p_home = round(prediction.p_home, 3)
    row = {name: logged[name] for name in SHARED} | {name: values.get(name) for name in CONTEXT}
    row |= {name: value for name, value in values.items() if name.startswith(SIDES)}
    for rank in (f"{side}team_rank" for side in SIDES):
        row[rank] = None if row[rank] is None else round(row[rank])
    return row | {
        "index": index,
        "home_team_predicted_win_pct": p_home,
        "away_team_predicted_win_pct": round(1 - p_home, 3),
        "withdrawn_at": None,
    }


def slate_order(game_date: date, tip_off_at: datetime | None, home_team: str) -> tuple[date, datetime, str]:
    """What games are sorted by: date, start, home team."""
    return game_date, starts_at(game_date, tip_off_at), home_team


def indexes(
    predictions: Sequence[Prediction], standing: Iterable[tuple[GameKey, datetime | None]]
) -> dict[GameKey, int]:
    """Each game's 0-based place in its slate, by tip-off then home team.

    Args:
        predictions: What this run has to write.
        standing: Games and tip-offs of the same dates that the table has already: those that have started are part of
            the slate, too, and keep the first places.
    """
    tip_offs = dict(standing) | {p.game.key: p.game.tip_off_at for p in predictions}
    places: dict[date, int] = {}
    found = {}
    for key in sorted(tip_offs, key=lambda key: slate_order(key.game_date, tip_offs[key], key.home_team)):
        found[key] = places.setdefault(key.game_date, 0)
        places[key.game_date] += 1
    return found
