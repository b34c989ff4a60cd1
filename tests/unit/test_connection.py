"""Connection URLs: every password survives, and none is shown."""

from __future__ import annotations

from urllib.parse import quote

import psycopg2
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tipoff.database.connection import masked_url, parse_url, translated_errors, without_secret
from tipoff.errors import DatabaseError, UsageError

passwords = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=12)
raw_passwords = st.text(st.sampled_from("ab1@/:?#[]&$!,;+*'()"), min_size=1, max_size=10)


@given(passwords)
def test_an_encoded_password_arrives_whole(password):
    url = f"postgresql://me:{quote(password, safe='')}@db.example:5433/nba?sslmode=require"
    assert parse_url(url) == {
        "user": "me",
        "password": password,
        "host": "db.example",
        "port": "5433",
        "dbname": "nba",
        "sslmode": "require",
    }


@given(raw_passwords)
def test_a_raw_password_arrives_whole_too(password):
    found = parse_url(f"postgresql://me:{password}@db.example/nba?sslmode=require")
    assert (found["password"], found["host"], found["dbname"]) == (password, "db.example", "nba")


@given(raw_passwords | passwords.map(lambda p: quote(p, safe="")))
def test_a_masked_url_never_shows_the_password(password):
    for url in (f"postgresql://me:{password}@db/nba", f"postgresql://me:{password}@db/nba?password={quote(password)}"):
        assert masked_url(url).startswith("postgresql://me:***@db/nba")
        assume(password not in "postgresql://me:***@db/nba?password=***")
        assert password not in masked_url(url)


@given(passwords)
def test_a_message_never_shows_the_password(password):
    assume(password not in "***")
    for text in (f"bad {password}!", f"bad {quote(password, safe='')}!"):
        assert without_secret(text, password).count(password) == 0


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql:///nba", {"dbname": "nba"}),
        ("postgres://db", {"host": "db"}),
        (
            "postgresql://me@/nba?host=/run/pg&port=5433",
            {"user": "me", "dbname": "nba", "host": "/run/pg", "port": "5433"},
        ),
        ("postgresql://a:1,b:2/nba", {"host": "a,b", "port": "1,2", "dbname": "nba"}),
        ("postgresql://[::1]:5433/nba", {"host": "::1", "port": "5433", "dbname": "nba"}),
        ("postgresql://%2Frun%2Fpg/nba", {"host": "/run/pg", "dbname": "nba"}),
        ("postgresql://db/nba?options=-c%20role%3Djob", {"host": "db", "dbname": "nba", "options": "-c role=job"}),
        ("postgresql://db/nba?password=p@ss+w", {"host": "db", "dbname": "nba", "password": "p@ss+w"}),
    ],
)
def test_the_forms_that_libpq_knows(url, expected):
    assert parse_url(url) == expected


@pytest.mark.parametrize("url", ["postgresql://me:hunter2@db:hunter2/nba", "postgresql://hunter2:hunter2:x/nba"])
def test_a_port_that_is_no_number_is_refused_without_being_repeated(url):
    with pytest.raises(UsageError, match="port in TIPOFF_DATABASE_URL is not a number") as refused:
        parse_url(url)
    assert "hunter2" not in str(refused.value)


def test_an_error_of_the_driver_becomes_a_sentence_without_its_cause():
    with pytest.raises(DatabaseError) as refused, translated_errors({"password": "hunter2"}):
        raise psycopg2.OperationalError('could not connect with "hunter2"\nat all')
    assert str(refused.value).startswith('The database is unreachable or went away: could not connect with "***".')
    assert refused.value.__suppress_context__
