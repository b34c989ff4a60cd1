"""Try everything offline: a simulated league through ingest, build, predict and grade, in a database of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tipoff import log
from tipoff.cli import wall_clock
from tipoff.demo import Demo, run_demo
from tipoff.render import console, record_table, slate_table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from tipoff.cli import Context

EXAMPLES = """examples:
  tipoff demo
  tipoff demo --json"""

_NEXT = """What next, with real games:
  1. Put games.csv, odds.csv and player_box.csv into a folder (columns: tipoff ingest --help and README.md).
  2. tipoff migrate                          tables in your database, or in an embedded one
  3. tipoff ingest --source files:FOLDER     your games, prices and box scores into bronze
  4. tipoff build && tipoff predict          features as of now, and the next slate's probabilities
  5. tipoff predict --season 2022-23 && tipoff grade    how good it would have been, beside the market
TIPOFF_DATABASE_URL points all of them at your own PostgreSQL."""


def add_arguments(parser: ArgumentParser) -> None:
    """`demo` takes no flags of its own."""


def run(arguments: Namespace, context: Context) -> int:
    """Run the chain and show tonight's slate and the record so far."""
    demo = run_demo(context.settings, now=context.now, clock=wall_clock, on_step=_say)
    if context.json:
        context.emit(_document(demo), "")
    else:
        _show(demo, (wall_clock() - context.now).total_seconds())
    return demo.slate.exit_code


def _say(step: str) -> None:
    log.info(f"  {step} …")


def _show(demo: Demo, seconds: float) -> None:
    out = console()
    out.print("\n[bold]SIMULATED LEAGUE[/]: players, scores and prices are made up. Not betting advice.\n")
    title = f"{demo.slate.game_date:%A %d %B %Y}: {len(demo.slate.predictions)} games (simulated)"
    out.print(slate_table(demo.slate.predictions, title=title))
    out.print(
        "[dim]price, out, rest: away/home. bar: probability that the home team wins (yellow: no price, so the blind"
        " model); market: the price without vig; out: top-two players missing; rest: full days[/]\n"
    )
    live_apart = [record for record in demo.grading.pooled if not record["live"]]
    out.print(record_table(live_apart, title=f"Track record of {demo.season} so far (simulated, backfilled)"))
    out.print("[dim]log loss and Brier: lower is better; a coin has 0.6931 and 0.2500[/]\n")
    out.print(f"The whole chain took {seconds:.0f} s.\n")
    out.print(_NEXT, markup=False)


def _document(demo: Demo) -> dict[str, Any]:
    games = [
        {**{k: str(v) for k, v in p.game.key._asdict().items()}, "variant": p.variant, "p_home": p.p_home}
        for p in demo.slate.predictions
    ]
    return {"simulated": True, "season": demo.season, "games": games, "pooled": demo.grading.pooled}
