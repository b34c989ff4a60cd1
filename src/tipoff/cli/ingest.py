"""Read games, odds, player_box, injuries and published_forecasts into bronze; twice changes nothing.

A folder holds any of these as .csv, .csv.gz or .parquet. A bad file is named with line, column and value and left
out, the others are ingested, and the exit code is 8.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipoff import log
from tipoff.cli import Context, league_day, season_label
from tipoff.database.connection import connect
from tipoff.database.runs import new_run_id
from tipoff.errors import UsageError
from tipoff.ingest.check import Bounds
from tipoff.ingest.progress import progress_bar
from tipoff.ingest.readers import find_files
from tipoff.ingest.run import FILE_NAMES, SIMULATED, Outcome, Run, ingest_files
from tipoff.ingest.tables import TABLES

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

_FILES = "\n".join(
    f"  {table.name}: {', '.join(c.name for c in table.columns if c.required)}\n"
    f"      optional: {', '.join(c.name for c in table.columns if not c.required)}"
    for table in TABLES
)

EXAMPLES = f"""files and their columns, in any order; dates are US/Eastern, points are empty before the game:
{_FILES}

examples:
  tipoff ingest --source files:data
  tipoff ingest --source files:data --season 2023-24
  tipoff ingest --source files:data --from 2024-04-01 --to 2024-04-14 --json
  tipoff ingest --source simulated"""


def add_arguments(parser: ArgumentParser) -> None:
    """The flags of `ingest`."""
    parser.add_argument("--source", required=True, metavar="SOURCE", help="files:DIR, or simulated: a made-up league")
    parser.add_argument("--season", type=season_label, metavar="S", help="only rows of this season, as 2023-24")
    parser.add_argument("--from", type=league_day, dest="first", metavar="D", help="only rows from this league date")
    parser.add_argument("--to", type=league_day, dest="last", metavar="D", help="only rows up to this league date")


def run(arguments: Namespace, context: Context) -> int:
    """Find the files, then read and merge them in one transaction."""
    if arguments.first and arguments.last and arguments.first > arguments.last:
        raise UsageError(f"--from {arguments.first} is after --to {arguments.last}.", "Swap them.")
    with _folder(arguments.source, context) as (folder, label):
        files = find_files(folder, FILE_NAMES)
        bounds = Bounds(arguments.season, arguments.first, arguments.last)
        this = Run(new_run_id(context.now), context.now, label, bounds)
        log.configure(context.settings.log_format, run_id=this.run_id)
        with (
            connect(context.settings) as connection,
            connection.cursor() as cursor,
            progress_bar(files.values()) as progress,
        ):
            outcome = ingest_files(cursor, files, this, progress=progress)
    context.emit(_document(outcome), _text(outcome))
    return outcome.exit_code


@contextmanager
def _folder(source: str, context: Context) -> Iterator[tuple[Path, str]]:
    """The folder behind `--source`, and what bronze calls its rows."""
    kind, colon, folder = source.partition(":")
    if kind == "files" and folder:
        yield Path(folder).expanduser(), kind
    elif source == SIMULATED:
        with tempfile.TemporaryDirectory() as made:
            _simulate(Path(made), context)
            yield Path(made), SIMULATED
    else:
        raise UsageError(
            f"There is no source {source!r}: this version reads files and the simulated league.",
            "Write --source files:DIR or --source simulated.",
        )


def _simulate(folder: Path, context: Context) -> None:
    from tipoff.league import league_date
    from tipoff.simulate import simulate_league, write_files

    write_files(simulate_league(league_date(context.now)), folder)


def _document(outcome: Outcome) -> dict[str, Any]:
    return {
        "run_id": outcome.run_id,
        "tables": [counts._asdict() for counts in outcome.tables],
        "failed": [failure._asdict() for failure in outcome.failed],
    }


def _text(outcome: Outcome) -> str:
    lines = [f"{'table':<20} {'file':<30} {'rows':>8} {'inserted':>8} {'updated':>8} {'unchanged':>9}"]
    lines += [
        f"{t.table:<20} {t.file:<30} {t.rows:>8} {t.inserted:>8} {t.updated:>8} {t.unchanged:>9}"
        for t in outcome.tables
    ]
    lines += [f"{'not ingested':<20} {failure.file}" for failure in outcome.failed]
    return "\n".join(lines)
