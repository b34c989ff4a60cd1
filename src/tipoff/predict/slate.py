"""Which games a run scores: the first league date from today on that has a game not started at `as_of`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from tipoff.errors import StaleError
from tipoff.league import SLATE_DAYS, league_date, starts_at
from tipoff.predict.rows import slate_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from tipoff.predict.features import GameFeatures, GameKey, Refusal


class ScheduledGame(NamedTuple):
    """A game as `bronze.games` knows it; `has_result` only if the result was known at as_of."""

    key: GameKey
    tip_off_at: datetime | None
    has_result: bool
    is_called_off: bool = False


class Slate(NamedTuple):
    """The games to score, the rows of that date that are refused, and how many had started."""

    game_date: date | None
    games: tuple[GameFeatures, ...]
    refused: tuple[Refusal, ...]
    n_started: int


def has_started(key: GameKey, tip_off_at: datetime | None, *, as_of: datetime, has_result: bool) -> bool:
    """Whether a game had started at `as_of`: by its tip-off, by noon Eastern of its date, or by its known result."""
    return has_result or starts_at(key.game_date, tip_off_at) <= as_of


def as_scheduled(games: Iterable[GameFeatures], schedule: Iterable[ScheduledGame]) -> list[GameFeatures]:
    """The games with the schedule's tip-off where they have none, without those that it calls off."""
    known = {game.key: game for game in schedule}
    return [
        game if game.tip_off_at or game.key not in known else game._replace(tip_off_at=known[game.key].tip_off_at)
        for game in games
        if not (game.key in known and known[game.key].is_called_off)
    ]


def games_present(
    games: Iterable[GameFeatures], refused: Iterable[Refusal], schedule: Iterable[ScheduledGame]
) -> dict[GameKey, str | None] | None:
    """Games, with their ids, that features or schedule still have: a prediction of another was cancelled or re-dated.

    Returns:
        None where that cannot be told: a refused row whose teams are unknown may be any game.
    """
    present: dict[GameKey, str | None] = {game.key: None for game in schedule if not game.is_called_off}
    present |= {game.key: game.game_id for game in games}
    for refusal in refused:
        if refusal.resolved_key is None:
            return None
        present.setdefault(refusal.resolved_key, None)
    return present


def choose_slate(
    games: Sequence[GameFeatures],
    refused: Sequence[Refusal],
    schedule: Iterable[ScheduledGame] | None,
    *,
    as_of: datetime,
    on: date | None = None,
) -> Slate:
    """The slate to score, as known at `as_of`; its `game_date` is None when there is no game to score.

    Args:
        games: Checked rows of league dates from today on (or of `on`).
        refused: Refused rows of the same dates; one without a date belongs to every slate.
        schedule: What `bronze.games` knows of these dates; None where it cannot be read.
        as_of: What was known; rows of games that had started by then are skipped.
        on: Only this league date.

    Raises:
        StaleError: The schedule has a game of the slate, not started, that has no row of features.
    """
    scheduled = {game.key: game for game in schedule or ()}

    def started(row: GameFeatures | Refusal) -> bool:
        if row.key.game_date is None:
            return False
        known = scheduled.get(row.key)
        has_result = row.has_outcome or (known is not None and known.has_result)
        return has_started(row.key, row.tip_off_at, as_of=as_of, has_result=has_result)

    last = league_date(as_of) + timedelta(days=SLATE_DAYS)
    open_games = [game for game in games if not started(game)]
    open_refused = [refusal for refusal in refused if not started(refusal)]
    dates = [game.key.game_date for game in open_games] + [refusal.key.game_date for refusal in open_refused]
    game_date = on or min((day for day in dates if day is not None and day <= last), default=None)
    _refuse_stale(games, refused, scheduled.values(), as_of=as_of, until=game_date or last, on=on)
    return Slate(
        game_date,
        tuple(
            sorted(
                (g for g in open_games if g.key.game_date == game_date),
                key=lambda g: slate_order(g.key.game_date, g.tip_off_at, g.key.home_team),
            )
        ),
        tuple(r for r in open_refused if r.key.game_date in (game_date, None)),
        sum(1 for g in games if g.key.game_date <= (game_date or last) and started(g)),
    )


def _refuse_stale(
    games: Iterable[GameFeatures],
    refused: Iterable[Refusal],
    schedule: Iterable[ScheduledGame],
    *,
    as_of: datetime,
    until: date,
    on: date | None,
) -> None:
    """The slate's date, and every one before it that was passed over, must have a row for each open scheduled game."""
    present = {game.key for game in games} | {refusal.resolved_key for refusal in refused}
    # A refused row whose teams cannot be told may be any game of its date: that date is not judged by name.
    untold = {refusal.key.game_date for refusal in refused if refusal.resolved_key is None}
    missing = [
        game.key
        for game in schedule
        if game.key not in present
        and not game.is_called_off
        and game.key.game_date not in untold
        and (game.key.game_date == on if on else game.key.game_date <= until)
        and not has_started(game.key, game.tip_off_at, as_of=as_of, has_result=game.has_result)
    ]
    if missing:
        shown = "; ".join(str(key) for key in sorted(missing)[:3]) + ("; …" if len(missing) > 3 else "")
        raise StaleError(
            f"The schedule has {len(missing)} games of the slate that have no features: {shown}.",
            "Run tipoff build (or your dbt job) and predict again.",
        )
