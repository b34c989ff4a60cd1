"""Build the feature tables in silver with dbt: upcoming games as of --as-of, and every past game as of its tip-off."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tipoff import log
from tipoff.build import BuildReport, build_features
from tipoff.cli import Context, instant, wall_clock
from tipoff.database.connection import connect, connection_parameters
from tipoff.database.runs import new_run_id, record_run

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  tipoff build
  tipoff build --as-of 2024-04-14T12:00:00Z"""


def add_arguments(parser: ArgumentParser) -> None:
    """The flags of `build`."""
    parser.add_argument("--as-of", type=instant, metavar="T", help="what was known at this instant (default: now)")


def run(arguments: Namespace, context: Context) -> int:
    """Run the dbt project against the settings' database and record the run."""
    as_of = arguments.as_of or context.now
    run_id = new_run_id(context.now)
    with connection_parameters(context.settings) as parameters:
        report = build_features(parameters, as_of=as_of, home=Path(context.settings.home), on_node=_show)
        with connect(context.settings) as connection, connection.cursor() as cursor:
            counts = {"upcoming": report.upcoming, "history": report.history}
            record_run(
                cursor, run_id=run_id, command="build", started_at=context.now, exit_code=0, counts=counts, as_of=as_of
            )
    log.info(f"built features: {report.upcoming} upcoming games, {report.history} past games", run_id=run_id)
    document = {"run_id": run_id, "as_of": as_of.isoformat(), **counts, "seconds": report.seconds}
    context.emit(document, _text(report, (wall_clock() - context.now).total_seconds(), details=context.verbose))
    return 0


def _show(name: str, status: str, seconds: float) -> None:
    """A line that the next node overwrites, where a person is watching."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K  {name} {status} in {seconds:.1f} s")


def _text(report: BuildReport, elapsed: float, *, details: bool) -> str:
    lines = [
        f"silver.ml_game_features          {report.upcoming:>7} upcoming games",
        f"silver.ml_game_features_history  {report.history:>7} past games",
        f"{len(report.seconds)} dbt nodes in {elapsed:.1f} s",
    ]
    slowest = sorted(report.seconds.items(), key=lambda item: -item[1])
    return "\n".join(lines + [f"  {seconds:6.1f} s  {name}" for name, seconds in slowest[: None if details else 3]])
