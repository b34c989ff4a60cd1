"""Match official predictions with results, and show the track record beside the market and always-home.

The official prediction of a game is the last one made before tip-off; where there is none, the backfilled one.
Figures are for regular-season games. Grading twice changes nothing; a corrected result is graded again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tipoff import log
from tipoff.database.connection import connect
from tipoff.database.runs import new_run_id
from tipoff.grade.run import grade

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from tipoff.cli import Context

EXAMPLES = """examples:
  tipoff grade
  tipoff grade --json"""

_HEADER = (
    f"{'seasons':<18} {'model':<12} {'':<21} {'n':>6}  {'log loss':>8} {'accuracy':>8}"
    f"  {'on games with a price':^31}  {'always home':>17}"
)
_SUBHEADER = (
    f"{'':<18} {'':<12} {'':<21} {'':>6}  {'':>8} {'':>8}"
    f"  {'n':>6} {'ours':>7} {'market':>7} {'blind':>8}  {'log loss':>8} {'accuracy':>8}"
)


def add_arguments(parser: ArgumentParser) -> None:
    """`grade` takes no flags of its own."""


def run(arguments: Namespace, context: Context) -> int:
    """Grade, and print the figures per season and pooled."""
    run_id = new_run_id(context.now)
    with connect(context.settings) as connection, connection.cursor() as cursor:
        outcome = grade(cursor, run_id=run_id, now=context.now)
    log.info(f"graded {outcome.n_graded} predictions; {outcome.n_games} are on record", run_id=run_id)
    document = {"run_id": run_id, "graded": outcome.n_graded, "seasons": outcome.seasons, "pooled": outcome.pooled}
    context.emit(document, record_table(outcome.seasons, outcome.pooled))
    return 0


def record_table(seasons: list[dict[str, Any]], pooled: list[dict[str, Any]]) -> str:
    """The track record as text: a line per season, live and in-sample apart, then all seasons together."""
    if not seasons:
        return "No regular-season game has both a prediction and a result yet."
    lines = [_HEADER, _SUBHEADER]
    lines += [_line(row["season"], row) for row in seasons]
    lines.append("")
    lines += [_line(row["seasons"], row) for row in pooled]
    lines.append("Log loss: natural log, lower is better; a coin has 0.693. Regular-season games.")
    return "\n".join(lines)


def _line(label: str, row: dict[str, Any]) -> str:
    kind = ("live" if row["live"] else "backfilled") + (", in-sample" if row["in_sample"] else "")
    priced, market, blind, home = row["priced"], row["market"], row["blind"], row["home"]
    return (
        f"{label:<18} {row['model_id'][:12]:<12} {kind:<21} {row['n']:>6}  {row['log_loss']:>8.4f}"
        f" {row['accuracy']:>8.3f}  {priced['n']:>6} {_figure(priced)} {_figure(market)} {_figure(blind):>8}"
        f"  {home['log_loss']:>8.4f} {home['accuracy']:>8.3f}"
    )


def _figure(scores: dict[str, Any]) -> str:
    return f"{scores['log_loss']:>7.4f}" if scores["n"] else f"{'-':>7}"
