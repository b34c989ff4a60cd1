"""Settings from the environment, each with its default and a line of help; the CLI's help is made from them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from tipoff.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Setting(NamedTuple):
    """One environment variable, as `tipoff --help` lists it."""

    variable: str
    default: str
    help: str


SETTINGS = (
    Setting(
        "TIPOFF_DATABASE_URL", "PG* variables if PGHOST is set, else embedded", "postgresql://user:password@host/db"
    ),
    Setting("TIPOFF_HOME", "the user data folder", "embedded database, caches and local models"),
    Setting("TIPOFF_MODEL", "champion", "a model's name or a bundle file"),
    Setting("TIPOFF_ESPN_URL", "the public feed", "base URL of the live feed; not read by this version"),
    Setting("TIPOFF_WITNESS", "none", "second place for the ledger's head; not read by this version"),
    Setting("TIPOFF_LOG_FORMAT", "text on a terminal, else json", "text or json, on stderr"),
    Setting("TIPOFF_PG_BIN", "the bundled binaries", "folder with another PostgreSQL's binaries"),
)


class Settings(NamedTuple):
    """What the environment says; `home` and `pg_bin` are absolute paths.

    `database_url` is None where libpq's PG* variables or the embedded server apply.
    """

    home: str
    database_url: str | None = None
    embedded: bool = True
    model: str = "champion"
    espn_url: str | None = None
    witness: str | None = None
    log_format: str = "text"
    pg_bin: str | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read and check the variables of `SETTINGS`; an empty variable counts as unset.

        Raises:
            UsageError: A variable has a value that nothing can be done with.
        """

        def get(name: str) -> str | None:
            return environ.get(name) or None

        log_format = get("TIPOFF_LOG_FORMAT") or ("text" if sys.stderr.isatty() else "json")
        if log_format not in ("text", "json"):
            raise UsageError(f"TIPOFF_LOG_FORMAT is {log_format!r}, expected text or json.", "Unset it or correct it.")
        url = get("TIPOFF_DATABASE_URL")
        if url and not url.startswith(("postgresql://", "postgres://")):
            # The value is not repeated: it may hold a password.
            raise UsageError(
                "TIPOFF_DATABASE_URL does not start with postgresql://.",
                "Write it as postgresql://user:password@host:5432/database.",
            )
        pg_bin = get("TIPOFF_PG_BIN")
        return cls(
            home=_absolute(get("TIPOFF_HOME") or default_home(environ)),
            database_url=url,
            embedded=not url and not get("PGHOST"),
            model=get("TIPOFF_MODEL") or "champion",
            espn_url=get("TIPOFF_ESPN_URL"),
            witness=get("TIPOFF_WITNESS"),
            log_format=log_format,
            pg_bin=_absolute(pg_bin) if pg_bin else None,
        )


def _absolute(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))


def default_home(environ: Mapping[str, str]) -> str:
    """The platform's user data folder for tipoff: XDG on Linux, Application Support on macOS."""
    if sys.platform == "darwin":
        return "~/Library/Application Support/tipoff"
    if sys.platform == "win32":
        return os.path.join(environ.get("LOCALAPPDATA") or "~/AppData/Local", "tipoff")
    return os.path.join(environ.get("XDG_DATA_HOME") or "~/.local/share", "tipoff")
