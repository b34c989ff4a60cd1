"""The command line: one module per command, imported only when it is called."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from tipoff import __version__, log
from tipoff.errors import TipoffError, UsageError
from tipoff.settings import SETTINGS, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "demo": "a simulated league through the whole chain, offline",
    "migrate": "make or update the tables in bronze and gold",
    "ingest": "read games, prices, box scores and injuries into bronze",
    "build": "build the feature tables in silver with dbt",
    "predict": "score the next slate, or backfill past games",
    "grade": "predictions against results",
    "run": "migrate, ingest, build, predict and grade, in that order",
    "train": "fit a model bundle on past seasons",
    "models": "list and show model bundles",
    "doctor": "say what is wrong and what to do about it",
}

EXIT_CODES = """exit codes:
  0  done; also "no games" and "season flag is off"
  1  unexpected; nothing was written
  2  wrong usage or settings
  3  database unreachable, tables or a right missing
  4  the feature or output table breaks its contract
  5  some games were refused, the others are predicted
  6  stale: games of the slate have no features
  7  the model cannot be loaded or does not fit
  8  a feed or file failed; the others are kept
  9  a check failed
  130, 143  interrupted, terminated: the step under way was rolled back"""


class Context(NamedTuple):
    """What every command is given: the settings, the one reading of the clock, and how to answer."""

    settings: Settings
    now: datetime
    json: bool
    verbose: bool
    collected: list[dict[str, Any]] | None = None

    def emit(self, document: dict[str, Any], text: str) -> None:
        """The command's result on stdout: one JSON document, or text for a person.

        As a step of `run` with --json it is collected instead: stdout is one document, whatever the steps.
        """
        if self.json and self.collected is not None:
            self.collected.append(document)
            return
        sys.stdout.write((json.dumps(document, default=str) if self.json else text.rstrip("\n")) + "\n")
        sys.stdout.flush()  # a reader who left is met here, not when the interpreter ends


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help of a fixed width: asking the terminal imports shutil each time a flag is added, also where none is shown."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100)


class Parser(argparse.ArgumentParser):
    """A parser that raises instead of leaving, so that wrong usage is answered like every other error."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", f"See {self.prog} --help.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; the only place where errors are caught."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json, verbose = "--json" in arguments, "-v" in arguments or "--verbose" in arguments
    try:
        return _dispatch(arguments)
    except TipoffError as error:
        if verbose:
            _print_traceback()
        return _fail(error, as_json)
    except KeyboardInterrupt:
        log.warning("interrupted: the step under way was rolled back")
        return 130
    except BrokenPipeError:
        # The reader left (`| head`); what the interpreter flushes at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the contract's exit 1: a sentence for a person, the traceback with -v
        if verbose:
            _print_traceback()
        return _fail(
            TipoffError(f"Unexpected {type(error).__name__}: {_first_line(error)}.", "Run again with -v."), as_json
        )


def console() -> NoReturn:
    """The `tipoff` script: `main`, and the way out of the process."""
    code = main()
    if sys.argv[1:2] == ["predict"]:
        # Everything is committed and closed. To take every module and OpenSSL's tables apart first is a seventh of the
        # command's time, and done for nobody.
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(overview())
        return 0
    if arguments[0] in ("-V", "--version"):
        sys.stdout.write(f"tipoff {__version__}\n")
        return 0
    name = arguments[0]
    settings = Settings.from_environment()
    log.configure(settings.log_format, command=name)
    if name not in COMMANDS:
        import difflib

        close = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"Did you mean {close[0]}?" if close else "See tipoff --help."
        raise UsageError(f"There is no command {name!r}.", hint)
    gc.disable()  # loading a command makes nothing that is worth collecting, and much to look through
    module = import_module(f"tipoff.cli.{name}")
    parser = Parser(
        prog=f"tipoff {name}",
        description=f"{module.__doc__}",
        epilog=f"{module.EXAMPLES}\n\n{EXIT_CODES}",
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("-v", "--verbose", action="store_true", help="tracebacks and details")
    parsed = parser.parse_args(arguments[1:])
    context = Context(settings, wall_clock(), parsed.json, parsed.verbose)
    gc.enable()
    exit_code: int = module.run(parsed, context)
    return exit_code


def overview() -> str:
    """The text of `tipoff --help`: commands, settings with their defaults, exit codes."""
    commands = "\n".join(f"  {name:<10} {summary}" for name, summary in COMMANDS.items())
    settings = "\n".join(f"  {s.variable:<20} {s.help} (default: {s.default})" for s in SETTINGS)
    return (
        "usage: tipoff COMMAND [OPTIONS]\n\n"
        f"{__import__('tipoff').__doc__}\n\n"
        f"commands (each has --help with examples):\n{commands}\n\n"
        f"settings (environment):\n{settings}\n"
        "  libpq's PG* variables apply when PGHOST is set.\n\n"
        f"{EXIT_CODES}\n\n"
        "examples:\n  tipoff demo\n"
        "  tipoff run --source files:DIR\n"
    )


def wall_clock() -> datetime:
    """The instant it is; read here and nowhere below."""
    return datetime.now(UTC)


def instant(text: str) -> datetime:
    """An aware UTC instant from ISO 8601 text, for `--as-of`.

    >>> instant("2024-01-15T12:00:00-05:00").isoformat()
    '2024-01-15T17:00:00+00:00'
    """
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None or not 1900 <= parsed.year < 9000:
        raise UsageError(f"{text!r} is not an instant with a time zone.", "Write it as 2024-01-15T17:00:00Z.")
    return parsed.astimezone(UTC)


def league_day(text: str) -> Any:
    """A calendar date from ISO text, for `--date`, `--from` and `--to`."""
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date.", "Write it as 2024-01-15.") from None


def season_label(text: str) -> str:
    """A season as people write it, for `--season`.

    >>> season_label("2023-24")
    '2023-24'
    """
    start, _, end = text.partition("-")
    if not (len(start) == 4 and start.isdigit() and end == f"{(int(start) + 1) % 100:02d}"):
        raise UsageError(f"{text!r} is not a season.", "Write it as 2023-24.")
    return text


def _fail(error: TipoffError, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(json.dumps(error_document(error)) + "\n")
        sys.stdout.flush()
    else:
        log.error(str(error), code=error.code)
    return error.code


def error_document(error: TipoffError) -> dict[str, Any]:
    """A failure as `--json` prints it."""
    return {"error": {"code": error.code, "message": error.message, "action": error.action}}


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else "no message"


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()
