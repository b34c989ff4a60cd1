"""One `postgres` process: the place of its socket, its launch, what it writes about itself, and whether it answers."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tipoff.database.server_programs import short_key
from tipoff.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tipoff.database.server_account import Account

PORT = 5432  # only names the socket: the server does not listen on TCP
SOCKET = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_FOLDER = 103 - len(f"/{SOCKET}")  # macOS allows 103 bytes, Linux 107
LONGEST_LOG = 5_000_000  # bytes; a longer log is emptied at the next start
SSL_REQUEST = bytes.fromhex("0000000804d2162f")  # the protocol's shortest question, answered with one letter
ANSWER_WITHIN = 10.0  # seconds, for a server that calls itself ready


class Status(NamedTuple):
    """What a server writes about itself into postmaster.pid."""

    pid: int
    socket_dir: str
    state: str


def read_status(folder: Path) -> Status | None:
    """The lines of postmaster.pid that matter; None while it is missing or half written."""
    try:
        lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
        return Status(int(lines[0]), lines[4], lines[7].strip())
    except (FileNotFoundError, IndexError, ValueError):
        return None


def answers(status: Status) -> bool:
    """Whether a live server is behind the socket: the kernel accepts connections for a dying one, so ask something."""
    from socket import AF_UNIX, socket

    with socket(AF_UNIX) as probe, suppress(OSError):
        probe.settimeout(ANSWER_WITHIN)
        probe.connect(f"{status.socket_dir}/{SOCKET}")
        probe.sendall(SSL_REQUEST)
        return probe.recv(1) != b""
    return False


def socket_folder(folder: Path, account: Account) -> Path:
    """A short private folder for the socket, the same for the same home.

    It lies in the temp folder, not in XDG_RUNTIME_DIR, which goes away at logout while a cron job still works.
    """
    name = f"tipoff-{account.uid}-{short_key(folder)}"
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


def clear_leftovers(folder: Path, sockets: Path) -> None:
    """Remove what a kill -9 left: the process id in these files may be anybody's by now, and would stop a start."""
    status = read_status(folder)
    if status is None or not answers(status):  # a server that someone started by hand is left in peace
        for path in (folder / "data" / "postmaster.pid", sockets / SOCKET, sockets / f"{SOCKET}.lock"):
            path.unlink(missing_ok=True)


def launch(folder: Path, programs: Path, account: Account, alive: int, options: Mapping[str, str]) -> int:
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


def log_tail(path: Path, start: int) -> str:
    """The last three lines written since `start`, without their time stamps, as part of a sentence."""
    with path.open("rb") as log:
        log.seek(start)
        lines = log.read().decode(errors="replace").splitlines()
    return " / ".join(line.rpartition("] ")[2].strip() for line in lines[-3:]).rstrip(".") or "it wrote no log"
