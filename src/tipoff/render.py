"""Tables for a terminal, drawn with rich; plain text where the output is no terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tipoff.league import EASTERN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tipoff.predict.score import Prediction

BAR_WIDTH = 16
_EIGHTHS = " ▏▎▍▌▋▊▉"


def console() -> Console:
    """Stdout as wide as it is, or 110 columns where it is no terminal."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 110, highlight=False)


def slate_table(predictions: Iterable[Prediction], *, title: str) -> Table:
    """One row per game: tip-off, teams, price, probability bar, market and blind, top players out, rest."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    table.add_column("ET", no_wrap=True)
    table.add_column("away @ home", no_wrap=True)
    for heading in ("price", "home wins", "market", "blind", "out", "rest"):
        table.add_column(heading, no_wrap=True, justify="left" if heading == "home wins" else "right")
    for p in predictions:
        values = p.game.values
        tip_off = p.game.tip_off_at.astimezone(EASTERN).strftime("%H:%M") if p.game.tip_off_at else "TBD"
        table.add_row(
            tip_off,
            f"{_short(p.game.key.away_team)} @ {_short(p.game.key.home_team)}",
            "/".join(_price(values[f"{side}_moneyline"]) for side in ("away", "home")),
            Text(f"{bar(p.p_home)} {p.p_home:.0%}", style="" if p.variant == "anchored" else "yellow"),
            f"{p.p_home_market:.0%}" if p.p_home_market is not None else "no price",
            f"{p.p_home_blind:.0%}",
            "/".join(_out(values[f"{side}_is_top_players"]) for side in ("away", "home")),
            "/".join(f"{values[f'{side}_days_rest']:.0f}" for side in ("away", "home")),
        )
    return table


def bar(p: float, width: int = BAR_WIDTH) -> str:
    """A probability as a bar of fixed width.

    >>> bar(0.5, width=4)
    '██··'
    """
    eighths = round(p * width * 8)
    full, part = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[part] if part else "")).ljust(width, "·")


def record_table(records: Iterable[dict[str, Any]], *, title: str) -> Table:
    """The record beside its baselines, each line on the same games."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    table.add_column("")
    for heading in ("games", "log loss", "Brier", "right"):
        table.add_column(heading, justify="right", no_wrap=True)
    for record in records:
        for label, scores in (
            ("tipoff, on games with a price", record["priced"]),
            ("market (the price, vig removed)", record["market"]),
            ("tipoff, all games", record),
            ("tipoff blind (never sees a price)", record["blind"]),
            ("always home", record["home"]),
        ):
            figures = (f"{scores[name]:.4f}" for name in ("log_loss", "brier"))
            table.add_row(label, str(scores["n"]), *figures, f"{scores['accuracy']:.1%}")
    return table


def _short(team: str) -> str:
    """A team without its city: `Trail Blazers` is the one nickname of two words."""
    return "Trail Blazers" if team.endswith("Trail Blazers") else team.rpartition(" ")[2]


def _price(moneyline: float | None) -> str:
    return "-" if moneyline is None else f"{moneyline:+.0f}"


def _out(top_players: float | None) -> str:
    return "-" if top_players is None else str(2 - int(top_players))
