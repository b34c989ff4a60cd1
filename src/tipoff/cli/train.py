"""Fit a model bundle on past seasons of the history table: two heads, C chosen inside those seasons.

Writes NAME.json and its model card NAME.md; TIPOFF_MODEL=NAME then uses it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipoff import log
from tipoff.cli import Context, season_label
from tipoff.database.connection import connect
from tipoff.errors import UsageError
from tipoff.grade.figures import home_rates
from tipoff.grade.store import read_home_wins
from tipoff.model.bundle import dumps
from tipoff.model.card import model_card
from tipoff.model.data import read_history

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

RESERVED = ("champion", "aliases")

EXAMPLES = """examples:
  tipoff train --season 2023-24 --name five-2023-24
  tipoff train --season 2022-23 --season 2023-24 --name mine --output models/"""


def add_arguments(parser: ArgumentParser) -> None:
    """The flags of `train`."""
    parser.add_argument(
        "--season",
        type=season_label,
        action="append",
        required=True,
        metavar="S",
        help="train on this season; may be repeated",
    )
    parser.add_argument("--name", required=True, help="the bundle's name: letters, digits, dot, dash, underscore")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where to write (default: TIPOFF_HOME/models)")


def run(arguments: Namespace, context: Context) -> int:
    """Read the history, fit both heads, and write bundle and card."""
    if not arguments.name.replace("-", "").replace("_", "").replace(".", "").isalnum() or arguments.name in RESERVED:
        raise UsageError(
            f"{arguments.name!r} cannot name a model.",
            "Use letters, digits, dots, dashes and underscores; champion and aliases are taken.",
        )
    fit = _fit()
    folder = _writable(arguments.output or Path(context.settings.home) / "models")
    seasons = sorted(set(arguments.season))
    with connect(context.settings) as connection, connection.cursor() as cursor:
        games = fit.training_games(read_history(cursor, seasons))
        rates = home_rates(read_home_wins(cursor), seasons)
    document = fit.train(games, name=arguments.name, home_rates=rates, on_step=lambda head: log.info(f"fitting {head}"))
    path = folder / f"{arguments.name}.json"
    path.write_text(dumps(document))
    path.with_suffix(".md").write_text(model_card(document))
    context.emit({"path": str(path), **document}, f"{model_card(document)}\nWritten to {path}.")
    return 0


def _writable(folder: Path) -> Path:
    """The folder, made if missing; found out before minutes of fitting, not after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The folder {folder} cannot be made: {error.strerror}.", "Give another --output.") from None
    if not os.access(folder, os.W_OK):
        raise UsageError(f"The folder {folder} cannot be written.", "Give another --output.")
    return folder


def _fit() -> Any:
    """The fitting module; scikit-learn is not part of the daily job's environment."""
    try:
        from tipoff.model import train
    except ImportError as error:
        raise UsageError(
            f"train needs {error.name}, which is not installed.", "Install it: pip install 'tipoff[train]'"
        ) from None
    return train
