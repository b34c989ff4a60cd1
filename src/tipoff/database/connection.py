"""Connections: the settings' database, the embedded one, and what their errors mean to a person."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tipoff.errors import DatabaseError, UsageError

# psycopg2 imports ssl, a quarter of its own import, only so that libpq leaves the thread callbacks of OpenSSL before
# 1.1 alone; its wheels carry OpenSSL 3, which has none. A module that is None counts as one that cannot be imported.
if sys.modules.setdefault("ssl", None) is None:  # type: ignore[arg-type]
    import psycopg2

    del sys.modules["ssl"]

import psycopg2
from psycopg2 import errorcodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tipoff.settings import Settings

Connection = psycopg2.extensions.connection
Cursor = psycopg2.extensions.cursor
READ_COMMITTED = psycopg2.extensions.ISOLATION_LEVEL_READ_COMMITTED

EMBEDDED_DATABASE = "tipoff"
CONNECT_TIMEOUT_SECONDS = 10
LONGEST_REASON = 300  # characters of the database's own words in a message


@contextmanager
def connect(settings: Settings, *, database: str | None = None) -> Iterator[Connection]:
    """A connection that commits when the block ends well and rolls back when it does not.

    Args:
        settings: Where the database is.
        database: Another database of the embedded server (the demo has its own); it is made if missing.

    Raises:
        DatabaseError: Unreachable, or what the block ran met a missing table or right, or the server went away.
    """
    with connection_parameters(settings, database=database) as parameters, translated_errors(parameters):
        conn = open_connection(parameters)
        # Whatever the server's default is: who waited for a lock must then see what its holder has written.
        conn.isolation_level = READ_COMMITTED
        try:
            with conn:
                yield conn
        finally:
            conn.close()


def open_connection(parameters: Mapping[str, Any]) -> Connection:
    """A new connection; `translated_errors` around it makes sentences of what the server answers.

    Raises:
        UsageError: A parameter that libpq does not know.
    """
    try:
        connection: Connection = psycopg2.connect("", **parameters)
        return connection
    except psycopg2.ProgrammingError:
        # The driver's text names the parameter, which may be a piece of a password.
        raise UsageError(
            "TIPOFF_DATABASE_URL has a parameter that PostgreSQL does not know.",
            "Write it as postgresql://user:password@host:5432/database, special characters percent-encoded.",
        ) from None


@contextmanager
def connection_parameters(settings: Settings, *, database: str | None = None) -> Iterator[dict[str, Any]]:
    """Parameters, as libpq names them, of the settings' database; an embedded server runs as long as the block does."""
    if settings.embedded or database is not None:
        from pathlib import Path

        from tipoff.database.embedded import ensure_database, running_server

        pg_bin = Path(settings.pg_bin) if settings.pg_bin else None
        with running_server(Path(settings.home), pg_bin=pg_bin) as address:
            name = database or EMBEDDED_DATABASE
            ensure_database(address, name)
            yield {"host": address.socket_dir, "port": address.port, "user": address.user, "dbname": name}
    else:
        parameters = parse_url(settings.database_url) if settings.database_url else {}
        yield {"application_name": "tipoff", "connect_timeout": CONNECT_TIMEOUT_SECONDS, **parameters}


def parse_url(url: str) -> dict[str, str]:
    """A connection URL as libpq parameters; a password may hold raw `@`, `/` and `?`, which libpq would misread.

    Raises:
        UsageError: The port is no number. The message never holds the password.

    >>> parse_url("postgresql://me:p%40ss/w@db.example:5433/nba?sslmode=require")["password"]
    'p@ss/w'
    """
    userinfo, _, location, query = _parts(url)
    user, _, password = userinfo.partition(":")
    hosts, _, dbname = location.partition("/")
    parameters = {"dbname": _unquoted(dbname), "user": _unquoted(user), "password": _unquoted(password)}
    places = [_host_and_port(place) for place in hosts.split(",")]
    parameters["host"] = ",".join(host for host, _ in places)
    if any(port for _, port in places):
        parameters["port"] = ",".join(port for _, port in places)
    if not all(port.isdigit() for _, port in places if port):
        raise UsageError(
            "The port in TIPOFF_DATABASE_URL is not a number.",  # and may be a piece of a password
            "Write it as postgresql://user:password@host:5432/database, special characters percent-encoded.",
        )
    return {name: value for name, value in parameters.items() if value} | dict(_query_items(query))


def _parts(url: str) -> tuple[str, str, str, str]:
    """User and password, the `@` if there is one, hosts and database, and the parameters after `?`."""
    # Only a `?` before `name=` begins the parameters; any other belongs to a password.
    address, *query = re.split(r"\?(?=[a-z_]+=|$)", url.partition("://")[2], maxsplit=1)
    return *address.rpartition("@"), "".join(query)


def _host_and_port(place: str) -> tuple[str, str]:
    if place.startswith("["):  # an IPv6 address has colons of its own
        host, _, rest = place[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = place.partition(":")
    return _unquoted(host), port


def _unquoted(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote  # costs more than the rest of this module; few URLs need it

    return unquote(text)


def _query_items(query: str) -> list[tuple[str, str]]:
    """The parameters after `?` as libpq reads them: percent-decoded, a plus sign stays one."""
    pairs = (item.partition("=") for item in query.split("&") if item)
    return [(_unquoted(name), _unquoted(value)) for name, _, value in pairs]


def masked_url(url: str) -> str:
    """The URL with its password as `***`, for messages.

    >>> masked_url("postgresql://me:p@ss/w@db/nba")
    'postgresql://me:***@db/nba'
    """
    userinfo, at, location, query = _parts(url)
    user, colon, _ = userinfo.partition(":")
    shown = "&".join(f"{k}=***" if "password" in k else f"{k}={v}" for k, v in _query_items(query))
    secret = f"{colon}***" if colon else ""
    return f"{url.partition('://')[0]}://{user}{secret}{at}{location}{'?' if query else ''}{shown}"


def without_secret(text: str, password: str | None) -> str:
    """`text` with the password taken out, raw or percent-encoded."""
    if not password:
        return text
    from urllib.parse import quote

    for secret in (password, quote(password, safe="")):
        text = text.replace(secret, "***")
    return text


@contextmanager
def translated_errors(parameters: Mapping[str, Any]) -> Iterator[None]:
    """Turn the driver's errors into sentences with a next step and no secret in them."""
    try:
        yield
    except psycopg2.Error as error:
        # `from None`: the driver's own text may hold the password in the connection string.
        raise _explained(error, parameters.get("password")) from None


def _explained(error: psycopg2.Error, password: str | None) -> DatabaseError:
    lines = str(error.diag.message_primary or error).strip().splitlines()
    reason = without_secret(lines[0] if lines else type(error).__name__, password)[:LONGEST_REASON].rstrip(".")
    code = error.pgcode
    if code in (errorcodes.UNDEFINED_TABLE, errorcodes.INVALID_SCHEMA_NAME, errorcodes.UNDEFINED_COLUMN):
        return DatabaseError(f"The database lacks what this command needs: {reason}.", "Run tipoff migrate.")
    if code == errorcodes.INSUFFICIENT_PRIVILEGE:
        return DatabaseError(f"The database role lacks a right: {reason}.", "Grant it, or use a role that has it.")
    if code in (errorcodes.LOCK_NOT_AVAILABLE, errorcodes.QUERY_CANCELED, errorcodes.DEADLOCK_DETECTED):
        return DatabaseError(f"The database gave up waiting: {reason}.", "Nothing was written; run it again.")
    if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return DatabaseError(
            f"The database is unreachable or went away: {reason}.",
            "Nothing was written; check that it runs and that TIPOFF_DATABASE_URL or the PG* variables are right.",
        )
    return DatabaseError(f"The database refused: {reason}.", "Nothing was written; mend what it names and try again.")
