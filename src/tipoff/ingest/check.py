"""Rows of text to checked rows of bronze, and what is wrong with those that cannot be."""

from __future__ import annotations

from operator import getitem, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from tipoff.errors import FeedError
from tipoff.ingest.rows import RowFault
from tipoff.league import season_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from tipoff.ingest.tables import Column, Table

MAX_FAULTS = 5
MAX_SHOWN = 60
CACHED_VALUES = 50_000


class Bounds(NamedTuple):
    """Which part of a file is asked for; all of it by default."""

    season: str | None = None
    first: date | None = None
    last: date | None = None

    def admit(self, season: str | None, day: date) -> bool:
        """Whether a row of this season (None: its table has none) and league date is asked for."""
        if self.season is not None and self.season != (season or _season_played(day)):
            return False
        return not ((self.first and day < self.first) or (self.last and day > self.last))


def _season_played(day: date) -> str:
    """The season of a date, where 2019-20 ended as late as 11 October 2020."""
    late = day.year == 2020 and 8 <= day.month <= 10
    return "2019-20" if late else season_of(day)


def check_header(table: Table, header: Sequence[str]) -> None:
    """The header has every required column, and none of ours twice.

    Raises:
        FeedError: Naming what is missing and what is there.
    """
    if not any(header):
        raise FeedError("the file is empty.", f"Its first line names the columns: {', '.join(_names(table))}.")
    missing = [column.name for column in table.columns if column.required and column.name not in header]
    if table.any_of and not set(table.any_of) & set(header):
        missing.append(" or ".join(table.any_of))
    if missing:
        there = _shown(", ".join(header))
        raise FeedError(f"line 1 lacks {', '.join(missing)}; it names {there}.", "Columns go by their names.")
    if twice := sorted({name for name in _names(table) if header.count(name) > 1}):
        raise FeedError(f"line 1 names {', '.join(twice)} twice.", "Keep one of each.")


def checked_rows(
    table: Table,
    header: Sequence[str],
    rows: Iterable[tuple[int, list[str]]],
    *,
    unit: str = "line",
    source: str = "files",
    bounds: Bounds | None = None,
) -> Iterator[tuple[Any, ...]]:
    """Each row within the bounds as its line number and the values of `table.target`.

    Args:
        table: What the file is.
        header: The names of the columns, as `check_header` has passed them.
        rows: Line number and values; the lists are changed.
        unit: What the line number counts.
        source: What bronze says of rows without a source of their own.
        bounds: Which rows are asked for; the others are checked and left out.

    Raises:
        FeedError: At the end of the file or after `MAX_FAULTS` faults, naming each by line, column and value.
    """
    parsers = [_Parser(column, source) for column in table.columns]
    # An absent column reads the empty text that is put behind every row.
    pick = itemgetter(*(header.index(c.name) if c.name in header else len(header) for c in table.columns))
    build, place, width = table.build, table.place, len(header)
    faults: list[str] = []
    for line, row in rows:
        if len(row) != width:
            faults.append(f"{unit} {line} has {len(row)} values where the header names {width}")
        else:
            row.append("")
            texts = pick(row)
            try:
                built = build(*map(getitem, parsers, texts))
                if bounds is None or bounds.admit(*place(built)):
                    yield (line, *built)
                continue
            except ValueError as error:
                faults += [f"{unit} {line}, {fault}" for fault in _faults(table, parsers, texts, error)]
        if len(faults) >= MAX_FAULTS:
            faults[MAX_FAULTS:] = ["and the rest was not read"]
            break
    if faults:
        raise FeedError(f"{'; '.join(faults)}.", "Correct the file; nothing of it was ingested.")


class _Parser(dict[str, Any]):
    """A column's parser that remembers: most values of a season come back again and again."""

    def __init__(self, column: Column, source: str) -> None:
        super().__init__()
        self.column = column
        self.empty = source if column.name == "source" else None

    def __missing__(self, text: str) -> Any:
        bare = text.strip()
        if bare:
            value = self.column.parse(bare)
        elif self.column.filled:
            raise ValueError("a value")
        else:
            value = self.empty
        if len(self) < CACHED_VALUES:
            self[text] = value
        return value


def _faults(table: Table, parsers: Iterable[_Parser], texts: Sequence[str], error: ValueError) -> list[str]:
    """What is wrong with a row: its bad values one by one, else the rule that they break together."""
    found = []
    for parser, text in zip(parsers, texts, strict=True):
        try:
            parser[text]
        except ValueError as bad:
            found.append(_fault(parser.column.name, text, str(bad)))
    if not found and isinstance(error, RowFault):
        texts_by_name: Mapping[str, str] = dict(zip(_names(table), texts, strict=True))
        found.append(_fault(error.column, texts_by_name[error.column], str(error)))
    if not found:
        raise error
    return found


def _fault(column: str, text: str, expected: str) -> str:
    return f"column {column}: {_shown(repr(text.strip()))} is not {expected}"


def _shown(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]
