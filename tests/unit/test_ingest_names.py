"""A player's key against the ways in which feeds write his name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.ingest.names import player_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nikola Jokić", "Nikola Jokic"),
        ("D'Angelo Russell", "D’Angelo Russell"),
        ("C.J. McCollum", "CJ McCollum"),
        ("Jaren Jackson Jr.", "Jaren Jackson"),
        ("Robert Williams III", "ROBERT WILLIAMS"),
        ("Porter Jr., Michael", "Michael Porter Jr."),
        ("Tim Hardaway, Jr.", "Hardaway Jr., Tim"),
        ("Nikola Đurišić", "Nikola Durisic"),
        ("  Luka   Dončić ", "Dončić, Luka"),
    ],
)
def test_two_spellings_of_a_player_have_one_key(one, other):
    assert player_key(one) == player_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Jalen Williams", "Jaylin Williams"), ("Shai Gilgeous-Alexander", "Nickeil Alexander-Walker")]
)
def test_two_players_have_two_keys(one, other):
    assert player_key(one) != player_key(other)


def test_a_name_of_one_word_that_looks_like_a_suffix_is_kept():
    assert player_key("Sr.") == "sr"


@given(st.text(alphabet=st.characters(max_codepoint=0x24F)))
def test_the_key_of_a_key_is_the_key(name):
    assert player_key(player_key(name)) == player_key(name)


@given(
    st.text(alphabet="abcdefghé", min_size=1).filter(str.strip),
    st.text(alphabet="mnopqrstü", min_size=1).filter(str.strip),
)
def test_last_comma_first_is_first_last(first, last):
    assert player_key(f"{last}, {first}") == player_key(f"{first} {last}")
