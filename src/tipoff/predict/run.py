"""The imperative shell of `predict`: read, score, and write table, ledger and run row in one transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from tipoff import log
from tipoff.database.catalog import describe, require
from tipoff.database.predictions_table import TABLE
from tipoff.database.runs import record_run
from tipoff.errors import ContractError, StaleError
from tipoff.league import SLATE_DAYS, league_date
from tipoff.predict import store
from tipoff.predict.features import checked_rows, readable_columns
from tipoff.predict.rows import indexes, is_same, log_row, table_row
from tipoff.predict.score import Prediction, predict_slate
from tipoff.predict.slate import Slate, as_scheduled, choose_slate, games_present

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from tipoff.database.catalog import Relation
    from tipoff.database.connection import Cursor
    from tipoff.model.bundle import Bundle
    from tipoff.predict.features import GameKey, Refusal
    from tipoff.predict.slate import ScheduledGame


CLOCK_TOLERANCE = timedelta(minutes=1)
SEASON_IS_OFF = "The season flag in gold.feature_flags is off: nothing to predict."


class Run(NamedTuple):
    """What identifies a run: its id, the instants it was told, and whether it may write."""

    run_id: str
    as_of: datetime
    now: datetime
    dry_run: bool = False


class Outcome(NamedTuple):
    """What a run did, for the command line to show. `note` says in a line why nothing was scored."""

    run_id: str
    as_of: datetime
    model_id: str
    game_date: date | None = None
    predictions: Sequence[Prediction] = ()
    refused: Sequence[Refusal] = ()
    n_started: int = 0
    n_logged: int = 0
    withdrawn: Sequence[GameKey] = ()
    head: tuple[int, str] | None = None
    note: str = ""

    @property
    def exit_code(self) -> int:
        """5 if any game was refused, else 0."""
        return 5 if self.refused else 0


def predict_upcoming(
    cursor: Cursor, bundle: Bundle, run: Run, *, clock: Callable[[], datetime], on: date | None = None
) -> Outcome:
    """Score the slate as known at `run.as_of` and write it, unless it is a dry run.

    Args:
        cursor: Of the warehouse.
        bundle: The model.
        run: What identifies the run.
        clock: The wall clock, read once the ledger's lock is held: a game may tip off while another run holds it,
            and a prediction is live only if it was made before that.
        on: Only this league date.

    Raises:
        DatabaseError, ContractError, StaleError, ModelError: As the contract's exit codes 3, 4, 6 and 7 say.
    """
    nothing = Outcome(run.run_id, run.as_of, bundle.model_id)
    relations = _relations(cursor, run, store.FEATURES)
    if store.season_is_off(cursor, relations[store.FLAGS]):
        return nothing._replace(note=SEASON_IS_OFF)
    today = league_date(run.as_of)
    columns = _columns(relations, store.FEATURES, bundle)
    first, last = (on, on) if on else (today, today + timedelta(days=SLATE_DAYS))
    rows = store.read_rows(cursor, store.FEATURES, columns, first=first, last=last)
    if not rows:
        _refuse_old_table(cursor, today)
    _refuse_newer(rows, run.as_of)
    games, refused = checked_rows(rows, bundle.columns)
    schedule: list[ScheduledGame] = []
    if relations[store.SCHEDULE].readable:
        schedule = store.read_schedule(cursor, first=first, last=last, as_of=run.as_of)
    else:
        log.info("no schedule in bronze.games: whether the features cover the whole slate is not checked")
    games = as_scheduled(games, schedule)
    is_empty = not rows and not store.has_rows(cursor, store.FEATURES)
    # An empty table is an off-night, not a stale one.
    slate = choose_slate(games, refused, [] if is_empty else schedule, as_of=run.as_of, on=on)
    outcome = nothing._replace(game_date=slate.game_date, refused=slate.refused, n_started=slate.n_started)
    if not slate.games and not slate.refused:
        outcome = outcome._replace(note=_why_nothing(slate, today, on))
    else:
        last = slate.game_date or today
    head = None if run.dry_run else store.lock_ledger(cursor)
    now = clock()
    outcome = outcome._replace(predictions=predict_slate(slate.games, bundle, as_of=run.as_of, now=now))
    if head is None:
        return outcome._replace(note=outcome.note or "Dry run: nothing was written.")
    present = games_present(games, refused, schedule)
    if present is None or (is_empty and not schedule):
        withdrawn = []  # nothing can be told from absence
    else:
        withdrawn = store.withdraw_missing(cursor, present, first=first, last=last, as_of=run.as_of, now=now)
    return _write(cursor, outcome._replace(withdrawn=withdrawn), run, head, command="predict")


def predict_history(
    cursor: Cursor, bundle: Bundle, run: Run, *, first: date, last: date, season: str | None = None
) -> Outcome:
    """Backfill: score past games of the history table, each with the features of its own tip-off.

    Args:
        cursor: Of the warehouse.
        bundle: The model.
        run: Its `as_of` bounds nothing here; each game's is its own start.
        first: First league date.
        last: Last league date.
        season: Only games of this season.
    """
    outcome = Outcome(run.run_id, run.as_of, bundle.model_id)
    relations = _relations(cursor, run, store.HISTORY)
    if store.season_is_off(cursor, relations[store.FLAGS]):
        return outcome._replace(note=SEASON_IS_OFF)
    columns = _columns(relations, store.HISTORY, bundle)
    if "season" not in columns:
        raise ContractError(
            f"{store.HISTORY} lacks season, as text.", "Add it, as 2023-24; tipoff build makes a table that has it."
        )
    rows = store.read_rows(cursor, store.HISTORY, columns, first=first, last=last)
    if season is not None:
        rows = [row for row in rows if row["season"] == season]
    games, refused = checked_rows(rows, bundle.columns)
    outcome = outcome._replace(refused=refused)
    if not rows:
        return outcome._replace(
            note=f"{store.HISTORY} has no games of {season or f'{first} to {last}'}: nothing to backfill."
        )
    outcome = outcome._replace(predictions=predict_slate(games, bundle, as_of=None, now=run.now))
    if run.dry_run:
        return outcome._replace(note="Dry run: nothing was written.")
    return _write(cursor, outcome, run, store.lock_ledger(cursor), command="predict backfill")


def _relations(cursor: Cursor, run: Run, features: str) -> dict[str, Relation]:
    """The catalogue's word on every table of the run; the output is there, of our shape, and may be written."""
    relations = describe(cursor, [features, store.SCHEDULE, store.FLAGS, *store.OUTPUT_RIGHTS])
    if not run.dry_run:
        require(relations, store.OUTPUT_RIGHTS)
        store.check_output(relations[TABLE])
    return relations


def _columns(relations: Mapping[str, Relation], features: str, bundle: Bundle) -> dict[str, str]:
    require(relations, {features: ("select",)}, action="Run tipoff build, or let your own dbt project make it.")
    return readable_columns(relations[features].columns, features, bundle.columns)


def _refuse_old_table(cursor: Cursor, today: date) -> None:
    """No row of these dates: an empty table is an off-night, a table of past games a job that did not run."""
    cursor.execute(f"select max(game_date)::text, max(game_date) < %s from {store.FEATURES}", (today,))
    newest, is_old = cursor.fetchone() or (None, None)
    if is_old:
        raise StaleError(
            f"{store.FEATURES} holds only games before {today}; the newest is of {newest}.",
            "Run tipoff build (or your dbt job) and predict again.",
        )


def _refuse_newer(rows: Iterable[Mapping[str, Any]], as_of: datetime) -> None:
    """Features that say what instant they are of must not be of a later one; two machines' clocks may differ a bit."""
    newest = max((row["as_of"] for row in rows if row.get("as_of")), default=None)
    if newest is not None and newest > as_of + CLOCK_TOLERANCE:
        raise StaleError(
            f"{store.FEATURES} knows more than was known at {as_of.isoformat()}: it is as of {newest.isoformat()}.",
            f"Run tipoff build --as-of {as_of.isoformat()} first.",
        )


def _why_nothing(slate: Slate, today: date, on: date | None) -> str:
    if slate.n_started:
        return f"No games to predict: {slate.n_started} had started and were skipped."
    return f"No games on {on}." if on else f"No games from {today} to {today + timedelta(days=SLATE_DAYS)}."


def _write(cursor: Cursor, outcome: Outcome, run: Run, head: tuple[int, str], *, command: str) -> Outcome:
    """Ledger, table and run row; a prediction that the ledger already has, word for word, is not repeated."""
    predictions = outcome.predictions
    days = [p.game.key.game_date for p in predictions]
    first, last = min(days, default=None), max(days, default=None)
    before = store.last_logged(cursor, outcome.model_id, first=first, last=last)
    rows = [(p, log_row(p, run.run_id)) for p in predictions]
    logged = {p.game.key: said for p, row in rows if (said := before.get(p.game.key)) and is_same(said, row)}
    new = [row for p, row in rows if p.game.key not in logged]
    head = store.append_log(cursor, new, head)
    places = indexes(predictions, store.standing_games(cursor, first=first, last=last))
    written = store.upsert_predictions(
        cursor, [table_row(p, logged.get(p.game.key, row), places[p.game.key]) for p, row in rows]
    )
    counts = {
        "predicted": len(predictions),
        "refused": len(outcome.refused),
        "started": outcome.n_started,
        "logged": len(new),
        "written": written,
        "withdrawn": len(outcome.withdrawn),
    }
    outcome = outcome._replace(n_logged=len(new), head=head)
    _record(cursor, outcome, run, counts, command)
    return outcome


def _record(cursor: Cursor, outcome: Outcome, run: Run, counts: Mapping[str, int], command: str) -> None:
    record_run(
        cursor,
        run_id=run.run_id,
        command=command,
        started_at=run.now,
        exit_code=outcome.exit_code,
        counts=counts,
        model_id=outcome.model_id,
        as_of=run.as_of,
    )
