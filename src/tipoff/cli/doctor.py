"""Say what is wrong and what to do about it: settings, database, tables, rights, model, features, freshness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tipoff.doctor import Check, examine

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from tipoff.cli import Context

EXAMPLES = """examples:
  tipoff doctor
  tipoff doctor --json"""

_MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


def add_arguments(parser: ArgumentParser) -> None:
    """`doctor` takes no flags of its own."""


def run(arguments: Namespace, context: Context) -> int:
    """Run every check that can be run, and exit with 9 if one failed."""
    database, checks = examine(context.settings, now=context.now)
    document = {"checks": [check._asdict() for check in checks], "database": database}
    context.emit(document, "\n".join(_line(check) for check in checks))
    return 9 if any(check.status == "fail" for check in checks) else 0


def _line(check: Check) -> str:
    return f"{_MARKS[check.status]}  {check.name:<10} {check.message} {check.action}".rstrip()
