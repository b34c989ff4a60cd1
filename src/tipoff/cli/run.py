"""The nightly job in one command: migrate, ingest (with --source), build, predict, grade.

A step that fails does not keep later ones from running where they still can: a bad file leaves the others, and old
features are refused by predict itself. The exit code is that of the first step that did not end with 0.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tipoff import log
from tipoff.cli import Context, error_document, instant, wall_clock
from tipoff.database.connection import connect, connection_parameters
from tipoff.errors import DatabaseError, TipoffError, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from datetime import datetime

EXAMPLES = """examples:
  tipoff run
  tipoff run --source files:data
  tipoff run --source files:data --as-of 2024-04-14T12:00:00Z --json"""


def add_arguments(parser: ArgumentParser) -> None:
    """The flags of `run`."""
    parser.add_argument("--source", metavar="SOURCE", help="ingest this first: files:DIR, or simulated")
    parser.add_argument("--as-of", type=instant, metavar="T", help="what was known at this instant (default: now)")


def run(arguments: Namespace, context: Context) -> int:
    """Run the steps, one after the other, on one server."""
    collected: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    with connection_parameters(context.settings):  # an embedded server is started once for all steps
        with connect(context.settings):
            pass  # a database that is not there is one error, not five
        for name, flags in _steps(arguments.source, arguments.as_of or context.now).items():
            if not context.json:
                sys.stdout.write(f"\n{name}\n")
            collected.clear()
            code, error = _step(name, flags, context._replace(now=wall_clock(), collected=collected))
            steps.append({"command": name, "exit_code": code, "result": error or (collected or [{}])[0]})
            if code == UsageError.code:
                break
    failed = next((step for step in steps if step["exit_code"]), None)
    exit_code: int = failed["exit_code"] if failed else 0
    document = {"steps": steps, "exit_code": exit_code}
    if failed and "error" in failed["result"]:
        document |= failed["result"]
    context.emit(document, "\n" + "  ".join(f"{step['command']} {_word(step)}" for step in steps))
    return exit_code


def _word(step: dict[str, Any]) -> str:
    if step["exit_code"]:
        return str(step["exit_code"])
    return "skipped" if "error" in step["result"] else "ok"


def _steps(source: str | None, as_of: datetime) -> dict[str, dict[str, Any]]:
    """The steps and the flags of each, as its own parser would give them; one `as_of` for all."""
    ingest = {"source": source, "season": None, "first": None, "last": None}
    predict = dict.fromkeys(("date", "season", "first", "last"), None) | {"dry_run": False, "explain": False}
    return {
        "migrate": {},
        **({"ingest": ingest} if source else {}),
        "build": {"as_of": as_of},
        "predict": predict | {"as_of": as_of},
        "grade": {},
    }


def _step(name: str, flags: dict[str, Any], context: Context) -> tuple[int, dict[str, Any] | None]:
    """The step's exit code, and the document of the error that ended it, if one did."""
    log.configure(context.settings.log_format, command=f"run {name}")
    try:
        return int(import_module(f"tipoff.cli.{name}").run(Namespace(**flags), context)), None
    except DatabaseError as error:
        if name != "migrate":
            log.error(f"{name}: {error}")
            return error.code, error_document(error)
        # A job's role may lack the right to make tables; if it needs any, the next step names them.
        log.info(f"migrate skipped: {error}")
        return 0, error_document(error)
    except TipoffError as error:
        log.error(f"{name}: {error}")
        return error.code, error_document(error)
