"""Score the next slate: win probabilities of every game of the first league date from today on that has not started.

With --season, or with --from and --to, past games are backfilled from the history table instead, each with the
features of its own tip-off; such rows are never `live`.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from tipoff import log
from tipoff.cli import Context, instant, league_day, season_label, wall_clock
from tipoff.database.connection import connect
from tipoff.database.runs import new_run_id
from tipoff.errors import UsageError
from tipoff.model.bundle import load_bundle
from tipoff.predict.run import Outcome, Run, predict_history, predict_upcoming

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  tipoff predict
  tipoff predict --date 2024-04-14 --as-of 2024-04-14T12:00:00Z --dry-run
  tipoff predict --season 2022-23"""


def add_arguments(parser: ArgumentParser) -> None:
    """The flags of `predict`."""
    parser.add_argument("--as-of", type=instant, metavar="T", help="what was known at this instant (default: now)")
    parser.add_argument("--date", type=league_day, metavar="D", help="only this league date")
    parser.add_argument("--season", type=season_label, metavar="S", help="backfill a season, as 2022-23")
    parser.add_argument("--from", type=league_day, dest="first", metavar="D", help="backfill from this league date")
    parser.add_argument("--to", type=league_day, dest="last", metavar="D", help="backfill up to this league date")
    parser.add_argument("--dry-run", action="store_true", help="show the predictions and write nothing")
    parser.add_argument(
        "--explain", action="store_true", help="show each input's share of the log-odds (of a backfill: with --json)"
    )


def run(arguments: Namespace, context: Context) -> int:
    """Load the model, then read, score and write in one transaction."""
    backfill = bool(arguments.season or arguments.first or arguments.last)
    if backfill and (arguments.date or arguments.as_of):
        raise UsageError(
            "--season, --from and --to backfill past games; --date and --as-of do not go with them.",
            "See tipoff predict --help.",
        )
    if arguments.first and arguments.last and arguments.first > arguments.last:
        raise UsageError(f"--from {arguments.first} is after --to {arguments.last}.", "Swap them.")
    bundle = load_bundle(context.settings.model, home=context.settings.home)
    this = Run(new_run_id(context.now), arguments.as_of or context.now, context.now, arguments.dry_run)
    log.configure(context.settings.log_format, run_id=this.run_id)
    with connect(context.settings) as connection, connection.cursor() as cursor:
        if backfill:
            first, last = arguments.first or date(1946, 11, 1), arguments.last or date(9999, 12, 31)
            outcome = predict_history(cursor, bundle, this, first=first, last=last, season=arguments.season)
        else:
            outcome = predict_upcoming(cursor, bundle, this, clock=wall_clock, on=arguments.date)
    _log(outcome)
    context.emit(_document(outcome, arguments.explain), _text(outcome, arguments.explain, table=not backfill))
    return outcome.exit_code


def _log(outcome: Outcome) -> None:
    for refusal in outcome.refused:
        log.warning(f"refused {refusal.key}: {refusal.reason}")
    if outcome.withdrawn:
        log.info(f"withdrawn: {'; '.join(map(str, outcome.withdrawn))}")
    if outcome.head:
        log.info(
            f"predicted {len(outcome.predictions)} games, {outcome.n_logged} new in the ledger:"
            f" model {outcome.model_id[:12]}, head {outcome.head[0]} {outcome.head[1]}",
            model_id=outcome.model_id,
        )


def _document(outcome: Outcome, explain: bool) -> dict[str, Any]:
    games = [
        {
            **_key(p.game.key),
            "variant": p.variant,
            "p_home": p.p_home,
            "p_home_blind": p.p_home_blind,
            "p_home_anchored": p.p_home_anchored,
            "p_home_market": p.p_home_market,
            "live": p.live,
            "in_sample": p.in_sample,
            **({"contributions": p.contributions} if explain else {}),
        }
        for p in outcome.predictions
    ]
    return {
        "run_id": outcome.run_id,
        "as_of": outcome.as_of.isoformat(),
        "model_id": outcome.model_id,
        "game_date": outcome.game_date,
        "games": games,
        "refused": [{**_key(r.key), "reason": r.reason} for r in outcome.refused],
        "started": outcome.n_started,
        "withdrawn": [_key(key) for key in outcome.withdrawn],
        "ledger_head": {"log_id": outcome.head[0], "row_hash": outcome.head[1]} if outcome.head else None,
        "note": outcome.note,
    }


def _key(key: Any) -> dict[str, Any]:
    return {name: None if value is None else str(value) for name, value in key._asdict().items()}


def _text(outcome: Outcome, explain: bool, *, table: bool) -> str:
    lines = []
    if table and outcome.predictions:
        lines.append(f"{outcome.game_date}   home team to win (market: the price without vig; blind: without it)")
        lines.append(f"{'away':<23} {'home':<23} {'p_home':>6} {'market':>6} {'blind':>6}  model")
    for p in outcome.predictions if table else ():
        market = f"{'none':>6}" if p.p_home_market is None else f"{p.p_home_market:>6.3f}"
        lines.append(
            f"{p.game.key.away_team:<23} {p.game.key.home_team:<23} {p.p_home:>6.3f} {market} {p.p_home_blind:>6.3f}"
            f"  {p.variant}"
        )
        if explain:
            lines += [
                f"    {value:+.3f}  {name}" for name, value in sorted(p.contributions.items(), key=lambda c: -abs(c[1]))
            ]
    if outcome.predictions and not table:
        in_sample = sum(p.in_sample for p in outcome.predictions)
        days = sorted(p.game.key.game_date for p in outcome.predictions)
        lines.append(
            f"Backfilled {len(outcome.predictions)} games, {days[0]} to {days[-1]}; {in_sample} are in-sample."
        )
    if outcome.n_started and outcome.predictions:
        lines.append(f"{outcome.n_started} games had started and were skipped.")
    lines += [f"Refused {r.key}: {r.reason}." for r in outcome.refused]
    if outcome.note:
        lines.append(outcome.note)
    return "\n".join(lines)
