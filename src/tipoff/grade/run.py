"""The imperative shell of `grade`: official predictions against results, and the figures that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tipoff.database.catalog import require_rights
from tipoff.database.locks import GRADE, take_lock
from tipoff.database.runs import record_run
from tipoff.grade import store
from tipoff.grade.figures import GradedGame, Record, as_document, grouped, home_rates, record, season_records
from tipoff.metrics import brier, correct, log_loss

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tipoff.database.connection import Cursor


class GradeOutcome(NamedTuple):
    """What a grading changed, and the regular-season figures per season and pooled."""

    run_id: str
    n_graded: int
    n_games: int
    seasons: list[dict[str, Any]]
    pooled: list[dict[str, Any]]


def grade(cursor: Cursor, *, run_id: str, now: datetime) -> GradeOutcome:
    """Grade what has a result and is not graded, and bring the accuracy tables up to date.

    Raises:
        DatabaseError: A table or a right is missing.
    """
    require_rights(cursor, store.NEEDED_RIGHTS)
    take_lock(cursor, GRADE)
    rows = [_graded(row, run_id, now) for row in store.read_ungraded(cursor)]
    n_graded = store.upsert(cursor, store.RESULTS, store.RESULTS_KEY, rows, stamps=("run_id", "graded_at"))
    games = store.read_graded(cursor)
    rates = home_rates(store.read_home_wins(cursor), {game.season for game in games})
    regular = [game for game in games if game.game_type == "regular"]
    pooled = grouped(regular, lambda g: (g.model_id, g.live, g.in_sample))
    daily = grouped(regular, lambda g: (g.game_date, g.model_id, g.live, g.in_sample))
    n_days = store.upsert(
        cursor, store.DAILY, store.DAILY_KEY, [_daily_row(key, record(group, rates)) for key, group in daily.items()]
    )
    store.upsert(cursor, store.TOTAL, store.TOTAL_KEY, [_total_row(key, group, rates) for key, group in pooled.items()])
    store.empty_groups(cursor, store.DAILY, store.DAILY_KEY, ("", "priced_", "market_"))
    store.empty_groups(cursor, store.TOTAL, store.TOTAL_KEY, ("", "priced_", "market_", "home_"))
    counts = {"graded": n_graded, "games": len(games), "days": n_days}
    record_run(cursor, run_id=run_id, command="grade", started_at=now, exit_code=0, counts=counts)
    return GradeOutcome(
        run_id,
        n_graded,
        len(games),
        season_records(games, rates),
        [
            {
                **dict(zip(store.TOTAL_KEY, key, strict=True)),
                "seasons": _span(group),
                **as_document(record(group, rates)),
            }
            for key, group in sorted(pooled.items())
        ],
    )


def _graded(row: Mapping[str, Any], run_id: str, now: datetime) -> dict[str, Any]:
    home_won = row["home_pts"] > row["away_pts"]
    p_home, p_market = row["p_home"], row["p_home_market"]
    return {
        **row,
        "home_won": home_won,
        "correct": correct(p_home, home_won),
        "log_loss": log_loss(p_home, home_won),
        "brier": brier(p_home, home_won),
        "market_correct": None if p_market is None else correct(p_market, home_won),
        "market_log_loss": None if p_market is None else log_loss(p_market, home_won),
        "market_brier": None if p_market is None else brier(p_market, home_won),
        "run_id": run_id,
        "graded_at": now,
    }


def _span(games: Sequence[GradedGame]) -> str:
    first, last = min(game.season for game in games), max(game.season for game in games)
    return first if first == last else f"{first} to {last}"


def _figures_row(figures: Record) -> dict[str, Any]:
    row: dict[str, Any] = {"n": figures.ours.n, "priced_n": figures.priced.n}
    for name in ("accuracy", "log_loss", "brier"):
        row[name] = getattr(figures.ours, name)
        row[f"priced_{name}"] = getattr(figures.priced, name)
        row[f"market_{name}"] = getattr(figures.market, name)
    return row


def _daily_row(key: tuple[Any, ...], figures: Record) -> dict[str, Any]:
    return {**dict(zip(store.DAILY_KEY, key, strict=True)), **_figures_row(figures)}


def _total_row(key: tuple[Any, ...], games: Sequence[GradedGame], rates: Mapping[str, float]) -> dict[str, Any]:
    figures = record(games, rates)
    return {
        **dict(zip(store.TOTAL_KEY, key, strict=True)),
        "first_game_date": min(game.game_date for game in games),
        "last_game_date": max(game.game_date for game in games),
        **_figures_row(figures),
        **{f"home_{name}": getattr(figures.home, name) for name in ("accuracy", "log_loss", "brier")},
    }
