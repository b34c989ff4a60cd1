"""Files against the ways in which they arrive: packed, cut short, in other encodings, from data frames."""

from __future__ import annotations

import gzip
import sys
from datetime import UTC, date, datetime

import pytest

from tipoff.errors import FeedError, UsageError
from tipoff.ingest.readers import find_files, opened

NAMES = ("games", "odds")


def content(path):
    with opened(path) as source:
        return source.header, list(source.rows)


def failure(path):
    with pytest.raises(FeedError) as caught:
        content(path)
    return str(caught.value)


def save(path, data):
    path.write_bytes(data)
    return path


def parquet(path, **columns):
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def test_a_row_comes_with_the_line_it_begins_on(tmp_path):
    path = save(tmp_path / "games.csv", b'a,b\n1,2\n\n"x\ny",4\n5,6\n')
    assert content(path) == (["a", "b"], [(2, ["1", "2"]), (4, ["x\ny", "4"]), (6, ["5", "6"])])


def test_a_byte_order_mark_and_carriage_returns_are_no_part_of_the_values(tmp_path):
    path = save(tmp_path / "games.csv", b"\xef\xbb\xbfa, b\r\n1,2\r\n")
    assert content(path) == (["a", "b"], [(2, ["1", "2"])])


def test_a_packed_file_reads_like_the_plain_one(tmp_path):
    plain = b"a,b\n1,2\n"
    assert content(save(tmp_path / "x.csv.gz", gzip.compress(plain))) == content(save(tmp_path / "x.csv", plain))


def test_the_position_ends_at_the_files_size(tmp_path):
    for path in (save(tmp_path / "x.csv", b"a\n1\n"), save(tmp_path / "x.csv.gz", gzip.compress(b"a\n1\n"))):
        with opened(path) as source:
            list(source.rows)
            assert source.position() == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("x.csv.gz", gzip.compress(b"a,b\n" + bytes(range(48, 58)) * 999)[:-12], "cut short"),
        ("x.csv.gz", b"a,b\n1,2\n", "not a gzip file"),
        ("x.csv.gz", gzip.compress(b"a,b\n1,2\n")[:-8] + b"\0" * 8, "not a gzip file, or it is damaged"),
        ("x.csv", "a,b\nDončić,2\n".encode("cp1250"), "not UTF-8"),
        ("x.csv", "a,b\n1,2\n".encode("utf-16"), "not UTF-8"),
        ("x.csv", b'a,b\n1,2\n"3,4\n', "after line 2 is not CSV"),
        ("x.csv", b"a,b\n" + b"x" * 200_000 + b",2\n", "not CSV"),
        ("x.parquet", b"PAR1 no more than that PAR1", "cannot be read"),
        ("x.parquet", b"", "cannot be read"),
    ],
)
def test_a_damaged_file_is_a_sentence(tmp_path, name, data, why):
    assert why in failure(save(tmp_path / name, data))


def test_a_folder_in_place_of_a_file_is_a_sentence(tmp_path):
    (tmp_path / "x.csv").mkdir()
    assert "cannot be read" in failure(tmp_path / "x.csv")


def test_an_empty_file_has_no_header(tmp_path):
    assert content(save(tmp_path / "x.csv", b"")) == ([], [])


def test_parquet_gives_the_text_that_csv_would_have(tmp_path):
    path = parquet(
        tmp_path / "x.parquet",
        date=[date(2024, 1, 15), None],
        midnight=[datetime(2024, 1, 15), None],  # noqa: DTZ001 -- what data frames write for a date
        tip_off_at=[datetime(2024, 1, 15, 0, 30, tzinfo=UTC), None],
        home_pts=[110.0, float("nan")],
        game_id=["0022300001", ""],
    )
    assert content(path) == (
        ["date", "midnight", "tip_off_at", "home_pts", "game_id"],
        [
            (1, ["2024-01-15", "2024-01-15", "2024-01-15T00:30:00+00:00", "110.0", "0022300001"]),
            (2, ["", "", "", "", ""]),
        ],
    )


def test_parquet_instants_of_nanoseconds_end_at_microseconds(tmp_path):
    import pyarrow

    nanoseconds = pyarrow.array([1_705_278_600_000_000_123], pyarrow.timestamp("ns", tz="UTC"))
    assert content(parquet(tmp_path / "x.parquet", at=nanoseconds))[1] == [(1, ["2024-01-15T00:30:00+00:00"])]


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    save(tmp_path / "games.parquet", b"")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(UsageError, match=r"pip install 'tipoff\[pipeline\]'"):
        find_files(tmp_path, NAMES)


def test_files_are_found_by_the_names_of_their_tables(tmp_path):
    for name in ("odds.csv", "games.csv.gz", "README.md"):
        save(tmp_path / name, b"")
    assert find_files(tmp_path, NAMES) == {"games": tmp_path / "games.csv.gz", "odds": tmp_path / "odds.csv"}


def test_two_files_for_one_table_are_both_named(tmp_path):
    for name in ("games.csv", "games.csv.gz"):
        save(tmp_path / name, b"")
    with pytest.raises(UsageError, match=r"games\.csv and games\.csv\.gz"):
        find_files(tmp_path, NAMES)


@pytest.mark.parametrize("folder", ["nowhere", ""])
def test_a_folder_without_files_says_what_it_should_hold(tmp_path, folder):
    with pytest.raises(UsageError) as caught:
        find_files(tmp_path / folder, NAMES)
    assert str(tmp_path / folder) in str(caught.value)
    assert "games, odds, each as .csv, .csv.gz or .parquet" in str(caught.value)
