"""Many rows in few statements."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tipoff.database.connection import Cursor

_PAGE = 500


def insert_pages(cursor: Cursor, sql: str, rows: Iterable[Sequence[Any]], suffix: str = "") -> int:
    """Run `sql` + values + `suffix` page by page, and return how many rows the database says it wrote."""
    written = 0
    for page in _pages(rows):
        template = f"({', '.join(['%s'] * len(page[0]))})"
        cursor.execute(sql + ", ".join([template] * len(page)) + suffix, [value for row in page for value in row])
        written += cursor.rowcount
    return written


def _pages(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    iterator = iter(rows)
    while page := list(islice(iterator, _PAGE)):
        yield page
