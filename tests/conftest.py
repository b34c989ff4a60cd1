"""A real PostgreSQL for every test that asks for one, and the real data where it is there."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import pytest

from tipoff.database.embedded import ServerAddress, running_server
from tipoff.database.migrate import migrate
from tipoff.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> None:
    """Tests say what they need; the developer's own environment does not leak in."""
    for name in list(os.environ):
        if name.startswith(("TIPOFF_", "PG")):
            del os.environ[name]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerAddress]:
    """One embedded PostgreSQL for the session; its data are not worth a disk flush."""
    with running_server(tmp_path_factory.mktemp("home"), options={"fsync": "off"}) as address:
        yield address


@pytest.fixture(scope="session")
def _template(server: ServerAddress) -> str:
    name = "tipoff_template"
    with _admin(server) as cursor:
        cursor.execute(f"create database {name}")
    with psycopg2.connect(url_of(server, name)) as conn, conn.cursor() as cursor:
        migrate(cursor)
    conn.close()
    return name


@pytest.fixture
def empty_url(server: ServerAddress) -> Iterator[str]:
    """The URL of a new, empty database."""
    yield from _database(server, "template1")


@pytest.fixture
def database_url(server: ServerAddress, _template: str) -> Iterator[str]:
    """The URL of a new, migrated database."""
    yield from _database(server, _template)


@pytest.fixture
def cursor(database_url: str) -> Iterator[psycopg2.extensions.cursor]:
    """An autocommitting cursor of a new, migrated database."""
    yield from _cursor(database_url)


@pytest.fixture
def empty_cursor(empty_url: str) -> Iterator[psycopg2.extensions.cursor]:
    """An autocommitting cursor of a new, empty database."""
    yield from _cursor(empty_url)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings that point at a new, migrated database and a folder of the test's own."""
    return Settings(home=str(tmp_path / "home"), database_url=database_url, embedded=False)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real games, prices and box scores; the test skips where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip("the real games are not here: they may not be redistributed and live beside the checkout")
    return REAL_DATA


def url_of(server: ServerAddress, name: str) -> str:
    return f"postgresql://{server.user}@/{name}?host={server.socket_dir}&port={server.port}"


def _cursor(url: str) -> Iterator[psycopg2.extensions.cursor]:
    conn = psycopg2.connect(url)
    conn.autocommit = True
    with conn.cursor() as cursor:
        yield cursor
    conn.close()


def _database(server: ServerAddress, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with _admin(server) as cursor:
        cursor.execute(f"create database {name} template {template}")
    yield url_of(server, name)
    with _admin(server) as cursor:
        cursor.execute(f"drop database {name} with (force)")


class _admin:  # noqa: N801 -- used as a context manager function
    def __init__(self, server: ServerAddress) -> None:
        self.conn = psycopg2.connect(url_of(server, "postgres"))
        self.conn.autocommit = True

    def __enter__(self) -> psycopg2.extensions.cursor:
        return self.conn.cursor()

    def __exit__(self, *_: object) -> None:
        self.conn.close()
