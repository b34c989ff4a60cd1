"""The feature table's contract: which columns, which types, and which single rows are refused.

The table may be ours or anybody's with these columns. Columns are matched by name; unknown ones are ignored.
"""

from __future__ import annotations

from datetime import date, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from tipoff.errors import ContractError, ModelError
from tipoff.odds import is_american
from tipoff.teams import nearest_team, resolve_team

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SIDES = ("home_", "away_")
MAX_REST = 4
TOP_PLAYERS = 2
# From here on floats have gaps, and a sum over inputs may end in no number at all.
NO_FEATURE = 1e16

KEY_COLUMNS = {"game_date": "date", "home_team": "text", "away_team": "text"}
REQUIRED_BY_SIDE = ("days_rest", "is_top_players", "moneyline", "team_win_pct", "team_win_pct_last10")
CONTEXT_BY_SIDE = ("team_rank", "team_avg_pts_scored", "team_avg_pts_scored_opp")

PRICES = tuple(f"{side}moneyline" for side in SIDES)
REQUIRED = tuple(f"{side}{name}" for side in SIDES for name in REQUIRED_BY_SIDE)
INPUTS = tuple(name for name in REQUIRED if name not in PRICES)
CONTEXT = tuple(f"{side}{name}" for side in SIDES for name in CONTEXT_BY_SIDE)
OPTIONAL_COLUMNS = {
    "game_id": "text",
    "tip_off_at": "timestamp with time zone",
    "season": "text",
    "availability_source": "text",
}

NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"})
TEXTS = frozenset({"text", "character varying", "character", "name"})
WHOLE = frozenset(f"{side}{name}" for side in SIDES for name in ("days_rest", "is_top_players"))


class GameKey(NamedTuple):
    """What identifies a game everywhere: the league date and the two teams' current full names."""

    game_date: date
    home_team: str
    away_team: str

    def __str__(self) -> str:
        return f"{self.away_team} at {self.home_team}, {self.game_date}"


class GameFeatures(NamedTuple):
    """One game, checked and ready to score.

    `values` holds the inputs, prices and context by column name, as the model uses them: rest capped at 4, a count of
    top players of -1 as 0, an impossible price as None. `has_outcome` is what the table itself knows of the result.
    """

    key: GameKey
    values: dict[str, float | None]
    game_id: str | None = None
    tip_off_at: datetime | None = None
    season: str | None = None
    has_outcome: bool = False


class Refusal(NamedTuple):
    """A row that cannot be scored, under the names the table has, and why."""

    key: GameKey
    reason: str
    tip_off_at: datetime | None = None
    has_outcome: bool = False

    @property
    def resolved_key(self) -> GameKey | None:
        """The key under current full names; None if a name or the date cannot be told."""
        home, away = (resolve_team(name) for name in self.key[1:])
        return GameKey(self.key.game_date, home, away) if home and away and self.key.game_date else None


def readable_columns(found: Mapping[str, str], relation: str, model_columns: Iterable[str]) -> dict[str, str]:
    """The columns to read, each as `number`, `text`, `date` or `instant`.

    Args:
        found: Column types by name, as the database names them.
        relation: The table's name, for messages.
        model_columns: What the model's bundle names beside the required columns.

    Raises:
        ContractError: A required column is missing, or a column is of a type that cannot be used.
        ModelError: The model needs a column that the table does not have.
    """
    missing = [name for name in (*KEY_COLUMNS, *REQUIRED) if name not in found]
    if missing:
        raise ContractError(
            f"{relation} lacks {', '.join(missing)}.", "Add what is missing to the model that builds it."
        )
    if lacking := [name for name in model_columns if name not in found or name in KEY_COLUMNS]:
        raise ModelError(
            f"The model needs {', '.join(lacking)}, which {relation} does not have.",
            "Build the features that the model was made for, or set TIPOFF_MODEL to one made for these.",
        )
    kinds = KEY_COLUMNS | {name: kind for name, kind in OPTIONAL_COLUMNS.items() if name in found}
    if found.get("season") not in TEXTS:
        kinds.pop("season", None)  # not a column of the contract's: somebody else's notion of a season
    if found.get("as_of") == "timestamp with time zone":
        kinds["as_of"] = "timestamp with time zone"  # ours; a stranger's of another type is another thing
    numbers = dict.fromkeys((*REQUIRED, *model_columns, *(c for c in (*CONTEXT, "outcome") if c in found)), "number")
    readable = {name: "instant" if kind.startswith("timestamp") else kind for name, kind in kinds.items()} | numbers
    if wrong := [
        f"{name} is {found[name]}, expected {kinds.get(name, 'a number')}"
        for name, kind in readable.items()
        if not _fits(found[name], kind)
    ]:
        raise ContractError(
            f"{relation} has columns of a wrong type: {'; '.join(wrong)}.",
            "Cast them in the model that builds the table.",
        )
    return readable


def _fits(found: str, kind: str) -> bool:
    accepted = {"number": NUMBERS, "text": TEXTS, "date": {"date"}, "instant": {"timestamp with time zone"}}
    return found in accepted[kind]


def checked_rows(
    rows: Sequence[Mapping[str, Any]], model_columns: Sequence[str]
) -> tuple[list[GameFeatures], list[Refusal]]:
    """Split table rows into games that can be scored and rows that are refused, each with its reason.

    Raises:
        ContractError: The same game is there twice, also under two names of a team.
    """
    _refuse_doubles(rows)
    games, refused = [], []
    for row in rows:
        if reason := refusal_reason(row, model_columns):
            key = GameKey(row["game_date"], row["home_team"] or "", row["away_team"] or "")
            refused.append(Refusal(key, reason, row.get("tip_off_at"), _has_outcome(row)))
        else:
            games.append(_game(row, model_columns))
    return games, refused


def _refuse_doubles(rows: Sequence[Mapping[str, Any]]) -> None:
    seen: set[tuple[Any, ...]] = set()
    doubles = []
    for row in rows:
        key = (row["game_date"], *(resolve_team(row[f"{side}team"] or "") or row[f"{side}team"] for side in SIDES))
        if None in key:
            continue  # which game it is cannot be told; the row is refused
        if key in seen:
            doubles.append(f"{row['away_team']} at {row['home_team']}, {row['game_date']}")
        seen.add(key)
    if doubles:
        raise ContractError(
            f"The feature table has the same game twice: {'; '.join(doubles[:5])}.",
            "Make it one row per (game_date, home_team, away_team).",
        )


def refusal_reason(row: Mapping[str, Any], model_columns: Sequence[str] = ()) -> str | None:
    """Why a row cannot be scored; None if it can.

    >>> refusal_reason({"game_date": date(2024, 1, 15), "home_team": "Bostn Celtics", "away_team": "Miami Heat"})
    "home_team is 'Bostn Celtics', which is not in the league (nearest: Boston Celtics)"
    """
    if row["game_date"] is None:
        return "game_date is NULL"
    teams = []
    for side in SIDES:
        name = row[f"{side}team"]
        if not name:
            return f"{side}team is missing"
        team = resolve_team(name)
        if team is None:
            return f"{side}team is {name!r}, which is not in the league (nearest: {nearest_team(name)})"
        teams.append(team)
    if teams[0] == teams[1]:
        return f"{teams[0]} would play against itself"
    for name in dict.fromkeys((*INPUTS, *model_columns)):
        if fault := _fault(name, row[name]):
            return fault
    return None


def _fault(name: str, value: float | None) -> str | None:
    if value is None:
        return f"{name} is NULL"
    if not isfinite(value):
        return f"{name} is {value}, expected a number"
    shown = f"{value:g}"
    if abs(value) >= NO_FEATURE:
        return f"{name} is {shown}, which no game can have"
    if name in WHOLE and value != int(value):
        return f"{name} is {shown}, expected a whole number"
    if name.endswith("days_rest") and value < 0:
        return f"{name} is {shown}, expected 0 or more"
    if name.endswith("is_top_players") and not -1 <= value <= TOP_PLAYERS:
        return f"{name} is {shown}, expected 0 to {TOP_PLAYERS}"
    if name.endswith(("_win_pct", "_win_pct_last10")) and not 0 <= value <= 1:
        hint = " (a share, not per cent)" if 1 < value <= 100 else ""
        return f"{name} is {shown}, expected 0 to 1{hint}"
    return None


def _game(row: Mapping[str, Any], model_columns: Sequence[str]) -> GameFeatures:
    values: dict[str, float | None] = {
        name: _as_used(name, row[name]) for name in dict.fromkeys((*REQUIRED, *model_columns))
    }
    values |= {name: _finite(row[name]) for name in CONTEXT if name in row}
    home, away = (resolve_team(row[f"{side}team"]) or "" for side in SIDES)
    return GameFeatures(
        key=GameKey(row["game_date"], home, away),
        values=values,
        game_id=row.get("game_id"),
        tip_off_at=row.get("tip_off_at"),
        season=_season(row.get("season")),
        has_outcome=_has_outcome(row),
    )


def _as_used(name: str, value: float | None) -> float | None:
    if name in PRICES:
        return _as_stored(value) if value is not None and is_american(value) else None
    if value is None:
        return None
    if name.endswith("days_rest"):
        return min(int(value), MAX_REST)
    if name.endswith("is_top_players"):
        return max(int(value), 0)
    return _as_stored(value)


def _as_stored(value: float) -> float:
    """The number as jsonb gives it back: it has no -0.0, and no exponent for large whole numbers."""
    return value + 0.0 if abs(value) < NO_FEATURE else int(value)


def _season(label: str | None) -> str | None:
    """A season written as people write it; in a stranger's table another notation is no season."""
    return label if label and len(label) == 7 and label[4] == "-" and (label[:4] + label[5:]).isdigit() else None


def _has_outcome(row: Mapping[str, Any]) -> bool:
    return _finite(row.get("outcome")) is not None


def _finite(value: float | None) -> float | None:
    return _as_stored(value) if value is not None and abs(value) < NO_FEATURE else None  # so is a NaN
