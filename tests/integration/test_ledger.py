"""`gold.ml_prediction_log`: append-only, and a chain that anybody can recompute from the rows alone."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import psycopg2
import pytest
from psycopg2 import errors


def hashes_by_the_contract(rows):
    """The chain from section 5's words alone: prev_hash, then the row as JSON without its two hashes."""
    head = "0" * 64
    for row in rows:
        content = {name: plain(value) for name, value in row.items() if name not in ("prev_hash", "row_hash")}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        head = hashlib.sha256(head.encode() + text.encode("utf-8")).hexdigest()
        yield head


def plain(value):
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
    return value.isoformat() if hasattr(value, "isoformat") else value


STRANGE = {
    "home_team_win_pct": 0.1 + 0.2,  # 0.30000000000000004
    "away_team_win_pct": "-0",  # jsonb has no negative zero
    "home_team_avg_pts_scored": 1e-7,
    "away_team_avg_pts_scored": 9.5e15,
    "home_team_rank": 1e30,
    "home_team_avg_pts_scored_opp": 123456789.123456789,
    "away_team_avg_pts_scored_opp": "NaN",
    "home_moneyline": -1e17,  # no exponents either
}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_every_hash_can_be_recomputed_from_the_rows(warehouse, zone):
    warehouse.cursor.execute(f"set timezone = '{zone}'")
    context = dict.fromkeys(STRANGE, "double precision")
    warehouse.features(
        STRANGE | {"tip_off_at": datetime(2024, 1, 16, 0, 30, 0, 250, tzinfo=UTC), "game_id": "Größe-7"},
        {"home_team": "Utah Jazz", "away_team": "Phoenix Suns", "home_moneyline": None},
        types=context | {"tip_off_at": "timestamptz", "game_id": "text"},
    )
    warehouse.predict(as_of="2024-01-15T12:00:00.123456Z")
    warehouse.predict(as_of="2024-01-15T13:00:00Z")
    rows = warehouse.ledger()
    assert len(rows) == 4
    assert [row["row_hash"] for row in rows] == list(hashes_by_the_contract(rows))
    assert [row["prev_hash"] for row in rows] == ["0" * 64, *(row["row_hash"] for row in rows[:-1])]

    warehouse.predict(as_of="2024-01-15T13:00:00Z")
    assert len(warehouse.ledger()) == 4  # what the ledger gives back is the same as what it was given


def test_a_server_that_rounds_the_floats_it_shows_does_not_break_the_chain(warehouse):
    warehouse.cursor.execute(
        "do $$ begin execute format('alter database %I set extra_float_digits = 0', current_database()); end $$"
    )
    warehouse.features({}, {"home_team": "Utah Jazz", "away_team": "Phoenix Suns"})
    warehouse.predict()
    warehouse.predict()
    rows = warehouse.ledger()  # this session was there before the setting
    assert [row["row_hash"] for row in rows] == list(hashes_by_the_contract(rows))
    assert len(rows) == 2


def test_the_run_prints_the_head(warehouse):
    warehouse.features({})
    answer = warehouse.predict()
    (row,) = warehouse.ledger()
    assert f"head 1 {row['row_hash']}" in answer.err


@pytest.mark.parametrize(
    "change",
    [
        "update gold.ml_prediction_log set p_home = 0.9",
        "delete from gold.ml_prediction_log",
        "truncate gold.ml_prediction_log",
    ],
)
def test_the_ledger_refuses_every_change(warehouse, change):
    warehouse.features({})
    warehouse.predict()
    before = warehouse.ledger()
    with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
        warehouse.cursor.execute(change)
    assert warehouse.ledger() == before


def test_a_second_row_with_the_same_number_is_refused(warehouse):
    warehouse.features({})
    warehouse.predict()
    with pytest.raises(psycopg2.errors.UniqueViolation):
        warehouse.cursor.execute("insert into gold.ml_prediction_log select * from gold.ml_prediction_log")
