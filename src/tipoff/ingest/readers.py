"""Files as a header and rows of text: .csv, .csv.gz and .parquet. What cannot be read is a `FeedError`."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, NamedTuple

from tipoff.errors import FeedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Rows = Iterator[tuple[int, list[str]]]

SUFFIXES = (".csv", ".csv.gz", ".parquet")
BATCH_ROWS = 5_000


class Source(NamedTuple):
    """An open file.

    `rows` yields the number of a line (the header is line 1; in parquet the first row is 1) and its values.
    `unit` is what that number counts; `position` says how many bytes of the file are read.
    """

    header: list[str]
    rows: Rows
    unit: str
    position: Callable[[], int]


def find_files(folder: Path, names: tuple[str, ...]) -> dict[str, Path]:
    """The file of each table that the folder has, in the order of `names`.

    Raises:
        UsageError: There is no folder or no known file in it, two files are for one table, or one needs pyarrow.
    """
    expected = f"Expected any of {', '.join(names)}, each as {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}."
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", expected)
    found: dict[str, Path] = {}
    for name in names:
        candidates = [path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").exists()]
        if len(candidates) > 1:
            both = " and ".join(path.name for path in candidates)
            raise UsageError(f"{folder} has {both}, and both are for {name}.", "Keep one of them.")
        found |= {name: candidates[0]} if candidates else {}
    if not found:
        raise UsageError(f"{folder} has no file that ingest knows.", expected)
    if any(path.suffix == ".parquet" for path in found.values()):
        _pyarrow()
    return found


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The file as a `Source`.

    Raises:
        FeedError: Whatever goes wrong while it is opened or read. The message leaves the file's name to the caller.
    """
    with ExitStack() as stack:
        with _readable():
            source = stack.enter_context(_parquet(path) if path.suffix == ".parquet" else _csv(path))
        yield source._replace(rows=_readable_rows(source.rows, source.unit))


def _readable_rows(rows: Rows, unit: str) -> Rows:
    line = 1
    with _readable(lambda: f" after {unit} {line}"):
        for line, values in rows:  # noqa: B007 -- the message tells the last line that was read
            yield line, values


@contextmanager
def _readable(where: Callable[[], str] = lambda: "") -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error) as error:
        raise _unreadable(f"the file is damaged or was cut short{where()}", error) from error
    except gzip.BadGzipFile as error:
        raise _unreadable("this is not a gzip file, or it is damaged", error) from error
    except UnicodeDecodeError as error:
        raise _unreadable(f"the text{where()} is not UTF-8", error) from error
    except csv.Error as error:
        raise _unreadable(f"the text{where()} is not CSV", error) from error
    except OSError as error:
        raise _unreadable("the file cannot be read", error) from error


def _unreadable(why: str, error: Exception) -> FeedError:
    detail = getattr(error, "strerror", None) or str(error).partition("\n")[0]
    return FeedError(f"{why} ({detail.rstrip('.')}).", "Get the file again; nothing of it was ingested.")


@contextmanager
def _csv(path: Path) -> Iterator[Source]:
    # utf-8-sig: spreadsheets begin a file with a byte order mark, which is no part of the first column's name.
    with (
        path.open("rb") as file,
        gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else nullcontext(file) as content,
        io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text,
    ):
        reader = csv.reader(text, strict=True)
        header = [name.strip() for name in next(reader, [])]
        yield Source(header, _csv_rows(reader), "line", file.tell)


def _csv_rows(reader: Any) -> Rows:
    first_line = reader.line_num + 1
    for values in reader:
        if values:  # an empty line says nothing
            yield first_line, values
        first_line = reader.line_num + 1


def _pyarrow() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        raise UsageError("Reading .parquet files needs pyarrow.", "Run pip install 'tipoff[pipeline]'.") from None
    return pyarrow


@contextmanager
def _parquet(path: Path) -> Iterator[Source]:
    pyarrow = _pyarrow()
    with path.open("rb") as file:
        try:
            content = pyarrow.parquet.ParquetFile(file)
        except pyarrow.ArrowException as error:
            raise OSError(str(error)) from error
        yield Source(list(content.schema_arrow.names), _parquet_rows(content, pyarrow), "row", file.tell)


def _parquet_rows(content: Any, pyarrow: Any) -> Rows:
    row = 0
    try:
        for batch in content.iter_batches(batch_size=BATCH_ROWS):
            columns = [[_text(value) for value in _microseconds(column, pyarrow).to_pylist()] for column in batch]
            for values in zip(*columns, strict=True):
                row += 1
                yield row, list(values)
    # An instant outside Python's years is a ValueError or an OverflowError.
    except (pyarrow.ArrowException, ValueError, OverflowError) as error:
        raise OSError(str(error)) from error


def _microseconds(column: Any, pyarrow: Any) -> Any:
    """Python's instants end at microseconds, data frames write nanoseconds."""
    if pyarrow.types.is_timestamp(column.type):
        return column.cast(pyarrow.timestamp("us", tz=column.type.tz), safe=False)
    return column


def _text(value: Any) -> str:
    """A value as CSV would hold it; data frames write a date as its midnight and a gap as NaN."""
    if value is None or value != value:  # noqa: PLR0124 -- only NaN differs from itself
        return ""
    if isinstance(value, datetime):
        is_date = value.tzinfo is None and value.time() == time(0)
        return (value.date() if is_date else value).isoformat()
    return value.decode() if isinstance(value, bytes) else str(value)
