"""Reading what a model is fitted on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tipoff.database.catalog import describe, require
from tipoff.errors import ContractError
from tipoff.predict.features import INPUTS, PRICES
from tipoff.predict.store import HISTORY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tipoff.database.connection import Cursor

_COLUMNS = ("game_date", "home_team", "away_team", "season", "game_type", "availability_source", "home_won")


def read_history(cursor: Cursor, seasons: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of the history table of these seasons, numbers as floats.

    Raises:
        DatabaseError: There is no history table, or no right to read it.
        ContractError: It lacks a column that training needs.
    """
    relations = describe(cursor, [HISTORY])
    require(relations, {HISTORY: ("select",)}, action="Run tipoff build.")
    numbers = (*INPUTS, *PRICES)
    found = relations[HISTORY].columns
    if missing := [name for name in (*_COLUMNS, *numbers) if name not in found]:
        raise ContractError(f"{HISTORY} lacks {', '.join(missing)}.", "Run tipoff build.")
    selected = ", ".join([*_COLUMNS, *(f"{name}::float8" for name in numbers)])
    cursor.execute(f"select {selected} from {HISTORY} where season = any(%s)", (list(seasons),))
    return [dict(zip((*_COLUMNS, *numbers), row, strict=True)) for row in cursor.fetchall()]
