"""Make or update the tables in bronze and gold; adopt an output table of another's making.

Everything happens in one transaction, and doing it twice changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tipoff.database.connection import connect
from tipoff.database.migrate import migrate

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from tipoff.cli import Context

EXAMPLES = """examples:
  tipoff migrate
  TIPOFF_DATABASE_URL=postgresql://me@db.example/nba tipoff migrate"""


def add_arguments(parser: ArgumentParser) -> None:
    """`migrate` takes no flags of its own."""


def run(arguments: Namespace, context: Context) -> int:
    """Apply what is missing and say what was done."""
    with connect(context.settings) as connection, connection.cursor() as cursor:
        done = migrate(cursor)
    text = "\n".join(done) if done else "The database is up to date."
    context.emit({"done": done}, text)
    return 0
