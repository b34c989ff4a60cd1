"""Settings: what each variable means, what is refused, and that nothing secret is repeated."""

from __future__ import annotations

import pytest

from tipoff.errors import UsageError
from tipoff.settings import SETTINGS, Settings

TEXT = {"TIPOFF_LOG_FORMAT": "text"}


def read(**environ):
    return Settings.from_environment({"HOME": "/nowhere", **TEXT, **environ})


def test_without_any_variable_the_embedded_database_and_the_champion_are_used():
    settings = read()
    assert (settings.embedded, settings.database_url, settings.model) == (True, None, "champion")
    assert settings.home.endswith("/.local/share/tipoff")


def test_a_url_wins_over_libpq_s_variables_and_they_win_over_the_embedded_database():
    assert read(TIPOFF_DATABASE_URL="postgresql://h/d", PGHOST="x")[:3][1:] == ("postgresql://h/d", False)
    assert (read(PGHOST="x").database_url, read(PGHOST="x").embedded) == (None, False)
    assert read(PGUSER="x").embedded is True  # PGHOST is the one that counts


@pytest.mark.parametrize("variable", [setting.variable for setting in SETTINGS])
def test_an_empty_variable_counts_as_unset(variable):
    if variable == "TIPOFF_LOG_FORMAT":
        assert read(TIPOFF_LOG_FORMAT="").log_format in ("text", "json")
    else:
        assert read(**{variable: ""}) == read()


def test_home_and_pg_bin_become_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    settings = read(TIPOFF_HOME="~/tip", TIPOFF_PG_BIN="bin")
    assert (settings.home, settings.pg_bin) == ("/home/me/tip", f"{tmp_path}/bin")
    assert read(XDG_DATA_HOME="/data").home == "/data/tipoff"


@pytest.mark.parametrize("url", ["mysql://me:hunter2@h/d", "hunter2", "POSTGRESQL://me:hunter2@h/d", "sqlite:///x"])
def test_a_url_of_something_else_is_refused_without_being_repeated(url):
    with pytest.raises(UsageError, match="does not start with postgresql://") as refused:
        read(TIPOFF_DATABASE_URL=url)
    assert "hunter2" not in str(refused.value)


def test_an_unknown_log_format_is_refused():
    with pytest.raises(UsageError, match="TIPOFF_LOG_FORMAT is 'xml', expected text or json"):
        read(TIPOFF_LOG_FORMAT="xml")
