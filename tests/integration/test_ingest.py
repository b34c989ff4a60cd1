"""`ingest` against a real PostgreSQL: what is written, what is kept, and what a bad file leaves behind."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import psycopg2
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tipoff.cli import main
from tipoff.errors import UsageError
from tipoff.ingest.readers import find_files
from tipoff.ingest.run import FILE_NAMES, Run, ingest_files
from tipoff.ingest.store import stage
from tipoff.ingest.tables import GAMES
from tipoff.teams import TEAMS

NOW = datetime(2024, 1, 15, 17, tzinfo=UTC)
GAME = {
    "season": "2023-24",
    "game_type": "regular",
    "date": "2024-01-15",
    "home_team": "Boston Celtics",
    "away_team": "Miami Heat",
    "home_pts": "110",
    "away_pts": "101",
    "game_id": "0022300001",
}
UNPLAYED = GAME | {"home_pts": "", "away_pts": ""}
PRICE = {name: GAME[name] for name in ("date", "home_team", "away_team")} | {
    "home_moneyline": "-120.0",
    "away_moneyline": "100",
}
LINE = {
    "season": "2023-24",
    "date": "2024-01-15",
    "team": "Boston Celtics",
    "player_id": "001628369",
    "player": "Jayson Tatum",
    "minutes": "36.5",
    "pts": "31",
    "reb": "8",
}
INJURY = {"reported_at": "2024-01-15T16:00:00Z", "team": "Miami Heat", "player": "Jimmy Butler", "status": "Out"}
FORECAST = {name: GAME[name] for name in ("date", "home_team", "away_team")} | {"peer": "someone", "p_home": "0.61"}
ALL = {"games": [GAME], "odds": [PRICE], "player_box": [LINE], "injuries": [INJURY], "published_forecasts": [FORECAST]}


@pytest.fixture
def transaction(database_url):
    """A cursor whose work is one transaction."""
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        yield cursor


@pytest.fixture
def tipoff(database_url, monkeypatch, capsys):
    """The command line as a function: exit code, stdout and stderr."""
    monkeypatch.setenv("TIPOFF_DATABASE_URL", database_url)
    monkeypatch.setenv("TIPOFF_LOG_FORMAT", "text")

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def save(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def save_all(folder, **tables):
    for old in folder.glob("*.csv"):
        old.unlink()
    for name, rows in tables.items():
        save(folder / f"{name}.csv", rows)
    return folder


def ingest(cursor, folder, **tables):
    """Ingest these rows as files; (inserted, updated, unchanged) by table."""
    files = find_files(save_all(folder, **tables), FILE_NAMES)
    outcome = ingest_files(cursor, files, Run("a run", NOW))
    cursor.execute("delete from gold.ml_runs")
    assert outcome.failed == []
    return {t.table: (t.inserted, t.updated, t.unchanged) for t in outcome.tables}


def all_of(cursor, query):
    cursor.execute(query)
    return cursor.fetchall()


def games(cursor):
    return all_of(cursor, "select game_date::text, home_pts, away_pts, status from bronze.games order by 1, home_team")


def test_every_file_lands_in_its_table(transaction, tmp_path):
    assert ingest(transaction, tmp_path, **ALL) == dict.fromkeys(FILE_NAMES, (1, 0, 0))
    assert all_of(transaction, "select game_id, status, source from bronze.games") == [("0022300001", "final", "files")]
    assert all_of(transaction, "select known_at, timing, home_moneyline, away_moneyline, spread from bronze.odds") == [
        (datetime(2024, 1, 15, 5, tzinfo=UTC), "date-only", -120, 100, None)
    ]
    assert all_of(transaction, "select player_id, player_key, minutes, pts, reb, ast from bronze.player_box") == [
        ("001628369", "jayson tatum", 36.5, 31, 8, None)
    ]
    assert all_of(transaction, "select known_at, timing, game_date, player_key, status from bronze.injuries") == [
        (datetime(2024, 1, 15, 16, tzinfo=UTC), "reported", None, "jimmy butler", "Out")
    ]
    assert all_of(transaction, "select peer, p_home from bronze.published_forecasts") == [("someone", 0.61)]


def test_a_second_ingest_changes_nothing(transaction, tmp_path):
    ingest(transaction, tmp_path, **ALL)
    before = all_of(transaction, "select xmin, ctid, * from bronze.games")
    assert ingest(transaction, tmp_path, **ALL) == dict.fromkeys(FILE_NAMES, (0, 0, 1))
    assert all_of(transaction, "select xmin, ctid, * from bronze.games") == before


def test_a_result_finishes_a_scheduled_game_and_a_corrected_one_replaces_it(transaction, tmp_path):
    ingest(transaction, tmp_path, games=[UNPLAYED])
    assert games(transaction) == [("2024-01-15", None, None, "scheduled")]
    assert ingest(transaction, tmp_path, games=[GAME]) == {"games": (0, 1, 0)}
    assert games(transaction) == [("2024-01-15", 110, 101, "final")]
    assert ingest(transaction, tmp_path, games=[GAME | {"away_pts": "102"}]) == {"games": (0, 1, 0)}
    assert games(transaction) == [("2024-01-15", 110, 102, "final")]


@pytest.mark.parametrize("status", [{}, {"status": "scheduled"}, {"status": "postponed"}])
def test_a_file_without_points_never_takes_a_result_away(transaction, tmp_path, status):
    ingest(transaction, tmp_path, games=[GAME])
    assert ingest(transaction, tmp_path, games=[UNPLAYED | status]) == {"games": (0, 0, 1)}
    assert games(transaction) == [("2024-01-15", 110, 101, "final")]


def test_a_file_without_a_column_keeps_what_is_known_of_it(transaction, tmp_path):
    ingest(transaction, tmp_path, games=[GAME | {"tip_off_at": "2024-01-16T00:30:00Z"}], player_box=[LINE])
    short = {name: value for name, value in LINE.items() if name != "reb"} | {"pts": "32"}
    bare = {name: value for name, value in GAME.items() if name != "game_id"}
    assert ingest(transaction, tmp_path, games=[bare], player_box=[short]) == {
        "games": (0, 0, 1),
        "player_box": (0, 1, 0),
    }
    assert all_of(transaction, "select pts, reb from bronze.player_box") == [(32, 8)]
    assert all_of(transaction, "select game_id, tip_off_at is not null from bronze.games") == [("0022300001", True)]


def test_a_game_that_moves_to_another_date_is_postponed_on_the_old_one(transaction, tmp_path):
    other = UNPLAYED | {"home_team": "Utah Jazz", "away_team": "Denver Nuggets", "game_id": "0022300002"}
    ingest(transaction, tmp_path, games=[UNPLAYED, other])
    moved = UNPLAYED | {"date": "2024-02-20"}
    expected = [
        ("2024-01-15", None, None, "postponed"),
        ("2024-01-15", None, None, "scheduled"),
        ("2024-02-20", None, None, "scheduled"),
    ]
    for _ in range(2):
        ingest(transaction, tmp_path, games=[moved])
        assert games(transaction) == expected
    ingest(transaction, tmp_path, games=[moved | {"home_pts": "99", "away_pts": "98"}])
    assert games(transaction) == [*expected[:2], ("2024-02-20", 99, 98, "final")]


def test_a_game_that_was_played_is_not_postponed_by_its_id_under_another_date(transaction, tmp_path):
    ingest(transaction, tmp_path, games=[GAME])
    ingest(transaction, tmp_path, games=[UNPLAYED | {"date": "2024-02-20"}])
    assert games(transaction) == [("2024-01-15", 110, 101, "final"), ("2024-02-20", None, None, "scheduled")]


def test_an_id_that_two_seasons_or_two_pairs_of_teams_share_postpones_nothing(transaction, tmp_path):
    ingest(transaction, tmp_path, games=[UNPLAYED])
    others = [
        UNPLAYED | {"season": "2024-25", "date": "2024-12-01"},
        UNPLAYED | {"date": "2024-02-20", "home_team": "Utah Jazz"},
    ]
    ingest(transaction, tmp_path, games=others)
    assert {status for *_, status in games(transaction)} == {"scheduled"}


def test_a_file_that_has_both_dates_of_a_game_says_itself_which_one_holds(transaction, tmp_path):
    rows = [UNPLAYED | {"status": "cancelled"}, UNPLAYED | {"date": "2024-02-20", "status": ""}]
    for _ in range(2):
        ingest(transaction, tmp_path, games=rows)
        assert [status for *_, status in games(transaction)] == ["cancelled", "scheduled"]


def test_prices_at_two_instants_are_a_history(transaction, tmp_path):
    quotes = [
        PRICE | {"quoted_at": "2024-01-15T14:00:00Z"},
        PRICE | {"quoted_at": "2024-01-15T20:00:00Z", "home_moneyline": "-140"},
        PRICE | {"quoted_at": ""},
    ]
    assert ingest(transaction, tmp_path, odds=quotes) == {"odds": (3, 0, 0)}
    assert ingest(transaction, tmp_path, odds=quotes[:1]) == {"odds": (0, 0, 1)}
    assert all_of(transaction, "select timing, home_moneyline from bronze.odds order by known_at") == [
        ("date-only", -120),
        ("quoted", -120),
        ("quoted", -140),
    ]


def test_equal_rows_of_a_file_collapse(transaction, tmp_path):
    again = GAME | {"home_team": "BOS"}
    assert ingest(transaction, tmp_path, games=[GAME, again, GAME]) == {"games": (1, 0, 2)}


def test_a_made_up_league_and_a_real_one_do_not_mix(transaction, tmp_path):
    ingest(transaction, tmp_path, games=[GAME])
    files = find_files(tmp_path, FILE_NAMES)
    with pytest.raises(UsageError, match="a database of its own"):
        ingest_files(transaction, files, Run("another", NOW, source="simulated"))


def test_an_interruption_during_the_copy_is_not_taken_for_an_error_of_the_database(transaction):
    def rows():
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        stage(transaction, GAMES, rows(), on_batch=lambda: None)
    assert all_of(transaction, "select count(*) from ingest_games") == [(0,)]


NIGHTS = st.integers(0, 20).map(lambda n: (date(2024, 1, 1) + timedelta(n)).isoformat())
POINTS = st.sampled_from([("", ""), ("110", "101"), ("98.0", "99")])


@st.composite
def schedules(draw):
    """Games with distinct keys and ids, some of them played."""
    pairs = st.permutations([team.name for team in TEAMS]).map(lambda names: tuple(names[:2]))
    keys = draw(st.lists(st.tuples(NIGHTS, pairs), min_size=1, max_size=8, unique=True))
    rows = []
    for number, (night, (home, away)) in enumerate(keys):
        home_pts, away_pts = draw(POINTS)
        row = {"date": night, "home_team": home, "away_team": away, "home_pts": home_pts, "away_pts": away_pts}
        rows.append(GAME | row | {"game_id": f"{number:010d}"})
    return rows


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=schedules(), data=st.data())
def test_rows_in_any_order_and_any_number_of_times_give_the_same_table(transaction, tmp_path, rows, data):
    query = (
        "select game_date, home_team, away_team, home_pts, away_pts, status, game_id from bronze.games order by 1, 2, 3"
    )
    transaction.connection.rollback()  # the example before this one
    ingest(transaction, tmp_path, games=rows)
    first = all_of(transaction, query)
    assert ingest(transaction, tmp_path, games=rows) == {"games": (0, 0, len(rows))}
    transaction.connection.rollback()
    shuffled = data.draw(st.permutations([*rows, *rows]))
    ingest(transaction, tmp_path, games=shuffled)
    assert all_of(transaction, query) == first


def test_a_bad_file_is_left_out_and_the_others_are_kept(tipoff, cursor, tmp_path):
    folder = save_all(tmp_path, **ALL | {"odds": [PRICE, PRICE | {"date": "2024-01-16", "home_moneyline": "50"}]})
    code, out, err = tipoff("ingest", "--source", f"files:{folder}", "--json")
    assert code == 8
    document = json.loads(out)
    (failed,) = document["failed"]
    assert failed["file"] == "odds.csv"
    assert failed["message"].startswith("odds.csv: line 3, column home_moneyline: '50' is not American odds")
    assert failed["message"] in err
    assert [table["table"] for table in document["tables"]] == [name for name in FILE_NAMES if name != "odds"]
    assert all_of(cursor, "select count(*) from bronze.odds") == [(0,)]
    assert all_of(cursor, "select count(*) from bronze.games") == [(1,)]
    assert all_of(cursor, "select run_id, command, exit_code, counts->>'failed_files' from gold.ml_runs") == [
        (document["run_id"], "ingest", 8, "1")
    ]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("games.csv", b"", "the file is empty"),
        ("games.csv", b"\n\n", "the file is empty"),
        ("games.csv", b"season,date\n", "line 1 lacks game_type, home_team"),
        ("games.csv", bytes(range(256)) * 20, "is not UTF-8"),
        ("games.csv.gz", b"no gzip at all", "not a gzip file"),
        ("games.csv.gz", None, "cut short after line"),
        ("games.parquet", b"no parquet at all", "cannot be read"),
    ],
)
def test_an_unreadable_file_is_a_sentence_and_exit_8(tipoff, cursor, tmp_path, name, content, why):
    folder = save_all(tmp_path, odds=[PRICE])
    if content is None:
        text = ",".join(GAME) + "\n" + "".join(f"{','.join(GAME.values())}{n}\n" for n in range(9999))
        content = gzip.compress(text.encode())[:-2000]
    (folder / name).write_bytes(content)
    code, out, err = tipoff("ingest", "--source", f"files:{folder}")
    assert code == 8
    assert f"tipoff: {name}: " in err
    assert why in err
    assert "Traceback" not in err
    assert name in out
    assert all_of(cursor, "select (select count(*) from bronze.games), (select count(*) from bronze.odds)") == [(0, 1)]


def test_rows_that_contradict_each_other_are_named_with_both_lines(tipoff, cursor, tmp_path):
    folder = save_all(tmp_path, games=[GAME, UNPLAYED | {"date": "2024-01-16"}, GAME | {"away_pts": "99"}])
    code, _, err = tipoff("ingest", "--source", f"files:{folder}")
    assert code == 8
    assert "games.csv: lines 2 and 4 say different things of 2024-01-15, Boston Celtics, Miami Heat." in err
    assert games(cursor) == []


def test_json_and_text_say_what_was_done(tipoff, tmp_path):
    folder = save_all(tmp_path, games=[GAME])
    code, out, _ = tipoff("ingest", "--source", f"files:{folder}", "--json")
    document = json.loads(out)
    counts = {"rows": 1, "inserted": 1, "updated": 0, "unchanged": 0}
    assert code == 0
    assert document["tables"][0].items() >= ({"table": "games", "file": "games.csv"} | counts).items()
    assert document["failed"] == []
    code, out, err = tipoff("ingest", "--source", f"files:{folder}")
    assert code == 0
    assert out.splitlines()[1].split() == ["games", "games.csv", "1", "0", "0", "1"]
    assert "ingested games: 1 rows of games.csv, 0 new, 0 updated, 1 unchanged" in err


def test_bounds_leave_the_rest_of_a_file_out(tipoff, cursor, tmp_path):
    days = ["2024-01-14", "2024-01-15", "2024-01-16"]
    folder = save_all(tmp_path, games=[GAME | {"date": day, "game_id": day} for day in days])
    for bounds in (["--season", "2022-23"], ["--from", "2024-01-15", "--to", "2024-01-15"]):
        assert tipoff("ingest", "--source", f"files:{folder}", *bounds)[0] == 0
    assert [day for day, *_ in games(cursor)] == ["2024-01-15"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--source", "espn"], "this version reads files and the simulated league"),
        (["--source", "files:"], "There is no source 'files:'"),
        (["--source", "files:/nowhere"], "There is no folder /nowhere"),
        (["--source", "files:/nowhere", "--season", "2023"], "'2023' is not a season"),
        (["--source", "files:/nowhere", "--from", "2024-02-01", "--to", "2024-01-01"], "is after --to 2024-01-01"),
        ([], "--source"),
    ],
)
def test_wrong_usage_is_exit_2(tipoff, arguments, why):
    code, _, err = tipoff("ingest", *arguments)
    assert (code, why in err) == (2, True)


def test_missing_tables_say_migrate(tipoff, empty_url, monkeypatch, tmp_path):
    monkeypatch.setenv("TIPOFF_DATABASE_URL", empty_url)
    code, _, err = tipoff("ingest", "--source", f"files:{save_all(tmp_path, games=[GAME])}")
    assert code == 3
    assert "Run tipoff migrate." in err


def test_a_role_without_insert_is_told_which_right_it_lacks(tipoff, cursor, monkeypatch, tmp_path, database_url):
    cursor.execute("drop role if exists reader_of_games")
    cursor.execute("create role reader_of_games login")
    try:
        cursor.execute("grant usage on schema bronze, gold to reader_of_games")
        cursor.execute("grant select on bronze.games to reader_of_games")
        as_reader = "postgresql://reader_of_games@" + database_url.partition("@")[2]
        monkeypatch.setenv("TIPOFF_DATABASE_URL", as_reader)
        code, _, err = tipoff("ingest", "--source", f"files:{save_all(tmp_path, games=[GAME])}")
        assert code == 3
        assert "INSERT on bronze.games" in err
    finally:
        cursor.execute("drop owned by reader_of_games")
        cursor.execute("drop role reader_of_games")


def test_two_ingests_at_once_end_with_the_same_rows(database_url, cursor, tmp_path):
    rows = [GAME | {"home_team": t.name, "away_team": "Miami Heat"} for t in TEAMS if t.name != "Miami Heat"]
    folder = save_all(tmp_path, games=rows)
    command = [sys.executable, "-m", "tipoff", "ingest", "--source", f"files:{folder}", "--json"]
    environment = {"TIPOFF_DATABASE_URL": database_url, "PATH": "/usr/bin:/bin"}
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(document["tables"][0]["inserted"] for document in said) == [0, 29]
    assert all_of(cursor, "select count(*) from bronze.games") == [(29,)]


def test_the_simulated_league_is_labelled_and_reads_without_a_fault(tipoff, cursor):
    code, out, err = tipoff("ingest", "--source", "simulated", "--json")
    assert code == 0, err
    assert json.loads(out)["failed"] == []
    tables = ("games", "odds", "player_box", "injuries")
    sources = [all_of(cursor, f"select distinct source from bronze.{table}") for table in tables]
    assert sources == [[("simulated",)]] * len(tables)


def test_a_parquet_file_gives_the_rows_of_a_csv_file(transaction, tmp_path):
    import pyarrow
    import pyarrow.parquet

    query = "select game_date, home_team, away_team, home_pts, away_pts, game_id, status from bronze.games order by 1"
    rows = [GAME, UNPLAYED | {"date": "2024-01-17"}]
    ingest(transaction, tmp_path, games=rows)
    by_csv = all_of(transaction, query)
    transaction.connection.rollback()
    (tmp_path / "games.csv").unlink()
    columns = {name: [row[name] for row in rows] for name in GAME}
    columns |= {name: [float(row[name] or "nan") for row in rows] for name in ("home_pts", "away_pts")}
    columns["date"] = [date.fromisoformat(row["date"]) for row in rows]
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "games.parquet")
    outcome = ingest_files(transaction, find_files(tmp_path, FILE_NAMES), Run("a run", NOW))
    assert outcome.failed == []
    assert all_of(transaction, query) == by_csv


def test_the_real_games_go_in_with_less_address_space_than_their_rows_would_need(database_url, cursor, real_data):
    bounded = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (256 * 2**20, 256 * 2**20));"
        "from tipoff.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", bounded, "ingest", "--source", f"files:{real_data}", "--json"]
    environment = {"TIPOFF_DATABASE_URL": database_url, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counts = {table["table"]: table["inserted"] for table in json.loads(done.stdout)["tables"]}
    assert counts == {"games": 23_106, "odds": 21_785, "player_box": 244_158, "published_forecasts": 10_152}
    assert all_of(cursor, "select count(*) from bronze.games where status <> 'final'") == [(0,)]
