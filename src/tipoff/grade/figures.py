"""The track record's figures: graded games grouped, and scored beside the market and always-home; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tipoff.metrics import Scores, score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

DEFAULT_HOME_RATE = 0.58
HOME_RATE_SEASONS = 3


class GradedGame(NamedTuple):
    """One row of `gold.ml_prediction_results`, as far as figures need it."""

    game_date: date
    season: str
    game_type: str
    model_id: str
    live: bool
    in_sample: bool
    p_home: float
    p_home_blind: float
    p_home_market: float | None
    home_won: bool


class Record(NamedTuple):
    """Figures of a group of games: ours, ours where there is a price, the blind head's, the market's, always-home's."""

    ours: Scores
    priced: Scores
    blind: Scores
    market: Scores
    home: Scores


def home_rates(wins_and_games: Mapping[str, tuple[int, int]], seasons: Iterable[str]) -> dict[str, float]:
    """Per season, the home win rate of the regular games of the three seasons before it; 0.58 where there are none.

    Args:
        wins_and_games: Home wins and games of each season that is known.
        seasons: The seasons to give a rate for.

    >>> home_rates({"2020-21": (6, 10), "2021-22": (5, 10)}, ["2020-21", "2022-23"])
    {'2020-21': 0.58, '2022-23': 0.55}
    """
    rates = {}
    for season in seasons:
        start = int(season[:4])
        before = [f"{year}-{(year + 1) % 100:02d}" for year in range(start - HOME_RATE_SEASONS, start)]
        known = [wins_and_games[label] for label in before if label in wins_and_games]
        n = sum(games for _, games in known)
        rates[season] = sum(wins for wins, _ in known) / n if n else DEFAULT_HOME_RATE
    return rates


def record(games: Sequence[GradedGame], rates: Mapping[str, float]) -> Record:
    """Ours beside the baselines, each on the games it can be scored on."""
    priced = [game for game in games if game.p_home_market is not None]
    home = score((rates[game.season], game.home_won) for game in games)
    return Record(
        ours=score((game.p_home, game.home_won) for game in games),
        priced=score((game.p_home, game.home_won) for game in priced),
        blind=score((game.p_home_blind, game.home_won) for game in games),
        market=score((p, game.home_won) for game in priced if (p := game.p_home_market) is not None),
        # Always-home picks the home side whatever the rate says.
        home=home._replace(accuracy=sum(game.home_won for game in games) / len(games) if games else None),
    )


def grouped(games: Iterable[GradedGame], key: Callable[[GradedGame], Any]) -> dict[Any, list[GradedGame]]:
    """Games by a key, groups in the order in which they first appear."""
    groups: dict[Any, list[GradedGame]] = {}
    for game in games:
        groups.setdefault(key(game), []).append(game)
    return groups


def season_records(games: Iterable[GradedGame], rates: Mapping[str, float]) -> list[dict[str, Any]]:
    """The contract's `seasons` list: regular-season figures per season, live, in_sample and model."""
    regular = [game for game in games if game.game_type == "regular"]
    groups = grouped(regular, lambda g: (g.season, g.live, g.in_sample, g.model_id))
    return [
        {
            "season": season,
            "live": live,
            "in_sample": in_sample,
            "model_id": model_id,
            **as_document(record(group, rates)),
        }
        for (season, live, in_sample, model_id), group in sorted(groups.items())
    ]


def as_document(figures: Record) -> dict[str, Any]:
    """A record as the contract's JSON fields."""
    return {
        **figures.ours._asdict(),
        **{name: _brief(getattr(figures, name)) for name in ("priced", "blind", "market", "home")},
    }


def _brief(scores: Scores) -> dict[str, Any]:
    return {name: value for name, value in scores._asdict().items() if name != "ece"}
