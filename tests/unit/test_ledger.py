"""The ledger's arithmetic: one text per value, and a chain that no single change survives."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.ledger import GENESIS, HASHED_COLUMNS, canonical_json, chained, row_hash

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)
instants = st.datetimes(min_value=datetime(1950, 1, 2), timezones=st.just(UTC))  # noqa: DTZ001 -- hypothesis adds it
probabilities = st.floats(0, 1)


@st.composite
def rows(draw):
    """A prediction as the ledger is given it: every hashed column but its number."""
    texts = ("home_team", "away_team", "season", "model_id", "variant", "run_id")
    return {
        **{name: draw(st.text(max_size=5)) for name in texts},
        "game_date": draw(st.dates()),
        "game_id": draw(st.none() | st.text(max_size=5)),
        "tip_off_at": draw(st.none() | instants),
        "p_home": draw(probabilities),
        "p_home_anchored": draw(st.none() | probabilities),
        "p_home_blind": draw(probabilities),
        "p_home_market": draw(st.none() | probabilities),
        "features": draw(st.dictionaries(st.sampled_from(["a", "b"]), probabilities)),
        "as_of": draw(instants),
        "predicted_at": draw(instants),
        "live": draw(st.booleans()),
        "in_sample": draw(st.booleans()),
    }


@given(values)
def test_canonical_json_is_json_and_says_the_same(value):
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(), scalars))
def test_the_order_of_keys_does_not_matter(content):
    assert canonical_json(dict(reversed(content.items()))) == canonical_json(content)


@given(values)
def test_a_round_trip_through_json_changes_nothing(value):
    assert canonical_json(json.loads(canonical_json(value))) == canonical_json(value)


@given(instants, st.integers(-14 * 60, 14 * 60))
def test_an_instant_has_one_text_in_every_zone(instant, minutes):
    elsewhere = instant.astimezone(timezone(timedelta(minutes=minutes)))
    assert canonical_json(elsewhere) == canonical_json(instant)
    assert canonical_json(instant).endswith('Z"')


def test_the_canonical_form_by_hand():
    row = {"ö": 0.1, "a": [1, None, True], "at": datetime(2024, 1, 15, 12, 0, 0, 5, UTC), "day": date(2024, 1, 15)}
    assert canonical_json(row) == '{"a":[1,null,true],"at":"2024-01-15T12:00:00.000005Z","day":"2024-01-15","ö":0.1}'


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_has_no_word_for_is_refused(number):
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"x": number})
    with pytest.raises(TypeError):
        canonical_json({"x": object()})


@given(st.lists(rows(), max_size=4))
def test_the_chain_is_contiguous_from_sixty_four_zeros(listed):
    ledger = list(chained(listed))
    assert [row["log_id"] for row in ledger] == list(range(1, len(listed) + 1))
    assert [row["prev_hash"] for row in ledger[:1]] == [GENESIS][: len(ledger)]
    assert all(after["prev_hash"] == before["row_hash"] for before, after in pairwise(ledger))


@given(st.lists(rows(), min_size=2, max_size=5), st.integers(1, 4))
def test_appending_in_two_runs_gives_the_same_chain_as_in_one(listed, cut):
    first = list(chained(listed[:cut]))
    head = (first[-1]["log_id"], first[-1]["row_hash"])
    assert first + list(chained(listed[cut:], after=head)) == list(chained(listed))


@given(rows(), st.sampled_from(HASHED_COLUMNS), st.data())
def test_a_change_of_any_field_changes_the_hash(row, name, data):
    (linked,) = chained([row])
    other = data.draw(rows())
    changed = {**linked, name: 2 if name == "log_id" else other[name]}
    same = canonical_json(changed[name]) == canonical_json(linked[name])
    assert (row_hash(GENESIS, changed) == linked["row_hash"]) is same


@given(rows())
def test_a_change_of_what_came_before_changes_the_hash(row):
    (linked,) = chained([row])
    assert row_hash("1" * 64, linked) != linked["row_hash"]
    content = canonical_json({name: linked[name] for name in HASHED_COLUMNS})
    assert linked["row_hash"] == hashlib.sha256(("0" * 64 + content).encode()).hexdigest()
